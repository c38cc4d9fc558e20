"""The judges: each reads one step of a deployment, by its theme, and says what a person has to know. None does I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stack_review.compare import Step
from stack_review.finding import Finding
from stack_review.judges import (
    attached,
    availability,
    cost,
    data,
    harmless,
    networks,
    programs,
    rights,
    rules,
    security,
    security_rules,
    unknown,
    versions,
)
from stack_review.judges.around import Around

_JUDGES = (
    data.judge,
    availability.judge,
    programs.judge,
    versions.judge,
    security.judge,
    rights.judge,
    networks.judge,
    attached.judge,
    cost.judge,
)


def judge(around: Around) -> Iterable[Finding]:
    """Every finding about the steps of a deployment, each said once."""
    return dict.fromkeys(f for step in around.steps.values() for f in _of(step, around))


def _of(step: Step, around: Around) -> Iterator[Finding]:
    for view in step.views:
        for judges in _JUDGES:
            yield from judges(view, around)
    yield from unknown.judge(step, around, _KNOWN)


def _by_rules(type_: str) -> Iterator[tuple[str, ...]]:
    return rules.known_places(type_, security_rules.RULES)


_KNOWN = (
    harmless.known_places,
    data.known_places,
    availability.known_places,
    programs.known_places,
    versions.known_places,
    rights.known_places,
    networks.known_places,
    _by_rules,
)
