"""No honest visitor is held up: what people write, sent as browsers send it, is put in review by nobody.

The 200 messages were written for this. What real browsers sent, and addresses of every shape, are not part of the
project: TODOKE_CORPORA names their folder, and without it these two are skipped.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from support.places import CORPORA, ROOT
from support.web.doors import OPEN_FORM, ask, kept, make_app
from todoke.model.address import Address
from todoke.model.captcha import CaptchaVerdict
from todoke.model.form import Field, Form, Limits, Managers, Site

BENCH = runpy.run_path(str(ROOT / "bench" / "guard.py"))
BROWSERS = BENCH["BROWSERS"]
ADDRESSES = CORPORA / "address-syntax"
CHROMIUM = CORPORA / "browser-chromium"
CONTACT = Form(
    name="contact",
    fields=(
        Field(name="name", autocomplete="name"),
        Field(name="email", kind="email"),
        Field(name="subject"),
        Field(name="message", kind="textarea"),
        Field(name="_gotcha"),
    ),
    managers=Managers(fixed=(Address("m@site.example"),)),
)


def fields_of(browser: str) -> dict[str, str]:
    """A browser's header fields as `ask` takes them."""
    return {name.replace("-", "_"): value for name, value in BROWSERS[browser].items()}


def test_there_are_a_hundred_of_each_language_and_no_two_alike() -> None:
    """The samples are what the documents say they are."""
    files = {
        name: BENCH["samples"](name) for name in ("honest.en.txt", "honest.ja.txt", "spam.txt")
    }
    assert [len(found) for found in files.values()] == [100, 100, 62]
    every = [sample for found in files.values() for sample in found]
    assert len({(s.name, s.message) for s in every}) == len({s.email for s in every}) == len(every)


@pytest.mark.parametrize("form", [CONTACT, OPEN_FORM], ids=["known fields", "any fields"])
@pytest.mark.parametrize("browser", BROWSERS)
def test_honest_messages_are_not_put_in_review(browser: str, form: Form) -> None:
    """200 of them through the door, one after the other, whether a page says what its fields are or not."""
    app = make_app(form, site=BENCH["SITE"])
    honest = [*BENCH["samples"]("honest.en.txt"), *BENCH["samples"]("honest.ja.txt")]
    for sample in honest:
        typed = {**sample._asdict(), "_gotcha": ""}
        del typed["kind"]
        answer = ask(app, f"/f/{form.name}", urlencode(typed).encode(), **fields_of(browser))
        assert answer.status in {200, 303}, sample
    assert {s.entries[0].value: s.signals for s in kept(app) if s.signals} == {}
    assert len(kept(app)) == len(honest)


@pytest.mark.parametrize(
    "more",
    [{"is_listed": True}, {"captcha": CaptchaVerdict.MISSING}],
    ids=lambda more: next(iter(more)),
)
@pytest.mark.parametrize("browser", BROWSERS)
def test_a_shared_address_or_no_captcha_is_no_reason(browser: str, more: dict[str, object]) -> None:
    """Were all of them listed somewhere, or had none of them JavaScript: still none is held up."""
    honest = [*BENCH["samples"]("honest.en.txt"), *BENCH["samples"]("honest.ja.txt")]
    scope = BENCH["scope_of"](BROWSERS[browser])
    known = replace(BENCH["observer"]().circumstances(scope, CONTACT, ()), **more)
    guard = BENCH["guard"]()
    held = [s.name for s in honest if guard.signals(CONTACT, s.entries, known)]
    assert held == []


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_trap_that_a_browser_filled_in_is_no_reason_alone(browser: str) -> None:
    """Of ordinary messages: neither the hidden field, nor a website that it knows, nor both."""
    app = make_app(CONTACT, site=BENCH["SITE"])
    for number in range(3):
        typed = {"name": "Aoi", "message": f"Hello {number}", "_gotcha": "Aoi"}
        typed |= {"website": "https://aoi.example"}
        ask(app, "/f/contact", urlencode(typed).encode(), **fields_of(browser))
    assert [s.signals for s in kept(app)] == [()] * 3


def test_a_trap_that_a_program_filled_in_is() -> None:
    """The same message of what calls itself a browser and is none."""
    app = make_app(CONTACT, site=BENCH["SITE"])
    typed = urlencode({"name": "Aoi", "message": "Hello", "_gotcha": "Aoi"}).encode()
    answer = ask(app, "/f/contact", typed, user_agent=BROWSERS["Chrome, a form"]["user-agent"])
    assert answer.status == 303
    assert [s.signals for s in kept(app)] == [("trap_filled", "disguised")]


def test_the_table_of_the_document_is_the_one_that_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """docs/guard.md says what the samples come to; mend it by: bench/guard.py --table."""
    lines = "\n".join(BENCH["table"]())
    with capsys.disabled():
        print("", *BENCH["honest_lines"](), lines, sep="\n")
    assert lines in (ROOT / "docs" / "guard.md").read_text("utf-8")


@pytest.mark.skipif(
    not CHROMIUM.is_dir(), reason="the recorded requests are not here (TODOKE_CORPORA)"
)
def test_what_chromium_really_sent() -> None:
    """Every recorded request of a browser, with all of its header fields."""
    held, taken = [], 0
    for path in sorted((CHROMIUM / "raw").iterdir()):
        head, _, body = path.read_bytes().partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")[1:]
        fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        fields = {k.replace("-", "_"): v for k, v in fields.items() if k != "connection"}
        form = Form(
            name="any",
            fields=None,
            limits=Limits(body_bytes=2_000_000),
            managers=OPEN_FORM.managers,
        )
        app = make_app(
            form,
            site=Site(name="Site", url="http://127.0.0.1:8765", door_url="http://127.0.0.1:8765"),
        )
        ask(app, "/f/any", body, **fields)
        taken += len(kept(app))
        held += [(path.name, s.signals) for s in kept(app) if s.signals]
    assert held == []
    assert taken >= 90


@pytest.mark.skipif(
    not ADDRESSES.is_dir(), reason="the lists of addresses are not here (TODOKE_CORPORA)"
)
def test_addresses_of_every_shape() -> None:
    """Good ones and bad ones, as the address, as the name and in the text."""
    addresses = _addresses(ADDRESSES)
    assert len(addresses) > 300
    app = make_app(OPEN_FORM, site=BENCH["SITE"], most_from_one_address=0)
    for address in addresses:
        typed = {"name": address, "email": address, "message": f"Please answer to {address}."}
        ask(app, "/f/any", urlencode(typed).encode(), **fields_of("Chrome, a form"))
    assert len(kept(app)) > 300
    assert {str(s.entries[0].value): s.signals for s in kept(app) if s.signals} == {}


def _addresses(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.iterdir()):
        text = path.read_text("utf-8")
        if path.suffix == ".txt":
            found += text.splitlines()
        elif path.suffix == ".jsonl":
            found += [str(_said(json.loads(line))) for line in text.splitlines()]
    return [a.encode("utf-8", "replace").decode() for a in dict.fromkeys(found) if a.strip()]


def _said(row: dict[str, object]) -> object:
    return next((row[key] for key in ("address", "email", "input") if row.get(key)), "")
