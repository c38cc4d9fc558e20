"""Whether what mails are answered is the set-up's fault, all mails' or some's, or this mail's."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.mails import MANAGER, NOW, VISITOR, claim
from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendError, SendRefused
from todoke.model.message import Claim, Role
from todoke.walk.send.doubt import LASTS, Doubt, Group, Opinion
from todoke.walk.send.said import plain_words

OTHER = Address("ren@other.example")
ABOUT_US = SendDeferred(
    code="554",
    diagnostic="554 5.7.1 <a@b.example>: Relay access denied",
    reason=Reason.MISCONFIGURED,
    suspects_set_up=True,
)
SOON = NOW + timedelta(minutes=1)


def to(recipient: Address, role: Role = Role.CONFIRMATION, number: int = 1) -> Claim:
    """A claim on a message of a submission of its own for each recipient and number."""
    made = claim(role, recipient=recipient)
    message = replace(
        made.message, id=f"m{number}-{recipient}", submission_id=f"s{number}-{recipient}"
    )
    return replace(made, message=message)


def denied(recipient: Address, command: str = "RCPT", queue: str = "1") -> SendRefused:
    """A refusal that does not say whose fault it is, with what differs from mail to mail."""
    words = f"554 5.7.1 <{recipient}>: Recipient address rejected: Access denied (id {queue}AB)"
    return SendRefused(
        code="554",
        status_code="5.7.1",
        diagnostic=words,
        command=command,
        is_doubtful=True,
    )


def unknown(recipient: Address) -> SendRefused:
    """A refusal that says that there is no such mailbox."""
    words = f"550 5.1.1 <{recipient}>: User unknown"
    return SendRefused(code="550", status_code="5.1.1", diagnostic=words, command="RCPT")


class Trial:
    """A doubt, and what each mail was first told."""

    def __init__(self) -> None:
        self.doubt = Doubt()
        self.first: dict[str, datetime] = {}

    def tell(self, asked: Claim, error: SendError, now: datetime = NOW) -> Opinion:
        """One answer that was no acceptance."""
        opinion = self.doubt.judge(asked, error, now, lambda _: self.first.get(asked.message.id))
        self.first.setdefault(asked.message.id, now)
        return opinion


def is_held(opinion: Opinion) -> bool:
    """Whether the mail waits and blocks no other."""
    return isinstance(opinion.error, SendDeferred) and opinion.fault is None


def test_what_differs_from_mail_to_mail_is_no_word() -> None:
    """Addresses, the local part alone, hosts, ids, times."""
    first = "550 5.7.1 <aoi@a.example>: aoi not here (mx1.a.example id 4Xq1) at 07:01:22"
    second = "550 5.7.1 <ren@b.example>: ren not here (mx.b.example id 9Zz) at 08:59:01"
    assert plain_words(first, Address("aoi@a.example")) == plain_words(
        second, Address("ren@b.example")
    )
    assert plain_words(first, VISITOR) != plain_words("550 5.7.1 something else", VISITOR)


@pytest.mark.parametrize("command", ["RCPT", "DATA", "."])
def test_two_recipients_refused_alike_are_the_set_up(command: str) -> None:
    """A visitor and a manager: all mail rests, and neither is rejected."""
    trial = Trial()
    assert is_held(trial.tell(to(VISITOR), denied(VISITOR, command)))
    opinion = trial.tell(to(MANAGER, Role.NOTIFICATION), denied(MANAGER, command, "2"))
    assert isinstance(opinion.error, SendDeferred)
    assert opinion.fault is opinion.error
    assert opinion.error.reason is Reason.MISCONFIGURED


def test_nothing_is_rejected_while_nobody_is_accepted() -> None:
    """However long it lasts, and whatever else the server says of nobody."""
    trial = Trial()
    trial.tell(to(VISITOR), denied(VISITOR))
    trial.tell(to(MANAGER, Role.NOTIFICATION), denied(MANAGER))
    later = NOW + timedelta(days=3)
    for recipient in (VISITOR, OTHER):
        assert trial.tell(to(recipient), denied(recipient), later).fault
    else_ = SendRefused(code="550", diagnostic="550 no", command="DATA", is_doubtful=True)
    assert trial.tell(to(OTHER, number=2), else_, later).fault


def test_other_words_or_another_command_are_no_second_time() -> None:
    """Only one and the same answer is a pattern."""
    trial = Trial()
    trial.tell(to(VISITOR), denied(VISITOR))
    assert is_held(trial.tell(to(OTHER), denied(OTHER, "DATA")))


def test_one_mail_s_refusal_is_believed_once_another_was_accepted() -> None:
    """At its next try: the set-up is good for mails like it."""
    trial = Trial()
    trial.tell(to(VISITOR), denied(VISITOR))
    trial.doubt.accept(to(OTHER), NOW + timedelta(seconds=1))
    assert isinstance(trial.tell(to(VISITOR), denied(VISITOR), SOON).error, SendRefused)


def test_a_managers_mail_that_is_accepted_says_nothing_of_visitors() -> None:
    """A server takes mail to its own domain from anybody. The doubt ends all the same, within the hour."""
    trial = Trial()
    trial.tell(to(VISITOR), denied(VISITOR))
    trial.doubt.accept(to(MANAGER, Role.NOTIFICATION), NOW + timedelta(seconds=1))
    assert is_held(trial.tell(to(VISITOR), denied(VISITOR), SOON))
    assert isinstance(trial.tell(to(VISITOR), denied(VISITOR), NOW + LASTS).error, SendRefused)


def test_a_doubt_lasts_no_longer_than_this_process() -> None:
    """After a restart what was held for days may be the set-up's as before: it is not rejected at once."""
    trial = Trial()
    trial.first[to(VISITOR).message.id] = NOW - timedelta(days=2)
    assert is_held(trial.tell(to(VISITOR), denied(VISITOR)))
    assert isinstance(trial.tell(to(VISITOR), denied(VISITOR), NOW + LASTS).error, SendRefused)


def test_what_waited_for_the_set_up_is_in_doubt_anew_when_that_is_mended() -> None:
    """It may be mended for some alone."""
    trial = Trial()
    trial.tell(to(VISITOR), denied(VISITOR))
    trial.tell(to(MANAGER, Role.NOTIFICATION), denied(MANAGER))
    later = NOW + timedelta(hours=9)
    trial.doubt.accept(to(MANAGER, Role.NOTIFICATION), later)
    assert is_held(trial.tell(to(VISITOR), denied(VISITOR), later))


def test_a_clear_answer_about_the_recipient_is_believed_at_once() -> None:
    """The visitor is to learn it soon; and many visitors mistype."""
    trial = Trial()
    for recipient in (VISITOR, OTHER):
        assert isinstance(trial.tell(to(recipient), unknown(recipient)).error, SendRefused)


def test_a_clear_answer_that_managers_get_too_is_the_set_up() -> None:
    """A server that knows nobody: what a third recipient meets is not rejected. Two are a mistype and one who left."""
    trial = Trial()
    assert not trial.tell(to(VISITOR), unknown(VISITOR)).fault
    for role in (Role.NOTIFICATION, Role.ALERT):
        assert not trial.tell(to(MANAGER, role), unknown(MANAGER)).fault
    assert trial.tell(to(OTHER), unknown(OTHER)).fault


def test_one_content_at_the_dot_is_no_pattern() -> None:
    """Two managers' copies of one notification are one mail to a server that reads it."""
    trial = Trial()
    for recipient in (MANAGER, OTHER):
        asked = to(recipient, Role.NOTIFICATION)
        asked = replace(asked, message=replace(asked.message, submission_id="s1"))
        assert is_held(trial.tell(asked, denied(recipient, ".")))


@pytest.mark.parametrize("answer", [lambda _: ABOUT_US, denied], ids=["about us", "doubtful"])
def test_visitors_refused_alike_while_managers_are_accepted_are_told_of(answer) -> None:  # type: ignore[no-untyped-def]
    """All do not rest, nothing is rejected, and it ends with the first visitor who is accepted."""
    trial = Trial()
    for recipient in (VISITOR, OTHER):
        assert is_held(trial.tell(to(recipient), answer(recipient)))
        trial.doubt.accept(to(MANAGER, Role.NOTIFICATION), NOW)
    (part,) = trial.doubt.parts()
    assert part.group is Group.VISITORS
    assert is_held(trial.tell(to(VISITOR), answer(VISITOR), NOW + LASTS * 20))
    trial.doubt.accept(to(VISITOR, number=2), SOON)
    assert trial.doubt.parts() == ()


def test_one_recipient_of_whom_words_are_about_us_stops_nobody() -> None:
    """It keeps its own pace, however often it asks."""
    trial = Trial()
    for _ in range(10):
        assert is_held(trial.tell(to(VISITOR), ABOUT_US))
    assert trial.doubt.parts() == ()


def test_three_mails_to_one_recipient_are_enough() -> None:
    """A site may have one manager and nobody else."""
    trial = Trial()
    opinions = [trial.tell(to(MANAGER, Role.NOTIFICATION, number), ABOUT_US) for number in range(3)]
    assert [v.fault is not None for v in opinions] == [False, False, True]


@given(st.lists(st.sampled_from([VISITOR, OTHER]), max_size=60))
def test_one_poisoned_recipient_never_stops_the_rest(recipients: list[Address]) -> None:
    """Whatever else is accepted in between."""
    trial = Trial()
    for recipient in recipients:
        if recipient == OTHER:
            assert trial.tell(to(OTHER), ABOUT_US).fault is None
        else:
            trial.doubt.accept(to(recipient), NOW)


def test_an_answer_of_no_command_is_taken_as_it_is() -> None:
    """An API says what it means."""
    error = SendRefused(code="422", diagnostic="no")
    for recipient in (VISITOR, MANAGER):
        assert Trial().tell(to(recipient), error).error is error
