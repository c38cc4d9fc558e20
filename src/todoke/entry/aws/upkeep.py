"""The function `sweep`, called by the schedule: what time alone makes due, and the messages whose hint was lost.

Retention, the watch on silence and the reconciliation with the service's records are the sweep's own (todoke.sweep);
here the messages that are due are handed over too, for no sender runs beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from todoke.app import App
from todoke.entry.aws.function import Context, Handler
from todoke.entry.aws.time_left import AT_ONCE, app_with_lease, has_time, require_time
from todoke.log import get_logger
from todoke.send import send_round
from todoke.sweep import sweep

log = get_logger(__name__)


def make_sweep(app: App, _environ: Mapping[str, str]) -> Handler:
    """The handler of the schedule's events."""

    require_time(app.settings.mail)

    def handle(_event: Mapping[str, Any], context: Context) -> dict[str, int]:
        leased = app_with_lease(app, context)
        erased = sweep(leased)
        found = _hand_over_due(leased, context)
        log.info("swept", erased=erased, messages=found)
        return {"erased": erased, "messages": found}

    return handle


def _hand_over_due(app: App, context: Context) -> int:
    """Hand over what is due while there is time, until the service is down or nothing is left; how many."""
    found = 0
    while has_time(app, context):
        done = send_round(app, AT_ONCE, may_begin=partial(has_time, app, context))
        found += len(done.outcomes)
        if not done.outcomes or done.fault is not None:
            break
    return found
