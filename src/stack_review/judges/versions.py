"""Versions: what is published anew, what points to it, and when the deployment changes nothing or fails.

A version is a copy of a function's code and settings. An alias, and whoever calls by it, runs a version; CloudFormation
publishes a new one only when the version's own resource is replaced, and Lambda only when the function is another.
"""

from __future__ import annotations

from collections.abc import Iterator

from stack_review import kinds
from stack_review.compare import Property, Step, Verb
from stack_review.differences import Path, is_same, leaves
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.around import Around
from stack_review.judges.phrases import finding, from_to, inside
from stack_review.resolve import references

_FUNCTION, _VERSION = "AWS::Lambda::Function", "AWS::Lambda::Version"
_OF_ALL_VERSIONS = frozenset({"ReservedConcurrentExecutions", "RecursiveLoop", "Tags"})
"""Settings that are the function's and no version's copy."""
POINTERS = {
    "AWS::ApiGateway::Stage": "DeploymentId",
    "AWS::ApiGatewayV2::Stage": "DeploymentId",
    "AWS::ECS::Service": "TaskDefinition",
    "AWS::Lambda::Alias": "FunctionVersion",
    "AWS::Lambda::Function": "Layers",
}
"""The property by which a type points to what is published anew with each deployment."""


def judge(step: Step, around: Around) -> Iterator[Finding]:
    """Findings about versions and what points to them."""
    if step.type == _FUNCTION and step.verb is Verb.CHANGED:
        yield from _unpublished(step, around)
    if step.type == _VERSION and step.before and step.after:
        yield from _refused(step, around)
    yield from _pointed(step, around)


def known_places(type_: str) -> tuple[Path, ...]:
    """The places of a type's properties that are judged here."""
    return ((POINTERS[type_],),) if type_ in POINTERS else ()


def _pointed(step: Step, around: Around) -> Iterator[Finding]:
    """Calls go to another version: fine when it is new in this deployment, else it is an old one or somebody else's."""
    path = POINTERS.get(step.type, "")
    if not path or path == "Layers" or not step.before or not step.after:
        return
    before, after = inside(step.before, path), inside(step.after, path)
    target = around.named(after, around.after)
    if is_same(before, after) or (target and _is_fresh(target.logical_id, around)):
        return
    yield finding(
        step, Topic.AVAILABILITY, Severity.RISK,
        "Calls go to a version that is not published by this deployment: an old one, or one that nobody here knows.",
        "Check which program that is.", from_to(path, before, after),
    )  # fmt: skip


def _is_fresh(name: str, around: Around) -> bool:
    step = around.steps.get(name)
    is_made = step is not None and (step.verb is Verb.ADDED or step.ends_old)
    return is_made and step is not None and step.type in kinds.RENEWED


def _unpublished(step: Step, around: Around) -> Iterator[Finding]:
    """A function that changes while its versions in the stack, if it has any, stay as they are."""
    names = _copied(step, around)
    versions = [
        name
        for name, resource in around.after.items()
        if resource.type == _VERSION and step.logical_id in references(resource)
    ]
    if names and versions and not any(name in around.steps for name in versions):
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.NOTE,
            f"No new version is published ({', '.join(sorted(versions))} stays): what calls it by an alias goes on with"
            " the old one.",
            "Let something of the version's resource change with it, such as its Description.",
            f"{', '.join(sorted(names))} change{'s' if len(names) == 1 else ''}",
        )


def _refused(step: Step, around: Around) -> Iterator[Finding]:
    """Lambda publishes no version of a function that is as it was: CloudFormation then fails."""
    if step.before is None or step.after is None:
        return
    changing = {leaf.place[0] for leaf in leaves(step.before.properties, step.after.properties)}
    if changing != {"Description"}:
        return
    function = around.named(inside(step.after, "FunctionName"), around.after)
    its_step = around.steps.get(function.logical_id) if function else None
    if its_step is None or not _copied(its_step, around):
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.RISK,
            "Nothing of the function itself changes, so Lambda publishes no version, and the deployment fails with"
            ' "A version for this Lambda function exists" and rolls back.',
            "Let something of the function change with it, such as a variable of its environment.",
            "Description alone changes",
        )


def _copied(step: Step, around: Around) -> set[str]:
    """The properties of a function that change and that a version copies."""
    return {p.name for p in step.properties if _is_other(p, around)} - _OF_ALL_VERSIONS


def _is_other(changing: Property, around: Around) -> bool:
    """Whether a property really has another value: a reference has one where what it refers to is another."""
    if not changing.is_reference:
        return True
    causes = (around.steps.get(cause.partition(".")[0]) for cause in changing.causes)
    return any(step is not None and step.ends_old for step in causes)
