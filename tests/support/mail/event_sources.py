"""Every event source as the contract suite needs it: a new one joins by a class here and a row of the table below."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from support.mail import sns_signing
from support.mail.cloud_calls import ITEM, form_body, json_body
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.settings import Secret
from todoke.ports.events import EventSource, HookRequest
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.services.postmark.events import PostmarkEvents
from todoke.services.postmark.settings import METADATA, PostmarkSettings
from todoke.services.ses.events import TAG, SesEvents
from todoke.services.ses.settings import SesSettings
from todoke.testing import FakeEvents

NOW = sns_signing.NOW
AT = datetime(2026, 5, 6, 7, 1, 2, tzinfo=UTC)
KINDS = (Kind.ACCEPTED, Kind.DEFERRED, Kind.DELIVERED, Kind.BOUNCED, Kind.REJECTED, Kind.COMPLAINED)
"""What services have words for; each of them for most."""


class Fact(NamedTuple):
    """What a service tells of one attempt."""

    kind: Kind
    token: str = "0123456789abcdefghijklmnop"
    recipient: str = "aoi@example.net"
    at: datetime = AT


class Service(Protocol):
    """A service with an event source that believes it, and the kinds of event that it has words for."""

    source: EventSource
    kinds: Sequence[Kind]

    def calls(self, facts: Sequence[Fact]) -> Sequence[HookRequest]:
        """The calls in which it tells these facts, in order; as few as it can."""
        ...

    def new_word(self) -> HookRequest:
        """A true call that tells something nobody has heard of."""
        ...

    def forgeries(self) -> Mapping[str, HookRequest]:
        """Calls as somebody else would make them, who knows all but what proves the service."""
        ...

    def proven(self, body: bytes) -> HookRequest:
        """A call with this very body, and whatever proof stands beside a body."""
        ...

    def around(self, content: bytes) -> HookRequest:
        """A call whose proof is good whatever it tells."""
        ...


class CustomersMailCloud:
    """Proves itself by a key, in the body or in a header."""

    kinds = KINDS
    key = "the key of the webhook"
    words: Mapping[Kind, tuple[str, str]] = {
        Kind.ACCEPTED: ("deliveries", "queued"),
        Kind.DEFERRED: ("deliveries", "deferred"),
        Kind.DELIVERED: ("deliveries", "succeeded"),
        Kind.BOUNCED: ("bounces", "2"),
        Kind.REJECTED: ("bounces", "10"),
        Kind.COMPLAINED: ("complaints", "abuse"),
    }

    def __init__(self) -> None:
        settings = CustomersMailCloudSettings(webhook_key=Secret(self.key))
        self.source: EventSource = CustomersMailCloudEvents(settings)

    def _item(self, fact: Fact) -> dict[str, Any]:
        created = fact.at.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m-%d %H:%M:%S")
        stated = {"to": fact.recipient, "apiData": fact.token, "created": created}
        return ITEM | stated | {"status": self.words[fact.kind][1]}

    def calls(self, facts: Sequence[Fact]) -> Sequence[HookRequest]:
        """See Service. A call tells many items of one type."""
        types = [self.words[fact.kind][0] for fact in facts]
        items = [self._item(fact) for fact in facts]
        if len(set(types)) == 1:
            return [self.proven(form_body(types[0], *items))]
        return [
            self.proven(json_body(type_, item)) for type_, item in zip(types, items, strict=True)
        ]

    def new_word(self) -> HookRequest:
        """See Service."""
        return self.proven(form_body("deliveries", ITEM | {"status": "frozen"}))

    def forgeries(self) -> Mapping[str, HookRequest]:
        """See Service."""
        body = form_body("deliveries", ITEM)
        return {
            "no key": HookRequest(headers={}, body=body),
            "another key in the body": HookRequest(
                headers={}, body=form_body("deliveries", ITEM, api_key="x")
            ),
            "an empty key": HookRequest(headers={}, body=json_body("deliveries", ITEM, api_key="")),
            "another key in the header": HookRequest(
                headers={"authorization": "Bearer x"}, body=body
            ),
            "a header that is none": HookRequest(
                headers={"authorization": "Basic \xff"}, body=body
            ),
        }

    def proven(self, body: bytes) -> HookRequest:
        """See Service."""
        return HookRequest(headers={"authorization": f"Bearer {self.key}"}, body=body)

    def around(self, content: bytes) -> HookRequest:
        """See Service."""
        stated = {"event_type": b"deliveries", "event": content, "api_key": self.key.encode()}
        return HookRequest(headers={}, body=urlencode(stated).encode())


class Ses:
    """Proves itself by the signature that Amazon SNS puts on a message to our topic."""

    kinds = KINDS
    words: Mapping[Kind, tuple[str, str, dict[str, Any]]] = {
        Kind.ACCEPTED: ("Send", "send", {}),
        Kind.DEFERRED: ("DeliveryDelay", "deliveryDelay", {"delayType": "MailboxFull"}),
        Kind.DELIVERED: ("Delivery", "delivery", {"smtpResponse": "250 ok"}),
        Kind.BOUNCED: (
            "Bounce",
            "bounce",
            {"bounceType": "Permanent", "bounceSubType": "NoEmail"},
        ),
        Kind.REJECTED: ("Reject", "reject", {"reason": "Bad content"}),
        Kind.COMPLAINED: ("Complaint", "complaint", {"complaintFeedbackType": "abuse"}),
    }

    def __init__(self) -> None:
        settings = SesSettings(topics=(sns_signing.TOPIC,))
        self.source: EventSource = SesEvents(settings, fetch=sns_signing.Web())

    def _message(self, fact: Fact) -> dict[str, Any]:
        word, place, details = self.words[fact.kind]
        mail = {
            "timestamp": fact.at.isoformat(),
            "messageId": "0102019-ses-1",
            "destination": [fact.recipient],
            "tags": {TAG: [fact.token]},
        }
        return {"eventType": word, "mail": mail, place: details}

    def calls(self, facts: Sequence[Fact]) -> Sequence[HookRequest]:
        """See Service. A call tells of one mail."""
        messages = [json.dumps(self._message(fact)) for fact in facts]
        return [self.around(message.encode()) for message in messages]

    def new_word(self) -> HookRequest:
        """See Service."""
        message = self._message(Fact(Kind.DELIVERED)) | {"eventType": "Frozen"}
        return self.around(json.dumps(message).encode())

    def forgeries(self) -> Mapping[str, HookRequest]:
        """See Service."""
        signed = sns_signing.envelope(self._message(Fact(Kind.DELIVERED)))
        changed: Mapping[str, dict[str, str]] = {
            "no signature": {"Signature": ""},
            "a signature of something else": {
                "Signature": sns_signing.sign(sns_signing.envelope("other"))
            },
            "another message": {"Message": "{}"},
            "another topic": {"TopicArn": "arn:aws:sns:eu-west-1:999999999999:x"},
            "a certificate of their own": {"SigningCertURL": "https://evil.example/x.pem"},
            "yesterday's": {"Timestamp": (NOW - timedelta(days=3)).isoformat()},
            "before all calendars": {"Timestamp": "0001-01-01T00:00:00+23:59"},
        }
        return {name: sns_signing.call(signed | some) for name, some in changed.items()} | {
            "raw delivery": HookRequest(
                headers={
                    "x-amz-sns-rawdelivery": "true",
                    "x-amz-sns-topic-arn": sns_signing.TOPIC,
                },
                body=json.dumps(self._message(Fact(Kind.DELIVERED))).encode(),
            )
        }

    def proven(self, body: bytes) -> HookRequest:
        """See Service. Here the proof is in the body."""
        return sns_signing.call(body)

    def around(self, content: bytes) -> HookRequest:
        """See Service."""
        return sns_signing.call(sns_signing.envelope(content.decode("utf-8", "replace")))


class Postmark:
    """Proves itself by a password, beside the body. It has no word for a mail that it took."""

    kinds = tuple(kind for kind in KINDS if kind is not Kind.ACCEPTED)
    key = "0123456789abcdef0123456789abcdef"
    words: Mapping[Kind, tuple[str, str]] = {
        Kind.DEFERRED: ("Bounce", "Transient"),
        Kind.DELIVERED: ("Delivery", ""),
        Kind.BOUNCED: ("Bounce", "HardBounce"),
        Kind.REJECTED: ("Bounce", "ManuallyDeactivated"),
        Kind.COMPLAINED: ("SpamComplaint", "SpamComplaint"),
    }

    def __init__(self) -> None:
        self.source: EventSource = PostmarkEvents(PostmarkSettings(webhook_key=Secret(self.key)))

    def _stated(self, fact: Fact) -> dict[str, Any]:
        record, kind = self.words[fact.kind]
        at = fact.at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
        about = {"RecordType": record, "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483"}
        metadata = {"Metadata": {METADATA: fact.token}}
        if record == "Delivery":
            return about | metadata | {"Recipient": fact.recipient, "DeliveredAt": at}
        return about | metadata | {"Email": fact.recipient, "BouncedAt": at, "Type": kind}

    def calls(self, facts: Sequence[Fact]) -> Sequence[HookRequest]:
        """See Service. A call tells of one mail."""
        return [self.proven(json.dumps(self._stated(fact)).encode()) for fact in facts]

    def new_word(self) -> HookRequest:
        """See Service."""
        stated = self._stated(Fact(Kind.DELIVERED)) | {"RecordType": "Frozen"}
        return self.proven(json.dumps(stated).encode())

    def forgeries(self) -> Mapping[str, HookRequest]:
        """See Service."""
        (true,) = self.calls([Fact(Kind.DELIVERED)])
        stated = {
            "no password": {},
            "another password": {"authorization": _basic("todoke", "x")},
            "no password beside the user": {"authorization": _basic("todoke", "")},
            "the password as the user": {"authorization": _basic(self.key, "")},
            "another scheme": {"authorization": f"Bearer {self.key}"},
            "a header that is none": {"authorization": "Basic \xff"},
        }
        return {name: HookRequest(headers=h, body=true.body) for name, h in stated.items()}

    def proven(self, body: bytes) -> HookRequest:
        """See Service."""
        return HookRequest(headers={"authorization": _basic("todoke", self.key)}, body=body)

    def around(self, content: bytes) -> HookRequest:
        """See Service."""
        return self.proven(content)


def _basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


class Fake:
    """Proves itself by a header."""

    kinds = KINDS

    def __init__(self) -> None:
        self.fake = FakeEvents()
        self.source: EventSource = self.fake

    def calls(self, facts: Sequence[Fact]) -> Sequence[HookRequest]:
        """See Service."""
        events = [
            DeliveryEvent(
                kind=fact.kind,
                at=fact.at,
                received_at=fact.at,
                service="",
                token=fact.token,
                recipient=fact.recipient,
            )
            for fact in facts
        ]
        return [self.fake.call(*events)]

    def new_word(self) -> HookRequest:
        """See Service."""
        (call,) = self.calls([Fact(Kind.DELIVERED)])
        return self.proven(call.body.replace(b'"delivered"', b'"frozen"'))

    def forgeries(self) -> Mapping[str, HookRequest]:
        """See Service."""
        (call,) = self.calls([Fact(Kind.DELIVERED)])
        return {
            "no key": HookRequest(headers={}, body=call.body),
            "another key": HookRequest(headers={"x-key": "x"}, body=call.body),
        }

    def proven(self, body: bytes) -> HookRequest:
        """See Service."""
        return HookRequest(headers={"x-key": self.fake.key}, body=body)

    def around(self, content: bytes) -> HookRequest:
        """See Service."""
        return self.proven(b"[" + content + b"]")


SERVICES: Mapping[str, Callable[[], Service]] = {
    "customers-mail-cloud": CustomersMailCloud,
    "ses": Ses,
    "postmark": Postmark,
    "fake": Fake,
}
"""Each service by the name that its events bear."""
