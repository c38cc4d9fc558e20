"""When all mail rests, when one mail rests alone, and who is told of it."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.mails import MANAGER, NOW, VISITOR, claim
from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SetUpFault
from todoke.model.message import Claim, Outcome
from todoke.walk.send.circuit import Circuit
from todoke.walk.send.hand_over import Result
from todoke.walk.send.notice import LONG_SECONDS, Notice, without_addresses

WORDS = "553 5.7.1 <desk@example.org>: Sender address rejected: not owned by user forms@example.org"
DOUBT = SendDeferred(diagnostic=WORDS, reason=Reason.MISCONFIGURED, suspects_set_up=True)
LATER = NOW + timedelta(hours=4)


class Clock:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        """The time it shows."""
        return self.now


def to(recipient: str, number: int = 1) -> Claim:
    """A claim on a message."""
    made = claim(recipient=Address(recipient))
    return replace(made, message=replace(made.message, id=f"m{number}"))


def doubted(recipient: str, number: int = 1) -> Result:
    """A mail whose answer was about us."""
    outcome = Outcome(claim=to(recipient, number), events=(), retry_at=LATER)
    return Result(outcome, doubt=DOUBT, answered=True)


def taken(recipient: str) -> Result:
    """A mail that was accepted."""
    return Result(Outcome(claim=to(recipient), events=()), answered=True, accepted=True)


def test_one_mail_whose_answer_is_about_us_rests_alone() -> None:
    """It may be one recipient's server: the others are not held up, and it keeps its own pace."""
    circuit = Circuit()
    for _ in range(10):
        assert circuit.after(doubted(VISITOR), NOW).retry_at == LATER
        assert not circuit.is_open


def test_two_recipients_answered_alike_make_all_mail_rest() -> None:
    """Then it is the set-up. Who asked waits a minute, so that another asks the next time."""
    circuit = Circuit()
    circuit.after(doubted(VISITOR), NOW)
    outcome = circuit.after(doubted(MANAGER), NOW)
    assert circuit.is_open
    assert outcome.retry_at == NOW + timedelta(minutes=1)
    rest = circuit.rest()
    assert rest
    assert rest.reason is Reason.MISCONFIGURED


def test_three_mails_to_one_recipient_do_too() -> None:
    """A site may have one manager and nobody else."""
    circuit = Circuit()
    for number in range(3):
        circuit.after(doubted(MANAGER, number), NOW)
    assert circuit.is_open


@given(st.lists(st.sampled_from([VISITOR, "poison@example.com"]), max_size=60))
def test_one_poisoned_recipient_never_stops_the_rest(recipients: list[str]) -> None:
    """Whatever else is accepted in between: one mail that is answered so again and again opens nothing."""
    circuit = Circuit()
    for recipient in recipients:
        poisoned = recipient != VISITOR
        circuit.after(doubted(recipient) if poisoned else taken(recipient), NOW)
        assert not circuit.is_open


def test_an_accepted_mail_ends_the_rest_and_the_doubt() -> None:
    """The set-up is good: what is answered so next must be borne out anew."""
    circuit = Circuit()
    circuit.after(doubted(VISITOR), NOW)
    circuit.after(doubted(MANAGER), NOW)
    circuit.after(taken("c@example.com"), NOW)
    circuit.after(doubted(VISITOR), NOW)
    assert not circuit.is_open
    assert circuit.rest() is None


def test_a_fault_of_the_set_up_is_told_once_at_error_and_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With service, reason, words without addresses and the next try; not again at each try."""
    clock = Clock()
    circuit = Circuit(clock, notice=Notice("smtp"))
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            clock.now += circuit.note_fault(SetUpFault(WORDS)) + 1
        circuit.note_answer()
    lines = [(r.levelname, r.message) for r in caplog.records]
    assert [level for level, _ in lines] == ["ERROR", "WARNING"]
    assert "mail_rests" in lines[0][1]
    assert "mail_goes_on" in lines[1][1]


def test_a_service_that_is_down_is_a_warning_and_an_error_when_it_lasts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Most outages mend themselves."""
    clock = Clock()
    circuit = Circuit(clock, notice=Notice("smtp"))
    down = SendDeferred(diagnostic="down", reason=Reason.TIMED_OUT, stop_all=True)
    with caplog.at_level(logging.WARNING):
        while clock.now < LONG_SECONDS * 3:
            clock.now += circuit.note_fault(down) + 1
    assert [r.levelname for r in caplog.records] == ["WARNING", "ERROR"]


def test_a_service_that_comes_and_goes_has_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Back and gone again every two seconds for an hour: a pair of lines in five minutes, not 1,800."""
    clock = Clock()
    down = SendDeferred(diagnostic="421 busy", reason=Reason.TIMED_OUT, stop_all=True)
    for fault in (down, SetUpFault(WORDS)):
        clock.now += LONG_SECONDS
        circuit = Circuit(clock, notice=Notice("smtp", clock))
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            for _ in range(1800):
                circuit.note_fault(fault)
                clock.now += 1
                circuit.note_answer()
                clock.now += 1
        assert len(caplog.records) == 2 * 12


def test_one_that_lasts_is_told_although_it_follows_another_closely(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The first outage ended a moment ago; the second does not."""
    clock = Clock()
    circuit = Circuit(clock, notice=Notice("smtp", clock))
    down = SendDeferred(diagnostic="down", reason=Reason.TIMED_OUT, stop_all=True)
    with caplog.at_level(logging.WARNING):
        circuit.note_fault(down)
        circuit.note_answer()
        while clock.now < LONG_SECONDS * 2:
            clock.now += circuit.note_fault(down) + 1
        circuit.note_answer()
    told = [(r.levelname, r.message) for r in caplog.records]
    assert told[:2] == [("WARNING", "mail_rests"), ("WARNING", "mail_goes_on")]
    assert told[-2:] == [("ERROR", "mail_rests"), ("WARNING", "mail_goes_on")]
    assert len(told) <= 5


def test_a_servers_words_go_to_the_log_without_addresses() -> None:
    """Whatever it quotes stays out."""
    words = "553 5.7.1 <...>: Sender address rejected: not owned by user <...>"
    assert without_addresses(WORDS) == words
