"""Data: what is lost, cut off from the stack, kept for less long, or protected less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stack_review import kinds
from stack_review.compare import Fate, Step, Verb, removal_policy
from stack_review.differences import Path, is_same
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges import rules
from stack_review.judges.around import Around
from stack_review.judges.data_rules import RULES
from stack_review.judges.phrases import finding, from_to, inside, listed
from stack_review.template import Json

_KEEP = "Set DeletionPolicy and UpdateReplacePolicy to Retain, and deploy that first."


def judge(step: Step, _around: Around) -> Iterator[Finding]:
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
        yield from rules.judge(step, Topic.DATA, RULES)
        yield from _policies(step)
        yield from _indexes(step)
    if step.verb is Verb.ADDED and step.after and kinds.is_stateful(step.type):
        yield from _added(step)


def _ended(step: Step, old_type: str) -> Finding:
    """The old resource leaves the stack, or may: with its data, or not."""
    what = kinds.HOLDS[old_type]
    name = f" ({step.physical_id})" if step.physical_id else ""
    may = "may be" if step.verb is Verb.MAYBE_REPLACED else "is"
    change = (
        f"It is removed from the stack{name}."
        if step.verb is Verb.REMOVED
        else f"It {may} replaced by a new, empty one{_because(step)}{name}."
    )
    if step.fate is Fate.RETAINED:
        return finding(
            step, Topic.DATA, Severity.RISK, f"The old one stays with its data ({what}), outside the stack.",
            "Nothing moves the data: plan how it gets into the new one, or how the old one is reached.", change,
        )  # fmt: skip
    if step.fate is Fate.SNAPSHOT:
        return finding(
            step, Topic.DATA, Severity.DANGER, f"The old one is deleted after a snapshot ({what}).",
            f"Check that the type makes snapshots, and try restoring one; or: {_KEEP}", change,
        )  # fmt: skip
    sentence = f"What it holds is lost: {what}."
    if old_type == "AWS::S3::Bucket":
        sentence += " CloudFormation deletes it if it is empty, and fails if it is not."
    return finding(step, Topic.DATA, Severity.DANGER, sentence, _KEEP, change)


def _because(step: Step) -> str:
    return f" because {', '.join(step.why)} changes" if step.why else ""


_INDEXES = "GlobalSecondaryIndexes"
_TABLE = "AWS::DynamoDB::Table"


def known_places(type_: str) -> Iterator[Path]:
    """The places of a type's properties that are judged here."""
    yield from rules.known_places(type_, RULES)
    if type_ == _TABLE:
        yield (_INDEXES,)


def _indexes(step: Step) -> Iterator[Finding]:
    """An index is known by its name; another key or projection under the same name is another index."""
    before, after = (inside(side, _INDEXES) for side in (step.before, step.after))
    if step.type != _TABLE or is_same(before, after):
        return
    old, new = _by_name(before), _by_name(after)
    if old is None or new is None:
        sentence, change = (
            "Which indexes there will be is not known.",
            from_to(_INDEXES, before, after),
        )
        yield _index(step, sentence, "Write them out.", change)
        return
    if gone := sorted(set(old) - set(new)):
        yield _index(
            step, "Queries that use it fail.", "Deploy the code that does without it first.",
            f"The index {', '.join(gone)} is deleted",
        )  # fmt: skip
    for name in sorted(name for name in set(old) & set(new) if old[name] != new[name]):
        yield _index(
            step, "DynamoDB cannot change an index in place: it is refused, or deleted and filled anew meanwhile.",
            "Add an index under another name, change over, and remove the old one later.",
            f"The index {name} changes",
        )  # fmt: skip
    if len(added := sorted(set(new) - set(old))) > 1:
        yield _index(
            step, "DynamoDB makes one index in an update: the deployment fails and rolls back.",
            "Add one index a deployment.", f"{len(added)} indexes are new: {', '.join(added)}",
        )  # fmt: skip


def _index(step: Step, sentence: str, advice: str, change: str) -> Finding:
    return finding(step, Topic.AVAILABILITY, Severity.RISK, sentence, advice, change)


def _by_name(value: Json) -> dict[str, Json] | None:
    """Indexes by name; None where they are not written out."""
    indexes = listed(value)
    if not all(isinstance(i, Mapping) and isinstance(i.get("IndexName"), str) for i in indexes):
        return None
    return {i["IndexName"]: i for i in indexes}


def _policies(step: Step) -> Iterator[Finding]:
    """A policy that kept the data is taken away: the next deployment may lose it without asking."""
    if step.before is None or step.after is None:
        return
    for name, before, after in (
        ("DeletionPolicy", removal_policy(step.before), removal_policy(step.after)),
        ("UpdateReplacePolicy", step.before.replacement, step.after.replacement),
    ):
        if _SAFETY.get(after or "Delete", 0) < _SAFETY.get(before or "Delete", _UNREAD):
            yield finding(
                step,
                Topic.DATA,
                Severity.RISK,
                "The next removal or replacement takes it, and what it holds, without asking.",
                f"Keep {name}: {before}.",
                f"{name}: {before} -> {after or 'none'}",
            )


_SAFETY = {"Delete": 1, "Snapshot": 2, "RetainExceptOnCreate": 3, "Retain": 3}
_UNREAD = 4
"""A policy that cannot be read may be any: before the change the safest, after it the least safe."""


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
