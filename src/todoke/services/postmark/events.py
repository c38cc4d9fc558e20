"""Read the webhook calls of Postmark: its words become ours in the tables on top, and nowhere else.

One JSON object a call (https://postmarkapp.com/developer/webhooks/webhooks-overview). It has no signature: the secret
path, and the password of Basic authentication, prove the sender. docs/services/postmark.md says what is unverified.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from todoke.model.delivery import DeliveryEvent, Kind, Permanence, Reason
from todoke.model.errors import Forged, Malformed
from todoke.model.json_text import UNREADABLE, read_mended
from todoke.model.smtp_codes import find_status_code
from todoke.ports.events import HookRequest
from todoke.services.meaning import Meaning, named_recipient, read_moment
from todoke.services.postmark.settings import METADATA, NAME, PostmarkSettings

OTHER = Meaning(Kind.OTHER)
UNDETERMINED = Meaning(Kind.UNDETERMINED, Permanence.NONE, Reason.OTHER)
COMPLAINT = Meaning(Kind.COMPLAINED)

BOUNCES = {
    # "Unable to deliver (ex: unknown user, mailbox not found)": of whatever reason, which the other server tells.
    "HardBounce": Meaning(Kind.BOUNCED, Permanence.HARD, Reason.OTHER, worded=True),
    # "Could not temporarily deliver (ex: delayed due to network troubles)": Postmark goes on trying.
    "Transient": Meaning(Kind.DEFERRED, Permanence.SOFT, Reason.OTHER, worded=True),
    "DnsError": Meaning(Kind.DEFERRED, Permanence.SOFT, Reason.OTHER, worded=True),
    # Told once Postmark has given up: mailbox full, account disabled.
    "SoftBounce": Meaning(Kind.BOUNCED, Permanence.SOFT, Reason.OTHER, worded=True),
    # Delivered and then filtered, or refused for its content: only a refusal says that it did not arrive.
    "SpamNotification": Meaning(Kind.UNDETERMINED, Permanence.NONE, Reason.CONTENT),
    "VirusNotification": Meaning(Kind.UNDETERMINED, Permanence.NONE, Reason.CONTENT),
    "ChallengeVerification": Meaning(Kind.UNDETERMINED, Permanence.NONE, Reason.POLICY),
    "Unknown": UNDETERMINED,
    # Answers by machines: they do not say that the message failed.
    "AutoResponder": UNDETERMINED,
    "AddressChange": UNDETERMINED,
    # Refused for policy by the recipient's provider.
    "Blocked": Meaning(Kind.BOUNCED, Permanence.NONE, Reason.POLICY),
    # Our domain's own policy: DKIM or SPF of what leaves here is wrong.
    "DMARCPolicy": Meaning(Kind.BOUNCED, Permanence.NONE, Reason.MISCONFIGURED),
    # Never offered to the recipient's server.
    "BadEmailAddress": Meaning(Kind.REJECTED, Permanence.HARD, Reason.UNKNOWN_ADDRESS),
    "ManuallyDeactivated": Meaning(Kind.REJECTED, Permanence.NONE, Reason.SUPPRESSED),
    "Unconfirmed": Meaning(Kind.REJECTED, Permanence.NONE, Reason.MISCONFIGURED),
    "SMTPApiError": Meaning(Kind.REJECTED, Permanence.NONE, Reason.OTHER),
    "TemplateRenderingFailed": Meaning(Kind.REJECTED, Permanence.NONE, Reason.MISCONFIGURED),
    "SpamComplaint": COMPLAINT,
    # Not about whether a mail of ours arrived.
    "Unsubscribe": OTHER,
    "Subscribe": OTHER,
    "OpenRelayTest": OTHER,
    "InboundError": OTHER,
}
"""`Type` of a bounce; one that is not here counts as Unknown."""

TYPE_CODES = {
    1: "HardBounce", 2: "Transient", 16: "Unsubscribe", 32: "Subscribe", 64: "AutoResponder", 128: "AddressChange",
    256: "DnsError", 512: "SpamNotification", 1024: "OpenRelayTest", 2048: "Unknown", 4096: "SoftBounce",
    8192: "VirusNotification", 16384: "ChallengeVerification", 100000: "BadEmailAddress", 100001: "SpamComplaint",
    100002: "ManuallyDeactivated", 100003: "Unconfirmed", 100006: "Blocked", 100007: "SMTPApiError",
    100008: "InboundError", 100009: "DMARCPolicy", 100010: "TemplateRenderingFailed",
}  # fmt: skip
"""`TypeCode`, for a bounce whose `Type` is missing."""

REFUSABLE = frozenset({"SpamNotification", "VirusNotification", "ChallengeVerification", "Unknown"})
"""Types that are a bounce where the other server's answer is a refusal (5yz)."""

GIVEN_UP = frozenset({"Transient", "DnsError", "Unknown"})
"""Types that are a bounce where the report in their details says `action: failed` (RFC 3464 2.3.3)."""

SUPPRESSIONS = {
    # The mail that put its recipient on the list.
    "HardBounce": Meaning(Kind.BOUNCED, Permanence.HARD, Reason.OTHER),
    "SpamComplaint": COMPLAINT,
    "ManualSuppression": OTHER,
}
"""`SuppressionReason` of a change that stops mail to an address; one that lets it flow again changes nothing."""

RECORDS = {
    "Delivery": Meaning(Kind.DELIVERED),
    "SpamComplaint": COMPLAINT,
}
"""`RecordType`, but for Bounce and SubscriptionChange."""

LET_GO = frozenset({"Open", "Click", "Inbound"})
"""Told of people who read, with what and where, or of mail to us: todoke keeps none of it."""

TIMES = ("DeliveredAt", "BouncedAt", "ChangedAt")
_FAILED = re.compile(r"\baction:\s*failed\b", re.IGNORECASE)
_REFUSAL = re.compile(r"(?<![\d.])5\d\d[ -]|\b5\.\d{1,3}\.\d{1,3}\b")
NOBODY = "00000000-0000-0000-0000-000000000000"
"""The MessageID of a change that no mail caused."""
_object = msgspec.json.Decoder(dict[str, Any])
_FRACTION = re.compile(r"(\.\d{6})\d+")


class PostmarkEvents:
    """The event source of Postmark."""

    name = NAME

    def __init__(self, settings: PostmarkSettings) -> None:
        self._key = settings.webhook_key

    def read(self, request: HookRequest, now: datetime) -> Sequence[DeliveryEvent]:
        """The event in a call, with the call as evidence; none for what is let go.

        Raises Forged: if the password of Basic authentication is not ours. Malformed: if it is no JSON object.
        """
        if not self._proves_itself(request.headers.get("authorization", "")):
            raise Forged
        try:
            call = read_mended(_object, request.body)
        except UNREADABLE as error:
            raise Malformed("The webhook call cannot be read.") from error
        if _text(call, "RecordType") in LET_GO or "FromFull" in call:
            return ()
        return (_event(call, request.body, now),)

    def _proves_itself(self, authorization: str) -> bool:
        """Whether the password, or user and password, are ours. Both are compared, always."""
        scheme, _, stated = authorization.strip().partition(" ")
        pair = _basic(stated) if scheme.lower() == "basic" else ""
        return any([self._key.matches(one) for one in (pair, pair.partition(":")[2])])  # noqa: C419 - compare all


def _event(call: dict[str, Any], raw: bytes, now: datetime) -> DeliveryEvent:
    words = _text(call, "Details") or _text(call, "Description") or _text(call, "SuppressionReason")
    meaning = _meaning(call, words).refined_by(words).sparing_the_address(words)
    metadata = call.get("Metadata")
    return DeliveryEvent(
        kind=meaning.kind,
        at=next((at for at in (_time(_text(call, key)) for key in TIMES) if at), now),
        received_at=now,
        service=NAME,
        token=_text(metadata, METADATA) if isinstance(metadata, dict) else "",
        service_id=_text(call, "MessageID").replace(NOBODY, ""),
        recipient=named_recipient(call.get("Recipient")) or named_recipient(call.get("Email")),
        permanence=meaning.permanence,
        reason=meaning.reason,
        status_code=find_status_code(words),
        diagnostic=words,
        raw=raw,
    )


def _meaning(call: dict[str, Any], words: str) -> Meaning:
    record = _text(call, "RecordType")
    if record == "Bounce":
        return _bounce(call, words)
    if record == "SubscriptionChange":
        stops = call.get("SuppressSending") is True
        return SUPPRESSIONS.get(_text(call, "SuppressionReason"), OTHER) if stops else OTHER
    return RECORDS.get(record, OTHER)


def _bounce(call: dict[str, Any], words: str) -> Meaning:
    code = call.get("TypeCode")
    kind = _text(call, "Type") or (TYPE_CODES.get(code, "") if type(code) is int else "")
    kind = kind if kind in BOUNCES else "Unknown"
    if kind in GIVEN_UP and _FAILED.search(words):
        return replace(BOUNCES[kind], kind=Kind.BOUNCED)
    if kind in REFUSABLE and _REFUSAL.search(words):
        told = Meaning(Kind.BOUNCED).told_by(words)
        return (
            Meaning(Kind.BOUNCED, told.permanence, BOUNCES[kind].reason)
            if _is_vague(told)
            else told
        )
    return BOUNCES[kind]


def _is_vague(meaning: Meaning) -> bool:
    return meaning.reason in {None, Reason.OTHER}


def _text(values: dict[str, Any], key: str) -> str:
    value = values.get(key)
    return value.strip() if isinstance(value, str) else ""


def _time(text: str) -> datetime | None:
    """ISO 8601 with seven digits after the dot and a zone, in UTC; None if it is no such time."""
    return read_moment(_FRACTION.sub(r"\1", text))


def _basic(stated: str) -> str:
    """`user:password` of a Basic Authorization header (RFC 7617 section 2)."""
    try:
        return b64decode(stated.strip(), validate=True).decode("utf-8", "replace")
    except (Base64Error, ValueError):
        return ""
