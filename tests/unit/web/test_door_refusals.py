"""What the door tells the owner of the visitors that it refuses: all of them, and no word of theirs."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from support.web.doors import ask, failing, make_app
from todoke.model.address import Address
from todoke.model.errors import StoreUnavailable
from todoke.model.form import Field, Form, Limits, Managers, Site
from todoke.walk.refusal import STRANGE_FIELD
from todoke.walk.tally import Counted

FORM = Form(
    name="contact",
    fields=(
        Field(name="email", kind="email", required=True),
        Field(name="topic", kind="select", options=(("visit", "Visit"),)),
        Field(name="photo", kind="file", accept=("image/*",)),
    ),
    managers=Managers(fixed=(Address("m@site.example"),)),
    limits=Limits(body_bytes=4_000),
)
SITE = Site(name="Example", url="https://site.example", origins=("https://site.example",))
GOOD = b"email=taro%40visitor.example"
SECRET = "kaede-secret-word"
MULTIPART = "multipart/form-data; boundary=b"


def part(name: str, *, filename: str = "", content: str = SECRET) -> bytes:
    """A body of one part."""
    file = f'; filename="{filename}"' if filename else ""
    return (
        f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n'
        f"Content-Type: text/plain\r\n\r\n{content}\r\n--b--\r\n"
    ).encode()


REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str, str], dict[str, object]]] = {
    "origin": (
        {"body": GOOD, "origin": "http://garden.example"},
        ("contact", "403", "origin_refused"),
        {"origin": "http://garden.example"},
    ),
    "no form": ({"path": f"/f/{SECRET}"}, ("", "404", "not_found"), {"form": ""}),
    "method": ({"method": "PUT"}, ("contact", "405", "http_405"), {}),
    "length": ({"body": b"x" * 5_000}, ("contact", "413", "too_large"), {}),
    "unreadable": ({"body": GOOD, "content_type": "image/png"}, ("contact", "415", "unsupported"), {}),
    "cut off": ({"body": GOOD, "content_length": "90"}, ("contact", "400", "malformed"), {}),
    "missing": (
        {"body": f"topic=visit&note={SECRET}".encode()},
        ("contact", "422", "invalid"),
        {"fields": {"email": "valueMissing"}},
    ),
    "newer page": (
        {"body": GOOD + f"&topic={SECRET}".encode()},
        ("contact", "422", "invalid"),
        {"fields": {"topic": "unknown_option"}},
    ),
    "file": (
        {"body": part("photo", filename=f"{SECRET}.txt"), "content_type": MULTIPART},
        ("contact", "422", "invalid"),
        {"fields": {"email": "valueMissing", "photo": "file_type"}},
    ),
    "strange field": (
        {"body": part(SECRET, filename="a.txt"), "content_type": MULTIPART},
        ("contact", "422", "invalid"),
        {"fields": {"email": "valueMissing", STRANGE_FIELD: "no_files_here"}},
    ),
    "links": ({"path": "/u/contact", "body": b"[]"}, ("contact", "404", "not_found"), {}),
}  # fmt: skip


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("name", REFUSED)
def test_every_refusal_is_counted_and_told_without_a_value(
    name: str, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By form, status and code, with the form's own fields; nothing that the visitor typed or named is in it."""
    request, counted, told = REFUSED[name]
    app = make_app(FORM, site=SITE)
    with caplog.at_level(logging.INFO):
        answer = ask(app, **{"path": "/f/contact", "accept": accept, **request})
    assert answer.status == int(counted[1])
    assert app.tally.counts(Counted.REFUSED) == {counted: 1}
    (line,) = caplog.records
    facts = vars(line)["facts"]
    assert (line.levelname, line.message) == ("WARNING", "refused")
    assert facts | told == facts
    assert SECRET not in repr(facts)


def test_a_store_that_keeps_nothing_is_an_error_with_its_own_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody but the owner can make room."""
    app = make_app(FORM, site=SITE)
    failing(app, StoreUnavailable("/srv/todoke.db cannot be used now: the disk is full"))
    assert ask(app, "/f/contact", GOOD).status == 503
    assert app.tally.counts(Counted.REFUSED) == {("contact", "503", "unavailable"): 1}
    (line,) = caplog.records
    assert line.levelname == "ERROR"
    assert "disk is full" in vars(line)["facts"]["why"]


def test_a_reused_key_is_told_by_its_own_code(caplog: pytest.LogCaptureFixture) -> None:
    """A program that sends one key with everything is its author's to mend."""
    app = make_app(FORM, site=SITE)
    ask(app, "/f/contact", GOOD, idempotency_key="one")
    for accept in ("text/html", "application/json"):
        answer = ask(app, "/f/contact", GOOD + b"&a=b", idempotency_key="one", accept=accept)
        assert answer.status == 422
    assert app.tally.counts(Counted.REFUSED) == {("contact", "422", "idempotency_key_reused"): 2}
    assert ["fields" in vars(line)["facts"] for line in caplog.records] == [False, False]


def test_what_is_kept_and_what_repeats_it_is_counted_apart() -> None:
    """A double click is one submission, and nobody was refused."""
    app = make_app(FORM, site=SITE)
    for _ in range(3):
        assert ask(app, "/f/contact", GOOD).status == 303
    assert app.tally.counts(Counted.ACCEPTED) == {("contact",): 1}
    assert app.tally.counts(Counted.REPEATED) == {("contact",): 2}
    assert app.tally.counts(Counted.REFUSED) == {}


def test_a_strangers_origin_is_told_as_an_origin_and_no_longer_than_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is none is not told, whatever it says."""
    app = make_app(FORM, site=SITE)
    for origin in ("https://" + "a" * 5_000, f"\x1b[31m{SECRET}", f"https://u:{SECRET}@x.example"):
        assert ask(app, "/f/contact", GOOD, origin=origin).status == 403
    told = [vars(line)["facts"]["origin"] for line in caplog.records]
    assert max(map(len, told)) <= 100
    assert SECRET not in repr(told)
