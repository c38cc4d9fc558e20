"""The catalogs: what is compiled is what was translated."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from todoke.model.language import LOCALE

CATALOGS = sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


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
