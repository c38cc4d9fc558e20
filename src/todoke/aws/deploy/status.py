"""The status of a stack that runs: its outputs, alarms and queues."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack_review.session import Aws, Client, asked
from stack_review.stack import describe
from todoke.model.errors import NotFound

_BATCH = 100
_WINDOW_SECONDS = 900


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
    described = require_stack(client, stack)
    resources = resources_of(client, stack)
    names = _physical(resources, "AWS::CloudWatch::Alarm")
    queues = _physical(resources, "AWS::SQS::Queue")
    return StackStatus(
        stack=stack,
        status=described["StackStatus"],
        outputs={row["OutputKey"]: row["OutputValue"] for row in described.get("Outputs", ())},
        alarms=tuple(_alarms(aws.client("cloudwatch"), names)) if names else (),
        queues=tuple(_queue(aws, url) for url in queues),
    )


def require_stack(client: Client, stack: str) -> dict[str, Any]:
    """What CloudFormation says of a stack. Raises NotFound: if there is none."""
    described = describe(client, stack)
    if described is None:
        raise NotFound(f"There is no stack {stack} here.")
    return described


def _physical(resources: list[dict[str, Any]], type_: str) -> list[str]:
    return [
        row["PhysicalResourceId"]
        for row in resources
        if row["ResourceType"] == type_ and row.get("PhysicalResourceId")
    ]


def _alarms(client: Client, names: list[str]) -> Iterator[Alarm]:
    for start in range(0, len(names), _BATCH):
        page = asked(client.describe_alarms, AlarmNames=names[start : start + _BATCH])
        for row in page.get("MetricAlarms", ()):
            yield Alarm(row["AlarmName"], row["StateValue"], row.get("StateReason", ""))


def _queue(aws: Aws, url: str) -> Queue:
    answer = asked(aws.client("sqs").get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
    numbers = {key: int(value) for key, value in answer["Attributes"].items() if value.isdigit()}
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
    statistics = asked(
        aws.client("cloudwatch").get_metric_statistics,
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        StartTime=datetime.fromtimestamp(now - _WINDOW_SECONDS, UTC),
        EndTime=datetime.fromtimestamp(now, UTC),
        Period=60,
        Statistics=["Maximum"],
    )
    points = sorted(statistics.get("Datapoints", ()), key=lambda point: point["Timestamp"])
    return float(points[-1]["Maximum"]) if points else None
