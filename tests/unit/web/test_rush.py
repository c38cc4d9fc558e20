"""A proof of work only while many send a form: and no page is held to what it did not offer."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

import msgspec
import pytest
from starlette.applications import Starlette

from support.solver import proof, solve
from support.web.doors import OPEN_FORM, kept, make_app
from support.web.stories import call, post
from todoke.forms.suspicion.circumstances import ProofOfWork
from todoke.forms.suspicion.load import offered_work, write_load
from todoke.model.form import Field, Form
from todoke.model.proof import new_challenge
from todoke.model.submission import Entry
from todoke.walk.app import App
from todoke.web.door import door
from todoke.web.door.proof import Proofs
from todoke.web.door.rush import MANY, WITHIN_SECONDS, Rush

ALWAYS = replace(
    OPEN_FORM,
    name="contact",
    fields=(Field(name="message", required=True),),
    proof_of_work=True,
)
FORM = replace(ALWAYS, work_when_busy=True)
CHALLENGE = b'data-challenge="/f/contact?challenge"'


def test_many_within_a_time() -> None:
    """Of one form; and it ends by itself."""
    now = [0.0]
    rush = Rush(lambda: now[0])
    for number in range(MANY):
        assert not rush.is_on("contact")
        now[0] = float(number)
        rush.note("contact")
    assert rush.is_on("contact")
    assert not rush.is_on("order")
    now[0] = WITHIN_SECONDS - 0.1
    assert rush.is_on("contact")
    now[0] = WITHIN_SECONDS
    assert not rush.is_on("contact")
    rush.note("contact")
    assert rush.is_on("contact")


def page_of(asgi: Starlette) -> bytes:
    """The form as a page of ours."""
    return call(asgi, "/f/contact", headers={"accept": "text/html"}).body


def loaded_of(page: bytes) -> str:
    """What a page says of when it was loaded."""
    found = re.search(rb'name="_loaded" value="([^"]+)"', page)
    assert found
    return found[1].decode()


def is_offered(app: App, page: bytes) -> bool:
    """Whether a page offers one; it says so exactly where it does."""
    says = offered_work(app.settings.secret, "contact", loaded_of(page))
    assert says == (CHALLENGE in page) == (b"/work.js" in page)
    return says


def test_a_page_offers_it_only_in_a_rush() -> None:
    """Before, nobody computes; where it is asked for always, everybody does."""
    app = make_app(FORM, most_from_one_address=1_000)
    asgi = Starlette(routes=door.routes(app))
    assert not is_offered(app, page_of(asgi))
    for number in range(MANY):
        assert post(asgi, "/f/contact", f"message={number}").status == 303
    assert is_offered(app, page_of(asgi))
    always = make_app(ALWAYS)
    assert is_offered(always, page_of(Starlette(routes=door.routes(always))))


@pytest.mark.parametrize(
    ("form", "offers", "expected"),
    [
        (FORM, True, ProofOfWork.MISSING),
        (FORM, False, ProofOfWork.NOT_ASKED),
        (FORM, None, ProofOfWork.NOT_ASKED),
        (ALWAYS, None, ProofOfWork.MISSING),
        (ALWAYS, False, ProofOfWork.MISSING),
    ],
)
def test_no_page_is_held_to_what_it_did_not_offer(
    form: Form, offers: bool | None, expected: ProofOfWork
) -> None:
    """One that was loaded before the rush, and one of the site's own, which says nothing."""
    app = make_app(FORM)
    secret, now = app.settings.secret, app.clock()
    controls: tuple[Entry, ...] = ()
    if offers is not None:
        controls = (Entry("_loaded", write_load(secret, "contact", now, offers_work=offers)),)
    assert Proofs(secret, app.clock).worth(form, controls) is expected


def test_what_is_brought_speaks_for_it_at_any_time() -> None:
    """From a page of the site, whose widget always computes."""
    app = make_app(FORM)
    challenge = new_challenge(app.settings.secret, "contact", app.clock())
    told = msgspec.to_builtins(challenge)
    controls = (Entry("altcha", proof(told, solve(told))),)
    assert Proofs(app.settings.secret, app.clock).worth(FORM, controls) is ProofOfWork.DONE


@pytest.mark.parametrize(
    "stated",
    ["w.x", "1w.x", "w", ".", "1ww.x", "１w.x", "1w", f"{'1' * 80}w.x", ""],
)
def test_a_word_that_is_not_ours(stated: str) -> None:
    """Nobody is held to it; and what says one thing is not turned into another."""
    secret = b"s" * 32
    app = make_app(FORM)
    assert not offered_work(secret, "contact", stated)
    plain = write_load(secret, "contact", app.clock())
    assert not offered_work(secret, "contact", plain.replace(".", "w."))
    offers = write_load(secret, "contact", app.clock(), offers_work=True)
    assert offered_work(secret, "contact", offers)
    assert not offered_work(secret, "order", offers)
    assert not offered_work(b"t" * 32, "contact", offers)


def test_a_form_that_came_back_still_offers_it() -> None:
    """Its page may have said that it does, and the rush may be over by then."""
    app = make_app(FORM)
    asgi = Starlette(routes=door.routes(app))
    loaded = write_load(app.settings.secret, "contact", app.clock(), offers_work=True)
    page = post(asgi, "/f/contact", urlencode({"message": "", "_loaded": loaded}))
    assert page.status == 422
    assert loaded_of(page.body) == loaded
    assert CHALLENGE in page.body
    assert kept(app) == []
