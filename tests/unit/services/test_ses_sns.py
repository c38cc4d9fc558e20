"""Who may tell us events: envelopes of Amazon SNS, true ones and forged ones."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.sns_signing import (
    CERTIFICATE_URL,
    HOST,
    NOW,
    TOPIC,
    Web,
    call,
    certificate,
    confirmation,
    envelope,
    sign,
)
from todoke.model.delivery import Kind
from todoke.model.errors import Forged, Malformed, RequestError, Unverifiable
from todoke.services.ses.events import SesEvents
from todoke.services.ses.settings import SesSettings

MESSAGE = {
    "eventType": "Delivery",
    "mail": {"messageId": "0102-ses-1", "destination": ["葵@example.com"]},
    "delivery": {"recipients": ["a@example.com"], "smtpResponse": "250 ok"},
}


def source(web: Web | None = None, **changes: Any) -> SesEvents:
    """An event source that fetches from `web`."""
    settings = SesSettings(**({"topics": (TOPIC,)} | changes))
    return SesEvents(settings, fetch=Web() if web is None else web)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["Amazon SES", None])
def test_a_signed_message_is_read(version: str, subject: str | None) -> None:
    """With either signature, with and without a subject."""
    signed = envelope(json.dumps(MESSAGE, ensure_ascii=False), version, Subject=subject)
    (event,) = source().read(call(signed), NOW)
    assert (event.kind, event.service_id) == (Kind.DELIVERED, "0102-ses-1")
    assert json.loads(event.raw) == MESSAGE


@pytest.mark.parametrize(
    "name",
    [
        "sns.amazonaws.com",
        "sns-signing.ap-east-1.amazonaws.com",
        "sns.us-gov-west-1.amazonaws.com",
        "sns-cn-north-1.amazonaws.com.cn",
    ],
)
def test_certificates_of_every_partition_are_sns_s(name: str) -> None:
    """The names that Amazon uses."""
    web = Web({CERTIFICATE_URL: certificate(name)})
    assert source(web).read(call(envelope(MESSAGE)), NOW)


def changed(**changes: Any) -> dict[str, Any]:
    """A signed message, changed afterwards."""
    return envelope(MESSAGE) | changes


@pytest.mark.parametrize(
    "fields",
    [
        changed(Message="{}"),
        changed(MessageId="2"),
        changed(Subject="x"),
        changed(TopicArn=TOPIC + "2"),
        changed(Timestamp="2026-05-06T07:08:08.000Z"),
        changed(Type="SubscriptionConfirmation", Token="t", SubscribeURL="https://x.test/"),
        changed(SignatureVersion="2"),
        changed(SignatureVersion="3"),
        changed(Signature=""),
        changed(Signature="not base 64"),
        changed(Signature=sign(envelope("other"))),
        {k: v for k, v in changed().items() if k != "Subject"},
        envelope(MESSAGE, TopicArn="arn:aws:sns:eu-west-1:999999999999:ses-events"),
        envelope(MESSAGE, Type="Other"),
        envelope(MESSAGE, Timestamp="2026-05-05T07:08:08.000Z"),
        envelope(MESSAGE, Timestamp="2026-05-06T07:24:00.000Z"),
        envelope(MESSAGE, Timestamp="2026-05-06T07:08:09"),
        envelope(MESSAGE, Timestamp="yesterday"),
    ],
)
def test_a_forged_message_is_refused(fields: dict[str, Any]) -> None:
    """Any field that is signed, another topic, another time."""
    with pytest.raises(Forged):
        source().read(call(fields), NOW)


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https", "http"),
        CERTIFICATE_URL.replace("sns.", "evil."),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.test"),
        CERTIFICATE_URL.replace("https://", "https://evil.test/"),
        CERTIFICATE_URL.replace("https://", "https://evil.test@"),
        CERTIFICATE_URL.replace(".com/", ".com:444/"),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonawsxcom"),
        CERTIFICATE_URL + "?Action=GetEndpointAttributes",
        CERTIFICATE_URL + "#x",
        CERTIFICATE_URL + "\n",
        f"{HOST}/?Action=GetEndpointAttributes&x=/SimpleNotificationService-{'0' * 32}.pem",
        f"{HOST}/../SimpleNotificationService-{'0' * 32}.pem",
        "https://127.0.0.1/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
        "https://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "",
    ],
)
def test_certificates_come_from_sns_alone(url: str) -> None:
    """Host and path are pinned: nothing else is even asked."""
    web = Web()
    with pytest.raises(Forged):
        source(web).read(call(envelope(MESSAGE, SigningCertURL=url)), NOW)
    assert web.asked == []


@pytest.mark.parametrize(
    "pem",
    [
        certificate("sns.amazonaws.com.evil.test"),
        certificate("evil.test"),
        certificate(begins=NOW + timedelta(days=1)),
        certificate(begins=NOW - timedelta(days=9), ends=NOW - timedelta(days=1)),
    ],
)
def test_certificates_are_sns_s_own_and_valid_now(pem: bytes) -> None:
    """One of somebody else, or of another time, is not believed."""
    with pytest.raises(Forged):
        source(Web({CERTIFICATE_URL: pem})).read(call(envelope(MESSAGE)), NOW)


@pytest.mark.parametrize("pages", [{}, {CERTIFICATE_URL: b"<html>"}])
def test_what_cannot_be_verified_now_is_asked_for_again(pages: dict[str, bytes]) -> None:
    """503 and not 401: SNS gives up at any 4xx."""
    with pytest.raises(Unverifiable) as caught:
        source(Web(pages)).read(call(envelope(MESSAGE)), NOW)
    assert caught.value.status == 503


def test_a_certificate_is_fetched_once() -> None:
    """And not before the topic was compared."""
    web = Web()
    events = source(web)
    with pytest.raises(Forged):
        events.read(call(envelope(MESSAGE, TopicArn=TOPIC + "x")), NOW)
    assert web.asked == []
    for _ in range(3):
        events.read(call(envelope(MESSAGE)), NOW)
    assert web.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"Type": 1}', b"\xff", b"{}" * 2, b"[" * 9999]
)
def test_what_is_no_envelope_cannot_be_read(body: bytes) -> None:
    """400, and nothing more."""
    with pytest.raises(Malformed):
        source().read(call(body), NOW)


def test_a_repetition_is_the_same_event() -> None:
    """A call that is replayed within the tolerance changes nothing."""
    events = source()
    first = events.read(call(envelope(MESSAGE)), NOW)
    again = events.read(call(envelope(MESSAGE)), NOW + timedelta(hours=20))
    assert [e.key for e in first] == [e.key for e in again]


class TestAnyByte:
    """A validly signed envelope with any byte changed tells nothing else than it told."""

    WEB = Web()
    EVENTS = source(WEB)
    BODY = call(envelope(MESSAGE, "2")).body
    TOLD = EVENTS.read(call(BODY), NOW)
    UNSIGNED = BODY[BODY.index(b'"UnsubscribeURL"') : BODY.index(b'"Signature"')]

    def outcome(self, body: bytes) -> str:
        """What becomes of a call: "refused", "same" or "other"."""
        try:
            found = self.EVENTS.read(call(body), NOW)
        except RequestError:
            return "refused"
        return "same" if found == self.TOLD else "other"

    def test_each_bit(self) -> None:
        """All of them, one after the other: 0 accepted but in the field that nobody reads."""
        begins = self.BODY.index(self.UNSIGNED)
        for place in range(len(self.BODY)):
            is_read = not begins <= place < begins + len(self.UNSIGNED)
            for bit in range(8):
                body = bytearray(self.BODY)
                body[place] ^= 1 << bit
                found = self.outcome(bytes(body))
                assert found == "refused" if is_read else found in {"refused", "same"}, (place, bit)

    @given(st.data())
    def test_any_change(self, data: st.DataObject) -> None:
        """Bytes put in, taken out or replaced never make another event."""
        place = data.draw(st.integers(0, len(self.BODY) - 1))
        length = data.draw(st.integers(0, 3))
        put = data.draw(st.binary(max_size=3))
        body = self.BODY[:place] + put + self.BODY[place + length :]
        assert self.outcome(body) in {"refused", "same"}


class TestSubscription:
    def test_one_to_our_topic_is_confirmed(self) -> None:
        """At the address that the topic's own region has; SubscribeURL is not called, wherever it leads."""
        topic = TOPIC.replace(":", "%3A")
        url = f"{HOST}/?Action=ConfirmSubscription&TopicArn={topic}&Token=2336412f37"
        web = Web()
        web.pages[url] = b"<ConfirmSubscriptionResponse/>"
        signed = confirmation(SubscribeURL="http://169.254.169.254/latest/meta-data/")
        assert source(web).read(call(signed), NOW) == ()
        assert web.asked == [CERTIFICATE_URL, url]

    def test_one_that_cannot_be_confirmed_now_is_asked_for_again(self) -> None:
        """503, so that SNS sends it once more."""
        with pytest.raises(Unverifiable):
            source().read(call(confirmation()), NOW)

    @pytest.mark.parametrize(
        "fields",
        [
            confirmation(TopicArn=TOPIC.replace("1234", "9999")),
            confirmation() | {"Token": "other"},
            confirmation() | {"SubscribeURL": "https://evil.test/"},
            confirmation(Timestamp="2026-05-01T00:00:00.000Z"),
        ],
    )
    def test_any_other_is_not(self, fields: dict[str, Any]) -> None:
        """Nothing is confirmed for a topic that is not ours, or on the word of a forger."""
        web = Web()
        with pytest.raises(Forged):
            source(web).read(call(fields), NOW)
        assert not any("Confirm" in url for url in web.asked)

    def test_the_end_of_one_is_no_event(self) -> None:
        """It is logged, and todoke does not subscribe again by itself."""
        web = Web()
        assert source(web).read(call(confirmation("UnsubscribeConfirmation")), NOW) == ()
        assert web.asked == [CERTIFICATE_URL]


RAW = {"x-amz-sns-rawdelivery": "true", "x-amz-sns-topic-arn": TOPIC}


class TestRawDelivery:
    def test_is_read_where_it_is_allowed(self) -> None:
        """The body is the message itself."""
        (event,) = source(raw_delivery=True).read(call(json.dumps(MESSAGE).encode(), **RAW), NOW)
        assert event.kind is Kind.DELIVERED

    @pytest.mark.parametrize(
        ("allowed", "topic"), [(False, TOPIC), (True, TOPIC + "x"), (True, "")]
    )
    def test_is_refused_else(self, allowed: bool, topic: str) -> None:
        """It has no signature; another topic's is nobody's."""
        headers = RAW | {"x-amz-sns-topic-arn": topic}
        with pytest.raises(Forged):
            source(raw_delivery=allowed).read(call(json.dumps(MESSAGE).encode(), **headers), NOW)

    def test_an_envelope_is_verified_all_the_same(self) -> None:
        """Allowing bare messages does not let a forged envelope pass."""
        with pytest.raises(Forged):
            source(raw_delivery=True).read(call(changed(Message="{}")), NOW)
