"""What a refused visitor typed is shown again: as far as it came, escaped, bounded, and only to them."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.web.doors import Answer, ask, kept, make_app
from todoke.model.address import Address
from todoke.model.form import Confirmation, ControlKind, Field, Form, Limits, Managers, Site
from todoke.model.submission import Entry, EntryList, File
from todoke.web.door.arrived import KEPT_BYTES, Arrived
from todoke.web.pages.echo import MOST_CHARACTERS, fitting

BOUNDARY = "----WebKitFormBoundaryAbC"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
URLENCODED = "application/x-www-form-urlencoded"
FORM = Form(
    name="contact",
    confirmation=Confirmation(field=""),
    managers=Managers(fixed=(Address("m@site.example"),)),
    fields=(
        Field(name="email", kind=ControlKind.EMAIL, label="Your mail"),
        Field(name="message", kind=ControlKind.TEXTAREA),
        Field(name="photo", kind=ControlKind.FILE),
        Field(name="consent"),
        Field(name="password", kind=ControlKind.PASSWORD),
    ),
    limits=Limits(body_bytes=20_480, seconds=0.1),
)


def part(name: str, value: bytes, file_name: str = "") -> bytes:
    """One part as browsers write it."""
    file = f'; filename="{file_name}"\r\nContent-Type: image/jpeg' if file_name else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + value + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()
TYPED = [
    part("email", b"aya@example.com"),
    part("message", 'こんにちは <b>"x"</b>'.encode()),
    part("photo", b"\xff\xd8secret-bytes" * 2_000, "IMG_1.jpg"),
    part("consent", b"yes"),
]


def shown(body: bytes, content_type: str = MULTIPART, piece: int = 1_000) -> EntryList:
    """What is found in a body that came in pieces."""
    arrived = Arrived(content_type, "utf-8")
    for start in range(0, len(body), piece):
        arrived.take(body[start : start + piece])
    return arrived.entries()


def texts_of(entries: EntryList) -> list[tuple[str, str]]:
    """Names with what was typed, or the file's name."""
    return [(e.name, e.value.name if isinstance(e.value, File) else e.value) for e in entries]


@given(st.integers(1, 70_000))
def test_answers_around_a_file_are_found_without_it(piece: int) -> None:
    """However the body is cut into pieces: fields before and after it, and of the file its name."""
    entries = shown(b"".join(TYPED) + END, piece=piece)
    assert texts_of(entries) == [
        ("email", "aya@example.com"),
        ("message", 'こんにちは <b>"x"</b>'),
        ("photo", "IMG_1.jpg"),
        ("consent", "yes"),
    ]
    assert [e.value.size for e in entries if isinstance(e.value, File)] == [0]


@given(st.integers(0, 400))
def test_a_body_cut_anywhere_shows_what_came(end: int) -> None:
    """Each field is whole or the beginning of what was typed, in the order of the page; nothing is made up."""
    whole = b"".join(TYPED[:2]) + END
    typed = ["aya@example.com", 'こんにちは <b>"x"</b>']
    found = texts_of(shown(whole[:end]))
    assert [name for name, _ in found] == ["email", "message"][: len(found)]
    for (_, text), full in zip(found, typed, strict=False):
        assert full.startswith(text.rstrip("\ufffd\r\n-"))


@given(st.integers(0, 60))
def test_a_cut_escape_is_no_text(end: int) -> None:
    """Of a form without files, too."""
    body = urlencode({"email": "a@b.example", "message": "100%あ"}).encode()
    for name, text in texts_of(shown(body[:end], URLENCODED)):
        full = {"email": "a@b.example", "message": "100%あ"}.get(name, "")
        assert full.startswith(text.rstrip("\ufffd"))


@given(
    st.binary(max_size=500), st.sampled_from([MULTIPART, URLENCODED, "application/json", "x", ""])
)
def test_rubbish_raises_nothing(body: bytes, content_type: str) -> None:
    """What cannot be read shows nothing."""
    shown(body, content_type, 7)


def test_what_is_kept_is_bounded() -> None:
    """No body makes the memory grow, by its fields or by what is no field."""
    many = b"".join(part(f"f{n}", b"x" * 100_000) for n in range(20))
    entries = shown(many + END, piece=50_000)
    assert 1 <= len(entries) <= KEPT_BYTES // 100_000
    assert len(shown(b"a=" + b"x" * 10_000_000, URLENCODED, 1_000_000)[0].value) <= 3 * KEPT_BYTES  # type: ignore[arg-type]


def test_a_page_shows_a_text_whole_or_not_at_all() -> None:
    """What does not fit in is named, so that nobody sends half of it again."""
    long = Entry("long", "x" * MOST_CHARACTERS)
    kept_entries, left_out = fitting((Entry("a", "1"), long, Entry("b", "2")))
    assert texts_of(kept_entries) == [("a", "1"), ("b", "2")]
    assert left_out == ("long",)
    names = tuple(Entry("n" * 1_000 + str(n), "") for n in range(1_000))
    few, _ = fitting(names)
    assert len(few) < 40


def send(*pieces: bytes, ends: bool = True, **headers: str) -> Answer:
    """Send a form in pieces; nothing may be kept of it."""
    app = make_app(FORM)
    given = {"content_type": MULTIPART, "accept": "text/html"} | headers
    answer = ask(app, "/f/contact", list(pieces), ends=ends, **given)
    assert kept(app) == []
    return answer


def values(answer: Answer) -> dict[str, str]:
    """What the page's controls hold."""
    page = answer.body.decode()
    inputs = re.findall(r'<input id="[^"]*" name="([^"]*)"[^>]*? value="([^"]*)"', page)
    areas = re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: html.unescape(value) for name, value in [*inputs, *areas]}


def test_a_form_that_is_too_large_comes_back_filled_in() -> None:
    """413: the form with what was typed before and after the file, to be sent again with another one."""
    answer = send(*TYPED, END)
    assert answer.status == 413
    assert values(answer) == {
        "email": "aya@example.com",
        "message": 'こんにちは <b>"x"</b>',
        "consent": "yes",
    }
    page = answer.body.decode()
    assert "The form may hold 20 kB at most." in page
    assert "A browser cannot keep chosen files. Please choose them again." in page
    assert "secret-bytes" not in page
    assert "<b>" not in page
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_that_is_too_slow_comes_back_filled_in() -> None:
    """408: what came of it."""
    slow = send(TYPED[0] + TYPED[1], ends=False)
    assert slow.status == 408
    assert values(slow)["email"] == "aya@example.com"
    assert "The request did not arrive in time." in slow.body.decode()


def test_the_page_speaks_japanese() -> None:
    """As the visitor does."""
    page = send(*TYPED, END, accept_language="ja").body.decode()
    assert "ファイルを含めて 20 kB までです。" in page
    assert "一部しか届いていないことがあります。" in page


@pytest.mark.parametrize("headers", [{"accept": "application/json"}, {"hx_request": "true"}])
def test_a_script_is_answered_without_it(headers: dict[str, str]) -> None:
    """It has what was typed."""
    answer = send(*TYPED, END, **headers)
    assert answer.status == 413
    assert b"aya@example.com" not in answer.body


def test_a_form_from_elsewhere_is_shown_to_be_copied() -> None:
    """403: what was typed, but no button: from our own page it would be let in."""
    app = make_app(FORM, site=Site(name="S", origins=("https://site.example",)))
    body = b"".join([*TYPED[:2], part("password", b"hunter2"), END])
    answer = ask(
        app,
        "/f/contact",
        body,
        content_type=MULTIPART,
        accept="text/html",
        origin="https://www.site.example",
    )
    page = answer.body.decode()
    assert answer.status == 403
    assert '<dt>Your mail</dt><dd class="typed">aya@example.com</dd>' in page
    assert "こんにちは &lt;b&gt;" in page
    assert "<form" not in page
    assert "hunter2" not in page
    assert kept(app) == []


def test_a_password_is_not_shown_again() -> None:
    """Nor on the page of a form that is too large."""
    assert b"hunter2" not in send(part("password", b"hunter2"), *TYPED, END).body


def test_nothing_of_one_visitor_is_in_the_page_of_another() -> None:
    """However requests follow each other."""
    first = send(*TYPED, END)
    other = [part("message", b"mine"), part("photo", b"x" * 30_000, "b.jpg")]
    assert b"aya@example.com" in first.body
    assert values(send(*other, END))["message"] == "mine"
    assert b"aya@example.com" not in send(*other, END).body


def test_a_page_of_answers_is_bounded() -> None:
    """422 with a million quotation marks, each of which is five characters in HTML, is a small page."""
    app = make_app(
        Form(
            name="open",
            confirmation=Confirmation(field=""),
            managers=Managers(fixed=(Address("m@site.example"),)),
            fields=(Field(name="email", kind=ControlKind.EMAIL, required=True), Field(name="f0")),
        )
    )
    answer = ask(app, "/f/open", b"email=no&f0=" + b'"' * 250_000, accept="text/html")
    assert answer.status == 422
    assert len(answer.body) < 20_000
    assert "This is too long to be shown again." in answer.body.decode()
