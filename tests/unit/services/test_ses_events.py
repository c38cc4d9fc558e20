"""What Amazon SES says, in our words: both formats, each kind of bounce, and the recorded calls of others."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.places import CORPORA, ROOT
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind, Permanence, Reason, Status, standing
from todoke.services.ses import mailer
from todoke.services.ses.events import BOUNCES, DELAYS, EVENTS, FIELD, TAG, read_message

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
TOKEN = "t" * 26
TO = Address("recipient@example.com")
DOCS = (ROOT / "docs" / "services" / "ses.md").read_text("utf-8")
CORPUS = CORPORA / "esp-webhooks-anymail" / "cases.jsonl"


def mail(**changes: Any) -> dict[str, Any]:
    """The `mail` object of an event."""
    usual = {
        "timestamp": "2026-05-06T07:00:00.012Z",
        "source": "Desk <desk@example.org>",
        "messageId": "0102019-ses-1",
        "destination": [TO],
        "tags": {"ses:configuration-set": ["site"], TAG: [TOKEN]},
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def event(kind: str, key: str = "eventType", *, told_of: Any = None, **details: Any) -> bytes:
    """An event of SES as JSON; `details` under the name that its kind has."""
    place = {"Rendering Failure": "failure"}.get(kind, kind[:1].lower() + kind[1:])
    return json.dumps({key: kind, "mail": told_of or mail(), place: details}).encode()


def bounce(kind: str, subtype: str, **recipient: Any) -> bytes:
    """A bounce of one recipient."""
    return event(
        "Bounce",
        bounceType=kind,
        bounceSubType=subtype,
        bouncedRecipients=[{"emailAddress": TO} | recipient],
        timestamp="2026-05-06T07:01:02.669Z",
    )


def only(raw: bytes) -> DeliveryEvent:
    """The one event in a message."""
    (found,) = read_message(raw, now=NOW)
    return found


@pytest.mark.parametrize(
    ("raw", "kind", "permanence", "reason"),
    [
        (event("Send"), Kind.ACCEPTED, "none", None),
        (event("Delivery", recipients=[TO], smtpResponse="250 ok"), Kind.DELIVERED, "none", None),
        (event("Reject", reason="Bad content"), Kind.REJECTED, "none", "content"),
        (event("Rendering Failure", errorMessage="x"), Kind.REJECTED, "none", "misconfigured"),
        (event("Open", ipAddress="192.0.2.1"), Kind.OTHER, "none", None),
        (event("Click", link="https://example.org"), Kind.OTHER, "none", None),
        (event("Subscription", contactList="l"), Kind.OTHER, "none", None),
        (event("Something New"), Kind.OTHER, "none", None),
        (event("Received", "notificationType"), Kind.OTHER, "none", None),
        (bounce("Permanent", "General"), Kind.BOUNCED, "hard", "other"),
        (bounce("Permanent", "NoEmail"), Kind.BOUNCED, "hard", "unknown_address"),
        (bounce("Permanent", "Suppressed"), Kind.REJECTED, "none", "suppressed"),
        (bounce("Permanent", "OnAccountSuppressionList"), Kind.REJECTED, "none", "suppressed"),
        (bounce("Permanent", "Unheard"), Kind.BOUNCED, "hard", "other"),
        (bounce("Transient", "General"), Kind.UNDETERMINED, "none", "other"),
        (bounce("Transient", "Unheard"), Kind.UNDETERMINED, "none", "other"),
        (bounce("Transient", "MailboxFull"), Kind.BOUNCED, "soft", "mailbox_full"),
        (bounce("Transient", "MessageTooLarge"), Kind.BOUNCED, "none", "too_large"),
        (bounce("Transient", "ContentRejected"), Kind.BOUNCED, "none", "content"),
        (bounce("Transient", "AttachmentRejected"), Kind.BOUNCED, "none", "content"),
        (bounce("Transient", "CustomTimeoutExceeded"), Kind.BOUNCED, "soft", "timed_out"),
        (bounce("Undetermined", "Undetermined"), Kind.UNDETERMINED, "none", "other"),
        (bounce("Unheard", "Unheard"), Kind.UNDETERMINED, "none", "other"),
        # The words of the other server are more exact than "general".
        (
            bounce(
                "Permanent",
                "General",
                status="5.1.1",
                diagnosticCode="smtp; 550 5.1.1 user unknown",
            ),
            Kind.BOUNCED,
            "hard",
            "unknown_address",
        ),
        (
            bounce("Permanent", "General", diagnosticCode="smtp; 554 5.7.1 blocked by policy"),
            Kind.BOUNCED,
            "none",
            "policy",
        ),
        (
            bounce("Permanent", "General", diagnosticCode="smtp; 552 mailbox full"),
            Kind.BOUNCED,
            "soft",
            "mailbox_full",
        ),
        (
            bounce("Transient", "General", diagnosticCode="smtp; 554 4.4.7 Message expired"),
            Kind.UNDETERMINED,
            "soft",
            "timed_out",
        ),
        (
            bounce(
                "Transient",
                "General",
                action="failed",
                status="4.4.7",
                diagnosticCode="smtp; 550 4.4.7 Message expired: unable to deliver in 840 minutes.",
            ),
            Kind.BOUNCED,
            "soft",
            "timed_out",
        ),
        (
            bounce(
                "Undetermined",
                "Undetermined",
                action="Failed",
                diagnosticCode="550 5.1.1 user unknown",
            ),
            Kind.BOUNCED,
            "hard",
            "unknown_address",
        ),
        (
            bounce("Transient", "General", action="failed", status="5.0.0"),
            Kind.BOUNCED,
            "none",
            "other",
        ),
        (
            bounce("Permanent", "General", action="delayed", status="4.0.0"),
            Kind.DEFERRED,
            "soft",
            "other",
        ),
        (bounce("Permanent", "General", action="relayed"), Kind.UNDETERMINED, "none", "other"),
        (
            event(
                "DeliveryDelay", delayType="MailboxFull", delayedRecipients=[{"emailAddress": TO}]
            ),
            Kind.DEFERRED,
            "soft",
            "mailbox_full",
        ),
        (
            event(
                "DeliveryDelay",
                delayType="General",
                delayedRecipients=[
                    {
                        "emailAddress": TO,
                        "status": "4.7.1",
                        "diagnosticCode": "smtp; 451 4.7.1 greylisted",
                    }
                ],
            ),
            Kind.DEFERRED,
            "none",
            "policy",
        ),
        (
            event(
                "Complaint",
                complainedRecipients=[{"emailAddress": TO}],
                complaintFeedbackType="abuse",
            ),
            Kind.COMPLAINED,
            "none",
            None,
        ),
        (
            event("Complaint", complainedRecipients=[{"emailAddress": TO}]),
            Kind.COMPLAINED,
            "none",
            None,
        ),
        (event("Complaint", complaintFeedbackType="not-spam"), Kind.OTHER, "none", None),
        (event("Complaint", complaintFeedbackType="auth-failure"), Kind.OTHER, "none", None),
        (
            event("Complaint", complaintSubType="OnAccountSuppressionList"),
            Kind.REJECTED,
            "none",
            "suppressed",
        ),
    ],
)
def test_each_word_has_its_meaning(
    raw: bytes, kind: Kind, permanence: str, reason: str | None
) -> None:
    """Kind, permanence and reason, for the right attempt and recipient, with the message as evidence."""
    found = only(raw)
    assert (found.kind, found.permanence, found.reason) == (kind, permanence, reason)
    assert (found.token, found.service_id, found.recipient) == (TOKEN, "0102019-ses-1", TO)
    assert (found.service, found.raw, found.received_at) == ("ses", raw, NOW)


def test_the_older_format_reads_the_same() -> None:
    """An identity's notifications have another key and no tags; the header names the attempt, if it is there."""
    told_of = mail(tags=None, headers=[{"name": "X-Todoke-Attempt", "value": TOKEN}])
    details = {"recipients": [TO], "timestamp": "2026-05-06T07:01:02.669Z"}
    new = only(event("Delivery", **details))
    old = only(event("Delivery", "notificationType", told_of=told_of, **details))
    assert old.key == new.key
    bare = only(event("Delivery", "notificationType", told_of=mail(tags=None), **details))
    assert (bare.token, bare.service_id) == ("", "0102019-ses-1")


def test_the_mailer_and_the_reader_agree() -> None:
    """What the one writes the other looks for."""
    assert (mailer.TAG, mailer.FIELD.lower(), mailer.SesMailer.name) == (TAG, FIELD, "ses")


def test_each_recipient_has_an_event() -> None:
    """One message may name several; a name around the address is taken off."""
    raw = event(
        "Bounce",
        bounceType="Permanent",
        bounceSubType="General",
        bouncedRecipients=[
            {"emailAddress": "one@example.com", "action": "failed", "status": "5.0.0"},
            {"emailAddress": "Two <two@example.com>", "action": "delayed", "status": "4.0.0"},
        ],
    )
    found = read_message(raw, now=NOW)
    assert [(e.recipient, e.kind) for e in found] == [
        ("one@example.com", Kind.BOUNCED),
        ("two@example.com", Kind.DEFERRED),
    ]
    assert len({e.key for e in found}) == 2


def test_times_are_the_service_s() -> None:
    """That of the event, else that of the mail, else when it was told."""
    assert only(bounce("Permanent", "NoEmail")).at == datetime(2026, 5, 6, 7, 1, 2, 669000, UTC)
    assert only(event("Send")).at == datetime(2026, 5, 6, 7, 0, 0, 12000, UTC)
    told_at = datetime(2026, 5, 6, 7, 5, tzinfo=UTC)
    undated = event("Send", told_of=mail(timestamp="Mon, 08 Oct"))
    assert read_message(undated, now=NOW, told_at=told_at)[0].at == told_at


@pytest.mark.parametrize(
    "raw",
    [
        b"Successfully validated SNS topic for Amazon SES event publishing.",
        b'{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have subscribed"}',
        b'{"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have subscribed"}',
    ],
)
def test_a_topic_that_is_tried_tells_of_no_mail(raw: bytes) -> None:
    """The set-up's own messages leave nothing behind."""
    assert read_message(raw, now=NOW) == ()


@pytest.mark.parametrize("raw", [b"hello", b"[]", b'{"a', b"\xff", b"null", b"[" * 5000])
def test_what_cannot_be_read_is_kept(raw: bytes) -> None:
    """As evidence that changes nothing."""
    found = only(raw)
    assert (found.kind, found.raw) == (Kind.OTHER, raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(TO),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = ("bounce", "complaint", "delivery", "deliveryDelay", "mail", "send", "reject", "open")
FIELDS = (
    "bouncedRecipients",
    "recipients",
    "destination",
    "tags",
    "headers",
    "timestamp",
    "messageId",
)


@given(
    word=st.sampled_from([*EVENTS, "Bounce", "Complaint", "Open"]) | JSON,
    tables=st.dictionaries(
        st.sampled_from(NAMES), st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4) | JSON
    ),
)
def test_no_message_is_too_strange(word: Any, tables: dict[str, Any]) -> None:
    """Whatever types the fields have, events come out, each with the evidence."""
    raw = json.dumps({"eventType": word} | tables).encode()
    found = read_message(raw, now=NOW)
    assert found
    assert all(e.raw == raw for e in found)


@given(
    st.sampled_from(
        [("Transient", "General"), ("Undetermined", "Undetermined"), ("Transient", "New")]
    ),
    st.sampled_from(
        [
            ("failed", "Out of office"),
            ("failed", "自動応答: 休暇中です"),
            ("", "smtp; 550 5.1.1 user unknown"),
            ("delayed", "smtp; 550 5.1.1 user unknown"),
            ("relayed", "smtp; 550 5.1.1 user unknown"),
            ("", ""),
        ]
    ),
)
def test_what_does_not_say_failed_never_hides_a_delivery(
    kind: tuple[str, str], told: tuple[str, str]
) -> None:
    """In either order: a vacation reply that SES took for a bounce leaves the mail delivered."""
    action, text = told
    delivered = only(event("Delivery", recipients=[TO]))
    other = only(bounce(*kind, action=action, diagnosticCode=text))
    for events in ([delivered, other], [other, delivered]):
        found = standing(events, recipient=TO, started_at=NOW)
        assert found.status is Status.DELIVERED


def test_another_recipient_s_event_changes_nothing() -> None:
    """A bounce that names somebody else is not this attempt's."""
    raw = bounce("Permanent", "NoEmail", emailAddress="else@example.com")
    assert standing([only(raw)], recipient=TO, started_at=NOW).status is Status.QUEUED


def test_suppression_says_nothing_of_the_address() -> None:
    """It was never offered to the recipient's server."""
    for (kind, subtype), meaning in BOUNCES.items():
        if meaning.reason is Reason.SUPPRESSED:
            found = only(bounce(kind, subtype))
            assert (found.kind, found.permanence) == (Kind.REJECTED, Permanence.NONE)


def test_each_word_is_documented() -> None:
    """docs/services/ses.md has a line for each word of the tables."""
    words = {subtype for _, subtype in BOUNCES} | set(EVENTS) | set(DELAYS)
    words |= {"Bounce", "Complaint", "Open", "Click", "Subscription", "not-spam", "auth-failure"}
    assert {word for word in words if f"`{word}`" not in DOCS} == set()


def recorded() -> list[Any]:
    """The recorded calls that hold messages of SES, with what another library read in them."""
    if not CORPUS.exists():
        return []
    cases = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
    return [case for case in cases if case["esp"] == "amazon_ses" and case["events"]]


def test_recorded_calls_read_as_expected() -> None:
    """The same class of event, id and recipient as django-anymail's tests expect."""
    if not recorded():
        pytest.skip("the recorded calls are not here (TODOKE_CORPORA)")
    classes = {"delivered": Kind.DELIVERED, "bounced": Kind.BOUNCED, "complained": Kind.COMPLAINED}
    for case in recorded():
        found = read_message(json.loads(case["body"])["Message"].encode(), now=NOW)
        assert [(e.kind, e.service_id, e.recipient) for e in found] == [
            (classes.get(e["event_type"], Kind.OTHER), e["message_id"], e["recipient"])
            for e in case["events"]
        ]


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        ("5.0.0", "", Reason.OTHER),
        ("5.3.0", "smtp; 550 5.3.0 Access denied", Reason.OTHER),
        ("4.3.0", "smtp; 451 4.3.0 Temporary server error. Please try again later", Reason.OTHER),
        ("5.5.0", "smtp; 554 5.5.0 mailbox unavailable", Reason.UNKNOWN_ADDRESS),
        ("5.4.4", "smtp; 550 5.4.4 Invalid domain", Reason.UNKNOWN_HOST),
        ("", "smtp; 554 delivery error", Reason.OTHER),
        (
            "5.1.8",
            "smtp; 550 5.1.8 Sender address rejected: Domain not found",
            Reason.MISCONFIGURED,
        ),
    ],
)
@pytest.mark.parametrize(
    "kind", [("Transient", "General"), ("Undetermined", "Undetermined"), ("Permanent", "General")]
)
@pytest.mark.parametrize("action", ["failed", "Failed", "failed (given up)"])
def test_what_failed_is_bounced(
    kind: tuple[str, str], action: str, status: str, words: str, reason: Reason
) -> None:
    """The other server's own word is final, in either order with a delivery, whatever SES calls it."""
    failed = only(bounce(*kind, action=action, status=status, diagnosticCode=words))
    delivered = only(event("Delivery", recipients=[TO]))
    assert failed.reason is reason
    for events in ([failed], [delivered, failed], [failed, delivered]):
        assert standing(events, recipient=TO, started_at=NOW).status is Status.BOUNCED


@pytest.mark.parametrize("named", [["else@example.com"], {"emailAddress": "else@example.com"}, 7])
def test_a_recipient_in_another_shape_is_not_ours(named: object) -> None:
    """Evidence about somebody else changes nothing, and a list of one that is ours counts."""
    for raw in (
        event("Delivery", recipients=named),
        bounce("Permanent", "NoEmail", emailAddress=named),
    ):
        assert standing(read_message(raw, now=NOW), recipient=TO, started_at=NOW).heard_at is None
    ours = bounce("Permanent", "NoEmail", emailAddress=[str(TO)])
    assert standing([only(ours)], recipient=TO, started_at=NOW).status is Status.BOUNCED


def test_a_class_of_the_address_gives_way_to_words_about_us() -> None:
    """SES may call it a hard bounce: what the other server refused was our sender."""
    words = "smtp; 550 5.1.8 Sender address rejected: Domain not found"
    found = only(bounce("Permanent", "NoEmail", action="failed", diagnosticCode=words))
    assert (found.permanence, found.reason) == (Permanence.NONE, Reason.MISCONFIGURED)
