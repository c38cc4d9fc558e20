"""Who is alerted, of what, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.variants import replace
from todoke.model.address import Address, same_mailbox
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, standing
from todoke.model.form import Form, Managers, Site
from todoke.model.mail import Mailbox
from todoke.model.message import Attempt, AttemptTimeline, Message, MessageTimeline, Role
from todoke.model.settings import MailSettings, Settings
from todoke.model.submission import Entry, Submission
from todoke.walk.alert import follow_up

NOW = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
VISITOR = Address("aoi@example.net")
FIRST, SECOND, OWNER = (
    Address("first@example.org"),
    Address("second@example.org"),
    Address("owner@example.com"),
)


def settings(
    managers: tuple[str, ...] = (FIRST, SECOND), alert_to: tuple[str, ...] = (OWNER,)
) -> Settings:
    """A site with one form."""
    form = Form(name="contact", language="ja", managers=Managers(fixed=managers))
    return Settings(
        site=Site(name="Example", alert_to=alert_to),
        mail=MailSettings(
            service="smtp", sender=Mailbox(name="", address=Address("desk@example.org"))
        ),
        forms={"contact": form},
        data=Path("data"),
        secret=b"x" * 32,
    )


SUBMISSION = Submission(
    id="s1",
    form="contact",
    received_at=NOW,
    entries=(Entry("email", VISITOR),),
    language="en",
    visitor=VISITOR,
    token_hash="",
)


def message(role: Role = Role.CONFIRMATION, recipient: Address = VISITOR) -> Message:
    """A message of the submission."""
    return Message(
        id="m1",
        submission_id="s1",
        role=role,
        recipient=recipient,
        language="en",
        message_id="<m1@example.org>",
        created_at=NOW,
    )


def event(kind: Kind, seconds: int = 1) -> DeliveryEvent:
    """An event that names no recipient."""
    at = NOW + timedelta(seconds=seconds)
    return DeliveryEvent(kind=kind, at=at, received_at=at, service="smtp")


def timeline(about: Message, *attempts: tuple[Kind, ...], **more: object) -> MessageTimeline:
    """A message whose attempts have events of these kinds."""
    lines = []
    for number, kinds in enumerate(attempts, 1):
        attempt = Attempt(
            token=f"t{number}",
            message_id=about.id,
            number=number,
            recipient=about.recipient,
            service="smtp",
            ceiling=Ceiling.DELIVERED,
            started_at=NOW + timedelta(minutes=number),
        )
        events = tuple(event(kind) for kind in kinds)
        fold = standing(events, recipient=about.recipient, started_at=attempt.started_at)
        lines.append(AttemptTimeline(attempt=attempt, events=events, standing=fold))
    return MessageTimeline(message=about, attempts=tuple(lines), due_at=None, **more)


def told(
    before: MessageTimeline, after: MessageTimeline, site: Settings | None = None
) -> dict[str, str]:
    """Who is alerted, and the note."""
    alerts = follow_up(site or settings())(SUBMISSION, before, after)
    return {alert.recipient: alert.note for alert in alerts}


@pytest.mark.parametrize("kind", [Kind.FAILED, Kind.REJECTED, Kind.BOUNCED])
def test_failed_confirmation_alerts_the_managers(kind):
    """The managers learn, once each, that the visitor's confirmation will not arrive, and why."""
    about = message()
    before, after = timeline(about, (Kind.ACCEPTED,)), timeline(about, (Kind.ACCEPTED, kind))
    if kind is Kind.FAILED:
        before, after = timeline(about, ()), timeline(about, (kind,))
    assert told(before, after) == {FIRST: kind.value, SECOND: kind.value}


def test_failed_notification_alerts_the_owner_and_the_other_managers():
    """Whoever is not reached by a notification is not written to about it; the others are."""
    about = message(Role.NOTIFICATION, Address(FIRST.upper()))
    change = timeline(about, ()), timeline(about, (Kind.BOUNCED,))
    assert told(*change) == {OWNER: "bounced", SECOND: "bounced"}


def test_without_other_managers_the_owner_is_told():
    """With one manager, or none, the site's alert_to is who can act; with nobody left, nobody is told."""
    about = message()
    change = timeline(about, ()), timeline(about, (Kind.BOUNCED,))
    assert told(*change, settings(managers=())) == {OWNER: "bounced"}
    assert told(*change, settings(managers=(VISITOR,))) == {OWNER: "bounced"}
    assert told(*change, settings(managers=(VISITOR,), alert_to=(VISITOR,))) == {}
    gone = replace(settings(), forms={})
    assert told(*change, gone) == {OWNER: "bounced"}


def test_alert_is_a_whole_message():
    """An alert belongs to the submission, says what it is about, and is in the form's language."""
    about = message()
    alert = follow_up(settings())(
        SUBMISSION, timeline(about, ()), timeline(about, (Kind.BOUNCED,))
    )[0]
    assert (alert.role, alert.about, alert.submission_id) == (Role.ALERT, "m1", "s1")
    assert alert.language == "ja"
    assert alert.message_id == f"<{alert.id}@example.org>"
    assert alert.created_at == NOW + timedelta(seconds=1)
    assert alert.id.startswith("s1-")
    assert len(alert.id) == 3 + 26


def test_alerts_cause_no_alerts():
    """A failed alert is seen at the desk; writing about it could go on for ever."""
    about = message(Role.ALERT, OWNER)
    assert told(timeline(about, ()), timeline(about, (Kind.BOUNCED,))) == {}


def test_complaint_is_told():
    """A mail called unwanted is told to those who can act on it."""
    about = message()
    change = (
        timeline(about, (Kind.DELIVERED,)),
        timeline(about, (Kind.DELIVERED, Kind.COMPLAINED)),
    )
    assert told(*change) == {FIRST: "complained", SECOND: "complained"}


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ((), (Kind.ACCEPTED,)),
        ((Kind.ACCEPTED,), (Kind.ACCEPTED, Kind.DELIVERED)),
        ((Kind.ACCEPTED,), (Kind.ACCEPTED, Kind.UNDETERMINED)),
        ((Kind.FAILED,), (Kind.FAILED, Kind.DELIVERED)),
        ((Kind.REJECTED,), (Kind.REJECTED, Kind.BOUNCED)),
        ((), (Kind.ANSWER_LOST, Kind.FAILED)),
        ((), (Kind.OTHER,)),
    ],
)
def test_what_is_no_failure_or_no_news_is_not_told(was, becomes):
    """Progress, recovery, doubt and a second proof of the same failure alert nobody."""
    about = message()
    assert told(timeline(about, was), timeline(about, becomes)) == {}


def test_correction_tells_the_managers_the_new_address():
    """When the visitor corrects the address, the managers get to know the right one, once per correction."""
    old, new = message(), message(recipient=Address("aoi@example.com"))
    before = timeline(old, (Kind.BOUNCED,))
    after = timeline(new, (Kind.BOUNCED,), resend_asked_at=NOW + timedelta(hours=1), corrections=1)
    assert told(before, after) == {FIRST: "corrected", SECOND: "corrected"}
    again = replace(
        after,
        message=message(recipient=Address("aoi@example.edu")),
        corrections=2,
    )
    decide = follow_up(settings())
    ids = {a.id for a in (*decide(SUBMISSION, before, after), *decide(SUBMISSION, after, again))}
    assert len(ids) == 4


def test_new_attempt_that_fails_is_told_again():
    """After a correction, a new attempt's failure is news with ids of its own."""
    about = message()
    first = follow_up(settings())(SUBMISSION, timeline(about, ()), timeline(about, (Kind.BOUNCED,)))
    asked = timeline(about, (Kind.BOUNCED,), resend_asked_at=NOW + timedelta(seconds=90))
    failed = timeline(
        about, (Kind.BOUNCED,), (Kind.BOUNCED,), resend_asked_at=NOW + timedelta(seconds=90)
    )
    second = follow_up(settings())(SUBMISSION, asked, failed)
    assert len(second) == 2
    assert {a.id for a in first}.isdisjoint({a.id for a in second})


kinds = st.lists(st.sampled_from(Kind), max_size=7)
addresses = st.sampled_from([VISITOR, FIRST, SECOND, OWNER, Address("AOI@example.net")])
roles = st.sampled_from([Role.CONFIRMATION, Role.NOTIFICATION])


def alerts_of(site: Settings, about: Message, order: list[Kind]) -> list[Message]:
    """All alerts while the events come one after the other."""
    steps = [timeline(about, tuple(order[:n])) for n in range(len(order) + 1)]
    decide = follow_up(site)
    return [a for before, after in pairwise(steps) for a in decide(SUBMISSION, before, after)]


@given(roles, addresses, st.lists(addresses, max_size=3), st.lists(addresses, max_size=2), kinds)
def test_never_to_the_failed_address_and_once(role, recipient, managers, alert_to, order):
    """Whatever the setup and the events, nobody hears of one thing twice and the failed address hears nothing."""
    site = settings(tuple(managers), tuple(alert_to))
    alerts = alerts_of(site, message(role, recipient), order)
    assert not any(same_mailbox(alert.recipient, recipient) for alert in alerts)
    kept = {alert.id: alert for alert in alerts}
    heard = [(a.recipient.casefold(), a.note == "complained") for a in kept.values()]
    assert len(heard) == len(set(heard))
    assert alerts == alerts_of(site, message(role, recipient), order)


@given(kinds, st.randoms(use_true_random=False))
def test_order_makes_no_other_ids(order, random):
    """A failure that stays one is told under the same ids, in whichever order its events came."""
    about = message()
    shuffled = list(order)
    random.shuffle(shuffled)
    final = timeline(about, tuple(order)).standing
    one, other = ({a.id for a in alerts_of(settings(), about, o)} for o in (order, shuffled))
    if final.status.is_failure and not final.answer_lost:
        assert one == other
    else:
        failed = {a.id for a in alerts_of(settings(), about, [Kind.BOUNCED, Kind.COMPLAINED])}
        assert one | other <= failed
