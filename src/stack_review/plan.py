"""Plan: make a change set, read it whole, review it, and leave nothing behind."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stack_review.change_set import Change, read_changes
from stack_review.errors import AwsError, InputError
from stack_review.parameters import Given
from stack_review.resolve import resolved
from stack_review.review import Parameter, Review, Subject, review
from stack_review.session import Aws, Client, asked, code_of
from stack_review.template import Template, document, from_document, parse

_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_HIDDEN = "****"
_WAIT_SECONDS = 600
_NO_CHANGES = ("didn't contain changes", "no updates are to be performed")
BODY_LIMIT = 51_200
"""How many bytes of a template a request may hold; a longer one is given by its address."""


@dataclass(frozen=True)
class Order:
    """What is to be deployed: a template's text, its address when it is too long to be sent along, and its values."""

    stack: str
    template: str
    given: Given
    template_url: str = ""


@dataclass(frozen=True)
class Plan:
    """A review, and the change set that does just that; `change_set` is "" when nothing changes."""

    review: Review
    change_set: str


@dataclass(frozen=True)
class Former:
    """The stack as it is before: `template` as it was given, parameters with hidden ones as "****".

    `is_in_review` is True for one that does not exist yet, of which somebody else has a change set.
    """

    exists: bool
    is_in_review: bool = False
    template: str = ""
    processed: Template = field(default_factory=Template)
    parameters: Mapping[str, str] | None = None
    tags: Mapping[str, str] | None = None


@contextlib.contextmanager
def planned(aws: Aws, order: Order, *, keep: bool = False) -> Iterator[Plan]:
    """Make a change set and review it. Afterwards it is deleted, if it was not executed and is not to be kept.

    A stack that only the plan made goes too. Raises AwsError, InputError: if AWS does not take the template, or the
    stack cannot be updated in its state.
    """
    client = aws.client("cloudformation")
    former = former_stack(client, order.stack)
    name = f"todoke-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"
    change_set = ""
    try:
        change_set = _create(client, aws, order, former, name)
        found = _read_whole(client, change_set)
        yield _plan(client, aws, order, former, found)
    finally:
        if not keep:
            is_ours = not former.exists and not former.is_in_review
            _clean(client, change_set, order.stack, created=is_ours)


def former_stack(client: Client, stack: str) -> Former:
    """The stack as it is. Raises InputError: if nothing can be deployed over it in its state; it says what to do."""
    found = describe(client, stack)
    if found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS":
        return Former(exists=False, is_in_review=found is not None)
    _require_deployable(stack, found["StackStatus"])
    original = asked(client.get_template, StackName=stack, TemplateStage="Original")["TemplateBody"]
    processed = asked(client.get_template, StackName=stack, TemplateStage="Processed")[
        "TemplateBody"
    ]
    values = _values(found.get("Parameters", ()))
    template = _template(processed, f"the template of the stack {stack}")
    return Former(
        exists=True,
        template=original if isinstance(original, str) else json.dumps(original),
        processed=resolved(template, _known(values, _pseudo(found["StackId"], stack))),
        parameters=values,
        tags={tag["Key"]: tag["Value"] for tag in found.get("Tags", ())},
    )


def describe(client: Client, stack: str) -> dict[str, Any] | None:
    """What CloudFormation says of a stack; None when there is none."""
    try:
        (found,) = asked(client.describe_stacks, StackName=stack)["Stacks"]
    except AwsError as error:
        if code_of(error) == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return None if found["StackStatus"] == "DELETE_COMPLETE" else dict(found)


def parameters_of(aws: Aws, stack: str) -> dict[str, str]:
    """The parameters of a stack as it is, none where there is none."""
    found = describe(aws.client("cloudformation"), stack) or {}
    rows = found.get("Parameters", ())
    return {row["ParameterKey"]: str(row.get("ParameterValue", "")) for row in rows}


def outputs_of(aws: Aws, stack: str) -> dict[str, str]:
    """The outputs of a stack, none where there is none."""
    found = describe(aws.client("cloudformation"), stack) or {}
    return {row["OutputKey"]: str(row["OutputValue"]) for row in found.get("Outputs", ())}


def _require_deployable(stack: str, status: str) -> None:
    if status.endswith("_IN_PROGRESS"):
        raise InputError(f"The stack {stack} is at work ({status}): wait for its end.")
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        raise InputError(
            f"The stack {stack} was never made whole ({status}): remove it with `todoke aws destroy --stack {stack}`."
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        raise InputError(
            f"The stack {stack} is stuck ({status}): repair what its events name, then continue the roll back"
            " (aws cloudformation continue-update-rollback)."
        )


def _create(client: Client, aws: Aws, order: Order, former: Former, name: str) -> str:
    source = (
        {"TemplateURL": order.template_url}
        if order.template_url
        else {"TemplateBody": order.template}
    )
    declared = parse(order.template).parameters
    rows: list[dict[str, Any]] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in order.given.values.items()
    ]
    rows += [
        {"ParameterKey": key, "UsePreviousValue": True}
        for key in sorted(set(former.parameters or {}) & set(declared) - set(order.given.values))
    ]
    tags = dict(former.tags or {}) | dict(order.given.tags)
    extra = {"RoleARN": aws.execution_role} if aws.execution_role else {}
    found = asked(
        client.create_change_set,
        StackName=order.stack,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if former.exists else "CREATE",
        Capabilities=list(_CAPABILITIES),
        Parameters=rows,
        Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())],
        Description="Made by todoke for a review",
        **source,
        **extra,
    )
    return str(found["Id"])


def _read_whole(client: Client, change_set: str) -> dict[str, Any]:
    """The change set when it is ready, the changes of all its pages in one list."""
    first = _ready(client, change_set)
    changes, token = list(first.get("Changes", ())), first.get("NextToken")
    while token:
        page = _described(client, change_set, NextToken=token)
        changes += page.get("Changes", ())
        token = page.get("NextToken")
    return dict(first) | {"Changes": changes}


def _ready(client: Client, change_set: str) -> dict[str, Any]:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        found = _described(client, change_set)
        if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
            return found
        time.sleep(1)
    raise AwsError(f"CloudFormation did not finish the change set within {_WAIT_SECONDS} seconds.")


def _described(client: Client, change_set: str, **more: str) -> dict[str, Any]:
    return dict(
        asked(
            client.describe_change_set, ChangeSetName=change_set, IncludePropertyValues=True, **more
        )
    )


def _plan(client: Client, aws: Aws, order: Order, former: Former, found: Mapping[str, Any]) -> Plan:
    reason = str(found.get("StatusReason", ""))
    empty = found["Status"] == "FAILED" and any(word in reason.lower() for word in _NO_CHANGES)
    if found["Status"] == "FAILED" and not empty:
        raise AwsError(f"CloudFormation does not take the template: {reason}")
    values = _values(found.get("Parameters", ()))
    stack_id = str(found["StackId"])
    processed = None if empty else _processed(client, found["ChangeSetId"], order.stack)
    template = processed or parse(order.template)
    new = resolved(template, _known(values, _pseudo(stack_id, order.stack)))
    old = former.processed
    subject = Subject(
        stack=order.stack,
        account=aws.account,
        region=aws.region_name,
        creates=not former.exists,
        capabilities=tuple(sorted(found.get("Capabilities", ()))),
        tags=tuple(sorted((t["Key"], t["Value"]) for t in found.get("Tags", ()))),
    )
    changes: tuple[Change, ...] = () if empty else read_changes(found["Changes"])
    judged = review(
        subject,
        old,
        old if empty else new,
        changes,
        () if empty else _changed(former.parameters or {}, values),
    )
    return Plan(judged, "" if empty else str(found["ChangeSetId"]))


def _processed(client: Client, change_set: str, stack: str) -> Template:
    """The new template with its macros (SAM) carried out, as CloudFormation will execute it."""
    body = asked(
        client.get_template, StackName=stack, ChangeSetName=change_set, TemplateStage="Processed"
    )["TemplateBody"]
    return _template(body, "the new template")


def _template(body: Any, name: str) -> Template:
    return from_document(document(body, name) if isinstance(body, str) else body, name)


def _values(rows: Any) -> dict[str, str]:
    return {
        row["ParameterKey"]: str(row.get("ResolvedValue", row.get("ParameterValue", "")))
        for row in rows
    }


def _known(values: Mapping[str, str], pseudo: Mapping[str, str]) -> dict[str, str]:
    """The values that conditions and properties may be worked out with; a hidden one is not known."""
    return {key: value for key, value in values.items() if value != _HIDDEN} | dict(pseudo)


def _pseudo(stack_id: str, stack: str) -> dict[str, str]:
    """`arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID` has what most pseudo parameters say."""
    parts = stack_id.split(":")
    partition, region, account = (
        (parts[1], parts[3], parts[4]) if len(parts) > 5 else ("aws", "", "")
    )
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return {
        "AWS::StackName": stack,
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::URLSuffix": suffix,
    }


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Parameter, ...]:
    names = sorted({*before, *after})
    return tuple(
        Parameter(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    )


def _clean(client: Client, change_set: str, stack: str, *, created: bool) -> None:
    """Delete the change set, and the stack in review that only it made; one that was executed is no longer there."""
    found = describe(client, stack)
    if found is None:
        return
    if created and found["StackStatus"] == "REVIEW_IN_PROGRESS":
        asked(client.delete_stack, StackName=stack)
        return
    pages = client.get_paginator("list_change_sets").paginate(StackName=stack)
    for row in (row for page in asked(list, pages) for row in page.get("Summaries", ())):
        if row["ChangeSetId"] == change_set and row["ExecutionStatus"] in (
            "AVAILABLE",
            "UNAVAILABLE",
        ):
            asked(client.delete_change_set, ChangeSetName=change_set)
