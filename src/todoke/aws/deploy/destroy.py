"""Destroy a stack. Its data stays, unless it is asked for to go as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stack_review import kinds
from stack_review.errors import AwsError
from stack_review.session import Aws, Client, asked, code_of
from stack_review.stack import template_of
from todoke.aws.deploy.execute import Event, events, failure, followed
from todoke.aws.deploy.status import require_stack, resources_of
from todoke.model.errors import Error

_KEPT = ("Retain", "RetainExceptOnCreate")
_LOGS = "AWS::Logs::LogGroup"
_GONE = (
    "ResourceNotFoundException",
    "404",
    "NoSuchBucket",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NotFound",
)


class DestroyRefused(Error):
    """The stack is not destroyed, because its data would go with it."""


@dataclass(frozen=True)
class Holding:
    """A resource with data. `is_kept` is True when it stays when its stack goes; `holds` is what it holds."""

    logical_id: str
    type: str
    physical_id: str
    holds: str
    is_kept: bool


def holdings(client: Client, stack: str) -> tuple[Holding, ...]:
    """The stack's resources that hold data. Raises NotFound: if there is no such stack."""
    require_stack(client, stack)
    body = asked(client.get_template, StackName=stack, TemplateStage="Processed")["TemplateBody"]
    declared = template_of(body, stack).resources
    return tuple(
        Holding(
            logical_id=row["LogicalResourceId"],
            type=row["ResourceType"],
            physical_id=row.get("PhysicalResourceId", ""),
            holds=kinds.HOLDS[row["ResourceType"]],
            is_kept=row["LogicalResourceId"] in declared
            and declared[row["LogicalResourceId"]].deletion in _KEPT,
        )
        for row in resources_of(client, stack)
        if row["ResourceType"] in kinds.HOLDS and row["ResourceStatus"] != "DELETE_COMPLETE"
    )


def require_kept(aws: Aws, held: tuple[Holding, ...]) -> None:
    """Raises DestroyRefused: if data would go with the stack. Empty queues and buckets may go, and logs."""
    lost = [h for h in held if not h.is_kept and h.type != _LOGS and not _is_empty(aws, h)]
    if lost:
        names = ", ".join(f"{h.logical_id} ({h.physical_id}: {h.holds})" for h in lost)
        raise DestroyRefused(
            f"These would go with their data: {names}. Deploy them with DeletionPolicy: Retain first,"
            " or say --delete-data."
        )


def _is_empty(aws: Aws, holding: Holding) -> bool:
    """True for a queue or a bucket with nothing in it; of other types nobody asks."""
    if holding.type == "AWS::S3::Bucket":
        versions = asked(
            aws.client("s3").list_object_versions, Bucket=holding.physical_id, MaxKeys=1
        )
        return not versions.get("Versions") and not versions.get("DeleteMarkers")
    if holding.type != "AWS::SQS::Queue":
        return False
    counts = asked(
        aws.client("sqs").get_queue_attributes, QueueUrl=holding.physical_id, AttributeNames=["All"]
    )["Attributes"]
    return not any(
        int(value) for key, value in counts.items() if key.startswith("ApproximateNumberOfMessages")
    )


def delete_stack(client: Client, aws: Aws, stack: str) -> Iterator[Event]:
    """Delete the stack; each event as it comes. Raises NotFound; Error: if something of it could not be deleted."""
    stack_id = str(require_stack(client, stack)["StackId"])
    known = {event.id for event in events(client, stack_id)}
    extra = {"RoleARN": aws.execution_role} if aws.execution_role else {}
    asked(client.delete_stack, StackName=stack_id, **extra)
    seen: list[Event] = []
    for event in followed(client, stack_id, known):
        seen.append(event)
        yield event
    if seen[-1].status != "DELETE_COMPLETE":
        raise Error(failure(stack, seen[-1].status, seen))


def unprotect(aws: Aws, held: tuple[Holding, ...]) -> None:
    """Make what holds data deletable: empty the buckets, lift the tables' protection."""
    for holding in held:
        if holding.type == "AWS::S3::Bucket":
            _clear(aws, holding.physical_id)
        elif holding.type == "AWS::DynamoDB::Table":
            _unless_gone(
                aws.client("dynamodb").update_table,
                TableName=holding.physical_id,
                DeletionProtectionEnabled=False,
            )


def delete_kept(aws: Aws, held: tuple[Holding, ...]) -> Iterator[tuple[Holding, bool]]:
    """Delete what stayed; with each, whether it is gone. A type that is not known here stays, and is said to."""
    for holding in held:
        if holding.is_kept:
            deleter = _DELETERS.get(holding.type)
            if deleter is not None:
                deleter(aws, holding.physical_id)
            yield holding, deleter is not None


def _clear(aws: Aws, bucket: str) -> None:
    """Delete every version of every object."""
    client = aws.client("s3")
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket)
    try:
        for page in asked(list, pages):
            rows = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            keys = [{"Key": row["Key"], "VersionId": row["VersionId"]} for row in rows]
            if keys:
                asked(client.delete_objects, Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    except AwsError as error:
        if code_of(error) not in _GONE:
            raise


def _unless_gone(method: Callable[..., object], **arguments: object) -> None:
    try:
        asked(method, **arguments)
    except AwsError as error:
        if code_of(error) not in _GONE:
            raise


def _bucket(aws: Aws, name: str) -> None:
    _clear(aws, name)
    _unless_gone(aws.client("s3").delete_bucket, Bucket=name)


def _table(aws: Aws, name: str) -> None:
    _unless_gone(aws.client("dynamodb").delete_table, TableName=name)


def _log_group(aws: Aws, name: str) -> None:
    _unless_gone(aws.client("logs").delete_log_group, logGroupName=name)


def _queue(aws: Aws, url: str) -> None:
    _unless_gone(aws.client("sqs").delete_queue, QueueUrl=url)


_DELETERS: dict[str, Callable[[Aws, str], None]] = {
    "AWS::DynamoDB::Table": _table,
    _LOGS: _log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::SQS::Queue": _queue,
}
