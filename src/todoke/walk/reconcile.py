"""Ask the mail service's own records for what its webhook may have lost, and for the addresses it will not send to.

What the records tell goes through `track`, like a webhook's events, so a repetition changes nothing and a run that was
interrupted is simply run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta

import msgspec

from todoke.model.delivery import Standing, Status
from todoke.model.errors import ConfigError
from todoke.model.message import MessageTimeline
from todoke.ports.archive import Query
from todoke.ports.journal import Journaled
from todoke.ports.records import Records
from todoke.walk.app import App
from todoke.walk.suppress import read_suppressions
from todoke.walk.track import track

EVERY = timedelta(hours=24)
"""Of its own accord no more often: the service asks for that."""
REST = timedelta(hours=4)
"""After a try that came to nothing."""
LOOKED_AT = 20
"""So many submissions of a day and a status are looked at for messages whose end is not known."""

_ONE_DAY = timedelta(days=1)
_OPEN = (
    Status.ACCEPTED,
    Status.DEFERRED,
    Status.UNDETERMINED,
    Status.QUEUED,
    Status.FAILED,
)
"""The statuses whose truth a service's records may still tell; the last two only after an answer that was lost."""


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What a reconciliation came to: the days asked for, and the events read, those that were new, repeated, or not
    of this site. `suppressed` is how many addresses are on the service's list, None where it could not be read."""

    days: int
    read: int
    new: int
    repeated: int
    foreign: int
    suppressed: int | None


Progress = Callable[[int, int, date], None]
"""Told of each day before it is asked for: its number, how many there are, the day."""


def _quiet(_number: int, _days: int, _day: date) -> None:
    """Nobody watches."""


def reconcile(app: App, *, since: date | None = None, progress: Progress = _quiet) -> Reconciled:
    """Ask for the days on which messages without a known end were handed over, and for all since the last time.

    With `since`, for all days from then on. Never beyond the reach of the records, never for a day to come. Raises
    ConfigError: if the service keeps no records. RecordsUnavailable, StoreError: what was read until then is kept.
    """
    records = _records_of(app)
    began = app.clock()
    app.shelf.put_mark(_asked(records), began)
    due, days = _days(app, records, began, since)
    words: Counter[Journaled] = Counter()
    for number, day in enumerate(days, start=1):
        progress(number, len(days), day)
        for events in records.of_day(day, app.clock()):
            words.update(track(app, events, orphans=False))
    suppressed = read_suppressions(app)
    if set(due) <= set(days):
        app.shelf.put_mark(_done(records), began)
    return Reconciled(
        days=len(days),
        read=words.total(),
        new=words[Journaled.NEW],
        repeated=words[Journaled.REPEATED],
        foreign=words[Journaled.ORPHAN],
        suppressed=suppressed,
    )


def reconcile_when_due(app: App) -> Reconciled | None:
    """Reconcile unless that was done within a day, or tried within hours; None where nothing was to be done.

    Where no webhook is set up none can have lost anything: such a site asks on demand. Raises what `reconcile` does.
    """
    records = app.records
    if records is None or records.name not in app.sources:
        return None
    done, asked = app.shelf.mark(_done(records)), app.shelf.mark(_asked(records))
    return reconcile(app) if is_due(app.clock(), done=done, asked=asked) else None


def is_due(now: datetime, *, done: datetime | None, asked: datetime | None) -> bool:
    """Whether to reconcile at `now`, given when it was last done and last begun. Pure.

    A time to come (a clock that was wrong) keeps nobody waiting.
    """
    return not any(
        at is not None and timedelta() <= now - at < span
        for at, span in ((asked, REST), (done, EVERY))
    )


def days_to_ask(
    today: date, *, reach: int, begin: date | None, unsettled: Collection[date]
) -> Sequence[date]:
    """The days from `begin` to `today` (None: as far as the records reach) and the `unsettled` ones, in order. Pure.

    The records reach back `reach` days, today's included; no day is asked for beyond that, or to come.
    """
    first = today - (reach - 1) * _ONE_DAY
    wanted = set(_each(max(begin or first, first), today)) | set(unsettled)
    return sorted(day for day in wanted if first <= day <= today)


def handed_over_at(message: MessageTimeline, service: str) -> datetime | None:
    """When the latest attempt began, if it was through `service` and its end is not known; None else. Pure."""
    if not message.attempts or message.attempts[-1].attempt.service != service:
        return None
    return message.attempts[-1].attempt.started_at if _is_open(message.standing) else None


def _is_open(standing: Standing) -> bool:
    if standing.status in {Status.QUEUED, Status.FAILED}:
        return standing.answer_lost
    return standing.status in _OPEN


def _days(
    app: App, records: Records, now: datetime, since: date | None
) -> tuple[Sequence[date], Sequence[date]]:
    """The days that are due by themselves, and those that are asked for."""
    today = now.astimezone(records.zone).date()
    reach = _stored_for(app, records, today)
    if not reach:
        return (), ()
    done = app.shelf.mark(_done(records))
    last = done.astimezone(records.zone).date() if done else None
    older = days_to_ask(today, reach=reach, begin=None, unsettled=())
    unsettled = set(_unsettled(app, records, [day for day in older if last and day < last]))
    due = days_to_ask(today, reach=reach, begin=last, unsettled=unsettled)
    asked = days_to_ask(today, reach=reach, begin=since or last, unsettled=unsettled)
    return due, asked


def _stored_for(app: App, records: Records, today: date) -> int:
    """For how many days something has been stored that could be on record, at most as far as the records reach."""
    for reach in range(records.days, 0, -1):
        end = _midnight(records, today - (reach - 2) * _ONE_DAY)
        if app.archive.page(Query(received_to=end, limit=1, brief=True)).timelines:
            return reach
    return 0


def _unsettled(app: App, records: Records, days: Sequence[date]) -> Iterator[date]:
    """The days on which messages were handed over whose end is not known, among submissions of these days."""
    for day in days:
        begin, end = _midnight(records, day), _midnight(records, day + _ONE_DAY)
        for status in _OPEN:
            query = Query(
                statuses=frozenset({status}),
                received_from=begin,
                received_to=end,
                limit=LOOKED_AT,
                brief=True,
            )
            for timeline in app.archive.page(query).timelines:
                for message in timeline.messages:
                    at = handed_over_at(message, records.name)
                    if at is not None:
                        yield at.astimezone(records.zone).date()


def _each(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + number * _ONE_DAY


def _midnight(records: Records, day: date) -> datetime:
    return datetime.combine(day, time.min, records.zone)


def _records_of(app: App) -> Records:
    if app.records is None:
        service = app.settings.mail.service
        raise ConfigError(
            f"mail.service is {service}, which keeps no records that can be asked for."
        )
    return app.records


def _done(records: Records) -> str:
    return f"reconciled/{records.name}"


def _asked(records: Records) -> str:
    return f"records asked/{records.name}"
