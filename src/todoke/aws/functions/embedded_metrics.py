"""What a function did, as figures for CloudWatch: one line of the log for each call that did something.

In the embedded metric format, from which CloudWatch Logs makes metrics by itself ("Specification: Embedded metric
format" in CloudWatch's user guide): numbers alone, without a dimension, so there are as many metrics as names here, and
nothing of a visitor in them.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from todoke.aws.functions.handler import Handler, LambdaContext
from todoke.model.delivery import Kind
from todoke.ports.journal import Journaled
from todoke.walk.app import App
from todoke.walk.tally import Counted, Tally

NAMESPACE = "TODOKE_METRICS"
"""The variable that names CloudWatch's namespace; without it nothing is written."""
_FAILED = frozenset({Kind.REJECTED, Kind.FAILED, Kind.BOUNCED})
_UNKNOWN = frozenset({Kind.ANSWER_LOST, Kind.UNDETERMINED})


def with_metrics(
    handler: Handler,
    app: App,
    environ: Mapping[str, str],
    write: Callable[[str], object] | None = None,
) -> Handler:
    """`handler`, after each of whose calls what `app` counted meanwhile is written, to stdout by default."""
    namespace = environ.get(NAMESPACE, "")
    if not namespace:
        return handler
    told: Counter[str] = Counter()

    def handle(event: Mapping[str, Any], context: LambdaContext) -> Any:
        try:
            return handler(event, context)
        finally:
            so_far = figures(app.tally)
            new = so_far - told
            told.update(new)
            if new:
                (write or sys.stdout.write)(line(namespace, new, app.clock()) + "\n")
                sys.stdout.flush()

    return handle


def figures(tally: Tally) -> Counter[str]:
    """The figures by their names in CloudWatch. Pure."""
    found: Counter[str] = Counter()
    found["Accepted"] = sum(tally.counts(Counted.ACCEPTED).values())
    found["Refused"] = sum(tally.counts(Counted.REFUSED).values())
    for (kind,), number in tally.counts(Counted.HAND_OVERS).items():
        found[_name(Kind(kind))] += number
    for (kind, word), number in tally.counts(Counted.EVENTS).items():
        if word == Journaled.NEW and kind in _FAILED:
            found["Failed"] += number
    del found[""]
    return found


def _name(kind: Kind) -> str:
    """What a hand-over that came to this is counted as, "" for nothing: it is tried again."""
    if kind is Kind.ACCEPTED:
        return "HandedOver"
    if kind in _FAILED:
        return "Failed"
    return "Unknown" if kind in _UNKNOWN else ""


def line(namespace: str, figures: Mapping[str, int], at: datetime) -> str:
    """The figures that are not 0, as one line of JSON. Pure."""
    new = {name: number for name, number in figures.items() if number}
    directive = {
        "Namespace": namespace,
        "Dimensions": [[]],
        "Metrics": [{"Name": name} for name in new],
    }
    about = {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": about, **new}, separators=(",", ":"))
