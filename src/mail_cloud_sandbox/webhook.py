"""Tell the events: batches of one event type, by interval or number, tried again a few times when not taken.

At least once: a call that was under way when the process ended is made again after the start.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
from collections.abc import Sequence
from contextlib import suppress

import urllib3

from mail_cloud_sandbox.faults import WEBHOOK
from mail_cloud_sandbox.log import facts
from mail_cloud_sandbox.outbox import OwedEvent
from mail_cloud_sandbox.outcomes import EVENT_TYPES
from mail_cloud_sandbox.service import Service
from mail_cloud_sandbox.webhook_call import body, headers

LONGEST_WAIT_SECONDS = 60.0
STORAGE_REST_SECONDS = 2.0
"""How long to leave storage alone that failed, such as on a full disk."""

log = logging.getLogger(__name__)


async def tell_events(service: Service) -> None:
    """Post what is owed as it falls due, until cancelled; a call under way is then left to its own timeout.

    Without a webhook there is nothing to do: what is owed from earlier waits for a start with one.
    """
    if not service.behaviour.webhook_url:
        return
    pool = urllib3.PoolManager(retries=False, timeout=service.behaviour.webhook_timeout_seconds)
    try:
        while True:
            service.woken.clear()
            try:
                await _tell_due(service, pool)
                rest_seconds = _rest_seconds(service)
            except sqlite3.Error as error:
                log.exception("sandbox storage failed", extra=facts(error=type(error).__name__))
                rest_seconds = STORAGE_REST_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(service.woken.wait(), rest_seconds)
    finally:
        pool.clear()


async def _tell_due(service: Service, pool: urllib3.PoolManager) -> None:
    if not service.behaviour.webhook_enabled():
        service.outbox.forget_due(service.clock())
        return
    for event_type in EVENT_TYPES:
        while not _is_paused(service) and (batch := _ripe(service, event_type)):
            await _tell(service, pool, event_type, batch)


def _is_paused(service: Service) -> bool:
    order = service.faults.at(WEBHOOK)
    return order is not None and order.name == "paused"


def _ripe(service: Service, event_type: str) -> Sequence[OwedEvent]:
    """The batch to post now: a full one, or one whose oldest event has waited for the interval; else none."""
    now, most = service.clock(), service.behaviour.webhook_batch_most
    batch = service.outbox.owed(event_type, now, most)
    full = len(batch) == most
    waited = batch and batch[0].due_at + service.behaviour.webhook_batch_seconds <= now
    return batch if full or waited else ()


def _rest_seconds(service: Service) -> float:
    """How long nothing falls due, as far as is known now."""
    next_at = service.outbox.next_at()
    if next_at is None or _is_paused(service):
        return LONGEST_WAIT_SECONDS
    collected = service.behaviour.webhook_batch_seconds
    due_in = next_at - service.clock() + (collected if service.behaviour.webhook_enabled() else 0)
    return min(max(due_in, 0.005), LONGEST_WAIT_SECONDS)


async def _tell(
    service: Service, pool: urllib3.PoolManager, event_type: str, batch: Sequence[OwedEvent]
) -> None:
    """Post a batch, with the fault that this call meets; what a fault has put off before meets none again."""
    fresh = [event for event in batch if not event.is_held]
    held = [event for event in batch if event.is_held]
    order = service.faults.take(WEBHOOK) if fresh else None
    name = order.name if order else ""
    if order and name in {"delayed", "reordered"}:
        now = service.clock()
        draw = random.uniform if name == "reordered" else _the_latest
        service.outbox.hold([(event, now + draw(0, order.seconds)) for event in fresh])
        batch = held
    elif name == "lost":
        service.outbox.forget(fresh)
        batch = held
    elif name == "doubled":
        await _call(service, pool, event_type, batch)
    if batch:
        await _post(service, pool, event_type, batch)


def _the_latest(_earliest: float, latest: float) -> float:
    return latest


async def _post(
    service: Service, pool: urllib3.PoolManager, event_type: str, batch: Sequence[OwedEvent]
) -> None:
    """Make the call for a batch, and keep what came of it."""
    status = await _call(service, pool, event_type, batch)
    if 200 <= status < 300:
        service.outbox.mark_posted(batch)
        return
    said = facts(event_type=event_type, events=len(batch), status=status)
    log.warning("webhook not taken", extra=said)
    now, waits = service.clock(), service.behaviour.retry_seconds
    service.outbox.postpone(
        [(e, now + waits[e.tries] if e.tries < len(waits) else None) for e in batch]
    )


async def _call(
    service: Service, pool: urllib3.PoolManager, event_type: str, batch: Sequence[OwedEvent]
) -> int:
    """Make one call; its HTTP status, or 0 when there was no answer. Redirects are not followed."""
    items = [event.item for event in batch]
    content = body(service.behaviour, event_type, items)
    fields = headers(service.behaviour)

    def status() -> int:
        url = service.behaviour.webhook_url
        try:
            return pool.request("POST", url, body=content, headers=fields, redirect=False).status
        except urllib3.exceptions.HTTPError:
            return 0

    return await asyncio.to_thread(status)
