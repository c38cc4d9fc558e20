"""The catalogs: what is compiled is what was translated."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import mail_cloud_sandbox
from todoke.model.language import LOCALE

SANDBOX = Path(mail_cloud_sandbox.__file__).parent / "locale"
CATALOGS = sorted(po for folder in (LOCALE, SANDBOX) for po in folder.glob("*/LC_MESSAGES/*.po"))


def translations(po: Path) -> dict[object, str]:
    """Each text of a catalog with its translation, plurals under (text, number) as gettext keeps them."""
    found: dict[object, str] = {}
    with po.open("rb") as file:
        for message in read_po(file):
            if isinstance(message.id, tuple):
                found |= {(message.id[0], n): text for n, text in enumerate(message.string)}
            elif message.id:
                found[message.id] = str(message.string)
    return found


@pytest.mark.parametrize("po", CATALOGS, ids=[po.stem for po in CATALOGS])
def test_each_catalog_is_whole_and_compiled(po: Path) -> None:
    """`make messages` was run, and no text is without its translation."""
    wanted = translations(po)
    with po.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    assert all(wanted.values())
    assert {key: text for key, text in compiled.items() if key} == wanted


@pytest.mark.parametrize("po", CATALOGS, ids=[po.stem for po in CATALOGS])
def test_no_text_is_translated_twice(po: Path) -> None:
    """Of two translations of one text one is never read, and nobody knows which."""
    stated = re.findall(r'^msgid ((?:".*"\n)+)', po.read_text("utf-8"), re.MULTILINE)
    assert len(stated) == len(set(stated))


_JAPANESE = "[\u3040-\u30ff\u3400-\u9fff々ー]"
_BLANK = r"(?:%\(\w+\)[sd])"
_HALF_WIDTH = re.compile(rf"({_JAPANESE}|[」）])[(),:;.!?]|[(),:;](?={_JAPANESE})")
_BLANK_AFTER = re.compile("[。、：；！？（）「」]\u0020|\u0020[。、：；！？（）「」]")


@pytest.mark.parametrize("po", CATALOGS, ids=[po.stem for po in CATALOGS])
def test_japanese_has_its_own_punctuation(po: Path) -> None:
    """Between Japanese letters punctuation is full-width, and no blank stands beside what is full-width."""
    wrong = [
        text
        for text in translations(po).values()
        if _HALF_WIDTH.search(re.sub(_BLANK, "語", text)) or _BLANK_AFTER.search(text)
    ]
    assert wrong == []


def test_japanese_calls_things_by_one_name() -> None:
    """The receipt is a 受付票, what carries mail a 配信サービス, and to hand over is 受け渡す."""
    every = "\n".join(text for po in CATALOGS for text in translations(po).values())
    for other in ("引き渡", "メールサービス", "レシート", "受領証"):
        assert other not in every
    said = gettext.translation("pages", LOCALE, ["ja"]).gettext
    assert said("Handed over") == "配信サービスに受け渡し済み"
    for english in (text for po in CATALOGS for text in translations(po)):
        if re.search(r"\breceipt\b", str(english)):
            assert "受付票" in " ".join(
                found for po in CATALOGS if (found := translations(po).get(english))
            )
