"""A form may ask about a mistyped domain before it stores anything: a person, once, who may insist."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from urllib.parse import quote_plus

import pytest

from support.web.doors import OPEN_FORM, Answer, ask, kept, make_app
from todoke.model.form import Confirmation, Field, Form
from todoke.walk.app import App

CONTACT = replace(
    OPEN_FORM,
    name="contact",
    fields=(
        Field(name="email", kind="email", label="Mail address", required=True),
        Field(name="message", kind="textarea", label="Message"),
    ),
    confirmation=Confirmation(),
    ask_about_typos=True,
)
TYPED = "email=ann%40gmial.com&message=One+%22two%22%0D%0Athree"
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


def send(app: App, body: str = TYPED, accept: str = BROWSER, **headers: str) -> Answer:
    """Post the form as a browser does."""
    return ask(app, "/f/contact", body.encode(), accept=accept, **headers)


def forms_of(page: str) -> list[str]:
    """What each form of the page would send with its button."""
    return [
        "&".join(
            f"{quote_plus(unescape(name))}={quote_plus(unescape(value))}"
            for name, value in _controls(form)
        )
        for form in re.findall(r"<form.*?</form>", page, re.DOTALL)
    ]


def _controls(form: str) -> list[tuple[str, str]]:
    found = [
        (tag[1], value[1])
        for tag in re.finditer(r'<input[^>]*?name="([^"]*)"[^>]*>', form)
        if (value := re.search(r'value="([^"]*)"', tag[0]))
    ]
    areas = re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n([^<]*)</textarea>', form)
    return [*found, *areas]


def test_a_person_is_asked_and_nothing_is_stored_yet() -> None:
    """The page has the question, what was typed, and says that nothing is stored: no 2xx."""
    app = make_app(CONTACT)
    answer = send(app)
    assert answer.status == 422
    assert not kept(app)
    page = answer.body.decode()
    assert "<title>Did you mean ann@gmail.com?" in page
    assert "Nothing is stored yet." in page
    assert "Send it as it is" in page
    assert "Send it with ann@gmail.com" in page


@pytest.mark.parametrize(("button", "address"), [(0, "ann@gmail.com"), (1, "ann@gmial.com")])
def test_either_button_stores_it(button: int, address: str) -> None:
    """With what may be meant, or as it is: with all else that was typed, and the question is no answer of theirs."""
    app = make_app(CONTACT)
    again = forms_of(send(app).body.decode())[button]
    assert send(app, again).status == 303
    (submission,) = kept(app)
    assert submission.visitor == address
    assert {(e.name, e.value) for e in submission.entries} == {
        ("email", address),
        ("message", 'One "two"\r\nthree'),
    }


def test_insisting_is_on_one_address() -> None:
    """Whoever mistypes it in another way is asked about that."""
    app = make_app(CONTACT)
    assert send(app, TYPED + "&_as_typed=ann%40gmial.com").status == 303
    assert send(app, TYPED + "&_as_typed=ann%40gmaill.com").status == 422
    again = forms_of(send(app, TYPED + "&_as_typed=x").body.decode())[1]
    assert again.count("_as_typed") == 1


@pytest.mark.parametrize(
    ("accept", "headers"),
    [
        ("application/json", {}),
        (BROWSER, {"hx_request": "true"}),
        (BROWSER, {"sec_fetch_mode": "cors", "sec_fetch_site": "same-origin"}),
    ],
)
def test_no_script_is_asked(accept: str, headers: dict[str, str]) -> None:
    """It could not answer: what it sends is stored, and nothing is refused for a hint."""
    app = make_app(CONTACT)
    assert send(app, accept=accept, **headers).status in {200, 303}
    assert len(kept(app)) == 1


@pytest.mark.parametrize(
    ("form", "body"),
    [
        (replace(CONTACT, ask_about_typos=False), TYPED),
        (CONTACT, "email=ann%40gmail.com&message=Hello"),
        (CONTACT, "email=ann%40gmial.com&message=" + "x" * 17_000),
        (
            replace(CONTACT, fields=(*(CONTACT.fields or ()), Field(name="p", kind="password"))),
            TYPED + "&p=secret",
        ),
    ],
    ids=["not asked for", "nothing amiss", "too long to be shown twice", "with a password"],
)
def test_else_it_is_stored_at_once(form: Form, body: str) -> None:
    """Where nothing is amiss, and where the page could not show again all that came."""
    app = make_app(form)
    assert send(app, body).status == 303
    assert len(kept(app)) == 1


def test_the_question_is_in_japanese_too() -> None:
    """By the visitor's language."""
    page = send(make_app(CONTACT), TYPED + "&_language=ja").body.decode()
    assert "ann@gmail.com ではありませんか？" in page
    assert "ann@gmail.com で送信する" in page
    assert "このまま送信する" in page
