"""Outputs: what other stacks, scripts and people read of a stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stack_review.change_set import MISSING
from stack_review.differences import is_same
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.phrases import from_to
from stack_review.template import Json, Template

_READERS = "Find who reads it: other stacks, scripts, people."


def names(old: Template, new: Template) -> tuple[str, ...]:
    """Those that are new, gone or different."""
    every = sorted({*old.outputs, *new.outputs})
    return tuple(name for name in every if old.outputs.get(name) != new.outputs.get(name))


def judge(old: Template, new: Template) -> Iterator[Finding]:
    """A finding for each output that is gone, or says something else; a new one harms nobody."""
    for name, before in old.outputs.items():
        after = new.outputs.get(name, {})
        for key in ("Value", "Export"):
            was, now = before.get(key, MISSING), after.get(key, MISSING)
            if was is not MISSING and not is_same(was, now):
                yield _finding(name, key, was, now)


def _finding(name: str, key: str, was: Json, now: Json) -> Finding:
    if key == "Export":
        sentence = (
            "A stack that imports it keeps CloudFormation from changing it: the deployment fails."
        )
        was, now = (
            side.get("Name", side) if isinstance(side, Mapping) else side for side in (was, now)
        )
    elif now is MISSING:
        sentence = "Whoever reads it finds nothing."
    else:
        sentence = "Whoever reads it is told something else."
    change = from_to(key, was, now)
    return Finding(Severity.RISK, Topic.AVAILABILITY, name, "Output", change, sentence, _READERS)
