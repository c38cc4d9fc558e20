"""What a template says beside its resources: outputs, hidden parameters, rules, hooks and macros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stack_review.change_set import MISSING
from stack_review.differences import is_same
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.phrases import from_to, is_true
from stack_review.template import Json, Template

_READERS = "Find who reads it: other stacks, scripts, people."


def changed_outputs(old: Template, new: Template) -> tuple[str, ...]:
    """The outputs that are new, gone or different."""
    every = sorted({*old.outputs, *new.outputs})
    return tuple(name for name in every if old.outputs.get(name) != new.outputs.get(name))


def judge(old: Template, new: Template) -> Iterator[Finding]:
    """Findings about what a template says beside its resources."""
    yield from _outputs(old, new)
    for name, before in old.parameters.items():
        after = new.parameters.get(name, {"NoEcho": True})
        if is_true(before.get("NoEcho")) and not is_true(after.get("NoEcho")):
            sentence = "Its value is shown to whoever may look at the stack."
            yield Finding(
                Severity.RISK, Topic.SECURITY, name, "Parameter", "NoEcho: true -> false", sentence, "Keep it hidden."
            )  # fmt: skip
    for name in sorted({*old.sections, *new.sections}):
        was, now = old.sections.get(name, MISSING), new.sections.get(name, MISSING)
        if (old.resources or old.sections) and not is_same(was, now):
            sentence = "CloudFormation checks, rewrites or deploys the template otherwise."
            advice = "Check what that rule, hook or macro was for."
            change = from_to(name, was, now)
            yield Finding(Severity.RISK, Topic.UNKNOWN, name, "Template", change, sentence, advice)


def _outputs(old: Template, new: Template) -> Iterator[Finding]:
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
