"""Read the events of Amazon SES, told through Amazon SNS: its words become ours in the tables on top, nowhere else.

Both formats: event publishing (`eventType`, through a configuration set) and the older notifications of an identity
(`notificationType`). One message may name several recipients; each gets an event. sns.py verifies who sent it.
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from todoke.model.automatic_reply import is_automatic_reply
from todoke.model.delivery import DeliveryEvent, Kind, Permanence, Reason
from todoke.model.errors import Forged
from todoke.model.json_text import UNREADABLE, read_mended
from todoke.model.log import get_logger
from todoke.model.smtp_codes import find_status_code
from todoke.ports.events import HookRequest
from todoke.services.meaning import Meaning, named_recipient, read_moment
from todoke.services.ses.settings import NAME, SesSettings
from todoke.services.ses.sns import (
    NOTIFICATION,
    SUBSCRIPTION,
    Fetch,
    Verifier,
    confirmation_url,
    parse,
)
from todoke.services.ses.sns_fetch import fetch as fetch_over_tls

TAG = "todoke-attempt"
FIELD = "x-todoke-attempt"
"""Where the mailer puts an attempt's token (services/ses/mailer.py): a message tag, and a header field."""


SUPPRESSED = Meaning(Kind.REJECTED, Permanence.NONE, Reason.SUPPRESSED)
UNDETERMINED = Meaning(Kind.UNDETERMINED, Permanence.NONE, Reason.OTHER, worded=True)
OTHER = Meaning(Kind.OTHER)

BOUNCES = {
    # "A hard bounce", of whatever reason: the text tells it, where there is one.
    ("Permanent", "General"): Meaning(Kind.BOUNCED, Permanence.HARD, Reason.OTHER, worded=True),
    ("Permanent", "NoEmail"): Meaning(Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS),
    # Never offered to the recipient's server.
    ("Permanent", "Suppressed"): SUPPRESSED,
    ("Permanent", "OnAccountSuppressionList"): SUPPRESSED,
    ("Permanent", "OnTenantSuppressionList"): SUPPRESSED,
    ("Permanent", "UnsubscribedRecipient"): SUPPRESSED,
    ("Permanent", "EmailValidationSuppressed"): SUPPRESSED,
    # Vacation replies are told as this one: it does not say that the message failed.
    ("Transient", "General"): UNDETERMINED,
    # Told once SES has given up, so the message will not arrive.
    ("Transient", "MailboxFull"): Meaning(Kind.BOUNCED, Permanence.SOFT, Reason.MAILBOX_FULL),
    ("Transient", "MessageTooLarge"): Meaning(Kind.BOUNCED, Permanence.NONE, Reason.TOO_LARGE),
    ("Transient", "ContentRejected"): Meaning(Kind.BOUNCED, Permanence.NONE, Reason.CONTENT),
    ("Transient", "AttachmentRejected"): Meaning(Kind.BOUNCED, Permanence.NONE, Reason.CONTENT),
    ("Transient", "CustomTimeoutExceeded"): Meaning(
        Kind.BOUNCED, Permanence.SOFT, Reason.TIMED_OUT
    ),
    ("Undetermined", "Undetermined"): UNDETERMINED,
}
"""bounceType and bounceSubType. A subtype that is not here counts as General; a type that is not, as Undetermined."""

ACTIONS = {
    # RFC 3464 2.3.3: the one recipient's own word, in the report that SES read.
    "delayed": Meaning(Kind.DEFERRED, Permanence.SOFT, Reason.OTHER, worded=True),
    "delivered": UNDETERMINED,
    "relayed": UNDETERMINED,
    "expanded": UNDETERMINED,
}
"""`action` of a bounced recipient, where it says less than the bounce's type."""

COMPLAINTS = {
    # Not complaints: "this was not spam", and a report on authentication.
    "not-spam": OTHER,
    "auth-failure": OTHER,
}
"""complaintFeedbackType (RFC 5965 7.3); any other, and none, is a complaint."""

DELAYS = {
    "MailboxFull": Reason.MAILBOX_FULL,
    "SpamDetected": Reason.POLICY,
    "IPFailure": Reason.POLICY,
    "TransientCommunicationFailure": Reason.TIMED_OUT,
}
"""delayType, of a delivery that SES tries again; any other has the reason that the words tell."""

EVENTS = {
    # SES took it; also said of mail that it then suppresses.
    "Send": Meaning(Kind.ACCEPTED),
    # The recipient's server accepted it; a bounce can still follow.
    "Delivery": Meaning(Kind.DELIVERED),
    # A virus was found; never offered to the recipient's server.
    "Reject": Meaning(Kind.REJECTED, Permanence.NONE, Reason.CONTENT),
    "Rendering Failure": Meaning(Kind.REJECTED, Permanence.NONE, Reason.MISCONFIGURED),
    "RenderingFailure": Meaning(Kind.REJECTED, Permanence.NONE, Reason.MISCONFIGURED),
    "DeliveryDelay": Meaning(Kind.DEFERRED, Permanence.SOFT, Reason.OTHER, worded=True),
}
"""eventType or notificationType, but for Bounce and Complaint. Open, Click, Subscription and new ones: Kind.OTHER."""

DETAILS: Mapping[str, tuple[str, str]] = {
    "Bounce": ("bounce", "bouncedRecipients"),
    "Complaint": ("complaint", "complainedRecipients"),
    "Delivery": ("delivery", "recipients"),
    "DeliveryDelay": ("deliveryDelay", "delayedRecipients"),
    "Send": ("send", ""),
    "Reject": ("reject", ""),
    "Rendering Failure": ("failure", ""),
    "RenderingFailure": ("failure", ""),
    "Open": ("open", ""),
    "Click": ("click", ""),
    "Subscription": ("subscription", ""),
}
"""Where each kind of event has its details, and in them its recipients ("": all whom the mail was for)."""

NOTICES = (
    "Successfully validated SNS topic",
    '{"notificationType":"AmazonSnsSubscriptionSucceeded"',
)
"""How the messages begin by which SES tries a topic; they tell of no mail."""

log = get_logger(__name__)
_object = msgspec.json.Decoder(dict[str, Any])


class SesEvents:
    """The event source of Amazon SES. Subscriptions to our own topics are confirmed when SNS asks for it.

    `fetch` gets certificates and confirms; the one over TLS unless a test passes its own. Raises ConfigError: if the
    library for signatures is not installed.
    """

    name = NAME

    def __init__(self, settings: SesSettings, *, fetch: Fetch = fetch_over_tls) -> None:
        self._settings = settings
        self._fetch = fetch
        self._verifier = Verifier(settings.topics, fetch)

    def read(self, request: HookRequest, now: datetime) -> Sequence[DeliveryEvent]:
        """The events in a call, each with the message of SES as evidence.

        Raises Forged: if it is not verified to come from one of our topics. Malformed: if it cannot be read.
        Unverifiable: if a certificate or a confirmation cannot be had now.
        """
        if request.headers.get("x-amz-sns-rawdelivery", "").lower() == "true":
            return read_message(self._bare(request), now=now)
        envelope = parse(request.body)
        self._verifier.verify(envelope, now)
        if envelope.type == NOTIFICATION:
            raw = envelope.message.encode("utf-8", "surrogatepass")
            return read_message(raw, now=now, told_at=envelope.at)
        if envelope.type == SUBSCRIPTION:
            self._fetch(confirmation_url(envelope))
            log.warning("subscription_confirmed", topic=envelope.topic_arn)
        else:
            log.error("subscription_ended", topic=envelope.topic_arn)
        return ()

    def _bare(self, request: HookRequest) -> bytes:
        """The body of a raw delivery, which has no signature. Raises Forged: unless the settings allow it."""
        topic = request.headers.get("x-amz-sns-topic-arn", "")
        if not self._settings.raw_delivery or topic not in self._settings.topics:
            raise Forged("Raw message delivery is not expected here.")
        return request.body


def read_message(
    raw: bytes, *, now: datetime, told_at: datetime | None = None
) -> Sequence[DeliveryEvent]:
    """The events in one message of SES, an event for each recipient; equal messages, equal keys.

    `told_at` dates an event that states no time of its own. What cannot be read is Kind.OTHER.
    """
    if raw.decode("utf-8", "replace").replace(" ", "").startswith(_PACKED_NOTICES):
        return ()
    undated = told_at or now
    try:
        message = read_mended(_object, raw)
    except UNREADABLE:
        return (_event(OTHER, raw, at=undated, now=now),)
    return tuple(_events(message, raw, undated, now))


_PACKED_NOTICES = tuple(notice.replace(" ", "") for notice in NOTICES)


def _events(
    message: dict[str, Any], raw: bytes, undated: datetime, now: datetime
) -> Iterator[DeliveryEvent]:
    word = _text(message, "eventType") or _text(message, "notificationType")
    place, listed = DETAILS.get(word, ("", ""))
    details, mail = _table(message, place), _table(message, "mail")
    at = (
        read_moment(_text(details, "timestamp")) or read_moment(_text(mail, "timestamp")) or undated
    )
    recipients = _named(details, listed) or _named(mail, "destination") or [""]
    for one in recipients:
        recipient = one if isinstance(one, dict) else {"emailAddress": one}
        text = _words(word, details, recipient)
        meaning = _meaning(word, details, recipient).refined_by(text).sparing_the_address(text)
        yield _event(
            _failed(meaning, recipient, text),
            raw,
            at=at,
            now=now,
            token=_token(mail),
            service_id=_text(mail, "messageId"),
            recipient=named_recipient(recipient.get("emailAddress")),
            status_code=find_status_code(_text(recipient, "status")) or find_status_code(text),
            diagnostic=text,
        )


def _meaning(word: str, details: dict[str, Any], recipient: dict[str, Any]) -> Meaning:
    if word == "Bounce":
        return ACTIONS.get(_action(recipient)) or _bounce(details)
    if word == "Complaint":
        if _text(details, "complaintSubType") == "OnAccountSuppressionList":
            return SUPPRESSED  # taken, and not sent: they complained before
        return COMPLAINTS.get(_text(details, "complaintFeedbackType"), Meaning(Kind.COMPLAINED))
    meaning = EVENTS.get(word, OTHER)
    delay = DELAYS.get(_text(details, "delayType")) if word == "DeliveryDelay" else None
    return Meaning(meaning.kind, meaning.permanence, delay) if delay else meaning


def _bounce(details: dict[str, Any]) -> Meaning:
    kind, subtype = _text(details, "bounceType"), _text(details, "bounceSubType")
    return BOUNCES.get((kind, subtype)) or BOUNCES.get((kind, "General")) or UNDETERMINED


def _failed(meaning: Meaning, recipient: dict[str, Any], text: str) -> Meaning:
    """What SES calls undetermined is a bounce where the other server's report says `action: failed`: it has given up
    (RFC 3464 2.3.3), with or without a reason. A vacation reply brings no such report; its words stay undetermined."""
    if meaning.kind is not Kind.UNDETERMINED or _action(recipient) != "failed":
        return meaning
    return meaning if is_automatic_reply(text) else replace(meaning, kind=Kind.BOUNCED)


def _action(recipient: dict[str, Any]) -> str:
    """The word of RFC 3464 2.3.3, without a comment behind it."""
    return _text(recipient, "action").lower().partition(" ")[0]


def _words(word: str, details: dict[str, Any], recipient: dict[str, Any]) -> str:
    """What the other server, or else SES, says of it."""
    kinds = " ".join(filter(None, (_text(details, "bounceType"), _text(details, "bounceSubType"))))
    return (
        _text(recipient, "diagnosticCode")
        or " ".join(filter(None, (kinds, _text(recipient, "status"))))
        or _text(details, "smtpResponse")
        or _text(details, "reason")
        or _text(details, "errorMessage")
        or _text(details, "delayType")
        or _text(details, "complaintFeedbackType")
        or ("" if word in EVENTS else word[:100])
    )


def _token(mail: dict[str, Any]) -> str:
    """The attempt's token, from the tag or the header field."""
    for value in _list(_table(mail, "tags"), TAG):
        if isinstance(value, str) and value:
            return value
    for field in _list(mail, "headers"):
        if isinstance(field, dict) and _text(field, "name").lower() == FIELD:
            return _text(field, "value")
    return ""


def _event(
    meaning: Meaning, raw: bytes, *, at: datetime, now: datetime, **facts: str
) -> DeliveryEvent:
    return DeliveryEvent(
        kind=meaning.kind,
        at=at,
        received_at=now,
        service=NAME,
        permanence=meaning.permanence,
        reason=meaning.reason,
        raw=raw,
        **facts,
    )


def _named(table: dict[str, Any], key: str) -> list[Any]:
    """The recipients under a key; one that stands there without a list is a list of one."""
    value = table.get(key)
    return value if isinstance(value, list) else [value] if value else []


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key)
    return value.strip() if isinstance(value, str) else ""


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _list(table: dict[str, Any], key: str) -> list[Any]:
    value = table.get(key)
    return value if isinstance(value, list) else []
