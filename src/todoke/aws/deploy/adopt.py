"""A stack takes a restored table in the place of its own: by three changes, each of which may do nothing else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stack_review.change_set import Change, read_changes
from stack_review.errors import AwsError
from stack_review.parameters import Inputs, known
from stack_review.plan import Deployment, Plan, planned
from stack_review.resolve import resolved
from stack_review.session import Aws, Client, asked
from stack_review.stack import FormerStack, describe, former_stack, outputs_of, pseudo_parameters
from stack_review.template import Json, parse
from todoke.aws.deploy.detach import READER, Between, between, detached, imported
from todoke.aws.deploy.prepare import sendable
from todoke.aws.deploy.restored import table_of
from todoke.aws.deploy.status import resources_of
from todoke.model.errors import ConfigError, Error, NotFound

_TYPE = "AWS::DynamoDB::Table"
_KEPT = ("Retain", "RetainExceptOnCreate")
_STAYS = {"", "False", "Never"}
_WAIT_SECONDS = 600


@dataclass(frozen=True)
class Adoption:
    """A stack and the table it is to take. `old` is the one it has, or had; `now` is None while the stack is whole.

    `properties` are the table's in the whole template, with the stack's parameters in them.
    """

    stack: str
    resource: str
    old: str
    restored: str
    former: FormerStack
    properties: Mapping[str, Json]
    outputs: Mapping[str, str]
    now: Between | None = None

    @property
    def parameters(self) -> Mapping[str, str]:
        """The stack's."""
        return self.former.parameters or {}


def adoption_of(aws: Aws, stack: str, restored: str) -> Adoption:
    """What is there. Raises NotFound: if there is no such stack; ConfigError: if it cannot take a table."""
    former = former_stack(aws, stack)
    if not former.exists:
        raise NotFound(f"There is no stack {stack} here.")
    now = between(former.template)
    resource = now.resource if now else _resource(former)
    outputs = outputs_of(aws, stack)
    row = _row(aws.client("cloudformation"), stack, resource)
    old = outputs.get("TableName", "") if now else str(row.get("PhysicalResourceId", ""))
    if now and now.is_imported and row.get("PhysicalResourceId") != restored:
        raise ConfigError(
            f"The stack {stack} is about to take {row.get('PhysicalResourceId')}: end that adoption first."
        )
    properties = _properties(aws, former, now, resource, stack)
    return Adoption(stack, resource, old, restored, former, properties, outputs, now)


def is_imported(aws: Aws, stack: str) -> bool:
    """Whether a stack in between has the restored table by now."""
    now = between(former_stack(aws, stack).template)
    return now is not None and now.is_imported


def is_done(adoption: Adoption) -> bool:
    """Whether the stack has the table as its own already, and nothing is left to do."""
    return adoption.now is None and adoption.old == adoption.restored


@contextlib.contextmanager
def leaving(aws: Aws, adoption: Adoption, bucket: str) -> Iterator[Plan]:
    """The change by which the old table leaves the stack, and stays; what reads its stream goes.

    Raises ConfigError: if it would do more.
    """
    text = detached(adoption.former.template, adoption.resource, _values(aws, adoption))
    with _only(aws, adoption, text, bucket) as (plan, changes):
        _require_none(more_than_leaving(changes, adoption.resource))
        yield plan


def taking(aws: Aws, adoption: Adoption, bucket: str) -> str:
    """A change set that imports the restored table and does nothing else; its name.

    Raises ConfigError: if it would do more; AwsError: if CloudFormation does not take it.
    """
    client = aws.client("cloudformation")
    former = former_stack(aws, adoption.stack)
    now = between(former.template)
    if now is None or now.is_imported:
        raise ConfigError(f"The stack {adoption.stack} was changed by somebody else meanwhile.")
    text = imported(former.template, now)
    ready = sendable(aws, Deployment(adoption.stack, text, Inputs({}, {})), bucket)
    source = {"TemplateURL": ready.template_url} if ready.template_url else {"TemplateBody": text}
    extra = {"RoleARN": aws.execution_role} if aws.execution_role else {}
    identifier = {"TableName": adoption.restored}
    made = asked(
        client.create_change_set,
        StackName=adoption.stack,
        ChangeSetName=f"{aws.program.name}-adopt-{time.time_ns()}",
        ChangeSetType="IMPORT",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": key, "UsePreviousValue": True} for key in former.parameters or {}
        ],
        ResourcesToImport=[
            {
                "ResourceType": _TYPE,
                "LogicalResourceId": adoption.resource,
                "ResourceIdentifier": identifier,
            }
        ],
        **source,
        **extra,
    )
    name = str(made["Id"])
    changes = read_changes(_ready(client, name))
    _require_none([c for c in changes if (c.action, c.logical_id) != ("Import", adoption.resource)])
    return name


def more_than_leaving(changes: Iterable[Change], resource: str) -> list[Change]:
    """Those that are not: the table leaves and stays, what reads its stream goes, others are changed in place. Pure."""
    return [
        change
        for change in changes
        if not _stays(change)
        and not (change.action == "Remove" and change.type == READER)
        and not (
            change.logical_id == resource
            and change.action == "Remove"
            and change.policy in {"", "Retain"}
        )
    ]


def more_than_telling(changes: Iterable[Change]) -> list[Change]:
    """Those that are not: what reads the new table's stream is made, others are changed in place. Pure."""
    return [
        change
        for change in changes
        if not _stays(change) and not (change.action == "Add" and change.type == READER)
    ]


def drop(aws: Aws, change_set: str) -> None:
    """Delete a change set that nobody agreed to."""
    asked(aws.client("cloudformation").delete_change_set, ChangeSetName=change_set)


@contextlib.contextmanager
def telling(aws: Aws, adoption: Adoption, bucket: str) -> Iterator[Plan]:
    """The change by which everything in the stack is told of the new table: the whole template again.

    Raises ConfigError: if it would do more than change what is there and make what reads the new table's stream.
    """
    now = between(former_stack(aws, adoption.stack).template)
    if now is None or not now.is_imported:
        raise ConfigError(f"The stack {adoption.stack} was changed by somebody else meanwhile.")
    with _only(aws, adoption, now.whole, bucket) as (plan, changes):
        _require_none(more_than_telling(changes))
        yield plan


@contextlib.contextmanager
def _only(
    aws: Aws, adoption: Adoption, text: str, bucket: str
) -> Iterator[tuple[Plan, tuple[Change, ...]]]:
    deployment = sendable(aws, Deployment(adoption.stack, text, Inputs({}, {})), bucket)
    with planned(aws, deployment) as plan:
        client = aws.client("cloudformation")
        changes = read_changes(_ready(client, plan.change_set) if plan.change_set else ())
        seen = {step.logical_id for step in plan.review.steps}
        yield plan, tuple(c for c in changes if c.physical_id or c.logical_id in seen)


def _stays(change: Change) -> bool:
    return change.action == "Modify" and change.replacement in _STAYS


def _require_none(surprises: Iterable[Change]) -> None:
    told = ", ".join(f"{c.action.lower()} {c.logical_id} ({c.type})" for c in surprises)
    if told:
        raise ConfigError(
            f"CloudFormation would do more than that: {told}. Nothing of this step was done: bring the stack to "
            "rest first with `todoke aws deploy`, or ask somebody."
        )


def _ready(client: Client, change_set: str) -> list[dict[str, Any]]:
    """The changes of a change set, once CloudFormation has made it. Raises AwsError: if it cannot."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        told = asked(client.describe_change_set, ChangeSetName=change_set)
        if told["Status"] == "FAILED":
            raise AwsError(f"CloudFormation does not take it: {told.get('StatusReason', '')}")
        if told["Status"] == "CREATE_COMPLETE":
            break
        if time.monotonic() > end:
            raise AwsError(f"CloudFormation did not finish within {_WAIT_SECONDS} seconds.")
        time.sleep(1)
    changes, token = list(told.get("Changes", ())), told.get("NextToken")
    while token:
        told = asked(client.describe_change_set, ChangeSetName=change_set, NextToken=token)
        changes += told.get("Changes", ())
        token = told.get("NextToken")
    return changes


def _resource(former: FormerStack) -> str:
    """The logical id of the stack's one table. Raises ConfigError: if it is not one that stays when it leaves."""
    tables = [r for r in former.processed.resources.values() if r.type == _TYPE]
    if len(tables) != 1:
        raise ConfigError(f"The stack has {len(tables)} DynamoDB tables; one is expected.")
    if tables[0].deletion not in _KEPT:
        raise ConfigError(
            f"{tables[0].logical_id} would be deleted when it leaves the stack: its DeletionPolicy is not Retain."
        )
    return tables[0].logical_id


def _properties(
    aws: Aws, former: FormerStack, now: Between | None, resource: str, stack: str
) -> Mapping[str, Json]:
    if now is None:
        return former.processed.resources[resource].properties
    stack_id = str((describe(aws.client("cloudformation"), stack) or {})["StackId"])
    values = known(former.parameters or {}, pseudo_parameters(stack_id, stack))
    return resolved(parse(now.whole), values).resources[resource].properties


def _row(client: Client, stack: str, resource: str) -> dict[str, Any]:
    rows = (r for r in resources_of(client, stack) if r["LogicalResourceId"] == resource)
    return next(rows, {})


def _values(aws: Aws, adoption: Adoption) -> dict[str, str]:
    try:
        table = table_of(aws.client("dynamodb"), adoption.old)
    except NotFound:
        table = {}
    return values_of_table(adoption.old, table, adoption.outputs)


def values_of_table(
    name: str, table: Mapping[str, Any], outputs: Mapping[str, str]
) -> dict[str, str]:
    """What the stack knows of its table by now; of one that was deleted by the stack's outputs. Pure.

    Raises Error: if these do not tell.
    """
    stream = str(table.get("LatestStreamArn") or outputs.get("StreamArn", ""))
    arn = str(table.get("TableArn") or stream.partition("/stream/")[0])
    if not arn or not stream:
        raise Error(f"Nobody can tell the stream of {name}, which the stack still names.")
    return {"Ref": name, "Arn": arn, "StreamArn": stream}
