"""Status and logs of a stack that runs: its outputs, alarms and queues, and what its functions write."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack_review.errors import AwsError
from stack_review.session import Aws, Client, asked, code_of
from stack_review.stack import describe
from todoke.model.errors import NotFound

_BATCH = 100
_WINDOW_SECONDS = 900
_LATE_MILLISECONDS = 30_000


@dataclass(frozen=True)
class Queue:
    """A queue of the stack. `oldest_seconds` is the age of its oldest message, None when nobody measured it."""

    name: str
    waiting: int
    in_hand: int
    delayed: int
    oldest_seconds: float | None


@dataclass(frozen=True)
class Alarm:
    """An alarm of the stack and its state: OK, ALARM or INSUFFICIENT_DATA."""

    name: str
    state: str
    reason: str


@dataclass(frozen=True)
class StackStatus:
    """A stack as it is now."""

    stack: str
    status: str
    outputs: Mapping[str, str]
    alarms: tuple[Alarm, ...]
    queues: tuple[Queue, ...]

    @property
    def is_well(self) -> bool:
        """True when the stack is at rest as it was deployed, and no alarm rings."""
        at_rest = self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
        return at_rest and all(alarm.state != "ALARM" for alarm in self.alarms)


def resources_of(client: Client, stack: str) -> list[dict[str, Any]]:
    """The stack's resources as CloudFormation lists them."""
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [dict(row) for page in asked(list, pages) for row in page["StackResourceSummaries"]]


def status_of(aws: Aws, stack: str) -> StackStatus:
    """Read it all. Raises NotFound: if there is no such stack."""
    client = aws.client("cloudformation")
    found = _required(client, stack)
    resources = resources_of(client, stack)
    names = _physical(resources, "AWS::CloudWatch::Alarm")
    queues = _physical(resources, "AWS::SQS::Queue")
    return StackStatus(
        stack=stack,
        status=found["StackStatus"],
        outputs={row["OutputKey"]: row["OutputValue"] for row in found.get("Outputs", ())},
        alarms=tuple(_alarms(aws.client("cloudwatch"), names)) if names else (),
        queues=tuple(_queue(aws, url) for url in queues),
    )


def _required(client: Client, stack: str) -> dict[str, Any]:
    found = describe(client, stack)
    if found is None:
        raise NotFound(f"There is no stack {stack} here.")
    return found


def _physical(resources: list[dict[str, Any]], type_: str) -> list[str]:
    return [
        row["PhysicalResourceId"]
        for row in resources
        if row["ResourceType"] == type_ and row.get("PhysicalResourceId")
    ]


def _alarms(client: Client, names: list[str]) -> Iterator[Alarm]:
    for start in range(0, len(names), _BATCH):
        found = asked(client.describe_alarms, AlarmNames=names[start : start + _BATCH])
        for row in found.get("MetricAlarms", ()):
            yield Alarm(row["AlarmName"], row["StateValue"], row.get("StateReason", ""))


def _queue(aws: Aws, url: str) -> Queue:
    found = asked(aws.client("sqs").get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
    numbers = {key: int(value) for key, value in found["Attributes"].items() if value.isdigit()}
    name = url.rsplit("/", 1)[-1]
    return Queue(
        name=name,
        waiting=numbers.get("ApproximateNumberOfMessages", 0),
        in_hand=numbers.get("ApproximateNumberOfMessagesNotVisible", 0),
        delayed=numbers.get("ApproximateNumberOfMessagesDelayed", 0),
        oldest_seconds=_oldest(aws, name),
    )


def _oldest(aws: Aws, queue: str) -> float | None:
    now = time.time()
    found = asked(
        aws.client("cloudwatch").get_metric_statistics,
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        StartTime=datetime.fromtimestamp(now - _WINDOW_SECONDS, UTC),
        EndTime=datetime.fromtimestamp(now, UTC),
        Period=60,
        Statistics=["Maximum"],
    )
    points = sorted(found.get("Datapoints", ()), key=lambda point: point["Timestamp"])
    return float(points[-1]["Maximum"]) if points else None


@dataclass(frozen=True)
class LogLine:
    """A line that a function wrote."""

    at: datetime
    function: str
    text: str


def logs(
    aws: Aws, stack: str, *, function: str, since_seconds: float, follow: bool
) -> Iterator[LogLine]:
    """The lines of the stack's functions, oldest first; with `follow`, those that come too, until interrupted.

    `function` is a logical id or a part of it, in any case; "" for all. Raises NotFound: without such a function.
    """
    client = aws.client("cloudformation")
    _required(client, stack)
    groups = _groups(aws, resources_of(client, stack), function)
    if not groups:
        raise NotFound(f"The stack {stack} has no function {function}.")
    start = int((time.time() - since_seconds) * 1000)
    seen: dict[str, int] = {}
    while True:
        rows = sorted(
            (row for name, group in groups for row in _rows(aws, name, group, start, seen)),
            key=lambda row: row[0],
        )
        for at, name, text in rows:
            yield LogLine(datetime.fromtimestamp(at / 1000, UTC), name, text)
        if not follow:
            return
        # Lines come late and out of order; a line that was shown is forgotten only when it is too old to come again.
        start = max([start, *(at - _LATE_MILLISECONDS for at, _, _ in rows)])
        for old in [key for key, at in seen.items() if at < start]:
            del seen[old]
        time.sleep(2)


def _groups(aws: Aws, resources: list[dict[str, Any]], part: str) -> list[tuple[str, str]]:
    """Function and log group of each function that is meant."""
    found = []
    for row in resources:
        if (
            row["ResourceType"] == "AWS::Lambda::Function"
            and part.lower() in row["LogicalResourceId"].lower()
        ):
            settings = asked(
                aws.client("lambda").get_function_configuration,
                FunctionName=row["PhysicalResourceId"],
            )
            group = settings.get("LoggingConfig", {}).get("LogGroup")
            found.append(
                (row["LogicalResourceId"], group or f"/aws/lambda/{row['PhysicalResourceId']}")
            )
    return found


def _rows(
    aws: Aws, name: str, group: str, start: int, seen: dict[str, int]
) -> Iterator[tuple[int, str, str]]:
    pages = aws.client("logs").get_paginator("filter_log_events")
    try:
        found = asked(list, pages.paginate(logGroupName=group, startTime=start))
    except AwsError as error:
        if code_of(error) == "ResourceNotFoundException":
            return  # a function that never ran has written nothing
        raise
    for row in (row for page in found for row in page["events"]):
        key = (
            row.get("eventId") or f"{row.get('logStreamName')} {row['timestamp']} {row['message']}"
        )
        if key not in seen:
            seen[key] = row["timestamp"]
            yield row["timestamp"], name, row["message"].rstrip()
