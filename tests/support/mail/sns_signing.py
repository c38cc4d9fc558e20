"""Amazon SNS as a test needs it: messages signed with a key of our own, whose certificate a fake source gives."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from todoke.model.errors import Unverifiable
from todoke.ports.events import HookRequest

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-events"
HOST = "https://sns.eu-west-1.amazonaws.com"
CERTIFICATE_URL = f"{HOST}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
NAMES = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


@lru_cache
def key() -> rsa.RSAPrivateKey:
    """The key that SNS signs with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@lru_cache
def certificate(
    name: str = "sns.amazonaws.com",
    begins: datetime = NOW - timedelta(days=30),
    ends: datetime = NOW + timedelta(days=30),
) -> bytes:
    """The certificate of that key, as PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    made = made.public_key(key().public_key()).serial_number(1)
    made = made.not_valid_before(begins).not_valid_after(ends)
    return made.sign(key(), SHA256()).public_bytes(Encoding.PEM)


@dataclass
class Web:
    """What is at which address; `asked` keeps every address that was fetched."""

    pages: dict[str, bytes] = field(default_factory=lambda: {CERTIFICATE_URL: certificate()})
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> bytes:
        """See events.sns.Fetch."""
        self.asked.append(url)
        if url not in self.pages:
            raise Unverifiable
        return self.pages[url]


def envelope(message: Any = "", version: str = "1", **changes: Any) -> dict[str, Any]:
    """A signed message of SNS; `changes` are made before it is signed, and None takes a field out."""
    fields: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": "19ba9823-d7f2-53c1-860e-cb10e0d13dfc",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
        "UnsubscribeURL": f"{HOST}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:c9135db0",
    } | changes
    fields = {name: value for name, value in fields.items() if value is not None}
    return fields | {"Signature": sign(fields)}


def sign(fields: dict[str, Any]) -> str:
    """The signature of a message of SNS."""
    names = NAMES.get(fields["Type"], NAMES[""])
    signed = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields)
    algorithm = SHA1() if fields["SignatureVersion"] == "1" else SHA256()
    return b64encode(key().sign(signed.encode(), padding.PKCS1v15(), algorithm)).decode()


def confirmation(kind: str = "SubscriptionConfirmation", **changes: Any) -> dict[str, Any]:
    """A signed message that asks to confirm a subscription."""
    usual = {
        "Type": kind,
        "Subject": None,
        "UnsubscribeURL": None,
        "Token": "2336412f37",
        "SubscribeURL": f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37",
    }
    return envelope("You have chosen to subscribe.", **(usual | changes))


def call(fields: dict[str, Any] | bytes, **headers: str) -> HookRequest:
    """The webhook call with this body, written as SNS writes it."""
    body = fields if isinstance(fields, bytes) else json.dumps(fields, indent=2).encode()
    return HookRequest(headers={"content-type": "text/plain; charset=UTF-8"} | headers, body=body)
