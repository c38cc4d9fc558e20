"""The canary: only delivered mails are a success, and what it sends is what the form takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from todoke.aws.deploy.canary import Canary, CanaryDied, Flight, entries_for, fly, mark_of
from todoke.forms.validate import validate
from todoke.model.address import parse_address
from todoke.model.errors import ConfigError
from todoke.model.form import Confirmation, Field, Form, Managers
from todoke.model.submission import Entry

CANARY = Canary(
    "https://forms.example.com/", "contact", [("email", "canary@example.com")], within=30
)
TAKEN = {"ok": True, "id": "s1", "status_url": "https://forms.example.com/s/t"}


class World:
    """A door that answers what it is told, and a clock that only resting moves."""

    def __init__(self, door: Any, *receipts: Any, status: int = 200) -> None:
        self.door = door
        self.status = status
        self.receipts: Iterator[Any] = iter(receipts)
        self.last: Any = (0, "nothing yet")
        self.asked: list[tuple[str, str]] = []
        self.now = 0.0

    def ask(
        self, method: str, url: str, fields: Sequence[tuple[str, str]] | None
    ) -> tuple[int, Any]:
        """Answer as the door does, then with each receipt in turn, the last one for ever."""
        self.asked.append((method, url))
        if method == "POST":
            assert fields == CANARY.entries
            return self.status, self.door
        self.last = next(self.receipts, self.last)
        found: tuple[int, Any] = self.last
        return found

    def rest(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    def fly(self) -> list[Flight]:
        """The whole flight."""
        return list(fly(CANARY, self.ask, lambda: self.now, self.rest))


def told(**statuses: str) -> dict[str, Any]:
    """An answer with messages in these states."""
    return TAKEN | {"messages": [{"role": r.rstrip("2"), "status": s} for r, s in statuses.items()]}


def test_delivered_is_a_success() -> None:
    """It goes to the form's own address, follows the status link, and ends when every mail is delivered."""
    world = World(
        told(confirmation="queued", notification="queued"),
        (200, told(confirmation="accepted", notification="delivered")),
        (503, "a moment"),
        (200, told(confirmation="delivered", notification="delivered")),
    )
    flights = world.fly()
    assert flights[-1].is_delivered
    assert [f.statuses["confirmation"] for f in flights] == ["queued", "accepted", "delivered"]
    assert world.asked[0] == ("POST", "https://forms.example.com/f/contact")
    assert set(world.asked[1:]) == {("GET", TAKEN["status_url"])}


@pytest.mark.parametrize("word", ["queued", "accepted", "deferred", "unknown", "undetermined", ""])
def test_without_evidence_it_is_no_success(word: str) -> None:
    """Handed over, deferred or unknown until the end: it died, and how it stood is told."""
    world = World(told(confirmation="queued"), (200, told(confirmation=word)))
    with pytest.raises(CanaryDied, match=f"not delivered within 30 seconds: confirmation {word}"):
        world.fly()
    assert world.now >= 30


def test_one_mail_of_two_is_no_success() -> None:
    """The visitor's is delivered, the second manager's is not."""
    world = World(
        told(confirmation="queued"),
        (200, told(confirmation="delivered", notification="delivered", notification2="accepted")),
    )
    with pytest.raises(CanaryDied, match="notification 2 accepted"):
        world.fly()


@pytest.mark.parametrize("word", ["bounced", "rejected", "failed"])
def test_a_mail_that_fails_ends_it_at_once(word: str) -> None:
    """Nobody waits for what will not come."""
    world = World(told(confirmation="queued"), (200, told(confirmation=word)))
    with pytest.raises(CanaryDied, match=f"confirmation {word}"):
        world.fly()
    assert world.now < 30


def test_the_fourth_deployment_of_a_day_is_not_held_up() -> None:
    """A confirmation that is withheld is no failure where the notification proves the way; alone it proves nothing."""
    world = World(
        told(confirmation="queued", notification="queued"),
        (200, told(confirmation="withheld", notification="accepted")),
        (200, told(confirmation="withheld", notification="delivered")),
    )
    assert [*world.fly()][-1].statuses["confirmation"] == "withheld"
    with pytest.raises(CanaryDied, match="withheld"):
        World(told(confirmation="queued"), (200, told(confirmation="withheld"))).fly()


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (422, {"errors": [{"field": "name"}]}),
        (500, "oops"),
        (0, "no answer"),
        (200, {"ok": False}),
        (200, "<p>"),
    ],
)
def test_a_door_that_does_not_take_it_ends_it(status: int, answer: Any) -> None:
    """What the door answered is told."""
    with pytest.raises(CanaryDied, match=f"answers {status}"):
        World(answer, status=status).fly()


def test_a_form_without_mails_proves_nothing() -> None:
    """No message is no success."""
    with pytest.raises(CanaryDied, match="it causes no mail"):
        World(told(), (200, told())).fly()


FIELDS = (
    Field(name="name", required=True, minlength=3, maxlength=12),
    Field(name="email", kind="email", required=True),
    Field(name="topic", kind="select", required=True, options=(("", "Choose"), ("a", "A"))),
    Field(name="how", kind="radio", required=True, options=(("mail", "Mail"), ("phone", "Phone"))),
    Field(name="agree", kind="checkbox", required=True, options=(("yes", "Yes"),)),
    Field(name="likes", kind="checkbox", multiple=True, options=(("x", "X"),)),
    Field(name="count", kind="number", min="3", max="9", required=True),
    Field(name="on", kind="date", min="2027-01-01", required=True),
    Field(name="at", kind="time", required=True),
    Field(name="page", kind="url", required=True),
    Field(name="phone", kind="tel", required=True),
    Field(name="message", kind="textarea", required=True),
    Field(name="photo", kind="file"),
)


UNKNOWN = "(?=.*Z)(?=.*X)(?=RFD)[A-Z]{6}"


def test_its_values_are_those_the_form_takes() -> None:
    """Every kind of control gets a value that keeps its rules; the address is the canary's; it is marked."""
    form = Form(name="contact", fields=FIELDS)
    found = entries_for(form, "canary@example.com", mark_of(0), {})
    assert validate(form, tuple(Entry(n, v) for n, v in found), "en") == ()
    values = dict(found)
    assert values["email"] == "canary@example.com"
    assert values["message"] == "todoke canary 1970-01-01 00:00:00 UTC"
    assert values["name"] == "todoke canar"


def test_what_it_cannot_guess_is_asked_for() -> None:
    """A pattern that nothing here matches is named, and --canary-field gives it."""
    form = Form(
        name="order",
        fields=(*FIELDS[:2], Field(name="code", pattern=UNKNOWN, required=True)),
    )
    with pytest.raises(ConfigError, match="--canary-field code=VALUE"):
        entries_for(form, "canary@example.com", "canary", {})
    found = entries_for(form, "canary@example.com", "canary", {"code": "RFDXZQ", "extra": "1"})
    assert ("code", "RFDXZQ") in found
    assert ("extra", "1") in found


def test_a_pattern_and_a_manager_by_answer_are_met() -> None:
    """What a pattern takes is made from it; an answer that finds the manager is one that finds somebody."""
    managers = Managers(field="to", by_value={"sales": (parse_address("sales@example.com"),)})
    fields = (Field(name="code", pattern="[A-Z]{3}-[0-9]{2}", required=True), Field(name="to"))
    found = dict(
        entries_for(Form(name="o", fields=fields, managers=managers), "c@example.com", "m", {})
    )
    assert found == {"code": "AAA-11", "to": "sales"}


def test_an_optional_field_it_cannot_guess_is_left_out() -> None:
    """The same pattern where nothing is required."""
    form = Form(name="order", fields=(*FIELDS[:2], Field(name="code", pattern=UNKNOWN)))
    assert "code" not in dict(entries_for(form, "canary@example.com", "canary", {}))


def test_a_form_of_any_fields_gets_an_address_and_a_text() -> None:
    """It has no fields of its own, but a confirmation that goes somewhere."""
    form = Form(name="any", confirmation=Confirmation(field="mail"))
    assert dict(entries_for(form, "canary@example.com", "m", {})) == {
        "mail": "canary@example.com",
        "message": "m",
    }
