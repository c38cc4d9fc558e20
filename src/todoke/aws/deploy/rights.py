"""What a role needs that deploys todoke's own template, as an IAM policy; rights.toml has it by types of resources."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stack_review.resolve import resolved
from stack_review.template import Template

_WHOLE_NAME = 24
"""Of a longer stack's name CloudFormation may cut some of what follows, where a name may have 64 letters."""


class Right(msgspec.Struct, frozen=True):
    """A statement of the policy, and the types of resources that need it; none for what every deployment does."""

    sid: str
    types: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, str | tuple[str, ...]]] | None = None


class _Rights(msgspec.Struct, frozen=True):
    right: tuple[Right, ...]


@dataclass(frozen=True)
class Place:
    """Whose rights they are: the stack's `name`, the bucket of its `package`, and where the stack is."""

    name: str
    package: str
    account: str
    region: str
    partition: str = "aws"


def rights() -> tuple[Right, ...]:
    """All that is known, as rights.toml has it."""
    text = Path(__file__).with_suffix(".toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=_Rights).right


def types_of(template: Template, values: Mapping[str, str]) -> set[str]:
    """The types of what a stack with these parameters has; the template's defaults stand for the others."""
    defaults = {
        name: str(one["Default"]) for name, one in template.parameters.items() if "Default" in one
    }
    return {one.type for one in resolved(template, defaults | dict(values)).resources.values()}


def policy(place: Place, types: Collection[str]) -> dict[str, object]:
    """The policy of a role that deploys a stack with resources of these types. Pure."""
    prefix = place.name + "-" if len(place.name) <= _WHOLE_NAME else place.name[:_WHOLE_NAME]
    words = {
        "stack": prefix,
        "bucket": prefix.lower(),
        "name": place.name,
        "package": place.package,
        "account": place.account,
        "region": place.region,
        "partition": place.partition,
    }
    needed = [one for one in rights() if not one.types or set(one.types) & set(types)]
    return {"Version": "2012-10-17", "Statement": [_statement(one, words) for one in needed]}


def _statement(right: Right, words: Mapping[str, str]) -> dict[str, object]:
    statement: dict[str, object] = {
        "Sid": right.sid,
        "Effect": "Allow",
        "Action": list(right.actions),
        "Resource": [one.format_map(words) for one in right.resources],
    }
    if right.condition:
        statement["Condition"] = {
            test: {key: _filled(value, words) for key, value in keys.items()}
            for test, keys in right.condition.items()
        }
    return statement


def _filled(value: str | tuple[str, ...], words: Mapping[str, str]) -> str | list[str]:
    if isinstance(value, str):
        return value.format_map(words)
    return [one.format_map(words) for one in value]
