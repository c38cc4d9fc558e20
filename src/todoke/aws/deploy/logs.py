"""What a stack's functions write to their logs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack_review.errors import AwsError
from stack_review.session import Aws, asked, code_of
from todoke.aws.deploy.status import require_stack, resources_of
from todoke.model.errors import NotFound

_LATE_MILLISECONDS = 30_000


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
    require_stack(client, stack)
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
    groups = []
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
            groups.append(
                (row["LogicalResourceId"], group or f"/aws/lambda/{row['PhysicalResourceId']}")
            )
    return groups


def _rows(
    aws: Aws, name: str, group: str, start: int, seen: dict[str, int]
) -> Iterator[tuple[int, str, str]]:
    pages = aws.client("logs").get_paginator("filter_log_events")
    try:
        read = asked(list, pages.paginate(logGroupName=group, startTime=start))
    except AwsError as error:
        if code_of(error) == "ResourceNotFoundException":
            return  # a function that never ran has written nothing
        raise
    for row in (row for page in read for row in page["events"]):
        key = (
            row.get("eventId") or f"{row.get('logStreamName')} {row['timestamp']} {row['message']}"
        )
        if key not in seen:
            seen[key] = row["timestamp"]
            yield row["timestamp"], name, row["message"].rstrip()
