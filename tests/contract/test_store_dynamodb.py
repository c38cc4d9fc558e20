"""What the DynamoDB store does beyond the contract: what each step costs, and what it does when DynamoDB is unwell."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ReadTimeoutError

import support.aws.emulators as aws_emulators
from mail_cloud_sandbox.webhook_call import escaped
from support.aws.lambda_events import as_lambda
from support.aws.pour import Noted
from support.places import ROOT
from support.store.desk import LEASE, MANAGER, SECRET, START, VISITOR, Desk, nothing_follows
from support.variants import replace
from todoke.cli.open import opened
from todoke.model import ids
from todoke.model.act import Act, Deed
from todoke.model.address import Address
from todoke.model.admission import DeskSession, Grant
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Reason, Status
from todoke.model.erased import erased_mailbox
from todoke.model.errors import Malformed, StoreUnavailable, TooLarge
from todoke.model.form import Field, Form, Managers, Site
from todoke.model.kept import Kept
from todoke.model.mail import Mailbox
from todoke.model.message import Claim, Outcome
from todoke.model.settings import MailSettings, Settings
from todoke.model.submission import Entry, File, Submission
from todoke.ports.allowance import Ration
from todoke.ports.archive import Page, Query, Scope
from todoke.ports.journal import Journaled
from todoke.ports.outbox import Added, Duplicate
from todoke.services.customers_mail_cloud.events import read_item
from todoke.stores.dynamodb import orphans
from todoke.stores.dynamodb.claim import GRACE, LATE
from todoke.stores.dynamodb.client import DynamoTable
from todoke.stores.dynamodb.connect import make_client
from todoke.stores.dynamodb.index import before, newest, oldest
from todoke.stores.dynamodb.items import current_key
from todoke.stores.dynamodb.store import DynamoStore
from todoke.stores.dynamodb.table import DEFINITION, EXPIRY, SHARDS, TIME, create_table
from todoke.walk.accept import Context, Prepared, prepare
from todoke.walk.app import App

pytestmark = pytest.mark.aws
SERVICE = "customers-mail-cloud"
DOCS = ROOT / "docs" / "store-dynamodb.md"
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


@dataclass
class Meter:
    """Counts what a client asks of DynamoDB, as DynamoDB counts it, and can make answers go wrong."""

    client: Any
    asked: list[str] = field(default_factory=list)
    units: Counter[str] = field(default_factory=Counter)
    fail: Callable[[str], str] = lambda _: ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        events = self.client.meta.events
        events.register("provide-client-params.dynamodb.*", self._ask)
        events.register("before-call.dynamodb.*", self._refuse)
        events.register("after-call.dynamodb.*", self._count)

    def take(self) -> tuple[float, float, float]:
        """Write units of the table and of its indexes, and read units, since the last time."""
        with self.lock:
            taken = (self.units["write"], self.units["index"], self.units["read"])
            self.units.clear()
            self.asked.clear()
        return taken

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "INDEXES"

    def _refuse(self, model: Any, **_: Any) -> Any:
        code = self.fail(model.name)
        if not code or code == "lost":
            return None
        error = {"Code": code, "Message": "said by the test"}
        answer: dict[str, Any] = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
        if code == "TransactionCanceledException":
            answer["CancellationReasons"] = [{"Code": "TransactionConflict"}]
        return SimpleNamespace(status_code=400), answer

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        stated = parsed.get("ConsumedCapacity") or []
        with self.lock:
            self.asked.append(model.name)
            for one in stated if isinstance(stated, list) else [stated]:
                indexes = one.get("GlobalSecondaryIndexes", {}).values()
                index = sum(i["CapacityUnits"] for i in indexes)
                if model.name in WRITES:
                    self.units["write"] += one["CapacityUnits"] - index
                    self.units["index"] += index
                else:
                    self.units["read"] += one["CapacityUnits"]
        if "Error" not in parsed and self.fail(f"answer of {model.name}") == "lost":
            raise ReadTimeoutError(endpoint_url="https://dynamodb.example")


@pytest.fixture(params=["dynamodb_local", "ministack"])
def emulator(request: pytest.FixtureRequest) -> Callable[[], aws_emulators.Emulator]:
    """Each emulator."""
    found: Callable[[], aws_emulators.Emulator] = getattr(aws_emulators, request.param)
    return found


@pytest.fixture
def meter(emulator: Callable[[], aws_emulators.Emulator]) -> Meter:
    """A client that is watched."""
    return Meter(aws_emulators.client_of(emulator()))


@pytest.fixture
def desk(meter: Meter) -> Iterator[Desk]:
    """An empty store that is watched, for a service that brings our token back."""
    yield from _watched(meter)


@pytest.fixture
def unnumbered(meter: Meter) -> Iterator[Desk]:
    """The same, of which no form is numbered."""
    yield from _watched(meter, numbered=frozenset())


def _watched(meter: Meter, numbered: frozenset[str] | None = None) -> Iterator[Desk]:
    name = aws_emulators.new_table(meter.client)
    clocks: list[Desk] = []
    store = DynamoStore(
        name,
        secret=SECRET,
        clock=lambda: clocks[0].now if clocks else START,
        tokened=frozenset({SERVICE}),
        client=meter.client,
        numbered=numbered,
    )
    clocks.append(Desk(store))
    meter.take()
    yield clocks[0]
    meter.fail = lambda _: ""
    store.close()


def table_of(desk: Desk) -> DynamoTable:
    """The store's table."""
    assert isinstance(desk.store, DynamoStore)
    return desk.store._table


def kept_apart(desk: Desk, number: int, form: str) -> list[Submission]:
    """So many submissions of a form, a second apart, the oldest first, put into the table at once."""
    noted, table = Noted(), table_of(desk)
    filling = DynamoStore(table.name, secret=SECRET, clock=lambda: desk.now, client=noted)
    made = []
    for _ in range(number):
        desk.move(seconds=1)
        made.append(desk.submission(form=form))
        filling.restore(Kept(submission=made[-1], messages=())).result()
    filling.close()
    noted.pour(table.client, table.name)
    return made


def accepted(desk: Desk, text: str = "", key: str = "") -> Prepared:
    """What the door makes of a request of 300 bytes with two mails."""
    form = Form(
        name="contact",
        fields=(Field(name="name"), Field(name="email", kind="email"), Field(name="message")),
        managers=Managers(fixed=(Address("desk@garden.example"),)),
        retention=timedelta(days=90),
    )
    settings = Settings(
        site=Site(name="Garden", url="https://www.garden.example/"),
        mail=MailSettings(
            service="smtp", sender=Mailbox(name="Desk", address=Address("desk@garden.example"))
        ),
        forms={"contact": form},
        data=Path("unused"),
        secret=SECRET,
    )
    app = App(settings=settings, store=desk.store, mailer=None, clock=lambda: desk.now)  # type: ignore[arg-type]
    entries = (
        Entry("name", "Hanako Sato"),
        Entry("email", "hanako.sato@visitor.example.jp"),
        Entry("message", text or MESSAGE),
    )
    context = Context(language="ja", remote="192.0.2.7", user_agent="x", idempotency_key=key)
    prepared = prepare(app, form, entries, context)
    assert isinstance(prepared, Prepared)
    return prepared


MESSAGE = (
    "I would like to know more about your services, and what they cost for an office of twelve. Could someone call "
    "me on Thursday afternoon? Our number is 03-1234-5678; please ask for Mr Sato. We also need an invoice address "
    "in Osaka. Thank you."
)


def claim(desk: Desk, prepared: Prepared) -> list[Claim]:
    """Claim both mails, as what reads the stream does."""
    return list(
        desk.store.claim(
            now=desk.now,
            lease_until=desk.now + LEASE,
            limit=10,
            service=SERVICE,
            ceiling=Ceiling.DELIVERED,
            ids=[m.id for m in prepared.messages],
        )
    )


def note_record(desk: Desk, meter: Meter, prepared: Prepared) -> None:
    """Read what the table's stream says of a submission as it is now, as the sender does before it claims."""
    assert isinstance(desk.store, DynamoStore)
    due = desk.store.read_change(record_of(desk, meter, prepared.submission.id))
    assert set(due) == {m.id for m in prepared.messages}


def record_of(desk: Desk, meter: Meter, submission_id: str) -> dict[str, Any]:
    """A record of the stream whose image is a submission's item now."""
    home, rest = current_key(submission_id)
    image = meter.client.get_item(
        TableName=table_of(desk).name, Key={"k": {"S": home}, "r": {"S": rest}}
    )["Item"]
    meter.take()
    return {"eventName": "INSERT", "dynamodb": {"NewImage": as_lambda(image)}}


def finish(desk: Desk, claims: list[Claim]) -> None:
    """The service takes all of them."""
    outcomes = []
    for number, one in enumerate(claims):
        event = DeliveryEvent(
            kind=Kind.ACCEPTED,
            at=desk.now,
            received_at=desk.now,
            service=SERVICE,
            token=one.attempt.token,
            service_id=service_id(number),
            recipient=one.attempt.recipient,
            diagnostic="HTTP 200",
        )
        outcomes.append(Outcome(claim=one, events=(event,)))
    desk.store.finish(outcomes, nothing_follows)


def service_id(number: int) -> str:
    """An id as the service makes them."""
    return f"<6f1d0a52-77aa-11f0-8c1e-00163e00000{number}@mta02.sub1.smtps.jp>"


def delivered(desk: Desk, claims: list[Claim]) -> list[DeliveryEvent]:
    """What the webhook says of these mails, with the evidence it brings."""
    items = [
        {
            "created": "2026-03-04 14:06:09",
            "returnPath": "desk@return.sub1.smtps.jp",
            "from": "desk@garden.example",
            "messageId": service_id(number),
            "subject": "We have your message (Garden)",
            "apiData": one.attempt.token,
            "to": one.attempt.recipient,
            "reason": "250 2.0.0 OK 1772600769 d9443c01a7336-2a",
            "senderIp": "192.0.2.20",
            "sourceIp": "",
            "status": "succeeded",
        }
        for number, one in enumerate(claims)
    ]
    zone = ZoneInfo("Asia/Tokyo")
    return [read_item("deliveries", escaped(i).encode(), zone=zone, now=desk.now) for i in items]


class TestNumbers:
    """Which of its form's submissions one is: counted by what claims it first."""

    def several(self, desk: Desk, meter: Meter, count: int) -> list[tuple[Prepared, Any]]:
        """So many submissions, each with the record of the stream that tells of it."""
        made = []
        for n in range(count):
            prepared = accepted(desk, f"text {n}", key=f"{desk.now}")
            desk.store.add(prepared.submission, prepared.messages, prepared.repeat).result()
            made.append((prepared, record_of(desk, meter, prepared.submission.id)))
            desk.move(seconds=1)
        return made

    def numbers(self, desk: Desk, made: Sequence[tuple[Prepared, Any]]) -> list[int | None]:
        """Theirs."""
        return [desk.timeline(prepared.submission.id).ordinal for prepared, _ in made]

    def test_a_form_that_is_not_numbered_costs_none(self, unnumbered: Desk, meter: Meter) -> None:
        """Its submissions have no number, and nothing but the claim is written."""
        (made,) = self.several(unnumbered, meter, 1)
        meter.asked.clear()
        assert len(claim(unnumbered, made[0])) == 2
        assert "UpdateItem" not in meter.asked
        assert self.numbers(unnumbered, [made]) == [None]

    def test_those_that_come_together_cost_one_write(self, desk: Desk, meter: Meter) -> None:
        """In the order in which they came, whoever claims them in which order; what cannot be read has none."""
        assert isinstance(desk.store, DynamoStore)
        made = self.several(desk, meter, 5)
        records = [*(record for _, record in made), {"dynamodb": {}}, {"body": "a queue's"}]
        with desk.store.numbered_ahead(records):
            for prepared, record in reversed(made):
                desk.store.read_change(record)
                assert len(claim(desk, prepared)) == 2
        assert Counter(meter.asked) == {"UpdateItem": 1, "PutItem": 5}
        assert self.numbers(desk, made) == [1, 2, 3, 4, 5]

    def test_a_number_that_was_not_needed_goes_back(self, desk: Desk, meter: Meter) -> None:
        """A record that comes again costs none, and neither does one whose claim another process made."""
        assert isinstance(desk.store, DynamoStore)
        made = self.several(desk, meter, 2)
        with desk.store.numbered_ahead([record for _, record in made]):
            for prepared, _ in made:
                claim(desk, prepared)
        other = Desk(_another(desk, meter), now=desk.now)
        assert isinstance(other.store, DynamoStore)
        with other.store.numbered_ahead([record for _, record in made]):
            for prepared, record in made:
                other.store.read_change(record)
                assert claim(other, prepared) == []
        other.store.read_change(made[0][1])
        assert claim(other, made[0][0]) == []
        (third,) = self.several(desk, meter, 1)
        claim(desk, third[0])
        assert self.numbers(desk, [*made, third]) == [1, 2, 3]

    def test_mail_waits_for_no_number(self, desk: Desk, meter: Meter) -> None:
        """Where none is to be had the submission stays without, and the next has the next."""
        made = self.several(desk, meter, 2)
        meter.fail = lambda name: "AccessDeniedException" if name == "UpdateItem" else ""
        assert [one.ordinal for one in claim(desk, made[0][0])] == [None, None]
        meter.fail = lambda _: ""
        assert [one.ordinal for one in claim(desk, made[1][0])] == [1, 1]
        assert self.numbers(desk, made) == [None, 1]


class TestCost:
    def test_each_step_costs_what_the_documentation_says(
        self, unnumbered: Desk, meter: Meter
    ) -> None:
        """The table of docs/store-dynamodb.md is what the emulators count, step by step."""
        if "dynamodb_local" not in desk_emulator(meter):
            pytest.skip("ministack counts reads of items that are not there, and rounds otherwise")
        assert measured(unnumbered, meter) == documented()

    def test_one_write_and_no_read_at_the_door(self, desk: Desk, meter: Meter) -> None:
        """A submission with its two messages is one request, also under a repeat key; a repetition is one too."""
        prepared = accepted(desk)
        store = desk.store
        assert isinstance(
            store.add(prepared.submission, prepared.messages, prepared.repeat).result(), Added
        )
        assert meter.asked == ["PutItem"]
        meter.take()
        again = accepted(desk)
        answer = store.add(again.submission, again.messages, again.repeat).result()
        assert answer == Duplicate(prepared.submission.id, same_content=True)
        assert meter.asked == ["PutItem"]

    def test_nothing_scans(self, desk: Desk, meter: Meter) -> None:
        """No step asks for a scan; a page asks a bounded number of questions."""
        for _ in range(30):
            desk.add()
        meter.take()
        for query in (
            Query(),
            Query(form="contact"),
            Query(statuses=frozenset({"bounced"})),
            Query(address="x@y.example"),
        ):
            desk.store.page(query)
            assert "Scan" not in meter.asked
            assert len(meter.asked) <= 2 * len(SHARDS) + 4
            meter.take()
        assert len(newest(table_of(desk), TIME, "contact", limit=2)) == 2
        assert len(meter.asked) <= 2 * len(SHARDS)


class TestStream:
    def test_a_claim_needs_no_read_after_the_record(self, desk: Desk, meter: Meter) -> None:
        """What the record brought is written over, and what comes of it is the same."""
        prepared = accepted(desk)
        desk.store.add(prepared.submission, prepared.messages, prepared.repeat).result()
        note_record(desk, meter, prepared)
        claims = claim(desk, prepared)
        assert meter.asked == ["UpdateItem", "PutItem"]
        assert [c.message for c in claims] == list(prepared.messages)
        assert claims[0].submission == prepared.submission
        meter.take()
        finish(desk, claims)
        assert meter.asked == ["PutItem"]
        told = desk.timeline(prepared.submission.id).messages
        assert {m.standing.status for m in told} == {Status.ACCEPTED}

    def test_a_record_that_comes_again_claims_nothing(self, desk: Desk, meter: Meter) -> None:
        """Neither in the process that claimed, nor in another that knows nothing of it yet."""
        prepared = accepted(desk)
        desk.store.add(prepared.submission, prepared.messages, prepared.repeat).result()
        record = record_of(desk, meter, prepared.submission.id)
        assert isinstance(desk.store, DynamoStore)
        desk.store.read_change(record)
        assert len(claim(desk, prepared)) == 2
        other = Desk(_another(desk, meter), now=desk.now)
        for one in (desk, other):
            one.store.read_change(record)  # type: ignore[attr-defined]
            assert claim(one, prepared) == []
        assert [len(m.attempts) for m in desk.timeline(prepared.submission.id).messages] == [1, 1]

    def test_an_old_record_hides_nothing(self, desk: Desk, meter: Meter) -> None:
        """A process that knows an old version finds what another process made due since."""
        prepared = accepted(desk)
        desk.store.add(prepared.submission, prepared.messages, prepared.repeat).result()
        other = Desk(_another(desk, meter), now=desk.now)
        first = record_of(desk, meter, prepared.submission.id)
        assert isinstance(desk.store, DynamoStore)
        desk.store.read_change(first)
        finish(desk, claim(desk, prepared))
        assert other.resend(prepared.messages[0].id)
        desk.store.read_change(record_of(desk, meter, prepared.submission.id))
        [again] = claim(desk, prepared)
        assert (again.message.id, again.attempt.number) == (prepared.messages[0].id, 2)

    def test_a_record_of_what_was_erased_claims_nothing(self, desk: Desk, meter: Meter) -> None:
        """Not even a trace of it comes back."""
        prepared = accepted(desk)
        desk.store.add(prepared.submission, prepared.messages, prepared.repeat).result()
        record = record_of(desk, meter, prepared.submission.id)
        assert desk.store.erase(submission_id=prepared.submission.id) == 1
        assert isinstance(desk.store, DynamoStore)
        desk.store.read_change(record)
        assert claim(desk, prepared) == []
        assert desk.store.timeline(prepared.submission.id) is None


def _another(desk: Desk, meter: Meter) -> DynamoStore:
    """Another process's store on the same table."""
    return DynamoStore(
        table_of(desk).name,
        secret=SECRET,
        clock=lambda: desk.now,
        tokened=frozenset({SERVICE}),
        client=meter.client,
    )


def desk_emulator(meter: Meter) -> str:
    """Which emulator a client talks to."""
    url = meter.client.meta.endpoint_url
    is_local = url == aws_emulators.dynamodb_local().url
    return "dynamodb_local" if is_local else "ministack"


def measured(desk: Desk, meter: Meter) -> dict[str, tuple[float, float, float]]:
    """The units of each step in the life of one submission."""
    found: dict[str, tuple[float, float, float]] = {}
    prepared = accepted(desk)
    desk.store.add(prepared.submission, prepared.messages, prepared.repeat).result()
    found["door"] = meter.take()
    note_record(desk, meter, prepared)
    claims = claim(desk, prepared)
    found["claim of both messages"] = meter.take()
    assert desk.store.draw("confirmations/somebody", Ration(3, timedelta(days=3)), desk.now)
    found["the count of a confirmation"] = meter.take()
    assert desk.store.draw("confirmations/somebody", Ration(3, timedelta(days=3)), desk.now)
    found["of another one to the same addressee"] = meter.take()
    part = Ration(100, timedelta(hours=1))
    desk.store.draw("confirmations of form/contact", part, desk.now)
    meter.take()
    assert desk.store.draw("confirmations of form/contact", part, desk.now)
    found["the next part of an hour's confirmations of a form"] = meter.take()
    assert desk.store.mark("paused/contact") is None
    found["whether a form's confirmations pause"] = meter.take()
    desk.move(seconds=1.234567)
    finish(desk, claims)
    found["outcome of both messages"] = meter.take()
    desk.move(seconds=4.7)
    events = delivered(desk, claims)
    assert list(desk.store.journal(events, nothing_follows)) == [Journaled.NEW, Journaled.NEW]
    found["both events in one webhook call"] = meter.take()
    desk.store.journal(events, nothing_follows)
    found["the same call again"] = meter.take()
    assert desk.store.receipt(prepared.submission.token_hash) is not None
    found["receipt"] = meter.take()
    other = accepted(desk, "Another text.")
    desk.store.add(other.submission, other.messages, other.repeat).result()
    note_record(desk, meter, other)
    claims = claim(desk, other)
    finish(desk, claims)
    meter.take()
    for event in delivered(desk, claims):
        desk.store.journal([event], nothing_follows)
    found["both events in calls of their own"] = meter.take()
    assert desk.store.timeline(other.submission.id)
    ration, until = Ration(3, timedelta(days=3)), desk.now + timedelta(days=400)
    desk.store.use_up("confirmations/somebody", ration, until)
    [told, *_] = delivered(desk, claims)
    said = replace(told, kind=Kind.COMPLAINED, reason=Reason.DISOWNED)
    assert list(desk.store.journal([said], nothing_follows)) == [Journaled.NEW]
    found["a confirmation that is disowned"] = meter.take()
    for number in range(48):
        desk.add(desk.submission(visitor=Address(f"visitor{number}@example.com")))
    meter.take()
    assert len(desk.store.page(Query(limit=50)).timelines) == 50
    found["page of 50 on the desk"] = meter.take()
    desk.store.page(Query(address="hanako.sato@visitor.example.jp"))
    found["page of one address"] = meter.take()
    late = desk.submission(visitor=Address(""), received_at=START - timedelta(days=1))
    desk.store.add(late, (), None).result()
    meter.take()
    desk.store.erase(submission_id=late.id)
    found["erasure by id"] = meter.take()
    return found | measured_at_the_desk(desk, meter)


def measured_at_the_desk(desk: Desk, meter: Meter) -> dict[str, tuple[float, float, float]]:
    """What the desk costs beside what its pages show."""
    found: dict[str, tuple[float, float, float]] = {}
    store, until = desk.store, START + timedelta(minutes=10)
    ration = Ration(30, timedelta(minutes=10))
    store.draw("asks", ration, START)
    store.put_mark("desk link aoi 0", START, unless_after=START - timedelta(hours=1))
    store.put_code("hash", until, Grant(person=MANAGER))
    found["a link to the desk"] = meter.take()
    session = DeskSession(
        hash="ab" * 32, person=MANAGER, began_at=START, seen_at=START, ends_at=until
    )
    act = Act(at=START, by="ab" * 8, deed=Deed.ENTERED)
    for bound in ("tries", "guesses"):
        assert store.draw(bound, ration, START)
        store.put_back(bound, ration, START)
    assert store.take_code("hash", START)
    store.put_session(session)
    store.put_acts([act])
    found["coming in by it"] = meter.take()
    assert store.session(session.hash)
    found["a request at the desk"] = meter.take()
    store.session(session.hash)
    store.renew_session(session.hash, START + timedelta(minutes=5))
    found["one in five minutes of them"] = meter.take()
    store.put_acts([act])
    found["what is noted in the trail"] = meter.take()
    return found


def documented() -> dict[str, tuple[float, float, float]]:
    """The table of the documentation."""
    rows = re.findall(
        r"(?m)^\| ([^|]+?) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", DOCS.read_text("utf-8")
    )
    return {name: (float(w), float(i), float(r)) for name, w, i, r in rows}


class TestIndex:
    def test_walks_find_all_in_order(self, desk: Desk) -> None:
        """Newest and oldest first, over forms and retentions, between any bounds, in any portion."""
        rng = random.Random(7)
        kept = []
        for n in range(80):
            received_at = START + timedelta(seconds=n)
            until = rng.choice(
                [None, received_at + timedelta(days=1), received_at + timedelta(days=9)]
            )
            submission = desk.submission(
                form=rng.choice(["a", "a-b", "ab"]), received_at=received_at, retain_until=until
            )
            desk.store.add(submission, (), None).result()
            kept.append(submission)
        table = table_of(desk)
        every = [s.id for s in kept]
        for _ in range(12):
            low, high = sorted(rng.choices(every, k=2))
            limit = rng.choice([1, 3, 7, 100])
            form = rng.choice(["", "a", "a-b", "ab"])
            wanted = [s.id for s in kept if low <= s.id < high and form in ("", s.form)]
            found = newest(table, TIME, form, low=low, high=high, limit=limit)
            assert [e.id for e in found] == wanted[::-1][:limit]
            if not form:
                found = oldest(table, low=low, high=before(high), limit=limit)
                assert [e.id for e in found] == wanted[:limit]

    def test_the_mark_moves_on_and_loses_nothing(self, desk: Desk, meter: Meter) -> None:
        """What is done is not looked at again; what is not, is, however long ago it came."""
        for n in range(20):
            desk.add(received_at=START + timedelta(minutes=n))
        waiting = desk.add(received_at=START + timedelta(minutes=20)).submission.id
        desk.add(received_at=START + timedelta(minutes=30))
        desk.move(hours=1)
        for one in desk.claim(lease=timedelta(hours=3)):
            if one.message.submission_id != waiting:
                desk.finish(one, Kind.ACCEPTED)
        desk.move(hours=1)
        assert desk.claim() == []
        meter.take()
        assert desk.claim() == []
        assert (
            meter.take()[2] <= len(SHARDS) + 3
        )  # the questions and two submissions, and not all of them again
        desk.move(hours=2)
        assert [c.message.submission_id for c in desk.claim()] == [waiting, waiting]

    def test_one_look_passes_all_that_is_done(self, desk: Desk, meter: Meter) -> None:
        """However much came since the last look: the last is found, and the next look begins behind them all."""
        for n in range(250):
            desk.add_one(received_at=START + timedelta(seconds=n))
        desk.move(minutes=5)
        for one in desk.claim(limit=300):
            desk.finish(one, Kind.ACCEPTED)
        desk.move(minutes=9)
        forgotten = desk.add_one()
        assert [c.message.id for c in desk.claim()] == [forgotten.id]
        meter.take()
        desk.claim()
        assert meter.take()[2] <= len(SHARDS) + 3

    def test_a_manager_costs_one_item(self, desk: Desk) -> None:
        """However many submissions a manager was told of, and whether the sweep saw them before or after that."""
        for n in range(6):
            desk.add(received_at=START + timedelta(minutes=n))
        desk.move(minutes=9)
        for one in desk.claim(limit=6):
            desk.finish(one, Kind.ACCEPTED)
        desk.move(hours=1)
        desk.claim()
        home = ids.home(SECRET, MANAGER.key)
        assert [item["r"] for item in scan(table_of(desk)) if item["k"] == home] == ["~"]

    def test_what_arrives_late_is_found(self, desk: Desk) -> None:
        """A submission that the mark has passed already is in the index of work from the first."""
        for one in desk.add().messages:
            desk.finish(desk.claim(one.message.id)[0], Kind.ACCEPTED)
        desk.move(days=1)
        later = desk.add()
        desk.claim()
        desk.move(days=1)
        desk.claim()
        late = desk.add_one(received_at=START - LATE - timedelta(seconds=1))
        assert late.id in [c.message.id for c in desk.claim()]
        assert later.submission.id != late.submission_id

    def test_a_clock_that_runs_ahead_hides_nothing(self, desk: Desk) -> None:
        """A sweep whose clock is a year ahead moves the mark no further than what it saw."""
        desk.add()
        ahead = Desk(desk.store, now=desk.now + timedelta(days=365))
        for one in ahead.claim():
            ahead.finish(one, Kind.ACCEPTED)
        ahead.claim()
        desk.move(seconds=1)
        assert len(desk.add().messages) == 2
        assert len(desk.claim()) == 2
        assert GRACE > LATE

    def test_a_manager_is_found_by_time(self, desk: Desk) -> None:
        """A manager's address lists all submissions that it was told of, before and after the sweep saw them."""
        made = [desk.add(received_at=START + timedelta(minutes=n)).submission.id for n in range(5)]
        for moment in range(3):
            pages = desk.store.page(Query(address=MANAGER)).timelines
            assert [t.submission.id for t in pages] == made[::-1], moment
            desk.move(hours=1)
            for one in desk.claim():
                desk.finish(one, Kind.ACCEPTED)
            desk.move(hours=1)
            desk.claim()


class TestSize:
    def test_a_record_may_outgrow_its_item(self, desk: Desk) -> None:
        """A journal longer than an item goes on beside it, is read whole, and leaves nothing when it is erased."""
        message = desk.add_one()
        token = desk.claim_one().attempt.token
        raws = [random.Random(n).randbytes(150_000) for n in range(4)]
        for n, raw in enumerate(raws):
            desk.journal(desk.event(Kind.OTHER, token=token, raw=raw, diagnostic=str(n)))
        events = desk.told(message).attempts[0].events
        assert [e.raw for e in events] == raws
        parts = list(table_of(desk).query_all("k = :k", {":k": message.submission_id}))
        assert len(parts) >= 2
        assert desk.store.erase(submission_id=message.submission_id) == 1
        assert list(table_of(desk).query_all("k = :k", {":k": message.submission_id})) == []

    def test_a_huge_orphan_keeps_its_beginning(self, desk: Desk) -> None:
        """What belongs to nobody and does not fit into an item is kept with the beginning of its evidence."""
        raw = random.Random(1).randbytes(900_000)
        assert desk.journal(desk.event(Kind.OTHER, service_id="x", raw=raw)) == [Journaled.ORPHAN]
        (kept,) = desk.store.orphans(9)
        assert raw.startswith(kept.raw)
        assert len(kept.raw) > 10_000

    def test_orphans_are_bounded(self, desk: Desk) -> None:
        """The oldest beyond the bound go when it is looked at, which is now and then while orphans are kept."""
        for n in range(60):
            at = desk.move(seconds=1)
            desk.journal(desk.event(Kind.OTHER, service_id=str(n), received_at=at))
        assert orphans.trim(table_of(desk), most=100) == 0
        dropped = orphans.trim(table_of(desk), most=24)
        left = {event.service_id for event in desk.store.orphans(60)}
        assert dropped == 60 - len(left)
        assert len(left) <= 24
        assert {str(n) for n in range(54, 60)} <= left
        for n in range(60, 90):
            late = desk.event(Kind.OTHER, service_id=str(n), received_at=desk.move(seconds=1))
            orphans.keep(table_of(desk), late, most=24, trimmed_every=1)
        assert len(desk.store.orphans(90)) <= 24

    def test_files_lie_beside_and_only_once(self, desk: Desk, meter: Meter) -> None:
        """Files are items of their own, a repetition leaves none behind, and they stay when the record changes."""
        photo = File(name="a.png", media_type="image/png", content=b"x" * 800_000)
        repeat = desk.repeat("k")
        first = desk.submission(entries=(Entry("photo", photo),), repeat=repeat)
        assert isinstance(desk.add_with(repeat, first), Added)
        again = desk.submission(entries=(Entry("photo", photo),), repeat=repeat)
        assert isinstance(desk.add_with(repeat, again), Duplicate)
        parts = list(table_of(desk).query_all("k = :k", {":k": first.id}))
        assert [len(bytes(p["b"])) for p in parts] == [350_000, 350_000, 100_000]  # type: ignore[arg-type]
        for one in desk.claim():
            desk.finish(one, Kind.ACCEPTED)
        assert desk.store.file(first.id, 0) == photo

    def test_too_much_is_refused(self, desk: Desk, meter: Meter) -> None:
        """More than 16 MB of files are refused, with the reason, before anything is written."""
        huge = File(name="a", media_type="x/y", content=b"x" * 16_000_001)
        submission = desk.submission(entries=(Entry("f", huge),))
        with pytest.raises(TooLarge, match="16 MB"):
            desk.store.add(submission, (), None).result()
        assert meter.asked == []


class TestFaults:
    def test_a_storm_loses_nothing_and_doubles_nothing(self, desk: Desk, meter: Meter) -> None:
        """With 30 % throttled, 5 % in conflict and 1 % done but never answered: each mail once, each answer true."""
        meter.fail = storm(
            random.Random(11), {"ThrottlingException": 0.3, "TransactionConflictException": 0.05}
        )
        answered: list[str] = []
        with ThreadPoolExecutor(6) as pool:
            for name in pool.map(lambda n: submit(desk, n), range(60)):
                answered += [name] if name else []
        sent: Counter[str] = Counter()
        handed = work_off(desk, sent)
        meter.fail = lambda _: ""
        there = {t.submission.id for t in desk.store.page(Query(limit=500)).timelines}
        assert set(answered) <= there
        assert len(answered) > 50
        assert handed == 2 * len(there)
        assert set(sent.values()) == {1}
        assert len(sent) == 2 * len(there)
        assert desk.store.counts()["due"] == 0
        for timeline in desk.store.page(Query(limit=500)).timelines:
            for told in timeline.messages:
                kinds = [e.kind for e in told.attempts[-1].events]
                assert kinds == [Kind.ACCEPTED, Kind.DELIVERED]

    def test_done_but_never_answered_is_done(self, desk: Desk, meter: Meter) -> None:
        """A put that DynamoDB made and whose answer was lost, once or for good, is Added and no Duplicate."""
        for lost in (1, 10**9):
            left = [lost]

            def lose(name: str, left: list[int] = left) -> str:
                if name != "answer of PutItem" or not left[0]:
                    return ""
                left[0] -= 1
                return "lost"

            meter.fail = lose
            repeat = desk.repeat(f"k{lost}")
            submission = desk.submission(repeat=repeat)
            assert desk.add_with(repeat, submission) == Added(submission.id)
            meter.fail = lambda _: ""
            answer = desk.add_with(repeat)
            assert answer == Duplicate(submission.id, same_content=True)

    def test_a_claim_whose_answer_was_lost_is_ours(self, desk: Desk, meter: Meter) -> None:
        """The attempt that was written is the one returned, and there is one only."""
        message = desk.add_one()
        lost = iter(["lost"])
        meter.fail = lambda name: next(lost, "") if name == "answer of PutItem" else ""
        one = desk.claim_one()
        assert [a.attempt for a in desk.told(message).attempts] == [one.attempt]

    def test_what_was_claimed_before_a_failure_is_returned(self, desk: Desk, meter: Meter) -> None:
        """A claim that fails in between gives what it has: else those mails would wait for their lease to lapse."""
        first = desk.add_one(received_at=START - timedelta(seconds=1))
        desk.add_one()
        puts = iter(["", ""])  # the mark, and the first claim
        meter.fail = lambda name: next(puts, "AccessDeniedException") if name == "PutItem" else ""
        assert [c.message.id for c in desk.claim()] == [first.id]

    def test_a_conflict_of_transactions_is_tried_again(self, desk: Desk, meter: Meter) -> None:
        """A repetition after the key expired moves the first away in a transaction; its conflicts are no failure."""
        repeat = desk.repeat("k", minutes=1)
        first = desk.submission(repeat=repeat)
        desk.add_with(repeat, first)
        desk.move(minutes=2)
        faults = iter(["TransactionCanceledException"] * 3)
        meter.fail = lambda name: next(faults, "") if name == "TransactWriteItems" else ""
        second = desk.submission(repeat=desk.repeat("k"))
        assert desk.add_with(desk.repeat("k"), second) == Added(second.id)
        assert [desk.timeline(i).submission.id for i in (first.id, second.id)] == [
            first.id,
            second.id,
        ]

    def test_throttled_for_long_is_unavailable(self, desk: Desk, meter: Meter) -> None:
        """When DynamoDB takes nothing, a write and a read fail soon, are StoreUnavailable, and leave nothing."""
        meter.fail = lambda name: "" if name.startswith("answer") else "ThrottlingException"
        submission = desk.submission()
        with pytest.raises(StoreUnavailable):
            desk.store.add(submission, desk.pair(submission), None).result()
        with pytest.raises(StoreUnavailable):
            desk.store.page(Query())
        meter.fail = lambda _: ""
        assert desk.store.counts() == {"submissions": 0, "messages": 0, "due": 0, "orphans": 0}

    def test_reports_of_a_batch_that_failed_in_between_may_be_repeated(
        self, desk: Desk, meter: Meter
    ) -> None:
        """What was kept of it is REPEATED then, the rest NEW, and no event is there twice."""
        messages = [desk.add_one() for _ in range(3)]
        claims = {c.message.id: c for c in desk.claim()}
        tokens = [claims[m.id].attempt.token for m in messages]
        events = [desk.event(Kind.DELIVERED, token=token) for token in tokens]
        puts = iter([""])
        meter.fail = lambda name: next(puts, "AccessDeniedException") if name == "PutItem" else ""
        with pytest.raises(StoreUnavailable):
            desk.journal(*events)
        meter.fail = lambda _: ""
        assert desk.journal(*events) == [Journaled.REPEATED, Journaled.NEW, Journaled.NEW]
        assert [len(desk.told(m).attempts[0].events) for m in messages] == [1, 1, 1]


def storm(rng: random.Random, rates: dict[str, float]) -> Callable[[str], str]:
    """What goes wrong with a request, or with an answer, by chance; the same for the same generator and order."""
    lock = threading.Lock()

    def fail(name: str) -> str:
        with lock:
            drawn = rng.random()
        if name.startswith("answer of"):
            return "lost" if name.removeprefix("answer of ") in WRITES and drawn < 0.01 else ""
        for code, rate in rates.items():
            if drawn < rate:
                return code
            drawn -= rate
        return ""

    return fail


def submit(desk: Desk, number: int) -> str:
    """Hand in one submission; its id if it was taken."""
    repeat = replace(desk.repeat(f"k{number}"), of_visitor=True)
    submission = desk.submission(visitor=Address(f"v{number}@visitor.example"), repeat=repeat)
    try:
        answer = desk.store.add(submission, desk.pair(submission), repeat).result()
    except StoreUnavailable:
        return ""
    return answer.submission_id


def work_off(desk: Desk, sent: Counter[str]) -> int:
    """Send all that is due, from two threads, and report it delivered, however often the store says no; how many."""

    def persist(call: Callable[[], Any]) -> Any:
        for _ in range(60):
            try:
                return call()
            except StoreUnavailable:
                continue
        raise AssertionError("the store never recovered")

    def one_round(_: int) -> int:
        claims = persist(lambda: desk.claim(limit=7))
        for one in claims:
            sent[one.message.id] += 1
        for one in claims:
            token = one.attempt.token
            persist(lambda one=one: desk.finish(one, Kind.ACCEPTED))
            persist(lambda token=token: desk.journal(desk.event(Kind.DELIVERED, token=token)))
        return len(claims)

    with ThreadPoolExecutor(2) as pool:
        handed = 0
        for _ in range(3):  # a claim that nobody heard of is due again when its lease lapses
            while any(done := list(pool.map(one_round, range(2)))):
                handed += sum(done)
            desk.move(minutes=6)
        return handed


class TestFinding:
    def test_an_event_without_its_token_is_found_by_its_recipient(self, desk: Desk) -> None:
        """Where no pointer is kept for a service's ids, the recipient's submissions are looked through."""
        prepared = accepted(desk)
        desk.store.add(prepared.submission, prepared.messages, prepared.repeat).result()
        claims = claim(desk, prepared)
        finish(desk, claims)
        events = [replace(e, token="") for e in delivered(desk, claims)]
        assert list(desk.store.journal(events, nothing_follows)) == [Journaled.NEW, Journaled.NEW]
        strange = replace(
            events[0], service_id="<other@mta>", recipient=Address("nobody@visitor.example")
        )
        assert list(desk.store.journal([strange], nothing_follows)) == [Journaled.ORPHAN]

    def test_what_came_too_early_without_its_token_is_joined_in_time(self, desk: Desk) -> None:
        """An event of such a service that overtook the answer is an orphan at first, and joined within minutes."""
        prepared = accepted(desk)
        desk.store.add(prepared.submission, prepared.messages, prepared.repeat).result()
        claims = claim(desk, prepared)
        early = [replace(e, token="") for e in delivered(desk, claims)]
        assert list(desk.store.journal(early, nothing_follows)) == [Journaled.ORPHAN] * 2
        finish(desk, claims)
        assert len(desk.store.orphans(9)) == 2
        desk.move(minutes=1)
        desk.store.journal([], nothing_follows)
        assert desk.store.orphans(9) == []
        statuses = {m.standing.status for m in desk.timeline(prepared.submission.id).messages}
        assert statuses == {Status.DELIVERED}

    def test_a_place_that_is_not_the_key_s_is_refused(self, desk: Desk) -> None:
        """An id that was not made of the repeat key would let a repetition in: it is a mistake of the caller."""
        submission = desk.submission()
        with pytest.raises(ValueError, match="ids"):
            desk.store.add(submission, (), desk.repeat("k"))
        with pytest.raises(ValueError, match="ids"):
            desk.store.add(submission, (desk.message(desk.submission()),), None)

    def test_erasure_leaves_nothing_of_a_person(self, desk: Desk) -> None:
        """No item is left that holds or points to what was erased."""
        repeat = desk.repeat("k")
        kept = desk.submission(repeat=repeat, entries=(Entry("secret", "word of the visitor"),))
        desk.add_with(repeat, kept)
        for one in desk.claim():
            desk.finish(one, Kind.ACCEPTED, service_id=f"q-{one.message.role}")
        desk.resend(kept.id + "-1", "new@visitor.example")
        desk.move(hours=2)
        desk.claim()
        assert desk.store.erase(address=VISITOR) == 1
        left = scan(table_of(desk))
        assert {item["k"] for item in left if item["r"] != "~"} <= {"mark", "ordinal"}


def scan(table: DynamoTable) -> list[dict[str, Any]]:
    """Every item of a table; only tests do that."""
    found = table.client.scan(TableName=table.name, ConsistentRead=True)["Items"]
    return [{k: next(iter(v.values())) for k, v in item.items()} for item in found]


CONFIGURATION = """
[site]
name = "Garden"
url = "https://www.garden.example/"
door_url = "https://forms.garden.example/"
[mail]
service = "smtp"
from = "Garden <desk@garden.example>"
[mail.smtp]
host = "127.0.0.1"
[forms.contact]
managers = ["desk@garden.example"]
"""


class TestErased:
    def test_an_erasure_is_forgotten_by_time_to_live(self, desk: Desk) -> None:
        """Its item says when, says nothing of whom, and is none that the stream would hand to the sender."""
        kept = erased_mailbox(SECRET, "a@v.example", START)
        desk.store.remember_erased([kept])
        [item] = [i for i in scan(table_of(desk)) if i["k"] == "erased"]
        assert int(item[EXPIRY]) == int(kept.forgotten_at.timestamp()) + 1
        assert "v.example" not in str(item)
        assert not {"m", "w", "h", "b", "s", "t"} & item.keys()


class TestAllowances:
    def test_cost_one_write_and_no_read(self, desk: Desk, meter: Meter) -> None:
        """Of the first; of one that follows another a refused condition more, and of one that is refused that alone."""
        ration, told = Ration(2, timedelta(minutes=10)), []
        for _ in range(3):
            meter.take()
            desk.store.draw("asks a", ration, desk.now)
            told.append(list(meter.asked))
        assert told == [["UpdateItem"], ["UpdateItem"] * 2, ["UpdateItem"]]

    def test_are_forgotten_by_time_to_live(self, desk: Desk) -> None:
        """When all came back; and the stream hands none of it to the sender."""
        ration = Ration(2, timedelta(minutes=10))
        assert desk.store.draw("asks a", ration, desk.now)
        [item] = [i for i in scan(table_of(desk)) if str(i["k"]).startswith("allowance")]
        assert int(item[EXPIRY]) == int((desk.now + ration.within).timestamp()) + 1
        assert not {"m", "w", "h", "b", "s", "t"} & item.keys()

    def test_one_whose_answer_was_lost_counts(self, desk: Desk, meter: Meter) -> None:
        """Once more at most: never as if it had not been asked for."""
        ration = Ration(3, timedelta(minutes=10))
        lost = iter(["lost"])
        meter.fail = lambda what: next(lost, "") if what == "answer of UpdateItem" else ""
        taken = [desk.store.draw("asks a", ration, desk.now) for _ in range(4)]
        assert taken == [True, True, False, False]


class TestLooks:
    def test_a_look_through_a_thousand_asks_the_index_few_times(
        self, desk: Desk, meter: Meter
    ) -> None:
        """Each shard for its part of them, and for what stands beside it in groups of other forms."""
        store = desk.store
        assert isinstance(store, DynamoStore)
        some = kept_apart(desk, 1_050, "theirs")
        meter.take()
        page = store.page(Query(words="nowhere"))
        assert page.looked_back_to == some[50].received_at
        asked = Counter(meter.asked)
        assert asked["Query"] <= 40
        assert asked["BatchGetItem"] == 11

    def test_looks_join_without_gap(self, desk: Desk) -> None:
        """Wherever a shard's part ended, and whichever way somebody goes."""
        store = desk.store
        some = [submission.id for submission in kept_apart(desk, 260, "theirs")]
        for limit in (7, 50, 120):
            query, seen = Query(words="Hello", limit=limit), list[str]()
            while True:
                page = store.page(query)
                seen += [t.submission.id for t in page.timelines]
                if not page.next:
                    break
                query = replace(query, before=page.next)
            assert seen == some[::-1]
            query, seen = Query(words="Hello", limit=limit, after=store.cursor(some[0])), []
            while True:
                page = store.page(query)
                seen += [t.submission.id for t in page.timelines][::-1]
                if not page.newer:
                    break
                query = replace(query, after=page.newer)
            assert seen == some[1:]


class TestCursors:
    def test_nobody_learns_anothers_id_by_where_a_look_ended(self, desk: Desk) -> None:
        """It looked at a thousand that are not its reader's: where it goes on is a text that tells nothing."""
        store = desk.store
        assert isinstance(store, DynamoStore)
        foreign = kept_apart(desk, 1_050, "theirs")
        scope = Scope(forms=frozenset({"mine"}), mailbox=str(MANAGER))
        page = store.page(Query(scope=scope))
        assert page.timelines == ()
        assert page.looked_back_to == foreign[50].received_at
        assert not any(submission.id in page.next for submission in foreign)
        assert not any(ids.time_digits(s.received_at) in page.next for s in foreign)
        assert store.page(Query(scope=scope, before=page.next)) == Page()

    def test_a_cursor_of_ones_own_making_is_none(self, desk: Desk) -> None:
        """An id is no cursor, whether it is somebody's or nobody's; one that was changed is none; in the same words."""
        stored = desk.add().submission
        good = desk.store.cursor(stored.id)
        assert desk.store.page(Query(before=good)).timelines == ()
        changed = [good[:at] + ("0" if good[at] != "0" else "1") + good[at + 1 :] for at in (0, 83)]
        told = set()
        for cursor in (stored.id, "v" * 26, *changed, good.upper(), good + "00", "0" * 84):
            with pytest.raises(Malformed) as refused:
                desk.store.page(Query(before=cursor))
            told.add(str(refused.value))
        assert len(told) == 1

    def test_one_of_another_s_moves_nobody_elsewhere_than_its_time(self, desk: Desk) -> None:
        """Of a submission that is there, and of one that was erased: the same page."""
        mine = desk.add(form="mine").submission
        desk.move(minutes=1)
        theirs = desk.add(form="theirs").submission
        cursor = desk.store.cursor(theirs.id)
        query = Query(scope=Scope(forms=frozenset({"mine"})), before=cursor)
        page = desk.store.page(query)
        assert [t.submission.id for t in page.timelines] == [mine.id]
        desk.store.erase(submission_id=theirs.id)
        assert desk.store.page(query) == page
        assert desk.store.cursor(theirs.id) == ""


class TestTable:
    def test_is_made_as_defined(self, emulator: Callable[[], aws_emulators.Emulator]) -> None:
        """On demand, with three indexes, a stream of both images, and the time to live that items state."""
        client = aws_emulators.shared_client(emulator)
        create_table(client, "todoke-definition")
        made = client.describe_table(TableName="todoke-definition")["Table"]
        assert made["KeySchema"] == DEFINITION["KeySchema"]
        assert made["StreamSpecification"] == DEFINITION["StreamSpecification"]
        wanted = {i["IndexName"]: i["Projection"] for i in DEFINITION["GlobalSecondaryIndexes"]}
        assert {i["IndexName"]: i["Projection"] for i in made["GlobalSecondaryIndexes"]} == wanted
        lives = client.describe_time_to_live(TableName="todoke-definition")
        assert lives["TimeToLiveDescription"]["AttributeName"] == EXPIRY
        with pytest.raises(StoreUnavailable, match="cannot be made"):
            create_table(client, "todoke-definition")

    def test_a_table_that_is_not_there(
        self, emulator: Callable[[], aws_emulators.Emulator]
    ) -> None:
        """Its name is in the error."""
        client = aws_emulators.shared_client(emulator)
        store = DynamoStore("todoke-nowhere", secret=SECRET, clock=lambda: START, client=client)
        with pytest.raises(StoreUnavailable, match="todoke-nowhere"):
            store.timeline(ids.submission_id(START, "0" * 16))
        store.close()

    def test_the_environment_chooses_it(
        self,
        emulator: Callable[[], aws_emulators.Emulator],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        """Region and endpoint come from AWS's own variables; without a region it is said."""
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
        with pytest.raises(StoreUnavailable, match="region"):
            make_client()
        for name, value in {
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": emulator().url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }.items():
            monkeypatch.setenv(name, value)
        client = make_client()
        (tmp_path / "todoke.toml").write_text(CONFIGURATION, "utf-8")
        monkeypatch.setenv("TODOKE_SECRET", SECRET.hex())
        monkeypatch.setenv("TODOKE_TABLE", aws_emulators.new_table(client))
        with opened(tmp_path / "todoke.toml") as (settings, store):
            assert isinstance(store, DynamoStore)
            assert settings.table
            assert Desk(store).add().messages[0].standing.status is Status.QUEUED
        client.close()
