"""The function `sweep`: what time alone makes due, and the messages whose hint was lost.

Retention, the watch on silence and the reconciliation with the service's records are the sweep's own (walk/sweep.py).
What is due is handed over here if it is a handful. If it is more, as after an outage, the queue is told of it, and the
sender hands it over with all its connections; the store's claim decides, so to be told twice does nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from todoke.aws.functions.handler import Handler, LambdaContext
from todoke.aws.functions.hint import Hint
from todoke.aws.functions.queues import Queues, QueueUnavailable, SqsQueues
from todoke.aws.functions.relay import batched
from todoke.aws.functions.time_left import AT_ONCE, app_with_lease, has_time, require_time
from todoke.model.log import get_logger
from todoke.walk.app import App
from todoke.walk.notices.spell import tell_webhooks
from todoke.walk.send.handed import count_hand_overs
from todoke.walk.send.round import send_round
from todoke.walk.sweep import sweep

IDS_IN_A_HINT = 20
"""Few enough for a function to end them within its time, and for its connections to share a batch of hints."""
MOST_HINTED = 10_000
"""So many messages the queue is told of in one run: more than leave until the next one."""

TELLS_SECONDS = 60.0
"""So long webhooks are told in one run; what waits after that waits for the next one."""

UNDER_WAY = "sweep_until"
"""The mark of a sweep at work: until when it may be. A schedule may call twice, and a late call meet the next one; two
would be one more connection than the mail service was promised."""

log = get_logger(__name__)


def make_sweep(
    app: App,
    environ: Mapping[str, str],
    *,
    queues: Queues | None = None,
    most_hinted: int = MOST_HINTED,
) -> Handler:
    """The handler of the schedule's events."""
    require_time(app.settings.mail)
    told = queues or SqsQueues(environ)

    def handle(_event: Mapping[str, Any], context: LambdaContext) -> dict[str, int]:
        now = app.clock()
        lapses = now + timedelta(seconds=context.get_remaining_time_in_millis() / 1000)
        if not app.shelf.put_mark(UNDER_WAY, lapses, unless_after=now):
            log.warning("sweep_under_way")
            return {"erased": 0, "messages": 0, "hinted": 0}
        try:
            return _swept(app_with_lease(app, context), told, most_hinted, context)
        finally:
            app.shelf.put_mark(UNDER_WAY, now)

    return handle


def _swept(app: App, queues: Queues, most_hinted: int, context: LambdaContext) -> dict[str, int]:
    # First, since the mail service's records may take their time.
    handed_over, hinted = _hand_over_due(app, queues, most_hinted, context)
    tell_webhooks(app, TELLS_SECONDS)
    erased = sweep(app)
    log.info("swept", erased=erased, messages=handed_over, hinted=hinted)
    return {"erased": erased, "messages": handed_over, "hinted": hinted}


def _hand_over_due(app: App, queues: Queues, most: int, context: LambdaContext) -> tuple[int, int]:
    """Hand over a handful of what is due, and tell the queue of the rest; how many of each.

    Once the service is down nothing more is tried. Without a queue all is handed over here, while there is time.
    """
    handed_over, hinted = 0, None
    while has_time(app, context):
        done = send_round(app, AT_ONCE, may_begin=partial(has_time, app, context))
        count_hand_overs(app.tally, done.outcomes)
        handed_over += len(done.outcomes)
        if len(done.outcomes) < AT_ONCE or done.fault is not None:
            break
        if hinted is None:
            hinted = _hint(app, queues, most)
        if hinted:
            break
    return handed_over, hinted or 0


def _hint(app: App, queues: Queues, most: int) -> int:
    """Tell the queue of what is due; of how many messages, 0 if it takes none."""
    now, hinted = app.clock(), 0
    try:
        for ids in batched(tuple(app.outbox.due(now, most)), IDS_IN_A_HINT):
            queues.later(Hint(ids=ids), now)
            hinted += len(ids)
    except QueueUnavailable as error:
        log.warning("hints_lost", hinted=hinted, why=str(error))
    return hinted
