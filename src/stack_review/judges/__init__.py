"""The judges: each reads one step of a deployment (or all) and says what a person has to know. None does I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stack_review.compare import Step
from stack_review.finding import Finding
from stack_review.judges import availability, cost, data, security, unknown, unpublished
from stack_review.template import Resource

_JUDGES = (data.judge, availability.judge, security.judge, cost.judge, unknown.judge)


def judge(steps: Sequence[Step], after: Mapping[str, Resource]) -> tuple[Finding, ...]:
    """Every finding about `steps`, the worst first, each said once; `after` are the stack's resources then."""
    findings = {finding: None for step in steps for finding in _of(step)}
    findings |= dict.fromkeys(unpublished.judge(steps, after))
    return tuple(sorted(findings, key=lambda f: (f.severity.rank, f.topic, f.resource, f.sentence)))


def _of(step: Step) -> Iterator[Finding]:
    for judges in _JUDGES:
        yield from judges(step)
