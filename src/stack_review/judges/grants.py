"""How much a right weighs: one statement of a policy, by what it allows, on what, and to whom."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stack_review.finding import Severity
from stack_review.judges import policies
from stack_review.judges.phrases import shown
from stack_review.judges.policies import Statement

_ADMIN = ("*", "*:*", "iam:*", "sts:*")
_ESCALATING = (
    "sts:AssumeRole",
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
)
"""Actions that make an administrator in one call where they are allowed on everything."""
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_IN_ARN = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):")


def told(one: Statement) -> str:
    """A statement in a few words: the actions, on what, by whom."""
    actions = ", ".join(one.actions[:4]) + (" ..." if len(one.actions) > 4 else "")
    where = ", ".join(map(shown, one.resources[:3])) or "itself"
    who = f" by {', '.join(one.principals[:3])}" if one.principals else ""
    limit = " under a condition" if one.condition else ""
    return f"{actions} on {where}{who}{limit}"


def is_powerful(found: Iterable[Statement]) -> bool:
    """True when statements make an administrator, at once or by one call."""
    return any(one.effect == "Allow" and (one.refused or _is_admin(one)) for one in found)


def _is_admin(one: Statement) -> bool:
    return any(action in _ADMIN for action in one.actions) or _escalates(one)


_FEW = "Name the few actions it needs."


def weigh(one: Statement, account: str, *, is_new: bool) -> tuple[Severity | None, str, str]:
    """Severity, sentence and advice, by the worst that a new right is; None for an ordinary one of what is new."""
    everywhere = "*" in one.resources and not one.is_bounded
    outside = [p for p in one.principals if is_foreign(p, account)]
    powerful = any(action in _ADMIN for action in one.actions)
    cases: tuple[tuple[object, Severity, str, str], ...] = (
        (one.is_for_anybody, _anybody(one), "Anybody in the world may do this.", "Name who may."),
        (one.refused, Severity.RISK, "All but what is named is allowed.", "Name what is allowed."),
        (powerful, Severity.DANGER, "Every action is allowed: it is an administrator.", _FEW),
        (
            not one.is_trust and _escalates(one),
            Severity.DANGER,
            "It can make itself an administrator in one call.",
            _FEW,
        ),
        (
            outside,
            Severity.RISK,
            f"Others outside this account may do this: {', '.join(outside)}.",
            "Check whose account that is, and bind it by a condition.",
        ),
        (
            any(action.endswith(":*") for action in one.actions)
            and not (is_new and _is_own(one, account)),
            Severity.RISK,
            "Every action of a service is allowed.",
            _FEW,
        ),
        (
            not is_new,
            Severity.RISK,
            "It may do more than before.",
            "Check that the new code needs it.",
        ),
        (
            everywhere,
            Severity.NOTE,
            "It may do this on every resource.",
            "Name the resources, unless the action knows none.",
        ),
    )
    weights = (
        (severity, sentence, advice) for applies, severity, sentence, advice in cases if applies
    )
    return next(weights, (None, "", ""))


def _is_own(one: Statement, account: str) -> bool:
    """True for one's own account as a whole: its policies decide, as those of a key say by default."""
    return bool(one.principals) and all(
        p.endswith(":root") and not is_foreign(p, account) for p in one.principals
    )


def _anybody(one: Statement) -> Severity:
    return Severity.RISK if one.is_bounded else Severity.DANGER


def _escalates(one: Statement) -> bool:
    """True for an action on whatever roles or users there are that hands out their rights."""
    is_wide = any(r == "*" or (":iam:" in r and r.endswith("*")) for r in one.resources)
    return (is_wide and not one.is_bounded) and any(
        policies.matches(action.lower(), pattern.lower())
        for action in _ESCALATING
        for pattern in one.actions
    )


def is_foreign(principal: str, account: str) -> bool:
    """True for another account, a user from elsewhere, or one whose account nobody can see."""
    kind, _, name = principal.partition(":")
    if _ACCOUNT.search(name):
        return any(number != account for number in _ACCOUNT.findall(name))
    if kind == "AWS":
        return name.startswith("arn:") and "AWS::AccountId" not in name
    return kind == "Federated" or (kind == "CanonicalUser" and "." not in name)


def is_of_others(text: str, account: str) -> bool:
    """True for an ARN with the number of another account in it."""
    return any(number != account for number in _IN_ARN.findall(text))


def everything() -> Statement:
    """The right to do anything to anything."""
    return Statement("Allow", ("*",), ("*",), (), "", "")
