"""Take back a replacement that CloudFormation only fears: a reference to a resource that keeps its identity.

CloudFormation says "may be replaced" of everything that uses an attribute of a resource that changes, though the ARN of
a resource that is changed in place stays the same, and so does what has it where its schema lets that property change.
Only resources without data are judged so: for the others, the worse word stands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from stack_review import kinds
from stack_review.compare import Fate, Property, Step, Verb

_LASTING = {
    "Arn",
    "ApiEndpoint",
    "ApiId",
    "CanonicalHostedZoneID",
    "DNSName",
    "DomainName",
    "Endpoint.Address",
    "FunctionName",
    "GroupId",
    "Id",
    "Name",
    "QueueName",
    "QueueUrl",
    "RegionalDomainName",
    "RootResourceId",
    "TopicName",
    "WebsiteURL",
}
"""Attributes that stay while their resource does; others (a version) may change with it."""
_STREAM = "StreamArn"
"""The ARN of a table's stream, which stays unless the stream is another."""


def settle(steps: Sequence[Step]) -> tuple[Step, ...]:
    """`steps`, with those that are certain to stay in place said to be changed."""
    current = {step.logical_id: step for step in steps}
    while True:
        settled = {name: _settled(step, current) for name, step in current.items()}
        if settled == current:
            return tuple(current.values())
        current = settled


def _settled(step: Step, steps: Mapping[str, Step]) -> Step:
    if step.verb is not Verb.MAYBE_REPLACED or step.type not in kinds.STATELESS:
        return step
    feared = [p for p in step.properties if p.recreation not in ("", "Never")]
    if not feared or not all(_is_in_place(step, p) or _stays(p, steps) for p in feared):
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


def _stays(changing: Property, steps: Mapping[str, Step]) -> bool:
    """True when the property only refers to what keeps its identity."""
    return changing.is_reference and all(
        lasts(cause, steps, moving=_moves(cause, steps)) for cause in changing.causes
    )


def _moves(cause: str, steps: Mapping[str, Step]) -> bool:
    step = steps.get(cause.partition(".")[0])
    return step is not None and step.verb is not Verb.CHANGED


def lasts(cause: str, steps: Mapping[str, Step], *, moving: bool) -> bool:
    """True when what a reference names keeps its value; `moving` when its resource is another one afterwards."""
    resource, _, attribute = cause.partition(".")
    step = steps.get(resource)
    if attribute == _STREAM and step is not None and not moving:
        return all(p.name != "StreamSpecification" for p in step.properties)
    return bool(resource) and not moving and attribute in ({""} | _LASTING)
