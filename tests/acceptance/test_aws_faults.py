"""The functions over the real store in an emulated table: calls throttled, and ends between any two calls."""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import AWSResponse
from botocore.session import get_session

import support.mail.mails as mails
from support.aws.emulators import client_of, ministack, new_table
from support.aws.lambda_events import (
    Invocation,
    MemoryQueues,
    StreamMapping,
    http_event,
    passes_filter,
    records_of,
)
from support.variants import replace
from todoke.aws.functions.gateway import make_web
from todoke.aws.functions.relay import Relay
from todoke.aws.functions.upkeep import make_sweep
from todoke.model.delivery import Status
from todoke.model.errors import StoreUnavailable
from todoke.model.form import Managers
from todoke.stores.dynamodb.store import DynamoStore
from todoke.testing import FakeClock, FakeMailer
from todoke.walk.app import App
from todoke.wiring import read_change

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
REFUSAL = json.dumps(
    {
        "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException",
        "message": "Throughput exceeds the current capacity of your table or index.",
    }
).encode()


class Killed(BaseException):
    """The environment ends here: nothing after it runs."""


class _Body:
    def stream(self) -> Iterator[bytes]:
        """As urllib3's."""
        yield REFUSAL


class Deployment:
    """A table, its stream and functions over it, with a gate through which each call of DynamoDB passes."""

    def __init__(self) -> None:
        self.clock = FakeClock(START)
        self.mailer = FakeMailer()
        self.queues = MemoryQueues()
        self.client = client_of(ministack())
        self.table = new_table(self.client)
        self.streams = get_session().create_client(
            "dynamodbstreams",
            region_name="us-east-1",
            endpoint_url=ministack().url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.arn = self.client.describe_table(TableName=self.table)["Table"]["LatestStreamArn"]
        self.accepted: list[str] = []
        self.calls = 0
        self.ends_at = 0
        self.throttled = 0.0
        self._random = random.Random(20260304)
        self.client.meta.events.register("before-send.dynamodb", self._pass)

    @property
    def app(self) -> App:
        """A new environment's app."""
        form = replace(mails.CONTACT, managers=Managers(fixed=(mails.MANAGER,)))
        settings = mails.settings(forms={"contact": form})
        store = DynamoStore(
            self.table, secret=settings.secret, clock=self.clock, client=self.client
        )
        return App(settings=settings, store=store, mailer=self.mailer, clock=self.clock)

    def _pass(self, request: Any, **_: Any) -> AWSResponse | None:
        self.calls += 1
        if self.ends_at and self.calls == self.ends_at:
            raise Killed
        if self._random.random() < self.throttled:
            headers = {"content-type": "application/x-amz-json-1.0"}
            return AWSResponse(request.url, 400, headers, _Body())
        return None

    def post(self, number: int) -> bool:
        """Send a form through the function `web`; whether it was accepted."""
        fields = {"name": "A", "email": f"v{number}@example.net", "message": f"hello {number}"}
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        event = http_event("POST", "/f/contact", body=urlencode(fields).encode(), headers=headers)
        answer = make_web(self.app, {})(event, Invocation())
        assert answer["statusCode"] in {200, 503}, answer
        if answer["statusCode"] == 200:
            self.accepted.append(json.loads(answer["body"])["id"])
        return bool(answer["statusCode"] == 200)

    def records(self) -> list[dict[str, Any]]:
        """The stream so far."""
        return records_of(self.streams, self.arn)

    def handle(self, records: Any) -> Any:
        """Invoke a new environment of `sender` once."""
        relay = Relay(self.app, self.queues, read_change(self.app.store))
        return relay.handle({"Records": records}, Invocation())

    def statuses(self) -> Counter[Status]:
        """How many messages have each status."""
        store = self.app.store
        timelines = [store.timeline(id_) for id_ in self.accepted]
        return Counter(m.standing.status for t in timelines if t for m in t.messages)

    def sent(self) -> Counter[str]:
        """How often each Message-ID was handed over."""
        return Counter(mail.message_id for mail in self.mailer.sent)


def test_a_third_of_all_calls_throttled_loses_nothing_and_sends_each_mail_once() -> None:
    """What was answered 200 is there and leaves once; what was answered 503 is sent again by its visitor."""
    stack = Deployment()
    stack.throttled = 0.3
    for number in range(12):
        assert stack.post(number) or stack.post(number) or stack.post(number)
    accepted = set(stack.accepted)
    mapping = StreamMapping(lambda event, _context: stack.handle(event["Records"]))
    mapping.deliver(stack.records())
    mapping.deliver(stack.records())
    for _ in range(60):
        stack.clock.move(seconds=60)
        failed = stack.handle(stack.queues.take_due(stack.clock()))["batchItemFailures"]
        with contextlib.suppress(StoreUnavailable):  # the schedule calls again
            make_sweep(stack.app, {})({}, Invocation())
        assert failed == []
        if len(stack.sent()) == 2 * len(accepted):
            break
    stack.throttled = 0.0
    assert mapping.discarded == []
    assert stack.statuses() == {Status.ACCEPTED: 2 * len(accepted)}
    assert set(stack.sent().values()) == {1}


def test_an_end_between_any_two_calls_loses_nothing() -> None:
    """The sender is killed at its first call of DynamoDB, at its second, and so on to its last.

    The record comes again, the lease lapses, the sweep comes: both mails are there each time. Only what was handed
    over in the very moment of the end is repeated, under the same Message-ID.
    """
    stack = Deployment()
    ended = 0
    for step in range(1, 40):
        assert stack.post(step)
        [*_, record] = [
            r
            for r in stack.records()
            if r["eventName"] == "INSERT" and "h" in r["dynamodb"]["NewImage"]
        ]
        stack.ends_at = stack.calls + step
        try:
            stack.handle([record])
        except Killed:
            ended += 1
        stack.ends_at = 0
        assert stack.handle([record]) == {"batchItemFailures": []}
        stack.clock.move(minutes=7)
        make_sweep(stack.app, {})({}, Invocation())
        if ended < step:
            break
    assert ended >= 3
    assert stack.statuses() == {Status.ACCEPTED: 2 * (ended + 1)}
    assert len(stack.sent()) == 2 * (ended + 1)
    assert max(stack.sent().values()) <= 2


def test_the_same_words_sent_again_later_leave_at_once() -> None:
    """A submission that takes the place of an older one is a change to the stream, not an insertion: it passes too."""
    stack = Deployment()
    assert stack.post(1)
    assert stack.handle([r for r in stack.records() if passes_filter(r)])["batchItemFailures"] == []
    seen = len(stack.records())
    stack.clock.move(minutes=11)
    assert stack.post(1)
    fresh = [record for record in stack.records()[seen:] if passes_filter(record)]
    assert stack.handle(fresh) == {"batchItemFailures": []}
    assert len(set(stack.accepted)) == 2
    assert stack.statuses() == {Status.ACCEPTED: 4}
    assert set(stack.sent().values()) == {1}


def test_a_whole_delivery_calls_the_sender_once() -> None:
    """Claims, outcomes and delivery events of a first pass are changes for which nothing is called."""
    stack = Deployment()
    assert stack.post(1)
    first = [record for record in stack.records() if passes_filter(record)]
    assert len(first) == 1
    seen = len(stack.records())
    assert stack.handle(first) == {"batchItemFailures": []}
    later = stack.records()[seen:]
    assert len(later) >= 2
    assert [record for record in later if passes_filter(record)] == []
