"""What is sent again after an outage, and what is not."""

from __future__ import annotations

import pytest

from support.web.stories import EVENTS, make_app, make_message, make_timeline, stored
from todoke.model.delivery import WITHHOLDING, Kind, Reason
from todoke.model.message import Role
from todoke.walk.outage import LeftOut, resend_all, what_failed


@pytest.mark.parametrize("status", EVENTS)
def test_only_what_failed(status: str) -> None:
    """Not what was delivered, waits, or may have arrived."""
    message = make_message(status, reason=Reason.TIMED_OUT)
    failed = what_failed([(make_timeline(message), True)])
    is_failed = status in {"failed", "rejected", "bounced"}
    assert failed.again == ((message,) if is_failed else ())
    assert not failed.left_out


@pytest.mark.parametrize("reason", sorted(set(Reason) - WITHHOLDING))
def test_not_to_an_address_that_does_not_work(reason: Reason) -> None:
    """It would fail again; whatever else was the fault may be over."""
    failed = what_failed([(make_timeline(make_message("bounced", reason=reason)), True)])
    is_hopeless = reason in {
        Reason.UNKNOWN_ADDRESS,
        Reason.UNKNOWN_HOST,
        Reason.MAILBOX_FULL,
        Reason.SUPPRESSED,
    }  # told as permanent, all of them
    assert failed.left_out == ({LeftOut.ADDRESS: 1} if is_hopeless else {})
    assert len(failed.again) == (not is_hopeless)


def test_what_else_is_left_out() -> None:
    """Alerts, what somebody called unwanted, and what is another's to work on."""
    late = Reason.TIMED_OUT
    unwanted = make_message(
        "bounced", reason=late, kinds=(Kind.ACCEPTED, Kind.BOUNCED, Kind.COMPLAINED)
    )
    failed = what_failed(
        [
            (make_timeline(make_message("bounced", Role.ALERT, reason=late), unwanted), True),
            (make_timeline(make_message("bounced", reason=late), id_="s2"), False),
        ]
    )
    assert failed.again == ()
    assert failed.left_out == {LeftOut.ALERT: 1, LeftOut.UNWANTED: 1, LeftOut.NOT_YOURS: 1}


def test_a_digest_names_exactly_these_mails() -> None:
    """In any order; another set has another."""
    one = (make_timeline(make_message("failed", reason=None, submission_id="a"), id_="a"), True)
    other = (make_timeline(make_message("failed", reason=None, submission_id="b"), id_="b"), True)
    assert what_failed([one, other]).digest == what_failed([other, one]).digest
    assert len({what_failed(of).digest for of in ([], [one], [other], [one, other])}) == 4


def test_each_becomes_due() -> None:
    """What was erased meanwhile does not count."""
    timeline = make_timeline(make_message("failed", reason=Reason.TIMED_OUT))
    gone = make_timeline(make_message("failed", submission_id="s2", reason=None), id_="s2")
    app = make_app(stored(timeline))
    assert resend_all(app, what_failed([(timeline, True), (gone, True)])) == 1
    after = app.archive.timeline("s1")
    assert after
    assert after.messages[0].standing.status == "queued"


def test_who_clicks_twice_sends_once() -> None:
    """Of two who saw the same failures, one sends each again."""
    timeline = make_timeline(make_message("failed", reason=Reason.TIMED_OUT))
    app = make_app(stored(timeline))
    failed = what_failed([(timeline, True)])
    assert [resend_all(app, failed), resend_all(app, failed)] == [1, 0]
