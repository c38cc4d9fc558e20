"""When all mail rests, when one mail rests alone, and who is told of it."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from support.mail.mails import NOW, claim
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SetUpFault
from todoke.model.message import Outcome
from todoke.walk.send.circuit import Circuit
from todoke.walk.send.hand_over import Result
from todoke.walk.send.rest_log import LONG_SECONDS, RestLog, without_addresses

WORDS = "553 5.7.1 <desk@example.org>: Sender address rejected: not owned by user forms@example.org"
DOUBT = SendDeferred(diagnostic=WORDS, reason=Reason.MISCONFIGURED, suspects_set_up=True)
LATER = NOW + timedelta(hours=4)


class Clock:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        """The time it shows."""
        return self.now


def test_who_asked_of_a_set_up_waits_a_minute() -> None:
    """So that another asks the next time, when answers to mails say that it is the set-up."""
    circuit = Circuit()
    outcome = Outcome(claim=claim(), events=(), retry_at=LATER)
    after = circuit.after(Result(outcome, fault=DOUBT, answered=True), NOW)
    assert circuit.is_open
    assert after.retry_at == NOW + timedelta(minutes=1)
    rest = circuit.rest()
    assert rest
    assert rest.reason is Reason.MISCONFIGURED


def test_an_answer_ends_the_rest() -> None:
    """The service deals with mails."""
    circuit = Circuit()
    circuit.note_fault(DOUBT)
    circuit.after(Result(Outcome(claim=claim(), events=()), answered=True), NOW)
    assert circuit.rest() is None


def test_a_fault_of_the_set_up_is_told_once_at_error_and_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With service, reason, words without addresses and the next try; not again at each try."""
    clock = Clock()
    circuit = Circuit(clock, notice=RestLog("smtp"))
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
    circuit = Circuit(clock, notice=RestLog("smtp"))
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
        circuit = Circuit(clock, notice=RestLog("smtp", clock))
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
    circuit = Circuit(clock, notice=RestLog("smtp", clock))
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
