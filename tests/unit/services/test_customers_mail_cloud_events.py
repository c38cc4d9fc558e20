"""The webhook calls of Customers Mail Cloud, read into delivery events."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.cloud_calls import ITEM, NOW, TOKEN, form_body, json_body, read
from support.places import CORPORA
from todoke.model.address import Address
from todoke.model.delivery import Kind, Permanence, Reason, Status, standing
from todoke.model.errors import ConfigError, Forged, Malformed, TooLarge
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings


def read_one(event_type: str, **changes: object):
    """The one event of a call with one item."""
    (event,) = read(form_body(event_type, {**ITEM, **changes}))
    return event


@pytest.mark.parametrize("encode", [form_body, json_body])
def test_both_encodings_say_the_same(encode):
    """A delivery reads the same form-encoded and as JSON, with its evidence kept."""
    (event,) = read(encode("deliveries", ITEM))
    assert event.kind is Kind.DELIVERED
    assert event.at == datetime(2031, 5, 5, 22, 8, 12, tzinfo=UTC)
    assert event.received_at == NOW
    assert (event.token, event.service_id) == (TOKEN, "<0a1b@mta02.sub1.smtps.example>")
    assert event.recipient == "aoi@example.net"
    assert event.service == "customers-mail-cloud"
    assert json.loads(event.raw) == ITEM


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("queued", Kind.ACCEPTED),
        ("deferred", Kind.DEFERRED),
        ("succeeded", Kind.DELIVERED),
        ("failed", Kind.BOUNCED),
        ("frozen", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_deliveries_words(status, kind):
    """Each status of a delivery becomes one kind, and a word nobody knows is kept."""
    assert read_one("deliveries", status=status).kind is kind


@pytest.mark.parametrize(
    ("status", "kind", "permanence", "reason"),
    [
        ("1", Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_HOST),
        ("2", Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS),
        (2, Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS),
        ("3", Kind.BOUNCED, Permanence.SOFT, Reason.TIMED_OUT),
        ("4", Kind.BOUNCED, Permanence.NONE, Reason.POLICY),
        ("5", Kind.BOUNCED, Permanence.SOFT, Reason.MAILBOX_FULL),
        ("6", Kind.UNDETERMINED, Permanence.NONE, Reason.FORWARDING),
        ("7", Kind.BOUNCED, Permanence.SOFT, Reason.MISCONFIGURED),
        ("8", Kind.BOUNCED, Permanence.NONE, Reason.TOO_LARGE),
        ("9", Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS),
        ("10", Kind.REJECTED, Permanence.NONE, Reason.SUPPRESSED),
        ("11", Kind.REJECTED, Permanence.NONE, Reason.SUPPRESSED),
        ("99", Kind.BOUNCED, Permanence.NONE, Reason.OTHER),
        ("47", Kind.BOUNCED, Permanence.NONE, Reason.OTHER),
        ("strange", Kind.OTHER, Permanence.NONE, None),
        (None, Kind.OTHER, Permanence.NONE, None),
    ],
)
def test_bounce_codes(status, kind, permanence, reason):
    """Each error status code has its reading; a number nobody knows reads as 99."""
    event = read_one("bounces", status=status)
    assert (event.kind, event.permanence, event.reason) == (kind, permanence, reason)


def test_suppressed_text_is_a_rejection():
    """A delivery that failed because the address is suppressed was never offered to the recipient's server."""
    text = "Recipient address <aoi@example.net> is suppressed to send mail. (in reply to RCPT TO)"
    event = read_one("deliveries", status="failed", reason=text)
    assert (event.kind, event.reason) == (Kind.REJECTED, Reason.SUPPRESSED)
    assert event.diagnostic == text


def test_failure_takes_its_class_from_the_answer():
    """A failed delivery says of the address what the other server's answer says, and no more."""
    full = read_one(
        "deliveries", status="failed", reason="552 5.2.2 Mailbox full (in reply to ...)"
    )
    assert (full.permanence, full.reason) == (Permanence.SOFT, Reason.MAILBOX_FULL)
    assert full.status_code == "5.2.2"
    bare = read_one("deliveries", status="failed")
    assert (bare.permanence, bare.reason) == (Permanence.NONE, None)


def test_automatic_reply_is_no_failure():
    """A vacation reply that was sorted as `other error` says nothing of the message, unless a refusal stands in it."""
    away = read_one("bounces", status="99", reason="Automatic reply: out of office until Monday")
    assert away.kind is Kind.UNDETERMINED
    refused = read_one("bounces", status="99", reason="550 5.7.1 vacation notice refused")
    assert refused.kind is Kind.BOUNCED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Automatic reply: she has left, and your message was not delivered.", Reason.OTHER),
        ("Auto-reply: delivery failed", Reason.OTHER),
        (
            "自動応答メールです。宛先のアドレスは存在しないため配信できませんでした。",
            Reason.UNKNOWN_ADDRESS,
        ),
        ("不在通知: 配信できません", Reason.OTHER),
    ],
)
def test_an_automatic_reply_that_says_undelivered_is_a_failure(text, reason):
    """Code 99 is a permanent error; words that agree are believed."""
    event = read_one("bounces", status="99", reason=text)
    assert (event.kind, event.reason) == (Kind.BOUNCED, reason)


def test_words_about_us_never_blame_the_address():
    """Neither in a failed delivery nor under a code that means an unknown address."""
    words = "550 5.1.8 <d@example.org>: Sender address rejected: Domain not found"
    for event in (
        read_one("deliveries", status="failed", reason=words),
        read_one("bounces", status="2", reason=words),
    ):
        assert (event.kind, event.reason) == (Kind.BOUNCED, Reason.MISCONFIGURED)
        assert event.permanence is Permanence.NONE


@pytest.mark.parametrize(
    ("status", "words", "permanence", "reason"),
    [
        ("8", "552 5.2.2 Mailbox size limit exceeded", Permanence.SOFT, Reason.MAILBOX_FULL),
        ("8", "552 5.3.4 Message size exceeds fixed limit", Permanence.NONE, Reason.TOO_LARGE),
        ("8", "552 refused", Permanence.NONE, Reason.TOO_LARGE),
        ("3", "550 5.4.1 Recipient address rejected", Permanence.SOFT, Reason.UNKNOWN_ADDRESS),
        ("3", "421 4.4.2 Connection timed out", Permanence.SOFT, Reason.TIMED_OUT),
        ("3", "no connection", Permanence.SOFT, Reason.TIMED_OUT),
    ],
)
def test_the_servers_words_say_which_size_and_why_no_delivery(
    status: str, words: str, permanence: Permanence, reason: Reason
) -> None:
    """A number for sizes and one for time are wider than what the other server said."""
    event = read_one("bounces", status=status, reason=words)
    assert (permanence, reason) == (event.permanence, event.reason)


@pytest.mark.parametrize(
    ("to", "is_ours"),
    [
        ("aoi@example.net", True),
        ("Aoi <aoi@example.net>", True),
        (["aoi@example.net"], True),
        ("", True),
        ([], True),
        (["other@example.net"], False),
        (["other@example.net", "aoi@example.net"], False),
        ({"address": "aoi@example.net"}, False),
    ],
)
def test_whom_an_item_names(to, is_ours):
    """A list of one is that one; evidence about another, or in a shape that nobody knows, changes nothing for ours."""
    event = read_one("deliveries", status="succeeded", to=to)
    found = standing([event], recipient=Address("aoi@example.net"), started_at=NOW)
    assert (found.status is Status.DELIVERED) is is_ours


def test_complaint_is_a_flag():
    """The sandbox's own complaint reads as one."""
    assert read_one("complaints", status="abuse").kind is Kind.COMPLAINED


def test_blocks_are_kept():
    """Operations on the block list are kept with their evidence and change nothing."""
    item = {"created": "2031-05-06 08:00:00", "email": "a@example.net", "occurred": "1"}
    (event,) = read(form_body("blocks", item))
    assert (event.kind, event.token, json.loads(event.raw)) == (Kind.OTHER, "", item)


def test_version_1_names():
    """Version 1 names the recipient envelopeTo and has no apiData: the Message-ID is the key."""
    old = {"created": "2031-05-06 07:08:12", "envelopeFrom": "d@example.org", "status": "queued"}
    item = {**old, "envelopeTo": "aoi@example.net", "messageId": "0a1b@example.org"}
    (event,) = read(form_body("deliveries", item))
    assert event.recipient == "aoi@example.net"
    assert (event.token, event.service_id) == ("", "<0a1b@example.org>")


def test_event_type_may_be_missing_and_event_may_be_text():
    """The list in `event` names the type itself; JSON text in a JSON call is read as well."""
    inner = json.dumps({"deliveries": [ITEM]})
    (event,) = read(json.dumps({"event": inner}).encode())
    assert event.kind is Kind.DELIVERED


def test_item_that_cannot_be_read_is_kept():
    """A strange item among good ones is kept as it came, and the good ones count."""
    events = read(json_body("deliveries", 7, ITEM, {"status": ["?"], "created": {}}))
    assert [e.kind for e in events] == [Kind.OTHER, Kind.DELIVERED, Kind.OTHER]
    assert events[0].raw == b"7"


def test_times_without_zone_are_those_of_the_console():
    """`created` has no zone of its own: the configured one applies; a time that is none becomes ours."""
    (utc,) = read(form_body("deliveries", ITEM), zone="UTC")
    assert utc.at == datetime(2031, 5, 6, 7, 8, 12, tzinfo=UTC)
    assert read_one("deliveries", created="soon").at == NOW
    assert read_one("deliveries", created="0001-01-01 00:00:00").at == NOW


def test_unknown_time_zone_is_refused():
    """A time zone that does not exist stops the start."""
    for zone in ("Asia/Tokio", "../etc/passwd", ""):
        with pytest.raises(ConfigError):
            CustomersMailCloudEvents(CustomersMailCloudSettings(time_zone=zone))


@pytest.mark.parametrize("encode", [form_body, json_body])
def test_batches_of_thousands_are_read_whole(encode):
    """A call with thousands of items gives as many events, in their order."""
    items = [{**ITEM, "apiData": f"{n:026}"} for n in range(5_000)]
    assert [e.token for e in read(encode("deliveries", *items))] == [i["apiData"] for i in items]


@pytest.mark.parametrize("words", ["550 \\ud83d", "550 a\tb\nc", "550 Empf\udce4nger"])
@pytest.mark.parametrize("is_form", [True, False])
def test_words_that_no_text_can_hold_cost_no_event(words, is_form):
    """Half a character, a control character, or octets that are no UTF-8, as another server wrote them: all is read."""
    odd = json.dumps(ITEM | {"status": "failed", "reason": "WORDS"}).replace("WORDS", words)
    event = f'{{"deliveries": [{odd}, {json.dumps(ITEM)}]}}'.encode("utf-8", "surrogateescape")
    body = b"event_type=deliveries&event=" + quote_from_bytes(event).encode()
    if not is_form:
        body = b'{"event_type": "deliveries", "event": ' + event + b"}"
    kinds = [event.kind for event in read(body)]
    assert kinds == [Kind.BOUNCED, Kind.DELIVERED]


@pytest.mark.parametrize(
    "items",
    [b"{}," * 5_000 + b"{}", b"1," * 250_001 + b"1", b'{}],"bounces":[' + b"{}," * 5_000 + b"{}"],
)
def test_a_call_with_more_than_a_service_ever_tells_is_refused(items: bytes) -> None:
    """Before its events are made, and numbers before they are read: a body of 4 MB could hold a million of them."""
    with pytest.raises(TooLarge):
        read(b'{"event":{"deliveries":[' + items + b"]}}")


@pytest.mark.parametrize(
    "created",
    ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "1969-12-31 00:00:00", "2200-01-01T09:00:00Z"],
)
def test_a_time_that_no_service_means_is_none(created: str) -> None:
    """In another zone it may be out of all calendars, and no page could show it: the event counts as undated."""
    assert read_one("deliveries", created=created).at == NOW


@pytest.mark.parametrize("encode", [form_body, json_body])
def test_absent_extra_and_odd_properties_are_borne(encode):
    """An item may lack anything and have anything more; numbers may be numbers, and null is nothing."""
    more = {**ITEM, "status": 2, "open": {"deep": [1]}, "reason": None, "subject": 5}
    (odd,) = read(encode("bounces", more))
    assert (odd.kind, odd.reason, odd.diagnostic) == (Kind.BOUNCED, Reason.UNKNOWN_ADDRESS, "")
    (bare,) = read(encode("bounces", {"status": "2"}))
    assert (bare.kind, bare.token, bare.service_id, bare.recipient) == (Kind.BOUNCED, "", "", "")
    assert bare.at == NOW
    assert read(encode("deliveries")) == []


@pytest.mark.parametrize("event_type", [None, 7, {}])
def test_odd_event_type_is_borne(event_type):
    """The list in `event` says what it is; a parameter that cannot be read does not lose it."""
    call = {"event_type": event_type, "event": {"deliveries": [ITEM]}}
    (event,) = read(json.dumps(call).encode())
    assert event.kind is Kind.DELIVERED


def test_escaped_brackets_are_brackets():
    r"""messageId reads the same with < and > as \u003C and \u003E, in both encodings."""
    escaped = json_body("deliveries", ITEM).replace(b"<", b"\\u003C").replace(b">", b"\\u003E")
    assert b"<" not in escaped
    (event,) = read(escaped)
    (other,) = read(form_body("deliveries", ITEM))
    assert event.service_id == other.service_id == "<0a1b@mta02.sub1.smtps.example>"
    assert event.key == other.key


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2031-07-01 12:00:00", datetime(2031, 7, 1, 16, 0, tzinfo=UTC)),
        ("2031-01-01 12:00:00", datetime(2031, 1, 1, 17, 0, tzinfo=UTC)),
        # The clock shows this hour twice: it is taken for the first, and always so.
        ("2031-11-02 01:30:00", datetime(2031, 11, 2, 5, 30, tzinfo=UTC)),
        # The clock skips this one.
        ("2031-03-09 02:30:00", datetime(2031, 3, 9, 7, 30, tzinfo=UTC)),
    ],
)
def test_zone_with_summer_time(created, expected):
    """Times are read by the rules of the configured zone at that time, on the days the clocks change too."""
    (event,) = read(form_body("deliveries", {**ITEM, "created": created}), zone="America/New_York")
    assert event.at == expected


def test_event_for_another_recipient_changes_nothing():
    """The token alone is not enough: what names another recipient leaves the standing as it was."""
    events = read(form_body("bounces", {**ITEM, "status": "2", "to": "ren@example.net"}))
    assert [e.kind for e in events] == [Kind.BOUNCED]
    final = standing(events, recipient=Address("aoi@example.net"), started_at=NOW)
    assert final.status is Status.QUEUED


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ({"api_key": "k-1"}, {}),
        ({}, {"authorization": "Bearer k-1"}),
        ({}, {"authorization": "bearer  k-1"}),
        ({}, {"authorization": "Basic " + b64encode(b"hook:k-1").decode()}),
    ],
)
@pytest.mark.parametrize("encode", [form_body, json_body])
def test_key_proves_the_service(encode, more, headers):
    """The key counts in the body, as a Bearer token and as Basic password."""
    assert len(read(encode("deliveries", ITEM, **more), key="k-1", **headers)) == 1


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ({}, {}),
        ({"api_key": "k-2"}, {}),
        ({"api_key": ""}, {"authorization": "Bearer"}),
        ({}, {"authorization": "Basic " + b64encode(b"k-1:hook").decode()}),
        ({}, {"authorization": "Basic %%%"}),
        ({}, {"authorization": "k-1"}),
    ],
)
@pytest.mark.parametrize("encode", [form_body, json_body])
def test_call_without_the_key_is_forged(encode, more, headers):
    """With a key configured, nothing without it is believed."""
    with pytest.raises(Forged):
        read(encode("deliveries", ITEM, **more), key="k-1", **headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"event=",
        b"event=%7B",
        b"event=5",
        b"event_type=deliveries",
        b'{"event":5}',
        b'{"event":{"deliveries":5}}',
        b'{"event":"x"}',
        b"a=1&" * 100,
        b"{" * 5000,
        b'{"event":' + b"[" * 100_000,
    ],
)
def test_unreadable_calls(body):
    """What is in neither encoding is malformed, and nothing worse."""
    with pytest.raises(Malformed):
        read(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_malformed(body):
    """No body brings down the reader."""
    for whole in (body, b"event=" + body, b'{"event":{"deliveries":[' + body + b"]}}"):
        try:
            read(whole)
        except Malformed:
            continue


words = st.sampled_from(
    [("deliveries", s) for s in ("queued", "deferred", "succeeded", "failed", "new word")]
    + [("bounces", str(n)) for n in (*range(1, 12), 99)]
    + [("complaints", "abuse"), ("blocks", "1")]
)


@given(st.lists(words, max_size=8), st.randoms(use_true_random=False))
def test_order_and_repetition_of_calls_change_nothing(calls, random):
    """However the calls are shuffled, repeated and batched, the same standing comes out."""
    bodies = [form_body(kind, {**ITEM, "status": status}) for kind, status in calls]
    shuffled = bodies * 2
    random.shuffle(shuffled)

    def fold(some: list[bytes]):
        events = [e for body in some for e in read(body)]
        return standing(events, recipient=Address("Aoi@EXAMPLE.net"), started_at=NOW)

    assert fold(shuffled) == fold(bodies)


def as_version_1(item: dict[str, str]) -> dict[str, str]:
    """An item by the names of version 1, which has neither the sender's address nor apiData."""
    names = {"returnPath": "envelopeFrom", "to": "envelopeTo"}
    kept = {name: value for name, value in item.items() if name not in {"from", "apiData"}}
    return {names.get(name, name): value for name, value in kept.items()}


def test_vendor_sample():
    """The documented sample decodes to an acceptance and a delivery of one message, in each encoding and version."""
    sample = CORPORA / "esp-webhooks-cmc" / "deliveries.json"
    if not sample.exists():
        pytest.skip("the test material is not here: set TODOKE_CORPORA")
    items = json.loads(sample.read_bytes())["event"]["deliveries"]
    old = [as_version_1(item) for item in items]
    for body, token in (
        (sample.read_bytes(), "sub_01"),
        (form_body("deliveries", *items, api_key="k-test"), "sub_01"),
        (json_body("deliveries", *items, api_key="k-test"), "sub_01"),
        (form_body("deliveries", *old, api_key="k-test"), ""),
    ):
        events = read(body, key="k-test")
        assert [(e.kind, e.token) for e in events] == [
            (Kind.ACCEPTED, token),
            (Kind.DELIVERED, token),
        ]
        assert {e.recipient for e in events} == {"visitor@example.net"}
        assert {e.service_id for e in events} == {"<abc-123@node1>"}
        final = standing(events, recipient=Address("visitor@example.net"), started_at=NOW)
        assert final.status is Status.DELIVERED
        assert final.since == datetime(2024, 3, 1, 1, 0, 1, tzinfo=UTC)
