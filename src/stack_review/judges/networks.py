"""Networks: how much of the internet a list of ranges is, and which ports security groups open to it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from stack_review.compare import Step
from stack_review.differences import Path
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.around import Around
from stack_review.judges.phrases import finding, from_to, inside, listed, number
from stack_review.template import Json, Resource

_WEB_PORTS = (80, 443)
_GROUP, _RULE = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
_INGRESS = "SecurityGroupIngress"
_MUCH = 256
"""A 256th of all addresses is called the internet: nobody owns as much, and half of it twice is all of it."""


def is_internet(ranges: Iterable[Json]) -> bool:
    """True when the ranges together are a large part of the internet."""
    networks = [net for net in map(_network, ranges) if net]
    four = [net for net in networks if isinstance(net, ipaddress.IPv4Network)]
    six = [net for net in networks if isinstance(net, ipaddress.IPv6Network)]
    return (
        sum(net.num_addresses for net in ipaddress.collapse_addresses(four)) * _MUCH >= 2**32
        or sum(net.num_addresses for net in ipaddress.collapse_addresses(six)) * _MUCH >= 2**128
    )


def judge(step: Step, _around: Around) -> Iterator[Finding]:
    """Findings about the rules that are new in a security group, or gone."""
    if step.type not in (_GROUP, _RULE) or step.after is None:
        return
    old, new = _rules(step.before), _rules(step.after)
    for ports in sorted({_ports(rule) for rule in new if rule not in old}):
        was, now = ([_range(r) for r in rules if _ports(r) == ports] for rules in (old, new))
        if is_internet(now) and not is_internet(was):
            yield _open(step, ports)
    if any(_is_unseen(rule) for rule in new if rule not in old):
        yield finding(
            step, Topic.SECURITY, Severity.RISK, "Who may come in by this is not known.", "Write the range out.",
        )  # fmt: skip
    if step.before is not None and old != new:
        yield finding(
            step, Topic.SECURITY, Severity.RISK,
            "Others may come in, and those who came in that way may be kept out.",
            "Check each range and port.", from_to(_INGRESS, old, new),
        )  # fmt: skip


def known_places(type_: str) -> tuple[Path, ...]:
    """The places that are judged here."""
    return ((_INGRESS,),) if type_ == _GROUP else ()


def _rules(resource: Resource | None) -> list[Json]:
    if resource is None:
        return []
    if resource.type == _RULE:
        return [resource.properties]
    return listed(inside(resource, _INGRESS))


def _is_unseen(rule: Json) -> bool:
    """True for a rule that names neither another group nor a range that can be read."""
    if not isinstance(rule, Mapping):
        return True
    by_group = any(name.startswith("SourceSecurityGroup") for name in rule)
    return not by_group and _network(_range(rule)) is None


def _range(rule: Json) -> Json:
    return rule.get("CidrIp", rule.get("CidrIpv6")) if isinstance(rule, Mapping) else None


def _ports(rule: Json) -> str:
    table = rule if isinstance(rule, Mapping) else {}
    first, last = number(table.get("FromPort")), number(table.get("ToPort"))
    if first is None or str(table.get("IpProtocol")) == "-1":
        return "every port"
    return f"port {first:g}" + (f" to {last:g}" if last and last != first else "")


def _open(step: Step, ports: str) -> Finding:
    is_web = step.before is None and ports in {f"port {port}" for port in _WEB_PORTS}
    return finding(
        step, Topic.SECURITY, Severity.NOTE if is_web else Severity.DANGER,
        f"The whole internet, or a large part of it, may reach {ports}.",
        "Close it, unless it is meant for everybody.",
    )  # fmt: skip


def _network(text: Json) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False) if isinstance(text, str) else None
    except ValueError:
        return None
