"""The stack's own policy: what it forbids, CloudFormation refuses, and the deployment fails.

Of https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html: a denial goes before an
allowance, what nothing allows is denied, and new resources are nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stack_review.compare import Step, Verb
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.phrases import finding, listed
from stack_review.judges.policies import matches
from stack_review.template import Json

_ACTIONS = {
    Verb.CHANGED: ("Update:Modify",),
    Verb.MAYBE_REPLACED: ("Update:Modify", "Update:Replace"),
    Verb.REPLACED: ("Update:Replace",),
    Verb.REMOVED: ("Update:Delete",),
    Verb.UNCLEAR: ("Update:Modify", "Update:Replace", "Update:Delete"),
}
_ADVICE = "Lift it for this deployment alone, if that is meant (--stack-policy-during-update-body)."


def judge(steps: Mapping[str, Step], policy: Json) -> Iterator[Finding]:
    """A finding for each step that the policy forbids; none without a policy."""
    if policy is None:
        return
    for step in steps.values():
        forbidden = [a for a in _ACTIONS.get(step.verb, ()) if not _allows(policy, step, a)]
        if forbidden and not _only_refers(step):
            yield finding(
                step, Topic.AVAILABILITY, Severity.RISK,
                f"The stack's policy forbids it ({', '.join(forbidden)}): the deployment fails and rolls back.",
                _ADVICE,
            )  # fmt: skip


def _only_refers(step: Step) -> bool:
    """True when nothing of it is different in the end, as far as anybody knows."""
    return step.verb is Verb.CHANGED and all(p.is_reference for p in step.properties)


def _allows(policy: Json, step: Step, action: str) -> bool:
    effects = {
        str(statement.get("Effect"))
        for statement in listed(policy.get("Statement") if isinstance(policy, Mapping) else None)
        if isinstance(statement, Mapping) and _is_about(statement, step, action)
    }
    return effects == {"Allow"}


def _is_about(statement: Mapping[str, Json], step: Step, action: str) -> bool:
    resource = f"LogicalResourceId/{step.logical_id}"
    return (
        _names(statement, "Action", action)
        and _names(statement, "Resource", resource)
        and all(
            any(matches(step.type, str(pattern)) for pattern in listed(table.get("ResourceType")))
            for table in (statement.get("Condition") or {}).values()
        )
    )


def _names(statement: Mapping[str, Json], key: str, word: str) -> bool:
    """Whether `Action` names the word, or `NotAction` does not."""
    but = statement.get(f"Not{key}")
    if but is not None:
        return not any(matches(word, str(pattern)) for pattern in listed(but))
    return any(matches(word, str(pattern)) for pattern in listed(statement.get(key)))
