"""Take back a replacement that CloudFormation only fears: a reference to a resource that keeps its identity.

CloudFormation says "may be replaced" of everything that uses an attribute of a resource that changes, though the ARN of
a resource that is changed in place stays the same, and so does what has it where its schema lets that property change.
Only resources without data are judged so: for the others, the worse word stands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from stack_review import kinds
from stack_review.compare import Fate, Property, Step, Verb

_LASTING = {
    "Arn",
    "ApiEndpoint",
    "ApiId",
    "DomainName",
    "FunctionName",
    "Id",
    "Name",
    "QueueName",
    "QueueUrl",
    "TopicName",
}
"""Attributes that stay while their resource does; others (a stream's ARN, a version) may change with it."""


def settle(steps: Sequence[Step]) -> tuple[Step, ...]:
    """`steps`, with those that are certain to stay in place said to be changed."""
    current = tuple(steps)
    while True:
        moving = {s.logical_id for s in current if s.verb is not Verb.CHANGED}
        settled = tuple(_settled(step, moving) for step in current)
        if settled == current:
            return current
        current = settled


def _settled(step: Step, moving: set[str]) -> Step:
    if step.verb is not Verb.MAYBE_REPLACED or step.type not in kinds.STATELESS:
        return step
    feared = [p for p in step.properties if p.recreation not in ("", "Never")]
    if not feared or not all(_is_in_place(step, p) or _stays(p, moving) for p in feared):
        return step
    properties = tuple(
        dataclasses.replace(p, recreation="Never") if p in feared else p for p in step.properties
    )
    return dataclasses.replace(step, verb=Verb.CHANGED, properties=properties, fate=Fate.NONE)


def _is_in_place(step: Step, changing: Property) -> bool:
    """True when CloudFormation only fears it, and the schema says that the property changes in place."""
    return changing.recreation == "Conditionally" and kinds.changes_in_place(
        step.type, changing.name
    )


def _stays(changing: Property, moving: set[str]) -> bool:
    """True when the property only refers to what keeps its identity."""
    return changing.is_reference and all(_lasts(cause, moving) for cause in changing.causes)


def _lasts(cause: str, moving: set[str]) -> bool:
    resource, _, attribute = cause.partition(".")
    return bool(resource) and resource not in moving and attribute in ({""} | _LASTING)
