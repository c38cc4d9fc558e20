"""What is new and takes hold of what was there: another reader of a queue, a role's new right, a name that is taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stack_review import kinds
from stack_review.change_set import MISSING
from stack_review.compare import Step, Verb
from stack_review.differences import leaves
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges import harmless, policies
from stack_review.judges.around import Around
from stack_review.judges.grants import is_of_others
from stack_review.judges.phrases import finding, in_words, inside, listed
from stack_review.template import Resource

_ATTACHED = {
    "AWS::ApiGateway::BasePathMapping": ("DomainName", "Requests to the domain go to another API."),
    "AWS::ApiGatewayV2::ApiMapping": ("DomainName", "Requests to the domain go to another API."),
    "AWS::ApplicationAutoScaling::ScalableTarget": ("ResourceId", "Its size is no longer what is written for it."),
    "AWS::Cognito::IdentityPoolRoleAttachment": ("IdentityPoolId", "Who signs in may do what the role may."),
    "AWS::EC2::NetworkAclEntry": ("NetworkAclId", "Packets are let through, or stopped."),
    "AWS::EC2::Route": ("RouteTableId", "Packets go another way."),
    "AWS::EC2::SecurityGroupEgress": ("GroupId", "It may reach what it could not, or no longer everything."),
    "AWS::EC2::SecurityGroupIngress": ("GroupId GroupName", "Others may reach it."),
    "AWS::EC2::SubnetRouteTableAssociation": ("SubnetId", "Packets go another way."),
    "AWS::Events::EventBusPolicy": ("EventBusName", "Others may send events."),
    "AWS::IAM::AccessKey": ("UserName", "Whoever has the key may do what the user may, from anywhere."),
    "AWS::IAM::GroupPolicy": ("GroupName", "Its members may do more."),
    "AWS::IAM::ManagedPolicy": ("Roles Users Groups", "They may do what the policy allows."),
    "AWS::IAM::Policy": ("Roles Users Groups", "They may do what the policy allows."),
    "AWS::IAM::RolePolicy": ("RoleName", "The role may do what the policy allows."),
    "AWS::IAM::UserPolicy": ("UserName", "The user may do what the policy allows."),
    "AWS::IAM::UserToGroupAddition": ("GroupName", "The users may do what the group may."),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName", "Events that fail are repeated or reported otherwise."),
    "AWS::Lambda::EventSourceMapping": ("EventSourceArn", "It takes what arrives: another reader gets less."),
    "AWS::Lambda::LayerVersionPermission": ("LayerVersionArn", "Others may use the layer."),
    "AWS::Logs::ResourcePolicy": ("PolicyName", "Others may write logs."),
    "AWS::Logs::SubscriptionFilter": ("LogGroupName", "Logs are sent on to somebody."),
    "AWS::S3::BucketPolicy": ("Bucket", "It takes the place of the bucket's policy, if that has one."),
    "AWS::SES::ReceiptRule": ("RuleSetName", "Mail that arrives is handled otherwise."),
    "AWS::SNS::Subscription": ("TopicArn", "What is published there goes to somebody more."),
    "AWS::SNS::TopicInlinePolicy": ("TopicArn", "It takes the place of the topic's policy."),
    "AWS::SNS::TopicPolicy": ("Topics", "It takes the place of the topic's policy."),
    "AWS::SQS::QueueInlinePolicy": ("Queue", "It takes the place of the queue's policy."),
    "AWS::SQS::QueuePolicy": ("Queues", "It takes the place of the queue's policy."),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "Others may read the secret, or no longer those who have to."),
    "AWS::SecretsManager::RotationSchedule": ("SecretId", "The secret is another as soon as this is deployed."),
    "AWS::SecretsManager::SecretTargetAttachment": ("SecretId", "The secret's value is written anew."),
    "AWS::WAFv2::WebACLAssociation": ("ResourceArn", "What its rules do not let through is refused."),
}  # fmt: skip
"""Types that act on another resource: where they name it, and what happens to it."""
_ACCESS_KEY = "AWS::IAM::AccessKey"
_ROUTE, _METHOD = "AWS::ApiGatewayV2::Route", "AWS::ApiGateway::Method"
_API = {_ROUTE: "ApiId", _METHOD: "RestApiId"}
"""How a type whose requests may ask for authorization names its API."""


def judge(step: Step, around: Around) -> Iterator[Finding]:
    """Findings about one new resource."""
    if step.verb is not Verb.ADDED or step.after is None:
        return
    if step.type in _ATTACHED:
        yield from _takes_hold(step, around, *_ATTACHED[step.type])
    elif _is_unjudged(step.type) and not around.is_new(step.after.properties):
        yield finding(
            step, Topic.UNKNOWN, Severity.RISK, "It may act on what is in use, and this review does not know how.",
            "Read in AWS's resource reference what it does to what it names.",
        )  # fmt: skip
    yield from _of_others(step, step.after, around)
    if step.type in _API:
        yield from _unguarded(step, around)
    yield from _same_name(step, around)


def _is_unjudged(type_: str) -> bool:
    """True for a type that is known to hold no data, and not to leave alone what was there."""
    return kinds.is_known(type_) and not kinds.is_stateful(type_) and type_ not in harmless.ADDED


def _takes_hold(step: Step, around: Around, names: str, sentence: str) -> Iterator[Finding]:
    targets = [item for name in names.split() for item in listed(inside(step.after, name))]
    old = [in_words(t) for t in targets if step.type == _ACCESS_KEY or not around.is_new(t)]
    if old:
        yield finding(
            step, Topic.SECURITY, Severity.RISK, sentence,
            "Check that this is meant for it, as it is in use.", f"It is added to {', '.join(old)}",
        )  # fmt: skip


def _of_others(step: Step, after: Resource, around: Around) -> Iterator[Finding]:
    """What is new names another account, outside a policy: it sends there, reads there, or runs what is from there."""
    strange = [
        leaf.path
        for leaf in leaves({}, after.properties)
        if not policies.knows(leaf, after) and is_of_others(in_words(leaf.after), around.account)
    ]
    if strange:
        yield finding(
            step, Topic.SECURITY, Severity.RISK, "It sends to another account, reads there, or runs code from there.",
            "Check whose account that is.", f"Another account in {', '.join(strange[:3])}",
        )  # fmt: skip


def _unguarded(step: Step, around: Around) -> Iterator[Finding]:
    """A route that asks for nothing on an API whose other routes do, or that takes requests from another one."""
    name = _API[step.type]
    others = [
        route
        for route in around.before.values()
        if route.type == step.type and inside(route, name) == inside(step.after, name)
    ]
    asks = any(inside(route, "AuthorizationType") not in (MISSING, "NONE") for route in others)
    if asks and inside(step.after, "AuthorizationType") in (MISSING, "NONE"):
        yield finding(
            step, Topic.SECURITY, Severity.RISK,
            "It asks for no authorization, and other routes of the API do.",
            "Close it, unless it is meant for everybody.",
        )  # fmt: skip
    if step.type == _ROUTE:
        yield from _taken(step, others)


def _taken(step: Step, others: Iterable[Resource]) -> Iterator[Finding]:
    key = str(inside(step.after, "RouteKey"))
    target = inside(step.after, "Target")
    for route in others:
        if _takes(key, str(inside(route, "RouteKey"))) and inside(route, "Target") != target:
            yield finding(
                step, Topic.AVAILABILITY, Severity.RISK,
                f"It takes requests that {route.logical_id} ({inside(route, 'RouteKey')}) answered so far.",
                "Check that what answers them now knows them.",
            )  # fmt: skip


def _takes(key: str, old: str) -> bool:
    """True when a new route is a part of what an old one with a greedy path, or the default, answered."""
    method, _, path = key.partition(" ")
    old_method, _, old_path = old.partition(" ")
    if old == "$default":
        return True
    head, greedy, _ = old_path.partition("{")
    return old_method in ("ANY", method) and bool(greedy) and path.startswith(head)


def _same_name(step: Step, around: Around) -> Iterator[Finding]:
    """CloudFormation makes what is new before what is gone goes: two of one name cannot be."""
    name = kinds.NAMES.get(step.type, "")
    mine = inside(step.after, name)
    for other in around.before.values():
        if name and other.type == step.type and MISSING not in (mine, inside(other, name)):
            if inside(other, name) != mine or other.logical_id == step.logical_id:
                continue
            yield finding(
                step, Topic.AVAILABILITY, Severity.RISK,
                f"{other.logical_id} has that name: the new one cannot be made beside it, so the deployment fails and"
                " rolls back.", f"Give it another {name}, or none.", f"It is added as {in_words(mine)}",
            )  # fmt: skip
