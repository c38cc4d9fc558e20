"""Execute a change set, follow a stack's events to their end, and say why it failed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stack_review.session import Client, asked
from stack_review.stack import describe
from todoke.model.errors import Error

_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE", "IMPORT_COMPLETE")
_ECHOES = ("cancelled", "canceled", "the following resource(s) failed")
_STACK = "AWS::CloudFormation::Stack"
REMOVE = "todoke aws destroy --stack {stack}"
"""What removes a stack."""


class DeployFailed(Error):
    """The deployment failed and was rolled back."""


@dataclass(frozen=True)
class Event:
    """One thing that CloudFormation did. `reason` is why it failed, "" mostly."""

    id: str
    at: datetime
    logical_id: str
    type: str
    status: str
    reason: str = ""
    physical_id: str = ""

    @property
    def has_failed(self) -> bool:
        """True when something could not be done."""
        return self.status.endswith("_FAILED")


def execute(
    client: Client,
    change_set: str,
    stack: str,
    *,
    creates: bool,
    every_seconds: float = 2,
    remove: str = REMOVE,
) -> Iterator[Event]:
    """Execute a change set; each event as it comes, until the stack is at rest.

    Raises DeployFailed: when the stack did not reach the new state, with the first real cause; CloudFormation has
    rolled it back by then. A stack's first deployment that fails keeps none of its resources; `remove` is what takes
    away the empty stack.
    """
    described = describe(client, stack)
    stack_id = str(described["StackId"]) if described else stack
    known = {event.id for event in events(client, stack_id)}
    extra = {"RetainExceptOnCreate": True} if creates else {}
    asked(client.execute_change_set, ChangeSetName=change_set, **extra)
    seen: list[Event] = []
    for event in followed(client, stack_id, known, every_seconds=every_seconds):
        seen.append(event)
        yield event
    if seen[-1].status not in _GOOD:
        raise DeployFailed(failure(stack, seen[-1].status, seen, remove))


def followed(
    client: Client, stack_id: str, known: set[str], *, every_seconds: float = 2
) -> Iterator[Event]:
    """The events that are not `known`, in order, up to the one with which the stack itself comes to rest.

    It is given by id, for a deleted stack has no name. The stack's own status would not do: right after the
    start it is still that of the last deployment.
    """
    known = set(known)
    while True:
        for event in events(client, stack_id):
            if event.id in known:
                continue
            known.add(event.id)
            yield event
            if event.physical_id == stack_id and not event.status.endswith("_IN_PROGRESS"):
                return
        time.sleep(every_seconds)


def events(client: Client, stack_id: str) -> list[Event]:
    """A stack's events, the oldest first."""
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    rows = [row for page in asked(list, pages) for row in page["StackEvents"]]
    return [_event(row) for row in reversed(rows)]


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        id=row["EventId"],
        at=row["Timestamp"],
        logical_id=row["LogicalResourceId"],
        type=row["ResourceType"],
        status=row["ResourceStatus"],
        reason=row.get("ResourceStatusReason", ""),
        physical_id=row.get("PhysicalResourceId", ""),
    )


def first_cause(seen: list[Event]) -> Event | None:
    """The event that made all others fail: the first failure that is no echo of another."""
    failed = [event for event in seen if event.has_failed]
    real = [e for e in failed if not any(echo in e.reason.lower() for echo in _ECHOES)]
    own = [event for event in real if event.type != _STACK]
    return next(iter(own or real or failed), None)


def failure(stack: str, status: str, seen: list[Event], remove: str = REMOVE) -> str:
    """What happened, why, and how the stack is now, for a person."""
    state = {
        "UPDATE_ROLLBACK_COMPLETE": "It was rolled back: the former deployment is in force.",
        "ROLLBACK_COMPLETE": "Nothing of it is left; remove the empty stack with"
        f" `{remove.format(stack=stack)}`.",
        "UPDATE_ROLLBACK_FAILED": "The roll back failed too: the stack is stuck and needs a person.",
    }.get(status, f"The stack is {status}.")
    cause = first_cause(seen)
    if cause is None:
        return f"The deployment of {stack} failed. {state}"
    done = _DONE.get(cause.status.removesuffix("_FAILED"), "done")
    reason = cause.reason or "AWS gives no reason."
    where = f"{cause.logical_id} ({cause.type})"
    advice = next((f" {words}" for said, words in _ADVICE.items() if said in reason.lower()), "")
    return (
        f"The deployment of {stack} failed: {where} could not be {done}: {reason} {state}{advice}"
    )


_ADVICE = {
    "account must be verified": "AWS gives CloudFront to a new account only when a person there has verified it: ask"
    " AWS Support (console, Create case, Account), with the words above. Meanwhile deploy with SiteDelivery=none, and"
    " put the site elsewhere; a firewall has to wait.",
}
"""What helps where AWS's own words do not say it, by a part of them in small letters."""
_DONE = {"CREATE": "made", "UPDATE": "changed", "DELETE": "deleted", "IMPORT": "imported"}
