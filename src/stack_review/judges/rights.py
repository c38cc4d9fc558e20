"""Rights: who may do more than before, who may do less, and what a role that is put in another's place may do."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from stack_review.change_set import MISSING
from stack_review.compare import Step
from stack_review.differences import Path, is_same
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges import policies
from stack_review.judges.around import Around
from stack_review.judges.grants import everything, is_foreign, is_powerful, told, weigh
from stack_review.judges.phrases import finding, from_to, in_words, inside, listed, shown
from stack_review.judges.policies import Statement
from stack_review.resolve import references
from stack_review.template import Json, Resource

_ADMIN_POLICIES = ("/AdministratorAccess", "/PowerUserAccess", "/IAMFullAccess")
_MODEST_POLICIES = (
    "/service-role/AWSLambdaBasicExecutionRole",
    "/service-role/AWSLambdaDynamoDBExecutionRole",
    "/service-role/AWSLambdaSQSQueueExecutionRole",
    "/service-role/AWSLambdaVPCAccessExecutionRole",
    "/service-role/AmazonECSTaskExecutionRolePolicy",
    "/AWSXRayDaemonWriteAccess",
    "/CloudWatchLambdaInsightsExecutionRolePolicy",
)
ROLES = {
    "AWS::ApiGateway::Authorizer": ("AuthorizerCredentials",),
    "AWS::ApiGatewayV2::Integration": ("CredentialsArn",),
    "AWS::CodeBuild::Project": ("ServiceRole",),
    "AWS::CodePipeline::Pipeline": ("RoleArn",),
    "AWS::Cognito::IdentityPoolRoleAttachment": ("Roles.authenticated", "Roles.unauthenticated"),
    "AWS::ECS::TaskDefinition": ("TaskRoleArn", "ExecutionRoleArn"),
    "AWS::IAM::InstanceProfile": ("Roles",),
    "AWS::Lambda::Function": ("Role",),
    "AWS::Pipes::Pipe": ("RoleArn",),
    "AWS::Scheduler::Schedule": ("Target.RoleArn",),
    "AWS::StepFunctions::StateMachine": ("RoleArn",),
}
"""Where a type names the role that it works under."""
_HOLDERS = ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName")
_POLICIES = {
    f"AWS::IAM::{name}"
    for name in ("Policy", "ManagedPolicy", "RolePolicy", "UserPolicy", "GroupPolicy")
}
_LIMITS = ("SourceAccount", "SourceArn", "PrincipalOrgID", "OrganizationId", "Condition")


def judge(step: Step, around: Around) -> Iterator[Finding]:
    """Findings about rights that are new with this step, or gone."""
    if step.after is None:
        return
    yield from _documents(step, around)
    yield from _managed(step, around)
    yield from _let_in(step, around)
    if step.before is None:
        yield from _works_under(step, around)
    else:
        yield from _holders(step)
        yield from _swaps(step, around)


def known_places(type_: str) -> Iterator[Path]:
    """The places beside policy documents that are judged here."""
    yield ("ManagedPolicyArns",)
    if type_ in _POLICIES:
        yield from ((name,) for name in _HOLDERS)
    for path in ROLES.get(type_, ()):
        yield tuple(path.split("."))


def holders(policy: Resource) -> list[Json]:
    """Whom a policy of its own is given to."""
    return [item for name in _HOLDERS for item in listed(inside(policy, name))]


def rights_of(role: Resource, side: Mapping[str, Resource]) -> tuple[Statement, ...]:
    """All that a role may do by what the stack says: in its own policies, and in those that are given to it."""
    given = [
        policy
        for policy in side.values()
        if policy.type in _POLICIES
        and any(role.logical_id in references(Resource("", "", {"": h})) for h in holders(policy))
    ]
    named = [references(Resource("", "", {"": arn})) for arn in _arns(role)]
    given += [side[name] for names in named for name in names if name in side]
    found = [s for one in (role, *given) for s in policies.statements(one) if not s.is_trust]
    found += [everything() for arn in _arns(role) if _is_admin(arn)]
    return tuple(dataclasses.replace(s, place="") for s in found)


def _let_in(step: Step, around: Around) -> Iterator[Finding]:
    """Types that name who is let in without a policy document."""
    before, after = inside(step.before, "Principal"), inside(step.after, "Principal")
    if after is MISSING or is_same(before, after):
        return
    change = from_to("Principal", before, after)
    limited = any(inside(step.after, name) is not MISSING for name in _LIMITS)
    if after == "*":
        severity = Severity.RISK if limited else Severity.DANGER
        yield finding(
            step, Topic.SECURITY, severity, "Anybody in the world is let in.", "Name who may.", change
        )  # fmt: skip
    elif is_foreign(f"AWS:{in_words(after)}", around.account):
        yield finding(
            step, Topic.SECURITY, Severity.RISK, "Others outside this account are let in.",
            "Check whose account that is.", change,
        )  # fmt: skip
    elif in_words(after).endswith(".amazonaws.com") and not limited:
        yield finding(
            step, Topic.SECURITY, Severity.RISK, "Whatever anybody has in that service may call it, in any account.",
            "Name what may call it by SourceArn.", change,
        )  # fmt: skip


def _works_under(step: Step, around: Around) -> Iterator[Finding]:
    """What is new and works under a role that was there: an administrator's, or one that nobody here knows."""
    for path in ROLES.get(step.type, ()):
        value = inside(step.after, path)
        role = around.named(value, around.after)
        if value is MISSING or (role and around.is_new(value)):
            continue
        if role is None or is_powerful(rights_of(role, around.after)):
            yield finding(
                step, Topic.SECURITY, Severity.RISK,
                "It works as an administrator." if role else "Its role is not in this stack: nobody here knows it.",
                "Give it a role of its own, with the few actions it needs.", from_to(path, MISSING, value),
            )  # fmt: skip


def _documents(step: Step, around: Around) -> Iterator[Finding]:
    old, new = policies.statements(step.before), policies.statements(step.after)
    for statement in policies.uncovered(new, old):
        yield from _widened(step, statement, around)
    if step.before is None:
        return
    for statement in policies.uncovered(old, new):
        yield finding(
            step, Topic.AVAILABILITY, Severity.RISK,
            "Whoever needs this is refused from now on: it may do less than before.",
            "Check that nothing that runs does it any more.",
            f"No longer allowed: {told(statement)}",
        )  # fmt: skip
    for statement in policies.denied_only_by(old, new):
        yield finding(
            step, Topic.SECURITY, Severity.RISK, "What was denied expressly is allowed where any policy allows it.",
            "Check why it was denied.", f"No longer denied: {told(statement)}",
        )  # fmt: skip
    for statement in policies.denied_only_by(new, old):
        yield finding(
            step, Topic.AVAILABILITY, Severity.RISK, "Whoever needs this is refused, whatever else allows it.",
            "Check that nothing that runs does it.", f"Denied: {told(statement)}",
        )  # fmt: skip


def _widened(step: Step, statement: Statement, around: Around) -> Iterator[Finding]:
    severity, sentence, advice = weigh(statement, around.account, is_new=step.before is None)
    if severity:
        yield finding(
            step, Topic.SECURITY, severity, sentence, advice, f"Allowed: {told(statement)}"
        )


def _arns(resource: Resource | None) -> list[Json]:
    return listed(inside(resource, "ManagedPolicyArns"))


def _is_admin(arn: Json) -> bool:
    return in_words(arn).endswith(_ADMIN_POLICIES)


def _managed(step: Step, around: Around) -> Iterator[Finding]:
    old, new = _arns(step.before), _arns(step.after)
    for arn in (arn for arn in new if arn not in old):
        yield _attached(step, arn, around)
    for arn in (arn for arn in old if arn not in new and step.before):
        yield finding(
            step, Topic.AVAILABILITY, Severity.RISK, "What that policy allowed is refused from now on.",
            "Check that nothing that runs needs it.", f"ManagedPolicyArns: it loses {shown(arn)}",
        )  # fmt: skip


def _attached(step: Step, arn: Json, around: Around) -> Finding:
    own = around.named(arn, around.after)
    worst = Severity.DANGER if _is_admin(arn) or is_powerful(policies.statements(own)) else None
    is_modest = in_words(arn).endswith(_MODEST_POLICIES) or (
        own is not None and step.before is None
    )
    severity = worst or (Severity.NOTE if is_modest else Severity.RISK)
    return finding(
        step, Topic.SECURITY, severity,
        "It may do everything." if worst else "It may do whatever that policy allows.",
        "Name the few actions it needs instead." if worst else "Check what that policy allows.",
        f"ManagedPolicyArns: it gets {shown(arn)}",
    )  # fmt: skip


def _holders(step: Step) -> Iterator[Finding]:
    """A policy is given to others, or taken from some."""
    if step.type not in _POLICIES or step.before is None or step.after is None:
        return
    old, new = holders(step.before), holders(step.after)
    gained = [in_words(h) for h in new if h not in old]
    lost = [in_words(h) for h in old if h not in new]
    if gained:
        powerful = is_powerful(policies.statements(step.after))
        yield finding(
            step, Topic.SECURITY, Severity.DANGER if powerful else Severity.RISK,
            "It makes administrators of them." if powerful else "They may do all that this policy allows.",
            "Check that they need all of it.",
            f"Roles, Users or Groups: given to {', '.join(gained)}",
        )  # fmt: skip
    if lost:
        yield finding(
            step, Topic.AVAILABILITY, Severity.RISK, "What this policy allowed them is refused from now on.",
            "Check that nothing that runs needs it.", f"Roles, Users or Groups: taken from {', '.join(lost)}",
        )  # fmt: skip


def _swaps(step: Step, around: Around) -> Iterator[Finding]:
    for path in ROLES.get(step.type, ()):
        before, after = inside(step.before, path), inside(step.after, path)
        if not is_same(before, after):
            yield _swapped(step, from_to(path, before, after), before, after, around)


def _swapped(step: Step, change: str, before: Json, after: Json, around: Around) -> Finding:
    old, new = around.named(before, around.before), around.named(after, around.after)
    advice = "Compare what both roles may do, and what the code needs."
    if new is None or old is None or after is MISSING:
        sentence = "It works under a role that is not in this stack: what that may do is not known."
        return finding(step, Topic.SECURITY, Severity.RISK, sentence, advice, change)
    may, could = rights_of(new, around.after), rights_of(old, around.before)
    more, fewer = policies.uncovered(may, could), policies.uncovered(could, may)
    if is_powerful(more):
        sentence = f"It works as an administrator from now on: {told(more[0])}."
        return finding(step, Topic.SECURITY, Severity.DANGER, sentence, advice, change)
    words = [f"may do {word} ({told(s[0])})" for word, s in (("more", more), ("less", fewer)) if s]
    sentence = f"It works under another role, which {' and '.join(words) or 'has the same policies in this stack'}."
    return finding(step, Topic.SECURITY, Severity.RISK, sentence, advice, change)
