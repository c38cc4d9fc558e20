"""Plan: make a change set, read it whole, review it, and leave nothing behind."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stack_review.change_set import Change, read_changes
from stack_review.errors import AwsError
from stack_review.parameters import Inputs, changed, known
from stack_review.resolve import resolved
from stack_review.review import Review, Subject, review
from stack_review.session import Aws, Client, asked
from stack_review.stack import (
    FormerStack,
    describe,
    former_stack,
    pseudo_parameters,
    template_of,
    values_of,
)
from stack_review.template import Template, parse

_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_WAIT_SECONDS = 600
_NO_CHANGES = ("didn't contain changes", "no updates are to be performed")
BODY_LIMIT = 51_200
"""How many bytes of a template a request may hold; a longer one is given by its address."""


@dataclass(frozen=True)
class Deployment:
    """What is to be deployed: a template's text, its address when it is too long to be sent along, and its values."""

    stack: str
    template: str
    inputs: Inputs
    template_url: str = ""


@dataclass(frozen=True)
class Plan:
    """A review, and the change set that does just that; `change_set` is "" when nothing changes."""

    review: Review
    change_set: str


@contextlib.contextmanager
def planned(aws: Aws, deployment: Deployment, *, keep: bool = False) -> Iterator[Plan]:
    """Make a change set and review it. Afterwards it is deleted, if it was not executed and is not to be kept.

    A stack that only the plan made goes too. Raises AwsError, InputError: if AWS does not take the template, or the
    stack cannot be updated in its state.
    """
    client = aws.client("cloudformation")
    former = former_stack(aws, deployment.stack)
    name = (
        f"{aws.program.name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"
    )
    change_set = ""
    try:
        change_set = _create(client, aws, deployment, former, name)
        described = _read_whole(client, change_set)
        yield _plan(client, aws, deployment, former, described)
    finally:
        if not keep:
            is_ours = not former.exists and not former.is_in_review
            _clean(client, change_set, deployment.stack, created=is_ours)


def _create(
    client: Client, aws: Aws, deployment: Deployment, former: FormerStack, name: str
) -> str:
    source = (
        {"TemplateURL": deployment.template_url}
        if deployment.template_url
        else {"TemplateBody": deployment.template}
    )
    declared = parse(deployment.template).parameters
    rows: list[dict[str, Any]] = [
        {"ParameterKey": key, "ParameterValue": value}
        for key, value in deployment.inputs.values.items()
    ]
    rows += [
        {"ParameterKey": key, "UsePreviousValue": True}
        for key in sorted(
            set(former.parameters or {}) & set(declared) - set(deployment.inputs.values)
        )
    ]
    tags = dict(former.tags or {}) | dict(deployment.inputs.tags)
    extra = {"RoleARN": aws.execution_role} if aws.execution_role else {}
    created = asked(
        client.create_change_set,
        StackName=deployment.stack,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if former.exists else "CREATE",
        Capabilities=list(_CAPABILITIES),
        Parameters=rows,
        Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())],
        Description=f"Made by {aws.program.name} for a review",
        **source,
        **extra,
    )
    return str(created["Id"])


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
        described = _described(client, change_set)
        if described["Status"] in ("CREATE_COMPLETE", "FAILED"):
            return described
        time.sleep(1)
    raise AwsError(f"CloudFormation did not finish the change set within {_WAIT_SECONDS} seconds.")


def _described(client: Client, change_set: str, **more: str) -> dict[str, Any]:
    return dict(
        asked(
            client.describe_change_set, ChangeSetName=change_set, IncludePropertyValues=True, **more
        )
    )


def _plan(
    client: Client,
    aws: Aws,
    deployment: Deployment,
    former: FormerStack,
    described: Mapping[str, Any],
) -> Plan:
    reason = str(described.get("StatusReason", ""))
    empty = described["Status"] == "FAILED" and any(word in reason.lower() for word in _NO_CHANGES)
    if described["Status"] == "FAILED" and not empty:
        raise AwsError(f"CloudFormation does not take the template: {reason}")
    values = values_of(described.get("Parameters", ()))
    stack_id = str(described["StackId"])
    processed = None if empty else _processed(client, described["ChangeSetId"], deployment.stack)
    template = processed or parse(deployment.template)
    new = resolved(template, known(values, pseudo_parameters(stack_id, deployment.stack)))
    old = former.processed
    subject = Subject(
        stack=deployment.stack,
        account=aws.account,
        region=aws.region_name,
        creates=not former.exists,
        capabilities=tuple(sorted(described.get("Capabilities", ()))),
        tags=tuple(sorted((t["Key"], t["Value"]) for t in described.get("Tags", ()))),
        policy=former.policy,
    )
    changes: tuple[Change, ...] = () if empty else read_changes(described["Changes"])
    judged = review(
        subject,
        old,
        old if empty else new,
        changes,
        () if empty else changed(former.parameters or {}, values),
    )
    return Plan(judged, "" if empty else str(described["ChangeSetId"]))


def _processed(client: Client, change_set: str, stack: str) -> Template:
    """The new template with its macros (SAM) carried out, as CloudFormation will execute it."""
    body = asked(
        client.get_template, StackName=stack, ChangeSetName=change_set, TemplateStage="Processed"
    )["TemplateBody"]
    return template_of(body, "the new template")


def _clean(client: Client, change_set: str, stack: str, *, created: bool) -> None:
    """Delete the change set, and the stack in review that only it made; one that was executed is no longer there."""
    described = describe(client, stack)
    if described is None:
        return
    if created and described["StackStatus"] == "REVIEW_IN_PROGRESS":
        asked(client.delete_stack, StackName=stack)
        return
    pages = client.get_paginator("list_change_sets").paginate(StackName=stack)
    for row in (row for page in asked(list, pages) for row in page.get("Summaries", ())):
        if row["ChangeSetId"] == change_set and row["ExecutionStatus"] in (
            "AVAILABLE",
            "UNAVAILABLE",
        ):
            asked(client.delete_change_set, ChangeSetName=change_set)
