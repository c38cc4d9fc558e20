"""Notice that a mail service which reports what becomes of mails has stopped doing so, and tell those who can act.

A message that nobody reported on may be one lost report; nothing at all since its hand-over is a webhook that is off.
What the service's records tell is no sign of its webhook.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from todoke.model.delivery import OURS, Ceiling, DeliveryEvent, Kind, Reading, Status, reading
from todoke.model.log import get_logger
from todoke.model.message import Attempt, Message, MessageTimeline, Note, Timeline
from todoke.model.settings import Settings
from todoke.model.submission import Submission
from todoke.ports.archive import Query
from todoke.ports.journal import FollowUp, Journaled
from todoke.ports.shelf import Shelf
from todoke.walk.alert import site_alerts
from todoke.walk.app import App

HEARD_EVERY = timedelta(seconds=10)
"""The mark of when a service was heard moves no more often: many calls may come at once."""
LOOKED_AT = 200
"""So many submissions are looked at, however many are stored."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEARD = "heard/"
"""The mark of when a service was heard begins with it; then comes the service's name."""
_EXPECTED = "expect_events_within"
"""A mark so long after the epoch."""
log = get_logger(__name__)


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A service that reports nothing. `since` is when it was last heard, or, where it never was, when we began to wait.

    `unknown` is how many mails read unknown since, of those that were looked at; `more` if there are others.
    """

    service: str
    since: datetime
    unknown: int
    more: bool


def note_heard(app: App, service: str) -> datetime:
    """Note that a webhook call of this service was read; when one was noted last, which may be now.

    A mark of a time to come (a clock that was wrong) is replaced. Raises StoreError.
    """
    now, before = app.clock(), app.shelf.mark(_heard(service))
    if before is not None and timedelta() <= now - before < HEARD_EVERY:
        return before
    app.shelf.put_mark(_heard(service), now)
    return now


@dataclass(slots=True)
class Heard:
    """Notes webhook calls as note_heard does, but looks at the mark only when it may be due: all calls share it."""

    app: App
    _noted: dict[str, datetime] = field(default_factory=dict)

    def note(self, service: str) -> None:
        """Note a call of this service. Raises StoreError."""
        noted = self._noted.get(service)
        if noted is None or not timedelta() <= self.app.clock() - noted < HEARD_EVERY:
            self._noted[service] = note_heard(self.app, service)


def heard_at(shelf: Shelf, service: str) -> datetime | None:
    """When a webhook call of this service was last read, None if never. Raises StoreError."""
    return shelf.mark(_heard(service))


def note_expected(shelf: Shelf, within: timedelta) -> None:
    """Note beside the data after how long a mail reads unknown, so that it does without a configuration, too.

    Raises StoreError.
    """
    if shelf.mark(_EXPECTED) != _EPOCH + within:
        shelf.put_mark(_EXPECTED, _EPOCH + within)


def expected_within(shelf: Shelf, default: timedelta) -> timedelta:
    """After how long a mail read unknown where this data was last served, or the default. Raises StoreError."""
    noted = shelf.mark(_EXPECTED)
    return noted - _EPOCH if noted else default


def watch(app: App) -> None:
    """Tell once of each silence of the services that have a webhook here. Raises StoreError.

    The alert, about the oldest mail that nobody reported on, is kept in the write that notes the silence on it.
    """
    for service in app.sources:
        since = app.shelf.mark(_heard(service)) or app.shelf.mark(_watched(service))
        if since is None:
            app.shelf.put_mark(_watched(service), app.clock())
        elif app.shelf.mark(_told(service)) != since:
            _watch_one(app, service, since)


def silence(app: App) -> Silence | None:
    """The silence that was told of and goes on, or None. Raises StoreError."""
    for service in app.sources:
        told, heard = app.shelf.mark(_told(service)), app.shelf.mark(_heard(service))
        if told is not None and told == (heard or app.shelf.mark(_watched(service))):
            unknown, more = _count_unknown(app, told)
            return Silence(service=service, since=told, unknown=unknown, more=more)
    return None


def unheard(
    timelines: Iterable[Timeline], service: str, *, since: datetime, until: datetime
) -> Sequence[Attempt]:
    """The attempts that `service` took after `since` and before `until`, oldest first. Pure.

    Those that it would report on, if it reported at all: so close to `since` that the mark may be older than the
    report, they do not count.
    """
    attempts = [
        told.attempt
        for timeline in timelines
        for message in timeline.messages
        for told in message.attempts
        if told.attempt.service == service
        and told.attempt.ceiling is Ceiling.DELIVERED
        and since + HEARD_EVERY < told.attempt.started_at < until
        and any(event.kind is Kind.ACCEPTED for event in told.events)
    ]
    return sorted(attempts, key=lambda attempt: (attempt.started_at, attempt.token))


def silence_alerts(settings: Settings, service: str, since: datetime) -> FollowUp:
    """The decision who is told of a silence: the site's `alert_to`, else the form's managers. Pure.

    An alert's id is a hash of the service, the silence and who is told, so a silence is told once to each.
    """

    def decide(
        submission: Submission, _before: MessageTimeline, after: MessageTimeline
    ) -> Sequence[Message]:
        return site_alerts(
            settings, submission, after, Note.SILENT, "silent", service, since.isoformat()
        )

    return decide


def _watch_one(app: App, service: str, since: datetime) -> None:
    """Tell of a silence since then, if it is one."""
    now, mail = app.clock(), app.settings.mail
    until = now - mail.expect_events_within
    if since >= until:
        return
    begin = since - mail.give_up_after
    query = Query(received_from=begin, received_to=until, limit=LOOKED_AT, brief=True)
    attempts = unheard(app.archive.page(query).timelines, service, since=since, until=until)
    if not attempts:
        return
    note = DeliveryEvent(
        kind=Kind.SILENT, at=since, received_at=now, service=OURS, token=attempts[0].token
    )
    decide = silence_alerts(app.settings, service, since)
    [word] = app.journal.journal([note], decide, orphans=False)
    if word is Journaled.ORPHAN:
        return  # erased in this moment: the next sweep finds another
    app.shelf.put_mark(_told(service), since)
    log.error("service_silent", service=service, since=since.isoformat(), mails=len(attempts))
    app.hint()


def _count_unknown(app: App, since: datetime) -> tuple[int, bool]:
    now, mail = app.clock(), app.settings.mail
    query = Query(
        statuses=frozenset({Status.ACCEPTED}),
        received_from=since - mail.give_up_after,
        limit=LOOKED_AT,
        brief=True,
    )
    page = app.archive.page(query)
    words = [
        reading(
            message.standing, ceiling=message.ceiling, now=now, expected=mail.expect_events_within
        )
        for timeline in page.timelines
        for message in timeline.messages
    ]
    return words.count(Reading.UNKNOWN), bool(page.next)


def _heard(service: str) -> str:
    return f"{HEARD}{service}"


def _watched(service: str) -> str:
    return f"watched/{service}"


def _told(service: str) -> str:
    return f"silent/{service}"
