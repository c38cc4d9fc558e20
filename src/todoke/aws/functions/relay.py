"""The function `sender`: a record tells that messages may be due; what is due, is handed over.

The records come from the table's stream (each submission, and each change that makes a message due) and from the queue
(tries for later). A record is only a hint: the store's claim decides, so one that comes again does nothing again.
What cannot be read is put among the dead letters at once, so that it holds up nothing. A failure of the store or of a
queue is reported for its record alone (`batchItemFailures`), and Lambda brings that record again.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from todoke.aws.functions.handler import Handler, LambdaContext
from todoke.aws.functions.hint import Hint, grouped, hints_in, identifier, is_from_queue, tries
from todoke.aws.functions.queues import Queues, QueueUnavailable, SqsQueues
from todoke.aws.functions.time_left import (
    AT_ONCE,
    app_with_lease,
    connections,
    has_time,
    require_time,
)
from todoke.model.errors import Malformed, SendDeferred, SendRefused, SendUnknown, StoreError
from todoke.model.log import get_logger
from todoke.ports.outbox import ReadChange
from todoke.walk.app import App
from todoke.walk.errand import carry_out
from todoke.walk.security import log as security
from todoke.walk.send.circuit import Circuit
from todoke.walk.send.drought import Drought
from todoke.walk.send.handed import count_hand_overs
from todoke.walk.send.rest_log import RestLog
from todoke.walk.send.round import Round, send_round
from todoke.wiring import NumberedAhead, numbered_ahead, read_change

STORE_REST = timedelta(seconds=30)
FIRST_AGAIN_SECONDS = 30
LONGEST_AGAIN_SECONDS = 1800
"""A record of the queue that failed comes again after this long, twice as long each time: ten times in two hours."""

log = get_logger(__name__)


def make_sender(app: App, environ: Mapping[str, str]) -> Handler:
    """The handler of the stream's and the queue's records."""
    require_time(app.settings.mail)
    relay = Relay(
        app,
        SqsQueues(environ),
        read_change(app.store),
        connections=connections(environ),
        ahead=numbered_ahead(app.store),
    )
    return relay.handle


class Relay:
    """Handles batches of records. The circuit lives as long as the environment: while the service is down, most of
    what comes is put off without asking it."""

    def __init__(
        self,
        app: App,
        queues: Queues,
        read: ReadChange,
        *,
        connections: int = 1,
        circuit: Circuit | None = None,
        ahead: NumberedAhead = lambda _: nullcontext(),
    ) -> None:
        self._app = app
        self._queues = queues
        self._read = read
        self._ahead = ahead
        self._connections = connections
        self._circuit = circuit or Circuit(notice=RestLog(app.mailer.name))
        self._drought = Drought(app.mailer.name)

    def handle(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Handle one batch; the answer names the records that are to come again."""
        app = app_with_lease(self._app, context)
        records = event["Records"]
        together = () if len(records) == 1 or self._circuit.rest_seconds() else records
        with self._ahead(together), ThreadPoolExecutor(self._connections) as pool:
            came = list(pool.map(lambda record: self._take(app, record, context), records))
        failed = [{"itemIdentifier": name} for name in came if name is not None]
        if failed:
            log.warning("records_come_again", records=len(came), failed=len(failed))
        return {"batchItemFailures": failed}

    def _take(self, app: App, record: Mapping[str, Any], context: LambdaContext) -> str | None:
        """Handle one record; its identifier if it is to come again."""
        try:
            for hint in self._read_or_bury(record):
                self._follow(app, hint, is_from_queue(record), context)
        except (SendRefused, SendUnknown) as error:  # of an invitation: whoever asked asks again
            security.error("desk_link_not_mailed", why=type(error).__name__)
        except (StoreError, QueueUnavailable, SendDeferred) as error:
            log.warning("record_put_off", fault=type(error).__name__)
            return self._again(record)
        except Exception:
            log.exception("record_failed")
            return self._again(record)
        return None

    def _again(self, record: Mapping[str, Any]) -> str:
        """The record is to come again. One of the queue soon at first: it would else be hidden for half an hour."""
        if is_from_queue(record):
            seconds = min(FIRST_AGAIN_SECONDS * 2 ** (tries(record) - 1), LONGEST_AGAIN_SECONDS)
            try:
                self._queues.bring_again(str(record.get("receiptHandle", "")), seconds)
            except QueueUnavailable as error:
                log.warning("record_comes_late", why=str(error))
        return identifier(record)

    def _read_or_bury(self, record: Mapping[str, Any]) -> tuple[Hint, ...]:
        try:
            return hints_in(record, self._read)
        except Malformed as error:
            name = str(record.get("eventID") or record.get("messageId") or "")
            log.exception("record_unreadable", record=name)
            if is_from_queue(record):
                raise  # the queue itself moves it to its dead letters, whole, after so many tries
            self._queues.bury(Hint(fault=str(error), record=name))
            return ()

    def _follow(self, app: App, hint: Hint, came_from_queue: bool, context: LambdaContext) -> None:
        """Hand over what a hint tells of, or put it off."""
        now = app.clock()
        if hint.errand:
            carry_out(app, hint.errand)
            return
        if hint.seconds_until_due(now) > 0:
            self._queues.later(hint, now)
            return
        for ids in batched(hint.ids, AT_ONCE) or ((),):
            rest = self._circuit.rest_seconds()
            if rest or not has_time(app, context):
                self._put_off(ids, timedelta(seconds=rest))
                continue
            try:
                while self._send(app, ids, context) and not ids and has_time(app, context):
                    pass  # no ids: whatever is due, until nothing is
            except StoreError:
                if came_from_queue:
                    raise
                # No failure of the record: a store that is short of breath must not hold up the stream.
                self._put_off(ids, STORE_REST)

    def _send(self, app: App, ids: tuple[str, ...], context: LambdaContext) -> bool:
        """One round; whether another may find something."""
        done = send_round(app, AT_ONCE, ids=ids, may_begin=partial(has_time, app, context))
        count_hand_overs(app.tally, done.outcomes)
        rest = self._note(done)
        again = [
            (outcome.claim.message.id, max(outcome.retry_at, app.clock() + rest))
            for outcome in done.outcomes
            if outcome.retry_at is not None
        ]
        for later in grouped(again):
            self._hint_later(later, app.clock())
        return bool(done.outcomes) and done.fault is None

    def _note(self, done: Round) -> timedelta:
        """Tell the circuit; how long to rest."""
        self._drought.note(done.outcomes, is_resting=done.fault is not None)
        if done.fault is not None:
            return timedelta(seconds=self._circuit.note_fault(done.fault))
        if any(outcome.events for outcome in done.outcomes):  # what was not begun is no answer
            self._circuit.note_answer()
        return timedelta()

    def _hint_later(self, hint: Hint, now: datetime) -> None:
        """The outcome is stored: if this hint is lost, the sweep finds the message."""
        try:
            self._queues.later(hint, now)
        except QueueUnavailable as error:
            log.warning("hint_lost", messages=len(hint.ids), why=str(error))

    def _put_off(self, ids: tuple[str, ...], rest: timedelta) -> None:
        now = self._app.clock()
        self._queues.later(Hint(ids=ids, due_at=now + rest), now)


def batched(ids: tuple[str, ...], size: int) -> tuple[tuple[str, ...], ...]:
    """`ids` in pieces of `size`. Pure."""
    return tuple(ids[start : start + size] for start in range(0, len(ids), size))
