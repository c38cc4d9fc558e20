"""Somebody learns of it when no mail is taken, whatever the service answers, and is told once."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from support.store.desk import Desk
from todoke.model.errors import SendDeferred, SendError, SendRefused, SendUnknown
from todoke.model.message import Outcome
from todoke.model.retry import RetryPolicy
from todoke.ports.mailer import Accepted
from todoke.testing import MemoryStore
from todoke.walk.send.drought import Drought
from todoke.walk.send.hand_over import accepted, unfinished
from todoke.walk.send.rest_log import LONG_SECONDS

ANSWERS = {
    "an API that is broken": SendDeferred(code="500", diagnostic="HTTP 500"),
    "a relay that takes nothing now": SendDeferred(code="451", diagnostic="451 4.3.0 <a@b.example> try later"),
    "a service that never answers": SendUnknown(diagnostic="the mail service's answer was lost: ReadTimeoutError"),
    "a relay that refuses us in words we do not know": SendRefused(code="554", diagnostic="554 no"),
}  # fmt: skip


class Story:
    """A drought over a clock that is moved by hand, and the mails that are tried."""

    def __init__(self) -> None:
        self.now = 0.0
        self.drought = Drought("smtp", lambda: self.now)
        self.desk = Desk(MemoryStore())
        self.desk.add()
        self.desk.add()
        self.claims = self.desk.claim()

    def outcome(self, number: int, answer: SendError | None) -> Outcome:
        """What one of four mails, two for each of two recipients, comes to."""
        claim, policy = self.claims[number % 4], RetryPolicy(give_up_after=timedelta(days=4))
        if answer is None:
            return accepted(claim, Accepted(), self.desk.now)
        return unfinished(claim, answer, self.desk.now, policy)

    def go_on(self, answer: SendError | None, tries: int, *, is_resting: bool = False) -> None:
        """One try a minute."""
        for number in range(tries):
            self.drought.note([self.outcome(number, answer)], is_resting=is_resting)
            self.now += 60


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Each line's level and event."""
    return [(record.levelname, record.message) for record in caplog.records]


@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_is_answered_to_all_mails_is_told_once_and_its_end(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """At error after five minutes, in the last answer's words without addresses."""
    story = Story()
    with caplog.at_level(logging.WARNING):
        story.go_on(ANSWERS[name], 5)
        assert caplog.records == []
        story.go_on(ANSWERS[name], 60)
        story.go_on(None, 5)
    assert lines(caplog) == [("ERROR", "mail_not_taken"), ("WARNING", "mail_goes_on")]
    told = vars(caplog.records[0])["facts"]
    assert told["so_far_seconds"] >= LONG_SECONDS
    assert told["words"]
    assert "@" not in told["words"]


def test_it_is_told_although_nothing_is_tried_meanwhile(caplog: pytest.LogCaptureFixture) -> None:
    """A mail whose answer was lost is not handed over again, or not for a quarter of an hour."""
    story = Story()
    story.drought.look(is_resting=False)
    lost = [story.outcome(n, SendUnknown(diagnostic="the answer was lost")) for n in range(4)]
    story.drought.note(lost, is_resting=False)
    story.drought.look(is_resting=False)
    assert caplog.records == []
    story.now += LONG_SECONDS
    story.drought.look(is_resting=True)
    assert caplog.records == []
    for _ in range(3):
        story.drought.look(is_resting=False)
    assert lines(caplog) == [("ERROR", "mail_not_taken")]


def test_one_mail_that_is_taken_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    """Some that are refused or put off for days are no matter of the service."""
    story = Story()
    for _ in range(50):
        story.go_on(SendRefused(diagnostic="550 no such user"), 4)
        story.go_on(None, 1)
    assert caplog.records == []


def test_one_mail_or_one_recipient_alone_says_nothing_of_the_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A greylisting server, a full mailbox."""
    for numbers in ((0,), (0, 2)):
        story = Story()
        for number in numbers * 50:
            outcome = story.outcome(number, SendDeferred(diagnostic="451 greylisted"))
            story.drought.note([outcome], is_resting=False)
            story.now += 60
    assert caplog.records == []


def test_while_all_mail_rests_that_is_told_instead(caplog: pytest.LogCaptureFixture) -> None:
    """One fault has one line. Once it rests no more and still takes nothing, it is told here."""
    story = Story()
    story.go_on(SendDeferred(diagnostic="down", stop_all=True), 50, is_resting=True)
    assert caplog.records == []
    story.go_on(SendDeferred(diagnostic="451 later"), 1)
    assert lines(caplog) == [("ERROR", "mail_not_taken")]


def test_what_was_put_off_untried_does_not_count(caplog: pytest.LogCaptureFixture) -> None:
    """It was not handed over, so nobody refused it."""
    story = Story()
    for number in range(50):
        outcome = Outcome(claim=story.claims[number % 4], events=())
        story.drought.note([outcome], is_resting=False)
        story.now += 60
    assert caplog.records == []
