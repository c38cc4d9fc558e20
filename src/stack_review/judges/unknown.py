"""What this review cannot judge is said to be unknown; never safe."""

from __future__ import annotations

from collections.abc import Iterator

from stack_review import kinds
from stack_review.compare import Step, Verb
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.phrases import finding

_LOOK = "Read in AWS's resource reference what it holds and what happens to it."


def judge(step: Step) -> Iterator[Finding]:
    """Findings about a type, an action or a nested stack that nothing here knows."""
    if step.verb is Verb.UNCLEAR:
        yield finding(
            step,
            Topic.UNKNOWN,
            Severity.RISK,
            "CloudFormation itself cannot tell beforehand what happens to it.",
            "Find out what its change depends on, or take it for a replacement.",
        )
    types = {step.type} | ({step.before.type} if step.before else set())
    for type_ in sorted(t for t in types if not kinds.is_known(t)):
        yield from _unknown(step, type_)
    hidden = [p.name for p in step.properties if p.before == p.after and not p.is_reference]
    if hidden and step.before and step.after:
        yield finding(
            step,
            Topic.UNKNOWN,
            Severity.NOTE,
            f"A hidden value changes, or one that is not known beforehand: {', '.join(hidden)}.",
            "Make sure that it is the value you mean: nobody can compare it here.",
        )
    if step.unannounced and step.ends_old and step.type not in kinds.RENEWED:
        yield finding(
            step,
            Topic.UNKNOWN,
            Severity.RISK,
            f"The change set does not say that it is {step.verb}, but the templates do{_named(step)}.",
            "Take the worse of both for true.",
        )


def _named(step: Step) -> str:
    names = [p.name for p in step.properties if p.by_schema]
    return f" ({', '.join(names)} cannot be changed in place)" if names else ""


def _unknown(step: Step, type_: str) -> Iterator[Finding]:
    if type_ == "AWS::CloudFormation::Stack":
        yield finding(
            step,
            Topic.UNKNOWN,
            Severity.RISK,
            f"A nested stack is {step.verb}; what happens inside it is not part of this review.",
            "Plan the nested stack by its own name and template.",
        )
        return
    severity = Severity.NOTE if step.verb is Verb.ADDED else Severity.RISK
    kind = "custom resource" if type_.startswith("Custom::") else "type"
    yield finding(
        step,
        Topic.UNKNOWN,
        severity,
        f"The {kind} {type_} is not known to this review: it may hold data. It is {step.verb}.",
        _LOOK,
    )
