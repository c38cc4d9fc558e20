"""What needs somebody: failed mails in groups, and what nobody was told of."""

from __future__ import annotations

import pytest

from support.web.stories import make_message, make_timeline
from todoke.model.address import Address
from todoke.model.delivery import WITHHOLDING, Kind, Reason
from todoke.model.message import Role, Timeline
from todoke.report.attention import failures, unreceived

AOI = Address("aoi@shop.example")


def failed(
    id_: str,
    to: str = "hana@example.com",
    reason: Reason | None = Reason.MAILBOX_FULL,
    *,
    role: Role = Role.CONFIRMATION,
) -> Timeline:
    """A submission with one mail that bounced."""
    message = make_message("bounced", role, recipient=Address(to), reason=reason, submission_id=id_)
    return make_timeline(message, id_=id_)


def test_by_cause_and_domain() -> None:
    """Visitors by their domain, whose mails fare alike; the most first."""
    groups = failures(
        [
            failed("a", "a@one.example"),
            failed("b", "b@ONE.example"),
            failed("c", "c@one.example", Reason.UNKNOWN_ADDRESS),
            failed("d", "d@two.example"),
        ],
        "en",
    )
    assert [(g["who"], g["number"], g["cause"]) for g in groups] == [
        ("one.example", 2, "The mailbox is full."),
        ("one.example", 1, "There is no such mailbox."),
        ("two.example", 1, "The mailbox is full."),
    ]
    assert groups[0]["asked"] == {
        "view": "attention",
        "words": "one.example",
        "status": "bounced",
    }
    assert groups[0]["status"] == "Bounced"


def test_the_sites_own_come_first() -> None:
    """By address: whoever has it is not told of what visitors send."""
    own = failed("a", AOI, Reason.UNKNOWN_ADDRESS, role=Role.NOTIFICATION)
    groups = failures([failed("b"), failed("c"), own], "en")
    assert [g["who"] for g in groups] == ["aoi@shop.example", "example.com"]
    assert groups[0]["asked"] == {
        "view": "attention",
        "address": "aoi@shop.example",
        "status": "bounced",
    }
    assert "todoke.toml" in groups[0]["to_do"]
    full = failures([failed("a", AOI, role=Role.NOTIFICATION)], "en")
    assert "todoke.toml" not in full[0]["to_do"]


@pytest.mark.parametrize("reason", [None, *sorted(set(Reason) - WITHHOLDING)])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_each_cause_says_what_to_do(reason: Reason | None, language: str) -> None:
    """Also where no reason was stated."""
    for role in Role:
        [group] = failures([failed("a", reason=reason, role=role)], language)
        assert group["cause"]
        assert group["to_do"]
        assert group["latest"]


def test_a_complaint_is_a_cause_of_its_own() -> None:
    """Although the mail arrived; and what is well is none."""
    complained = make_message("delivered", kinds=(Kind.DELIVERED, Kind.COMPLAINED))
    [group] = failures([make_timeline(complained), make_timeline(make_message("delivered"))], "en")
    assert group["cause"] == "The recipient reported it as unwanted."
    assert failures([make_timeline(make_message("unknown"))], "en") == []


def test_what_nobody_was_told_of() -> None:
    """All notifications failed; one that may still arrive is enough not to be lost."""
    bounced = make_message("bounced", Role.NOTIFICATION)
    well, waits = (make_message(s, Role.NOTIFICATION) for s in ("delivered", "queued"))
    lost = make_timeline(bounced, make_message("delivered"), id_="lost")
    others = [
        make_timeline(bounced, well),
        make_timeline(bounced, waits),
        make_timeline(make_message("bounced")),
        make_timeline(),
    ]
    assert unreceived([*others, lost]) == [lost]
