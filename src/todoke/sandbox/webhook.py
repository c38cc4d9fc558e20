"""Tell the events: batches of one event type, by interval or number, tried again a few times when not taken.

At least once: a call that was under way when the process ended is made again after the start.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlencode

import urllib3

from todoke.log import get_logger
from todoke.sandbox.outcomes import EVENT_TYPES
from todoke.sandbox.service import Behaviour, Service
from todoke.sandbox.spool import OwedEvent

BATCH = 100
"""The most events in one call, as documented."""
LONGEST_WAIT_SECONDS = 60.0
STORAGE_REST_SECONDS = 2.0
"""How long to leave storage alone that failed, such as on a full disk."""

log = get_logger(__name__)


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
            except sqlite3.Error:
                log.exception("sandbox storage failed")
                rest_seconds = STORAGE_REST_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(service.woken.wait(), rest_seconds)
    finally:
        pool.clear()


async def _tell_due(service: Service, pool: urllib3.PoolManager) -> None:
    if not service.behaviour.webhook_enabled():
        service.spool.forget_due(service.clock())
        return
    for event_type in EVENT_TYPES:
        while batch := _ripe(service, event_type):
            await _post(service, pool, event_type, batch)


def _ripe(service: Service, event_type: str) -> Sequence[OwedEvent]:
    """The batch to post now: a full one, or one whose oldest event has waited for the interval; else none."""
    now = service.clock()
    batch = service.spool.owed(event_type, now, BATCH)
    full = len(batch) == BATCH
    waited = batch and batch[0].due_at + service.behaviour.webhook_batch_seconds <= now
    return batch if full or waited else ()


def _rest_seconds(service: Service) -> float:
    """How long nothing falls due, as far as is known now."""
    next_at = service.spool.next_owed_at()
    if next_at is None:
        return LONGEST_WAIT_SECONDS
    collected = service.behaviour.webhook_batch_seconds
    due_in = next_at - service.clock() + (collected if service.behaviour.webhook_enabled() else 0)
    return min(max(due_in, 0.005), LONGEST_WAIT_SECONDS)


async def _post(
    service: Service, pool: urllib3.PoolManager, event_type: str, batch: Sequence[OwedEvent]
) -> None:
    content_type, body = encode(service.behaviour, event_type, [event.item for event in batch])
    status = await asyncio.to_thread(
        _status_of_call, pool, service.behaviour.webhook_url, content_type, body
    )
    if 200 <= status < 300:
        service.spool.mark_posted(batch)
        return
    log.warning("webhook not taken", event_type=event_type, events=len(batch), status=status)
    now, waits = service.clock(), service.behaviour.retry_seconds
    service.spool.postpone(
        [(e, now + waits[e.tries] if e.tries < len(waits) else None) for e in batch]
    )


def _status_of_call(pool: urllib3.PoolManager, url: str, content_type: str, body: bytes) -> int:
    """Make one call; its HTTP status, or 0 when there was no answer. Redirects are not followed."""
    headers = {"Content-Type": content_type, "User-Agent": "todoke-sandbox"}
    try:
        return pool.request("POST", url, body=body, headers=headers, redirect=False).status
    except urllib3.exceptions.HTTPError:
        return 0


def encode(behaviour: Behaviour, event_type: str, items: Sequence[str]) -> tuple[str, bytes]:
    """The content type and body of a call with these JSON objects."""
    event = f'{{"{event_type}":[{",".join(items)}]}}'
    parameters = {
        "server_composition": behaviour.server_composition,
        "event_type": event_type,
    }
    if behaviour.webhook_key:
        parameters = {"api_key": behaviour.webhook_key, **parameters}
    if behaviour.webhook_json:
        head = json.dumps(parameters, ensure_ascii=False, separators=(",", ":"))
        return "application/json", f'{head[:-1]},"event":{event}}}'.encode()
    return "application/x-www-form-urlencoded", urlencode({**parameters, "event": event}).encode()
