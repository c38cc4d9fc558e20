"""Confirm failures that a webhook tells, by the service's own records, before anybody is alarmed.

A webhook that is not signed can be forged by whoever learns its secret. So a failure is journaled as unconfirmed, which
changes nothing, and the records are asked for its attempt a little later, in one thread of its own. What they say is
tracked as if the webhook had told it. Whatever is not asked for, because the records did not have it in time or this
process ended, is left to the daily reconciliation, which brings the same events.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.errors import ConfigError, RecordsUnavailable, StoreError
from todoke.model.log import get_logger
from todoke.ports.journal import Journaled
from todoke.ports.records import Records
from todoke.walk.app import App
from todoke.walk.track import track

PAUSES_SECONDS = (5.0, 60.0, 300.0)
"""Before each lookup of an attempt: its events come within seconds of each other, and the records may lag behind."""
MOST_WAITING = 1_000
"""Attempts that are asked for at once; further ones are left to the reconciliation."""
MOST_LOOKUPS = 2 * len(PAUSES_SECONDS)
"""Of one attempt in all: whoever forges events for it over and over causes no more."""
MOST_KEYS = 16
MOST_DAYS = 2
MOST_REMEMBERED = 10 * MOST_WAITING

FAILURES = frozenset({Kind.BOUNCED, Kind.REJECTED})
"""What waits for the records' word."""

log = get_logger(__name__)


def held_back(events: Sequence[DeliveryEvent]) -> list[DeliveryEvent]:
    """What is journaled of a webhook's events at first: failures as unconfirmed, all else as it is. Pure."""
    return [replace(e, kind=Kind.UNCONFIRMED) if e.kind in FAILURES else e for e in events]


def track_held_back(app: App, events: Sequence[DeliveryEvent]) -> Sequence[Journaled]:
    """Journal events, failures as unconfirmed, which the daily reconciliation confirms. Raises StoreError."""
    return track(app, held_back(events))


@dataclass(slots=True)
class _Question:
    """What the records are to be asked of one attempt: the keys of the events they may confirm, and their days."""

    due: float
    keys: set[str] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    lookups: int = 0


class Confirmer:
    """Journals what a webhook tells, and asks the records about the failures in it. Safe to call from any thread.

    Raises ConfigError: if the service has no records.
    """

    def __init__(
        self,
        app: App,
        *,
        pauses_seconds: Sequence[float] = PAUSES_SECONDS,
        most_waiting: int = MOST_WAITING,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if app.records is None:
            raise ConfigError(f"{app.mailer.name} has no records that could confirm a failure.")
        self._app = app
        self._records: Records = app.records
        self._pauses = tuple(pauses_seconds)
        self._most_waiting = most_waiting
        self._monotonic = monotonic
        self._waiting: dict[str, _Question] = {}
        self._lookups: dict[str, int] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="todoke-confirm", daemon=True)

    def start(self) -> None:
        """Start the thread that asks."""
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Ask nothing more; wait so long for a lookup under way."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout_seconds)

    def track(self, events: Sequence[DeliveryEvent]) -> Sequence[Journaled]:
        """Journal `events`, failures as unconfirmed, and see to it that the records are asked about those.

        Asks nothing itself. An event that belongs to no attempt of ours, or was heard before, causes no lookup.
        Raises StoreUnavailable: if nothing of it could be kept.
        """
        journaled = track_held_back(self._app, events)
        for event, word in zip(events, journaled, strict=True):
            if word is Journaled.NEW and event.kind in FAILURES and event.token:
                self._ask_about(event)
        return journaled

    def _ask_about(self, event: DeliveryEvent) -> None:
        with self._changed:
            question = self._waiting.get(event.token)
            spent = self._lookups.get(event.token, 0) >= MOST_LOOKUPS
            full = question is None and len(self._waiting) >= self._most_waiting
            if spent or full:
                log.warning("failure_not_asked_for", service=event.service, full=full)
                return
            due = self._monotonic() + self._pauses[0]
            if question is None:
                question = self._waiting[event.token] = _Question(due)
            question.due = min(question.due, due)
            question.lookups = 0
            if len(question.keys) < MOST_KEYS:
                question.keys.add(event.key)
                question.days.add(self._day(event.at))
            self._changed.notify()

    def _day(self, at: datetime) -> date:
        """The day of `at` by the service's calendar; today, if its records cannot reach that far."""
        today = self._app.clock().astimezone(self._records.zone).date()
        day = at.astimezone(self._records.zone).date()
        return day if today - timedelta(days=self._records.days) <= day <= today else today

    # The thread that asks.

    def _run(self) -> None:
        while (due := self._next()) is not None:
            token, days = due
            self._note(token, self._look_up(token, days))

    def _next(self) -> tuple[str, Sequence[date]] | None:
        """Wait until an attempt is due to be asked for; None when stopping."""
        with self._changed:
            while not self._stopping:
                first = min(self._waiting.items(), key=lambda item: item[1].due, default=None)
                wait = first[1].due - self._monotonic() if first else None
                if first is not None and wait is not None and wait <= 0:
                    return first[0], sorted(first[1].days)[-MOST_DAYS:]
                self._changed.wait(wait)
        return None

    def _look_up(self, token: str, days: Sequence[date]) -> frozenset[str]:
        """Ask the records for one attempt and track what they say; the keys of it."""
        try:
            on_record = self._records.of_attempt(token, days, self._app.clock())
            ours = [event for event in on_record if event.token == token]
            track(self._app, ours)
        except (RecordsUnavailable, StoreError) as error:
            log.warning("confirmation_put_off", error=type(error).__name__)
        except Exception:
            log.exception("confirmation_failed")
        else:
            return frozenset(event.key for event in ours)
        return frozenset()

    def _note(self, token: str, confirmed: frozenset[str]) -> None:
        """End the question when all is confirmed or it was asked often enough, else ask again later."""
        with self._changed:
            question = self._waiting[token]
            question.keys -= confirmed
            question.lookups += 1
            spent = self._lookups[token] = self._lookups.pop(token, 0) + 1
            if len(self._lookups) > MOST_REMEMBERED:
                del self._lookups[next(iter(self._lookups))]
            if not question.keys:
                del self._waiting[token]
            elif question.lookups >= len(self._pauses) or spent >= MOST_LOOKUPS:
                log.warning("failure_not_confirmed", service=self._records.name, lookups=spent)
                del self._waiting[token]
            else:
                question.due = self._monotonic() + self._pauses[question.lookups]
