"""What Postmark says, in our words: each record, each type of bounce, who may say it, and recorded calls of others."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.places import CORPORA, ROOT
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind, Permanence, Reason
from todoke.model.errors import Forged, Malformed, RequestError
from todoke.model.settings import Secret
from todoke.ports.events import HookRequest
from todoke.services.postmark.events import (
    BOUNCES,
    LET_GO,
    RECORDS,
    REFUSABLE,
    SUPPRESSIONS,
    TYPE_CODES,
    PostmarkEvents,
)
from todoke.services.postmark.settings import PostmarkSettings

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "t" * 26
TO = Address("recipient@example.com")
ID = "883953f4-6105-42a2-a16a-77a8eac79483"
DOCS = (ROOT / "docs" / "services" / "postmark.md").read_text("utf-8")
CORPUS = CORPORA / "esp-webhooks-anymail" / "cases.jsonl"
NO_SUCH_USER = "smtp;550 5.1.1 The email account that you tried to reach does not exist."


def basic(pair: str) -> str:
    """An Authorization header."""
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def read(body: bytes, authorization: str = basic(f"todoke:{KEY}"), key: str = KEY) -> Any:
    """The events in a call."""
    source = PostmarkEvents(PostmarkSettings(webhook_key=Secret(key)))
    return source.read(HookRequest(headers={"authorization": authorization}, body=body), NOW)


def told(record: str, **changes: Any) -> bytes:
    """A call about our mail; None takes a field out."""
    usual = {
        "RecordType": record,
        "MessageID": ID,
        "ServerID": 23,
        "MessageStream": "outbound",
        "Metadata": {"todoke-attempt": TOKEN},
        "Tag": "",
    }
    return json.dumps({k: v for k, v in (usual | changes).items() if v is not None}).encode()


def bounce(kind: str | None = "HardBounce", **changes: Any) -> bytes:
    """A bounce."""
    usual = {"Type": kind, "Email": TO, "BouncedAt": "2026-05-06T02:03:04.1234567-05:00"}
    return told("Bounce", **(usual | changes))


def one(body: bytes) -> DeliveryEvent:
    """The one event in a call."""
    (event,) = read(body)
    assert isinstance(event, DeliveryEvent)
    return event


def test_a_delivery_is_read_whole() -> None:
    """Whose, when by Postmark's clock, to whom, in whose words; the call itself is the evidence."""
    details = "smtp;250 2.0.0 OK"
    body = told("Delivery", Recipient=TO, DeliveredAt="2026-05-06T02:03:04Z", Details=details)
    assert one(body) == DeliveryEvent(
        kind=Kind.DELIVERED,
        at=datetime(2026, 5, 6, 2, 3, 4, tzinfo=UTC),
        received_at=NOW,
        service="postmark",
        token=TOKEN,
        service_id=ID,
        recipient=TO,
        status_code="2.0.0",
        diagnostic=details,
        raw=body,
    )


def test_times_have_seven_digits_and_a_zone() -> None:
    """The seventh is let go; without a zone, or without a time, it is when the call came."""
    assert one(bounce()).at == datetime(2026, 5, 6, 7, 3, 4, 123456, tzinfo=UTC)
    for text in ("2026-05-06T02:03:04", "yesterday", "", None):
        assert one(bounce(BouncedAt=text)).at == NOW


@pytest.mark.parametrize("kind", BOUNCES)
def test_each_type_of_bounce(kind: str) -> None:
    """As the table has it, by its name and by its number alike."""
    event = one(bounce(kind))
    expected = BOUNCES[kind]
    assert (event.kind, event.permanence, event.reason) == (
        expected.kind,
        expected.permanence,
        expected.reason,
    )
    (code,) = (code for code, name in TYPE_CODES.items() if name == kind)
    assert one(bounce(None, TypeCode=code)).kind is expected.kind


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("HardBounce", NO_SUCH_USER, (Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS)),
        ("HardBounce", "", (Kind.BOUNCED, Permanence.HARD, Reason.OTHER)),
        (
            "SoftBounce",
            "smtp;452 4.2.2 Mailbox full",
            (Kind.BOUNCED, Permanence.SOFT, Reason.MAILBOX_FULL),
        ),
        (
            "Transient",
            "smtp;421 4.4.2 timed out",
            (Kind.DEFERRED, Permanence.SOFT, Reason.TIMED_OUT),
        ),
        ("Unknown", NO_SUCH_USER, (Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS)),
        ("Unknown", "see you soon", (Kind.UNDETERMINED, Permanence.NONE, Reason.OTHER)),
        ("NewType", "see you soon", (Kind.UNDETERMINED, Permanence.NONE, Reason.OTHER)),
        ("SpamNotification", "filed as spam", (Kind.UNDETERMINED, Permanence.NONE, Reason.CONTENT)),
        ("Transient", "action: failed", (Kind.BOUNCED, Permanence.SOFT, Reason.OTHER)),
        ("Unknown", "Action: failed", (Kind.BOUNCED, Permanence.NONE, Reason.OTHER)),
        (
            "HardBounce",
            "smtp;550 5.1.8 Sender address rejected: Domain not found",
            (Kind.BOUNCED, Permanence.NONE, Reason.MISCONFIGURED),
        ),
        ("AutoResponder", NO_SUCH_USER, (Kind.UNDETERMINED, Permanence.NONE, Reason.OTHER)),
    ],
)
def test_the_other_server_s_words_count(kind: str, details: str, expected: Any) -> None:
    """They give the reason, and of what Postmark leaves open a refusal makes a bounce; a machine's answer is none."""
    event = one(bounce(kind, Details=details))
    assert (event.kind, event.permanence, event.reason) == expected


@pytest.mark.parametrize("kind", sorted(REFUSABLE))
def test_a_refusal_is_a_bounce(kind: str) -> None:
    """Whatever Postmark calls it: the mail did not arrive."""
    event = one(bounce(kind, Details="smtp;554 refused"))
    assert event.kind is Kind.BOUNCED
    assert event.reason is not None


def test_a_complaint_stands_beside_the_status() -> None:
    """As a record of its own, and as a type of bounce."""
    for body in (
        told("SpamComplaint", Type="SpamComplaint", Email=TO, BouncedAt="2026-05-06T02:03:04Z"),
        bounce("SpamComplaint"),
    ):
        assert (one(body).kind, one(body).recipient) == (Kind.COMPLAINED, TO)


@pytest.mark.parametrize(
    ("reason", "stops", "kind"),
    [
        ("HardBounce", True, Kind.BOUNCED),
        ("SpamComplaint", True, Kind.COMPLAINED),
        ("ManualSuppression", True, Kind.OTHER),
        ("NewReason", True, Kind.OTHER),
        ("HardBounce", False, Kind.OTHER),
        ("HardBounce", "true", Kind.OTHER),
    ],
)
def test_a_change_of_subscription(reason: str, stops: object, kind: Kind) -> None:
    """What stopped mail to the address is told of the mail that caused it; a reactivation changes nothing."""
    body = told(
        "SubscriptionChange",
        Recipient=TO,
        ChangedAt="2026-05-06T02:03:04Z",
        Origin="Recipient",
        SuppressSending=stops,
        SuppressionReason=reason,
    )
    assert (one(body).kind, one(body).recipient) == (kind, TO)


def test_a_change_that_no_mail_caused_names_none() -> None:
    """Its MessageID is all zeros, and would be that of any."""
    body = told("SubscriptionChange", MessageID="00000000-0000-0000-0000-000000000000")
    assert one(body).service_id == ""


@pytest.mark.parametrize("record", sorted(LET_GO))
def test_what_watches_people_is_let_go(record: str) -> None:
    """No event, so nothing is kept: no address of the internet, no place, no program."""
    assert read(told(record, Recipient=TO, Geo={"IP": "192.0.2.7"})) == ()
    assert read(b'{"FromFull": {"Email": "from@example.org"}}') == ()


@pytest.mark.parametrize("body", [b"{}", told("Surprise"), told("Delivery", Metadata=["x"])])
def test_what_is_not_known_is_kept(body: bytes) -> None:
    """With the evidence, and changing nothing but what is certain."""
    event = one(body)
    assert event.kind in {Kind.OTHER, Kind.DELIVERED}
    assert (event.token == "") or event.kind is Kind.OTHER
    assert event.raw == body


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"a=b", b"\xff", b'"x"', b"[" * 5000])
def test_what_is_no_call_is_malformed(body: bytes) -> None:
    """Postmark sends one JSON object."""
    with pytest.raises(Malformed):
        read(body)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ???",
        f"Bearer {KEY}",
        KEY,
        basic("todoke:wrong"),
        basic(f"{KEY}:"),
        basic(""),
        basic(":"),
    ],
)
def test_who_does_not_know_the_password_is_forged(authorization: str) -> None:
    """The secret path alone is not enough."""
    with pytest.raises(Forged):
        read(told("Delivery"), authorization)


def test_the_password_with_any_user_is_enough_and_two_may_be_live() -> None:
    """While one takes the place of the other."""
    for pair in (f"any:{KEY}", f":{KEY}"):
        assert read(told("Delivery"), basic(pair))
    assert read(told("Delivery"), basic("u:new"), "old,new")
    assert read(told("Delivery"), basic("u:old"), "old,new")
    assert read(told("Delivery"), basic("u:p"), "u:p")
    with pytest.raises(Forged):
        read(told("Delivery"), basic("u:"), "")


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text(), st.lists).map(repr).map(str.encode)
)
def test_anything_is_an_event_or_a_refusal(body: bytes) -> None:
    """Nothing makes the reader fall over."""
    try:
        read(body)
    except RequestError:
        return


FIELDS = (
    "RecordType",
    "Type",
    "TypeCode",
    "Email",
    "Details",
    "MessageID",
    "Metadata",
    "BouncedAt",
)


@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from([*BOUNCES, *RECORDS, "Bounce", "SubscriptionChange"])
        | st.text()
        | st.dictionaries(st.sampled_from(["todoke-attempt"]), st.text() | st.integers()),
    )
)
def test_equal_calls_have_equal_keys(call: dict[str, Any]) -> None:
    """A repeated call changes nothing; whatever its fields hold, it is read."""
    body = json.dumps(call).encode()
    assert [e.key for e in read(body)] == [e.key for e in read(body)]


def test_each_word_is_documented() -> None:
    """docs/services/postmark.md has a line for each word of the tables."""
    words = {*BOUNCES, *RECORDS, *SUPPRESSIONS, *LET_GO, "Bounce", "SubscriptionChange"}
    assert {word for word in words if f"`{word}`" not in DOCS} == set()
    assert set(TYPE_CODES.values()) == set(BOUNCES)


def recorded() -> list[Any]:
    """The recorded calls, with what another library read in them."""
    if not CORPUS.exists():
        return []
    cases = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
    return [case for case in cases if case["esp"] == "postmark"]


KINDS = {
    "delivered": Kind.DELIVERED,
    "bounced": Kind.BOUNCED,
    "complained": Kind.COMPLAINED,
    "deferred": Kind.DEFERRED,
}


def test_recorded_calls_read_as_expected() -> None:
    """The same class of event, id, recipient and time as django-anymail's tests expect; who read it is let go."""
    if not recorded():
        pytest.skip("the recorded calls are not here (TODOKE_CORPORA)")
    known = [case for case in recorded() if case["events"]]
    assert len(known) >= 8
    for case in known:
        (expected,) = case["events"]
        found = read(case["body"].encode())
        if expected["event_type"] == "opened":
            assert found == ()
            continue
        (event,) = found
        assert event.kind is KINDS.get(expected["event_type"], Kind.OTHER)
        assert event.service_id == (expected["message_id"] or "")
        assert event.recipient == (expected["recipient"] or "")
        stated = expected["timestamp"]
        assert event.at == (datetime.fromisoformat(stated) if stated else NOW)


def test_recorded_calls_prove_themselves_as_expected() -> None:
    """The same are refused as forged; calls about mail to us, which the other library refuses, are let go."""
    if not recorded():
        pytest.skip("the recorded calls are not here (TODOKE_CORPORA)")
    for case in recorded():
        secret = case["settings"]["ANYMAIL"].get("WEBHOOK_SECRET")
        if secret is None:
            continue  # the other library takes calls without a secret
        live = secret if isinstance(secret, str) else ",".join(secret)
        stated = case["headers"].get("Authorization", "")
        body = case["body"].encode()
        if case["status"] == 400:
            with pytest.raises(Forged):
                read(body, stated, live)
            continue
        found = read(body, stated, live)
        assert found == () if case["exception"] else isinstance(found, tuple)
