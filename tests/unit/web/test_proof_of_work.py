"""A form that asks for a proof of work: what it is worth, and that nobody is turned away without one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette

from support.solver import proof, solve
from support.web.doors import OPEN_FORM, Answer, ask, kept, make_app
from support.web.stories import post
from todoke.forms.suspicion.circumstances import Circumstances, ProofOfWork
from todoke.model.address import Address
from todoke.model.form import Field, Form, Managers
from todoke.model.submission import Entry, EntryList
from todoke.walk.app import App
from todoke.web.door import door
from todoke.web.door.proof import Proofs

FORM = replace(OPEN_FORM, name="contact", fields=(Field(name="message"),), proof_of_work=True)
NOBODY_RECEIVES = Managers(field="message", by_value={"x": (Address("a@site.example"),)})
BROWSER = "text/html,*/*;q=0.8"


def challenge_of(app: App) -> dict[str, Any]:
    """A challenge, as a script of the page gets it."""
    answer = ask(app, "/f/contact?challenge", method="GET", accept="application/json")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    told: dict[str, Any] = answer.json
    return told


def send(app: App, field: str = "") -> Answer:
    """Post the form with this in its field for the proof."""
    body = f"message=Hello&altcha={quote(field)}" if field else "message=Hello"
    return ask(app, "/f/contact", body.encode(), accept=BROWSER)


class Watch:
    """A guard that finds nothing, and keeps what it was told."""

    def __init__(self) -> None:
        self.known: list[ProofOfWork] = []

    def signals(self, _form: Form, _sent: EntryList, seen: Circumstances) -> tuple[str, ...]:
        """None."""
        self.known.append(seen.work)
        return ()


def watched(app: App) -> list[ProofOfWork]:
    """What the guard of this app is told from now on."""
    watch = Watch()
    object.__setattr__(app, "guard", watch)
    return watch.known


@pytest.mark.parametrize("field", ["", "nonsense", "solved"])
def test_nobody_is_turned_away(field: str) -> None:
    """With a proof, without one, and with what is none: it is stored, and the proof is no answer."""
    app = make_app(FORM)
    if field == "solved":
        challenge = challenge_of(app)
        field = proof(challenge, solve(challenge))
    assert send(app, field).status == 303
    (submission,) = kept(app)
    assert submission.entries == (Entry("message", "Hello"),)


def test_a_proof_counts_once() -> None:
    """And for the form that gave it out; the answers come without it in each case."""
    app = make_app(FORM)
    proofs = Proofs(app.settings.secret, app.clock)
    challenge = challenge_of(app)
    sent = (Entry("altcha", proof(challenge, solve(challenge))),)
    assert proofs.worth(replace(FORM, name="order"), sent) is ProofOfWork.MISSING
    assert proofs.worth(FORM, sent) is ProofOfWork.DONE
    assert proofs.worth(FORM, sent) is ProofOfWork.DONE
    proofs.spend(FORM, sent)
    assert proofs.worth(FORM, sent) is ProofOfWork.MISSING
    assert proofs.worth(FORM, ()) is ProofOfWork.MISSING
    assert proofs.worth(replace(FORM, proof_of_work=False), sent) is ProofOfWork.NOT_ASKED


def test_a_form_that_came_back_brings_its_proof_again() -> None:
    """It is used up by what is stored, not by a fault; the next submission with it is one without."""
    app = make_app(replace(FORM, fields=(Field(name="message", required=True),)))
    known = watched(app)
    asgi = Starlette(routes=door.routes(app))
    challenge = challenge_of(app)
    field = quote(proof(challenge, solve(challenge)))
    said = ("", "One", "Two")
    answers = [post(asgi, "/f/contact", f"message={text}&altcha={field}") for text in said]
    assert [answer.status for answer in answers] == [422, 303, 303]
    assert known == [ProofOfWork.DONE, ProofOfWork.MISSING]


def test_a_form_of_a_dialect_takes_it_too() -> None:
    """There `altcha` is the token of a captcha, which is nobody's answer."""
    app = make_app(replace(FORM, dialect="formspree"))
    known = watched(app)
    challenge = challenge_of(app)
    send(app, proof(challenge, solve(challenge)))
    assert known == [ProofOfWork.DONE]
    assert kept(app)[0].entries == (Entry("message", "Hello"),)


def test_a_form_that_came_back_shows_nothing_of_it() -> None:
    """Neither where the fields are known, nor where a page of ours has a control for whatever came."""
    for fields in (FORM.fields, None):
        app = make_app(replace(FORM, fields=fields, managers=NOBODY_RECEIVES))
        page = send(app, "brought")
        assert page.status == 422
        (line,) = re.findall(rb"<[^>]*altcha[^>]*>", page.body)
        assert b'type="hidden"' in line
        assert b"brought" in line


def test_a_form_that_asks_for_none_has_none() -> None:
    """Its page is a page whatever the query, and a field of this name is an answer like any other."""
    app = make_app(replace(FORM, proof_of_work=False, fields=None))
    answer = ask(app, "/f/contact?challenge", method="GET", accept="text/html")
    assert b"<!doctype html>" in answer.body.lower()
    send(app, "mine")
    (submission,) = kept(app)
    assert Entry("altcha", "mine") in submission.entries


def test_a_page_of_ours_brings_one_along() -> None:
    """By scripts of its own, and shows nothing of it."""
    page = ask(make_app(FORM), "/f/contact", method="GET", accept="text/html").body.decode()
    assert 'data-challenge="/f/contact?challenge"' in page
    assert "/work.js" in page
    assert "altcha" not in page
