"""The figures that functions write for CloudWatch: what was counted since the call before, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from support.aws.lambda_events import Invocation
from support.mail.mails import settings
from todoke.aws.functions.embedded_metrics import NAMESPACE, figures, with_metrics
from todoke.aws.functions.handler import Handler
from todoke.model.delivery import Kind
from todoke.ports.journal import Journaled
from todoke.testing import FakeClock, FakeMailer, MemoryStore
from todoke.walk.app import App
from todoke.walk.tally import Counted, Tally

ON = {NAMESPACE: "todoke/forms"}


def app() -> App:
    """An app that has counted nothing."""
    return App(settings=settings(), store=MemoryStore(), mailer=FakeMailer(), clock=FakeClock())


def doing(app: App, *counts: tuple[Counted, tuple[str, ...]]) -> Handler:
    """A handler that counts these things, each time it is called."""

    def handle(_event: Mapping[str, Any], _context: Any) -> str:
        for what, labels in counts:
            app.tally.count(what, *labels)
        return "done"

    return handle


def written(handler: Handler, app: App, calls: int = 1, environ: Mapping[str, str] = ON) -> Any:
    """The lines that so many calls write, read as JSON."""
    lines: list[str] = []
    counted = with_metrics(handler, app, environ, lines.append)
    for _ in range(calls):
        assert counted({}, Invocation()) == "done"
    return [json.loads(line) for line in lines]


def test_a_line_is_as_the_embedded_metric_format_says() -> None:
    """`_aws` at the root with a time in milliseconds and one directive; each metric it names is a number beside it."""
    one = app()
    [line] = written(doing(one, (Counted.ACCEPTED, ("contact",))), one)
    directive = {
        "Namespace": "todoke/forms",
        "Dimensions": [[]],
        "Metrics": [{"Name": "Accepted"}],
    }
    stamp = int(one.clock().timestamp() * 1000)
    assert line == {
        "_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]},
        "Accepted": 1,
    }


def test_each_call_tells_what_is_new_and_nothing_where_nothing_is() -> None:
    """An environment lives for many calls; CloudWatch adds what each tells."""
    one = app()
    lines = written(doing(one, (Counted.ACCEPTED, ("contact",))), one, calls=3)
    assert [line["Accepted"] for line in lines] == [1, 1, 1]
    assert written(doing(one), one) == [{**lines[0], "Accepted": 3}]
    assert written(doing(app()), app()) == []
    assert written(doing(one, (Counted.ACCEPTED, ("contact",))), one, environ={}) == []


@pytest.mark.parametrize(
    ("what", "labels", "name"),
    [
        (Counted.ACCEPTED, ("contact",), "Accepted"),
        (Counted.REFUSED, ("contact", "422", "invalid"), "Refused"),
        (Counted.HAND_OVERS, (Kind.ACCEPTED,), "HandedOver"),
        (Counted.HAND_OVERS, (Kind.REJECTED,), "Failed"),
        (Counted.HAND_OVERS, (Kind.FAILED,), "Failed"),
        (Counted.HAND_OVERS, (Kind.ANSWER_LOST,), "Unknown"),
        (Counted.EVENTS, (Kind.BOUNCED, Journaled.NEW), "Failed"),
        (Counted.HAND_OVERS, (Kind.DEFERRED,), ""),
        (Counted.EVENTS, (Kind.BOUNCED, Journaled.REPEATED), ""),
        (Counted.EVENTS, (Kind.DELIVERED, Journaled.NEW), ""),
        (Counted.REPEATED, ("contact",), ""),
        (Counted.HOOK_CALLS, ("smtp", "200"), ""),
    ],
)
def test_what_counts_as_which_figure(what: Counted, labels: tuple[str, ...], name: str) -> None:
    """Five names, whatever the forms are called: each would be billed as a metric of its own."""
    tally = Tally()
    tally.count(what, *labels, times=2)
    assert +figures(tally) == ({name: 2} if name else {})


def test_a_call_that_fails_tells_what_it_did() -> None:
    """The forms that were taken before are taken."""
    one = app()

    def fail(_event: Mapping[str, Any], _context: Any) -> None:
        one.tally.count(Counted.ACCEPTED, "contact")
        raise ValueError("store")

    lines: list[str] = []
    with pytest.raises(ValueError, match="store"):
        with_metrics(fail, one, ON, lines.append)({}, Invocation())
    assert json.loads(lines[0])["Accepted"] == 1
