"""Data: what is lost, cut off from the stack, kept for less long, or protected less."""

from __future__ import annotations

from collections.abc import Iterator

from stack_review import kinds
from stack_review.compare import Fate, Step, Verb
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.guards import GUARDS
from stack_review.judges.phrases import finding, inside, listed, shown

_KEEP = "Set DeletionPolicy and UpdateReplacePolicy to Retain, and deploy that first."


def judge(step: Step) -> Iterator[Finding]:
    """Findings about the data of one step."""
    old_type = step.before.type if step.before else step.type
    if kinds.is_stateful(old_type) and step.ends_old:
        yield _ended(step, old_type)
    if step.verb is Verb.IMPORTED:
        yield finding(
            step,
            Topic.DATA,
            Severity.NOTE,
            "An existing resource comes under this stack's control as it is.",
            "Check that the template says what the resource is now.",
        )
    if step.before and step.after and step.before.type == step.after.type:
        yield from _weakened(step)
        yield from _policies(step)
    if step.verb is Verb.ADDED and step.after and kinds.is_stateful(step.type):
        yield from _added(step)


def _ended(step: Step, old_type: str) -> Finding:
    """The old resource leaves the stack, or may: with its data, or not."""
    what = kinds.HOLDS[old_type]
    name = f" ({step.physical_id})" if step.physical_id else ""
    if step.verb is Verb.REMOVED:
        happens = f"{step.logical_id}{name} is removed from the stack"
    else:
        may = "may be" if step.verb is Verb.MAYBE_REPLACED else "is"
        happens = f"{step.logical_id}{name} {may} replaced by a new, empty one{_because(step)}"
    if step.fate is Fate.RETAINED:
        return finding(
            step,
            Topic.DATA,
            Severity.RISK,
            f"{happens}; the old one stays with its data ({what}), outside the stack.",
            "Nothing moves the data: plan how it gets into the new one, or how the old one is reached.",
        )
    if step.fate is Fate.SNAPSHOT:
        return finding(
            step,
            Topic.DATA,
            Severity.DANGER,
            f"{happens}; the old one is deleted after a snapshot ({what}).",
            "Check that the type makes snapshots, and try restoring one; or "
            + _KEEP[0].lower()
            + _KEEP[1:],
        )
    if old_type == "AWS::S3::Bucket":
        happens += "; CloudFormation deletes it if it is empty, and fails if it is not"
    return finding(
        step, Topic.DATA, Severity.DANGER, f"{happens}. What it holds is lost: {what}.", _KEEP
    )


def _because(step: Step) -> str:
    return f" because {', '.join(step.why)} changes" if step.why else ""


def _weakened(step: Step) -> Iterator[Finding]:
    for guard in GUARDS.get(step.type, ()):
        before, after = inside(step.before, guard.path), inside(step.after, guard.path)
        if before != after and guard.is_worse(before, after):
            values = f"{guard.path}: {shown(before)} to {shown(after)}"
            yield finding(
                step, Topic.DATA, guard.severity, f"{guard.sentence} ({values}).", guard.advice
            )
    if step.type == "AWS::DynamoDB::Table":
        yield from _lost_indexes(step)


def _lost_indexes(step: Step) -> Iterator[Finding]:
    names = [
        {
            str(index.get("IndexName"))
            for index in listed(inside(side, "GlobalSecondaryIndexes"))
            if isinstance(index, dict)
        }
        for side in (step.before, step.after)
    ]
    if gone := sorted(names[0] - names[1]):
        yield finding(
            step,
            Topic.AVAILABILITY,
            Severity.RISK,
            f"The index {', '.join(gone)} is deleted: queries that use it fail.",
            "Deploy the code that does without it first.",
        )


def _policies(step: Step) -> Iterator[Finding]:
    """A policy that kept the data is taken away: the next deployment may lose it without asking."""
    if not kinds.is_stateful(step.type) or step.before is None or step.after is None:
        return
    for name, before, after in (
        ("DeletionPolicy", step.before.deletion, step.after.deletion),
        ("UpdateReplacePolicy", step.before.replacement, step.after.replacement),
    ):
        if _keeps(before) and not _keeps(after):
            yield finding(
                step,
                Topic.DATA,
                Severity.RISK,
                f"{name} changes from {before} to {after or 'none'}: the next removal takes the data with it.",
                f"Keep {name}: Retain.",
            )


def _keeps(policy: str) -> bool:
    return policy in ("Retain", "RetainExceptOnCreate")


def _added(step: Step) -> Iterator[Finding]:
    if step.after is None or step.type in _CASUAL:
        return
    if not _keeps(step.after.deletion) or not _keeps(step.after.replacement):
        yield finding(
            step,
            Topic.DATA,
            Severity.NOTE,
            f"It is to hold {kinds.HOLDS[step.type]}, and does not keep them when it leaves the stack.",
            "Set DeletionPolicy and UpdateReplacePolicy to Retain, if the data matters.",
        )


_CASUAL = {
    "AWS::SQS::Queue",
    "AWS::Logs::LogGroup",
    "AWS::SSM::Parameter",
    "AWS::ElastiCache::CacheCluster",
}
"""Types whose data is often meant to go with the stack."""
