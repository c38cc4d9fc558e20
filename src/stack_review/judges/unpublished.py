"""Functions that change while the version that is called stays: the deployment succeeds and nothing is different.

A version is a copy of a function's code and settings. An alias, and whoever calls by it, runs a version; CloudFormation
publishes a new one only when the version's own resource is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stack_review.compare import Property, Step, Verb
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.phrases import finding
from stack_review.resolve import references
from stack_review.template import Resource

_FUNCTION, _VERSION = "AWS::Lambda::Function", "AWS::Lambda::Version"
_OF_ALL_VERSIONS = frozenset({"ReservedConcurrentExecutions", "RecursiveLoop", "Tags"})
"""Settings that are the function's and no version's copy."""


def judge(steps: Iterable[Step], after: Mapping[str, Resource]) -> Iterator[Finding]:
    """A note for each function that changes while its versions in the stack, if it has any, stay as they are."""
    by_name = {step.logical_id: step for step in steps}
    for step in by_name.values():
        changing = (p for p in step.properties if _is_other(p, by_name))
        names = {p.name.partition(".")[0] for p in changing} - _OF_ALL_VERSIONS
        if step.type != _FUNCTION or step.verb is not Verb.CHANGED or not names:
            continue
        versions = [
            name
            for name, resource in after.items()
            if resource.type == _VERSION and step.logical_id in references(resource)
        ]
        if versions and not any(name in by_name for name in versions):
            yield finding(
                step,
                Topic.AVAILABILITY,
                Severity.NOTE,
                f"{', '.join(sorted(names))} change{'s' if len(names) == 1 else ''}, and no new version is published "
                f"({', '.join(sorted(versions))} stays): what calls it by an alias goes on with the old one.",
                "Let something of the version's resource change with it, such as its Description.",
            )


def _is_other(changing: Property, by_name: Mapping[str, Step]) -> bool:
    """Whether a property really has another value: a reference has one where what it refers to is another."""
    if not changing.is_reference:
        return True
    causes = (by_name.get(cause.partition(".")[0]) for cause in changing.causes)
    return any(step is not None and step.ends_old for step in causes)
