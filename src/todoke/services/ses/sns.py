"""The envelope that Amazon SNS puts around a message: parsed, its signature verified, its topic compared.

A message is believed when all of this holds: its topic is one of ours; its certificate comes over TLS from an address
of SNS itself, and is valid; the signature over its fields was made with that certificate; it is not too old. The URL of
a certificate is pinned to host AND path without a query: other calls of the SNS API give anybody's bytes back.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import re
import threading
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from todoke.model.errors import ConfigError, Forged, Malformed, Unverifiable
from todoke.model.json_text import UNREADABLE

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
UNSUBSCRIPTION = "UnsubscribeConfirmation"

SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
    UNSUBSCRIPTION: (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
"""The fields that the signature covers, in its order, for each type."""

OLDEST = timedelta(days=1)
"""SNS tries for hours, with the time of the first try; a repetition changes nothing, so a day does no harm."""
AHEAD = timedelta(minutes=15)
MOST_CERTIFICATES = 16

_CERTIFICATE_URL = re.compile(
    r"https://sns\.[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}\.amazonaws\.com(?:\.cn)?/SimpleNotificationService-[0-9a-f]{32}\.pem"
)
_CERTIFICATE_NAME = re.compile(
    r"sns(?:-signing)?(?:[.-][a-z]{2,4}(?:-[a-z]+)+-\d{1,2})?\.amazonaws\.com(?:\.cn)?"
)
_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}

Fetch = Callable[[str], bytes]
"""Gets what is at an https URL. Raises Unverifiable: if it cannot be had now."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The fields of an SNS message that are used. What else there is (UnsubscribeURL) is neither signed nor read."""

    type: str
    message: str
    message_id: str
    timestamp: str
    topic_arn: str
    signature_version: str
    signature: str
    signing_cert_url: str = msgspec.field(name="SigningCertURL")
    subject: str | None = None
    token: str | None = None
    subscribe_url: str | None = msgspec.field(name="SubscribeURL", default=None)

    @property
    def at(self) -> datetime | None:
        """When SNS first sent it, None if it does not say so."""
        try:
            stated = datetime.fromisoformat(self.timestamp)
            return stated.astimezone(UTC) if stated.tzinfo else None
        except (ValueError, OverflowError):  # in the year 1, another zone is out of all calendars
            return None


_envelope = msgspec.json.Decoder(Envelope)
_fields: Mapping[str, str] = {
    field.encode_name: field.name for field in msgspec.structs.fields(Envelope)
}


def parse(body: bytes) -> Envelope:
    """The envelope in a call's body. Raises Malformed: if it is none."""
    try:
        return _envelope.decode(body)
    except UNREADABLE as error:
        raise Malformed("The call is not a message of Amazon SNS.") from error


class Verifier:
    """Believes envelopes of `topics`. Certificates are fetched once and kept in memory, a few of them.

    Safe to call from several threads. Raises ConfigError: if the library for signatures is not installed.
    """

    def __init__(self, topics: Collection[str], fetch: Fetch) -> None:
        _require_cryptography()
        self._topics = frozenset(topics)
        self._fetch = fetch
        self._lock = threading.Lock()
        self._certificates: dict[str, Certificate] = {}

    def verify(self, envelope: Envelope, now: datetime) -> None:
        """Raises Forged: unless the envelope is believed. Unverifiable: if the certificate cannot be had now."""
        if envelope.type not in SIGNED or envelope.topic_arn not in self._topics:
            raise Forged("The message is of another topic or kind.")
        at = envelope.at
        if at is None or not -OLDEST <= at - now <= AHEAD:
            raise Forged("The message is too old, or not yet.")
        if envelope.signature_version not in {"1", "2"}:
            raise Forged("The message is signed in a way that is not known.")
        if not _CERTIFICATE_URL.fullmatch(envelope.signing_cert_url):
            raise Forged("The certificate is not at an address of Amazon SNS.")
        certificate = self._certificate(envelope.signing_cert_url)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise Forged("The certificate is not valid now.")
        if not _is_signed(envelope, certificate):
            raise Forged("The signature is not right.")

    def _certificate(self, url: str) -> Certificate:
        with self._lock:
            known = self._certificates.get(url)
        if known is not None:
            return known
        found = _read_certificate(self._fetch(url))
        with self._lock:
            while len(self._certificates) >= MOST_CERTIFICATES:
                del self._certificates[next(iter(self._certificates))]
            self._certificates[url] = found
        return found


def confirmation_url(envelope: Envelope) -> str:
    """The address that confirms a verified subscription, made from its topic and token.

    SubscribeURL is not used: nothing in a request chooses a host that todoke calls. The region is that of the topic,
    which is one of our own configuration.
    """
    _, partition, _, region, _, _ = envelope.topic_arn.split(":", 5)
    query = urlencode(
        {
            "Action": "ConfirmSubscription",
            "TopicArn": envelope.topic_arn,
            "Token": envelope.token or "",
        }
    )
    return f"https://sns.{region}.{_SUFFIXES[partition]}/?{query}"


def string_to_sign(envelope: Envelope) -> bytes:
    """What the signature covers: name and value of each field on lines of their own; Subject where there is one."""
    values = ((name, getattr(envelope, _fields[name])) for name in SIGNED[envelope.type])
    lines = [f"{name}\n{value}\n" for name, value in values if value is not None]
    return "".join(lines).encode("utf-8", "surrogatepass")


def _is_signed(envelope: Envelope, certificate: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 for this service alone
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256  # noqa: PLC0415

    signature = _base64(envelope.signature)
    key = certificate.public_key()
    if signature is None or not isinstance(key, RSAPublicKey):
        return False
    # Version 1 is SHA-1 by Amazon's definition: a second preimage, which a forger would need, is out of reach.
    algorithm = SHA1() if envelope.signature_version == "1" else SHA256()  # noqa: S303
    try:
        key.verify(signature, string_to_sign(envelope), PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _base64(text: str) -> bytes | None:
    """The bytes, if `text` is the one way to write them: bits that count for nothing must be zero (RFC 4648 3.5)."""
    try:
        found = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return found if b64encode(found).decode() == text else None


def _read_certificate(pem: bytes) -> Certificate:
    """The certificate in `pem`. Raises Unverifiable: if there is none. Forged: if it is not one of Amazon SNS."""
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 for this service alone
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    try:
        certificate = load_pem_x509_certificate(pem)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError as error:
        raise Unverifiable("What is at the certificate's address is none.") from error
    if not any(_CERTIFICATE_NAME.fullmatch(str(name.value)) for name in names):
        raise Forged("The certificate was not made out to Amazon SNS.")
    return certificate


def _require_cryptography() -> None:
    try:
        import cryptography  # noqa: F401, PLC0415 verified here, so that no event is refused for it later
    except ImportError as error:
        raise ConfigError(
            "The events of Amazon SES are signed, which needs cryptography: pip install 'todoke[aws]'"
        ) from error
