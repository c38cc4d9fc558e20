"""Security: who may do more than before, and what is open to the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stack_review.change_set import MISSING
from stack_review.compare import Step
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges import policies
from stack_review.judges.phrases import finding, inside, is_true, listed, number, shown
from stack_review.judges.policies import Statement
from stack_review.template import Json

_ADMIN = ("*", "*:*", "iam:*", "sts:*")
_WORLD = ("0.0.0.0/0", "::/0")
_WEB_PORTS = (80, 443)


def judge(step: Step) -> Iterator[Finding]:
    """Findings about rights and openings that are new with this step."""
    if step.after is None:
        if policies.denied_no_more(step.before, None):
            yield _denied_no_more(step)
        return
    yield from _rights(step)
    yield from _public(step)
    yield from _network(step)
    yield from _encryption(step)


def _rights(step: Step) -> Iterator[Finding]:
    for statement in policies.widened(step.before, step.after):
        yield from _judged(step, statement)
    if step.before and policies.denied_no_more(step.before, step.after):
        yield _denied_no_more(step)
    managed = _new(step, "ManagedPolicyArns")
    for arn in managed:
        broad = isinstance(arn, str) and arn.endswith(
            ("/AdministratorAccess", "/PowerUserAccess", "/IAMFullAccess")
        )
        severity = Severity.DANGER if broad else Severity.RISK if step.before else Severity.NOTE
        yield finding(
            step, Topic.SECURITY, severity, f"It gets the managed policy {shown(arn)}.",
            "Name the few actions it needs instead." if broad else "Check what that policy allows.",
        )  # fmt: skip


def _judged(step: Step, statement: Statement) -> Iterator[Finding]:
    actions = ", ".join(statement.actions[:4]) + (" ..." if len(statement.actions) > 4 else "")
    where = ", ".join(map(shown, statement.resources[:3])) or "itself"
    if statement.is_for_anybody:
        severity = Severity.RISK if statement.condition else Severity.DANGER
        limit = " under a condition" if statement.condition else ""
        yield finding(
            step, Topic.SECURITY, severity, f"Anybody in the world is allowed {actions} on {where}{limit}.",
            "Name who may.",
        )  # fmt: skip
    elif statement.refused:
        yield finding(
            step, Topic.SECURITY, Severity.RISK,
            "A statement allows all but what it names (NotAction, NotResource or NotPrincipal).",
            "Name what is allowed.",
        )  # fmt: skip
    elif any(action in _ADMIN for action in statement.actions):
        yield finding(
            step, Topic.SECURITY, Severity.DANGER, f"Every action is allowed: {actions} on {where}.",
            "Name the few actions it needs.",
        )  # fmt: skip
    elif any(action.endswith(":*") for action in statement.actions):
        yield finding(
            step, Topic.SECURITY, Severity.RISK, f"Every action of a service is allowed: {actions} on {where}.",
            "Name the few actions it needs.",
        )  # fmt: skip
    else:
        yield from _narrow(step, statement, actions, where)


def _narrow(step: Step, statement: Statement, actions: str, where: str) -> Iterator[Finding]:
    """A new right without wildcards in its actions: a risk for what exists, a note for what is new."""
    everywhere = "*" in statement.resources and not statement.condition
    if step.before is not None:
        principals = ", ".join(statement.principals[:3])
        who = f"{principals} may" if principals else "It may"
        yield finding(
            step, Topic.SECURITY, Severity.RISK, f"{who} do more than before: {actions} on {where}.",
            "Check that the new code needs it.",
        )  # fmt: skip
    elif everywhere:
        yield finding(
            step, Topic.SECURITY, Severity.NOTE, f"It may do this on every resource: {actions}.",
            "Name the resources, unless the action knows none.",
        )  # fmt: skip


def _denied_no_more(step: Step) -> Finding:
    return finding(
        step, Topic.SECURITY, Severity.RISK, "Something that was denied expressly is denied no more.",
        "Check why it was denied.",
    )  # fmt: skip


def _public(step: Step) -> Iterator[Finding]:
    before, after = step.before, step.after
    if step.type == "AWS::Lambda::Url" and inside(after, "AuthType") == "NONE" != inside(
        before, "AuthType"
    ):
        yield _open(
            step,
            "The function's URL asks for no authentication: anybody may call it",
            Severity.RISK,
        )
    if step.type == "AWS::Lambda::Permission":
        principal = inside(after, "Principal")
        if principal == "*" and inside(before, "Principal") != "*":
            limited = any(
                inside(after, k) is not MISSING
                for k in ("SourceAccount", "SourceArn", "PrincipalOrgID")
            )
            yield _open(
                step, "Anybody may call the function", Severity.RISK if limited else Severity.DANGER
            )
    if step.type == "AWS::S3::Bucket":
        yield from _bucket(step)
    if step.type in ("AWS::ApiGatewayV2::Route", "AWS::ApiGateway::Method"):
        was, now = inside(before, "AuthorizationType"), inside(after, "AuthorizationType")
        if before and was not in (MISSING, "NONE") and now in (MISSING, "NONE"):
            yield _open(
                step, f"The route asks for no authorization any more (it was {was})", Severity.RISK
            )
    if _turned(step, "PubliclyAccessible"):
        yield _open(step, "The database can be reached from the internet", Severity.DANGER)


_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def _bucket(step: Step) -> Iterator[Finding]:
    path = "PublicAccessBlockConfiguration"
    lifted = [
        name
        for name in _BLOCKS
        if is_true(inside(step.before, f"{path}.{name}"))
        and not is_true(inside(step.after, f"{path}.{name}"))
    ]
    if lifted:
        yield _open(
            step, f"The block on public access is lifted ({', '.join(lifted)})", Severity.DANGER
        )
    now, was = inside(step.after, "AccessControl"), inside(step.before, "AccessControl")
    if str(now).startswith("Public") and now != was:
        yield _open(
            step, f"Anybody may read the bucket's objects (AccessControl: {now})", Severity.DANGER
        )
    disabled = [n for n in _BLOCKS if not is_true(inside(step.after, f"{path}.{n}"))]
    if step.before is None and inside(step.after, path) is not MISSING and disabled:
        yield _open(
            step, f"The bucket does not block public access ({', '.join(disabled)})", Severity.RISK
        )


def _network(step: Step) -> Iterator[Finding]:
    if step.type == "AWS::EC2::SecurityGroup":
        rules = _new(step, "SecurityGroupIngress")
    elif step.type == "AWS::EC2::SecurityGroupIngress" and step.after:
        rules = [step.after.properties] if not step.before or step.properties else []
    else:
        return
    for rule in rules:
        if isinstance(rule, Mapping) and (
            rule.get("CidrIp") in _WORLD or rule.get("CidrIpv6") in _WORLD
        ):
            yield _opened_ports(step, rule)


def _opened_ports(step: Step, rule: Mapping[str, Json]) -> Finding:
    first, last = number(rule.get("FromPort")), number(rule.get("ToPort"))
    everything = first is None or str(rule.get("IpProtocol")) == "-1"
    web = not everything and first == last and first in _WEB_PORTS
    ports = (
        "every port"
        if everything
        else f"port {first:g}" + (f" to {last:g}" if last and last != first else "")
    )
    return _open(
        step, f"The whole internet may reach {ports}", Severity.NOTE if web else Severity.DANGER
    )


_ENCRYPTED = {
    "AWS::DynamoDB::Table": "SSESpecification.SSEEnabled",
    "AWS::SQS::Queue": "SqsManagedSseEnabled",
    "AWS::RDS::DBInstance": "StorageEncrypted",
    "AWS::RDS::DBCluster": "StorageEncrypted",
    "AWS::EFS::FileSystem": "Encrypted",
    "AWS::KMS::Key": "EnableKeyRotation",
}


def _encryption(step: Step) -> Iterator[Finding]:
    path = _ENCRYPTED.get(step.type)
    if path and is_true(inside(step.before, path)) and not is_true(inside(step.after, path)):
        yield finding(
            step, Topic.SECURITY, Severity.RISK, f"{path} is switched off.", "Leave it on."
        )
    keys = ("KmsMasterKeyId", "KmsKeyId", "BucketEncryption")
    for name in keys:
        if inside(step.before, name) is not MISSING and inside(step.after, name) is MISSING:
            yield finding(
                step, Topic.SECURITY, Severity.RISK,
                f"{name} is gone: what is stored from now on is not encrypted with your key.", "Keep it.",
            )  # fmt: skip
    viewer = "DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy"
    if inside(step.after, viewer) == "allow-all" != inside(step.before, viewer):
        yield _open(
            step,
            "Pages are served without TLS too (ViewerProtocolPolicy: allow-all)",
            Severity.RISK,
        )


def _open(step: Step, sentence: str, severity: Severity) -> Finding:
    return finding(
        step,
        Topic.SECURITY,
        severity,
        f"{sentence}.",
        "Close it, unless it is meant for everybody.",
    )


def _turned(step: Step, path: str) -> bool:
    return is_true(inside(step.after, path)) and not is_true(inside(step.before, path))


def _new(step: Step, name: str) -> list[Json]:
    old = listed(inside(step.before, name))
    return [item for item in listed(inside(step.after, name)) if item not in old]
