"""A receipt asks whether another address was meant where the domain looks mistyped, and corrects it at one click."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette

from support.web.stories import (
    EVENTS,
    NOW,
    Answer,
    call,
    make_app,
    make_message,
    make_settings,
    make_timeline,
    post,
    stored,
)
from support.web.stories import token_of as token
from todoke.model.address import Address
from todoke.model.language import LANGUAGES
from todoke.model.message import MessageTimeline, Role
from todoke.report.receipt import receipt as told_by
from todoke.testing import MemoryStore
from todoke.web import receipt

PATH = f"/s/{token('s1')}"
JSON = {"accept": "application/json"}
MISTYPED = Address("ann@gmial.com")
ASKED = "Your confirmation goes to a•••@gmial.com. Did you mean a•••@gmail.com?"


def one(status: str, recipient: Address = MISTYPED) -> MemoryStore:
    """A store with one submission whose confirmation has this status."""
    return stored(make_timeline(make_message(status, recipient=recipient)))


def site(store: MemoryStore, **changes: object) -> Starlette:
    """The receipt's routes alone."""
    return Starlette(routes=receipt.routes(make_app(store, **changes)))


def accept(store: MemoryStore, domain: str, **changes: object) -> Answer:
    """Press the button of a receipt that suggests this domain."""
    return post(site(store, **changes), f"{PATH}/address", f"domain={domain}")


def confirmation(store: MemoryStore) -> MessageTimeline:
    """The confirmation as it stands."""
    return next(m for m in store.timeline("s1").messages if m.message.role is Role.CONFIRMATION)


@pytest.mark.parametrize("status", sorted(EVENTS.keys() - {"in_review"}))
def test_a_mistyped_domain_is_asked_after_whatever_became_of_the_mail(status: str) -> None:
    """Also where somebody's server took it: page and JSON ask, mask both addresses, and offer the correction."""
    app = site(one(status))
    page = call(app, PATH).text
    told = json.loads(call(app, PATH, headers=JSON).body)
    assert told["suggestion"]["text"] == ASKED
    assert told["messages"][0]["can_correct"]
    assert ASKED in page
    assert 'name="domain" value="gmail.com"' in page
    assert "ann@" not in page
    assert "ann@" not in json.dumps(told)


@pytest.mark.parametrize("address", ["ann@gmail.com", "ann@ymail.com", "ann@hoshino-paper.example"])
def test_any_other_is_not_asked_after(address: str) -> None:
    """The question is hidden, and a confirmation under way cannot be corrected."""
    app = site(one("accepted", Address(address)))
    told = json.loads(call(app, PATH, headers=JSON).body)
    assert told["suggestion"] is None
    assert not told["messages"][0]["can_correct"]
    assert 'data-part="suggestion" hidden>' in call(app, PATH).text


@pytest.mark.parametrize("status", ["queued", "accepted", "delivered", "bounced"])
def test_one_click_sends_to_what_was_meant(status: str) -> None:
    """The mailbox stays as it was typed; a second click, while it waits, is the same; then no more is asked."""
    store = one(status)
    assert accept(store, "gmail.com").status == 303
    assert accept(store, "gmail.com").status == 303
    now = confirmation(store)
    assert (now.message.recipient, now.corrections) == ("ann@gmail.com", 1)
    assert json.loads(call(site(store), PATH, headers=JSON).body)["suggestion"] is None


@pytest.mark.parametrize(
    "domain", ["", "evil.example", "gmail.com.evil.example", "GMAIL.COM", "gmial.com,gmail.com"]
)
def test_no_other_domain_gets_the_mailbox(domain: str) -> None:
    """Whoever sees a receipt with a masked address cannot have it mailed to where they read it."""
    store = one("bounced")
    assert accept(store, domain).status == 422
    assert confirmation(store).message.recipient == MISTYPED


def test_what_is_looked_at_is_asked_after_once_that_is_over() -> None:
    """A correction would send what is held back; the question comes when the mail is due."""
    store = one("in_review")
    assert json.loads(call(site(store), PATH, headers=JSON).body)["suggestion"] is None
    assert accept(store, "gmail.com").status == 409
    assert confirmation(store).message.recipient == MISTYPED


def test_another_address_can_be_given_as_well() -> None:
    """The question is no more than one: what is typed below counts."""
    store = one("queued")
    answer = post(site(store), f"{PATH}/address", "address=ann%40example.com&domain=gmail.com")
    assert answer.status == 303
    assert confirmation(store).message.recipient == "ann@example.com"


def test_corrections_stay_bounded() -> None:
    """A domain that looks mistyped opens no more of them than a failure."""
    store = one("queued")
    assert accept(store, "gmail.com", max_corrections=0).status == 409
    assert confirmation(store).message.recipient == MISTYPED
    told = json.loads(call(site(store, max_corrections=0), PATH, headers=JSON).body)
    assert told["suggestion"] is None


def test_a_managers_address_is_not_asked_after() -> None:
    """It is the site's own, and no visitor can correct it."""
    store = stored(make_timeline(make_message("queued", Role.NOTIFICATION, recipient=MISTYPED)))
    assert json.loads(call(site(store), PATH, headers=JSON).body)["suggestion"] is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_is_in_the_visitors_language(language: str) -> None:
    """With both addresses, and a button that answers it."""
    timeline = make_timeline(make_message("queued", recipient=MISTYPED), language=language)
    asked = told_by(timeline, make_settings(), NOW)["suggestion"]
    assert "a•••@gmial.com" in asked["text"]
    assert "a•••@gmail.com" in asked["text"]
    assert ("Did you mean" in asked["text"]) == (language == "en")
    assert asked["button"]
