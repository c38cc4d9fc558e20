"""Read the webhook calls of Customers Mail Cloud: its words become ours in the tables on top, and nowhere else.

Form-encoded (the service's default: `event` is text holding JSON) and JSON (nested), version 2 and version 1 names,
batches of any size. It has no signature: a secret path (web/hooks.py) and the api_key set in its console are all
there is. Its records (records/) hold the same items and are read by the same `read_item`.
docs/services/customers-mail-cloud.md says which of these facts are documented and which are inferred.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from todoke.model.automatic_reply import is_automatic_reply
from todoke.model.delivery import DeliveryEvent, Kind, Permanence, Reason
from todoke.model.errors import ConfigError, Forged, Malformed, TooLarge
from todoke.model.json_text import UNREADABLE, read_mended
from todoke.model.percent import percent_decode
from todoke.model.smtp_codes import find_status_code
from todoke.ports.events import HookRequest
from todoke.services.customers_mail_cloud.settings import NAME, CustomersMailCloudSettings
from todoke.services.meaning import Meaning, named_recipient, read_moment
from todoke.toml.zones import find_zone

DELIVERIES = {
    # The service took the mail from us.
    "queued": Meaning(Kind.ACCEPTED),
    "deferred": Meaning(Kind.DEFERRED),
    # The dialogue with the recipient's server succeeded; a bounce can still follow.
    "succeeded": Meaning(Kind.DELIVERED),
    # The dialogue failed: this message will not arrive. The class of the reason comes with the bounce.
    "failed": Meaning(Kind.BOUNCED),
}
"""`status` of an item of event type deliveries."""

BOUNCES = {
    "1": Meaning(Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_HOST),
    "2": Meaning(Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS),
    # No way to the server, or no end in time: its own last words say more, where it spoke.
    "3": Meaning(Kind.BOUNCED, Permanence.SOFT, Reason.TIMED_OUT, worded=True),
    "4": Meaning(Kind.BOUNCED, Permanence.NONE, Reason.POLICY),
    "5": Meaning(Kind.BOUNCED, Permanence.SOFT, Reason.MAILBOX_FULL),
    # A forward to another address failed; the mail may have arrived at ours.
    "6": Meaning(Kind.UNDETERMINED, Permanence.NONE, Reason.FORWARDING),
    "7": Meaning(Kind.BOUNCED, Permanence.SOFT, Reason.MISCONFIGURED),
    # A size: the mail's, or the mailbox's, which the words tell apart.
    "8": Meaning(Kind.BOUNCED, Permanence.NONE, Reason.TOO_LARGE, worded=True),
    "9": Meaning(Kind.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS),
    # Blocked because of earlier errors, or unsubscribed: never offered to the recipient's server.
    "10": Meaning(Kind.REJECTED, Permanence.NONE, Reason.SUPPRESSED),
    "11": Meaning(Kind.REJECTED, Permanence.NONE, Reason.SUPPRESSED),
    "99": Meaning(Kind.BOUNCED, Permanence.NONE, Reason.OTHER),
}
"""`status` of an item of event type bounces: the error status codes."""

OTHER_BOUNCE = BOUNCES["99"]
"""For numbers the list does not know."""

SUPPRESSED = Meaning(Kind.REJECTED, Permanence.NONE, Reason.SUPPRESSED)
AUTOMATIC_REPLY = Meaning(Kind.UNDETERMINED, Permanence.NONE, Reason.OTHER)
"""A vacation reply that was analysed as a bounce mail: it does not say that this message failed."""
COMPLAINT = Meaning(Kind.COMPLAINED)
"""Only todoke's sandbox sends event type complaints; the service documents nothing for them."""
OTHER = Meaning(Kind.OTHER)

MOST_EVENTS = 5_000
"""Of one call. The service states batches of 1 to 100; each event costs some 3 KB and 0.1 ms until it is stored."""
MOST_COMMAS = 50 * MOST_EVENTS
"""Looked at before anything is read, so that a list of a million numbers is never made; an item has about a dozen."""

_SUPPRESSED_TEXT = re.compile(
    r"recipient address .{1,330} is suppressed", re.IGNORECASE | re.DOTALL
)
_EITHER_SIZE = re.compile(r"\b552[ -]")
"""A reply code that servers use for mails that are too large as for mailboxes that are full: alone it adds nothing."""


def _delivery(status: str, text: str) -> Meaning:
    if status == "failed" and _SUPPRESSED_TEXT.search(text):
        return SUPPRESSED
    meaning = DELIVERIES.get(status, OTHER)
    is_worded = text and meaning.kind in {Kind.BOUNCED, Kind.DEFERRED}
    return meaning.told_by(text) if is_worded else meaning


def _bounce(status: str, text: str) -> Meaning:
    vague = status == "99" or status not in BOUNCES
    if vague and is_automatic_reply(text):
        return AUTOMATIC_REPLY
    if vague:
        if not status.isdecimal():
            return OTHER
        return OTHER_BOUNCE.told_by(text) if text else OTHER_BOUNCE
    told = BOUNCES[status].refined_by(_EITHER_SIZE.sub("", text))
    return told.sparing_the_address(text)


READERS: Mapping[str, Callable[[str, str], Meaning]] = {
    "deliveries": _delivery,
    "bounces": _bounce,
    "complaints": lambda _status, _text: COMPLAINT,
}
"""Event types; items of others (blocks: operations on the block list) are kept as Kind.OTHER."""


class _Item(msgspec.Struct):
    """The properties of an item that are used, of both versions; any may be absent, and numbers may be numbers."""

    status: Any = ""
    message_id: Any = msgspec.field(default="", name="messageId")
    api_data: Any = msgspec.field(default="", name="apiData")
    to: Any = ""
    envelope_to: Any = msgspec.field(default="", name="envelopeTo")
    reason: Any = ""
    created: Any = ""


class _Call(msgspec.Struct):
    """The parameters of a JSON call."""

    event: msgspec.Raw
    event_type: Any = ""
    api_key: Any = ""


_call = msgspec.json.Decoder(_Call)
_text = msgspec.json.Decoder(str)
_lists = msgspec.json.Decoder(dict[str, list[msgspec.Raw]])
_item = msgspec.json.Decoder(_Item)


class CustomersMailCloudEvents:
    """The event source of Customers Mail Cloud.

    Raises ConfigError: if the time zone that its console is set to is not a known name.
    """

    name = NAME

    def __init__(self, settings: CustomersMailCloudSettings) -> None:
        self._key = settings.webhook_key
        self._zone = zone_of(settings)

    def read(self, request: HookRequest, now: datetime) -> Sequence[DeliveryEvent]:
        """The events in a call, each with its JSON object as evidence.

        Raises Forged: if an api_key is configured and neither the body nor the Authorization header has it.
        Malformed: if the body is in neither encoding. TooLarge: if it tells more than MOST_EVENTS. An item that cannot
        be read is kept as Kind.OTHER.
        """
        event_type, event, key = _parameters(request)
        if self._key and not self._proves_itself(key, request.headers.get("authorization", "")):
            raise Forged
        return [
            read_item(kind_of_items, bytes(raw), zone=self._zone, now=now)
            for kind_of_items, items in _lists_of(event, event_type).items()
            for raw in items
        ]

    def _proves_itself(self, key: str, authorization: str) -> bool:
        """Compare every way to state the key; each in constant time, and all of them always."""
        scheme, _, stated = authorization.strip().partition(" ")
        basic = _basic(stated) if scheme.lower() == "basic" else ""
        bearer = stated.strip() if scheme.lower() == "bearer" else ""
        candidates = (key, bearer, basic, basic.partition(":")[2])
        return any([self._key.matches(one) for one in candidates])  # noqa: C419 - compare all, always


def zone_of(settings: CustomersMailCloudSettings) -> tzinfo:
    """The zone of the times that the service states. Raises ConfigError: if the settings name none that is known."""
    zone = find_zone(settings.time_zone)
    if zone is None:
        raise ConfigError(f"There is no time zone {settings.time_zone!r}.")
    return zone


def read_item(
    event_type: str,
    raw: bytes,
    *,
    zone: tzinfo,
    now: datetime,
    undated_at: datetime | None = None,
) -> DeliveryEvent:
    """The event that one item of a webhook call, or of the service's records, tells: equal items, equal keys.

    `raw` is the item's JSON object. An item without a time is dated `undated_at` (None: `now`). What cannot be read
    is Kind.OTHER.
    """
    undated_at = undated_at or now
    try:
        item = read_mended(_item, raw)
    except UNREADABLE:
        return DeliveryEvent(kind=Kind.OTHER, at=undated_at, received_at=now, service=NAME, raw=raw)
    text = plain(item.reason)
    read = READERS.get(event_type)
    meaning = read(plain(item.status), text) if read else OTHER
    return DeliveryEvent(
        kind=meaning.kind,
        at=read_moment(plain(item.created), zone) or undated_at,
        received_at=now,
        service=NAME,
        token=plain(item.api_data),
        service_id=_message_id(plain(item.message_id)),
        recipient=named_recipient(item.to) or named_recipient(item.envelope_to),
        permanence=meaning.permanence,
        reason=meaning.reason,
        status_code=find_status_code(text),
        diagnostic=text,
        raw=raw,
    )


def _parameters(request: HookRequest) -> tuple[str, bytes, str]:
    """Event type, the JSON of `event`, and the api_key ("" when absent)."""
    try:
        if request.body.lstrip()[:1] == b"{":
            return _from_json(request.body)
        return _from_form(request.body)
    except UNREADABLE as error:
        raise Malformed("The webhook call cannot be read.") from error


def _from_json(body: bytes) -> tuple[str, bytes, str]:
    call = read_mended(_call, body)
    event = bytes(call.event)
    if event.lstrip()[:1] == b'"':
        event = _text.decode(event).encode()
    return plain(call.event_type), event, plain(call.api_key)


def _from_form(body: bytes) -> tuple[str, bytes, str]:
    fields = (field.partition(b"=") for field in body.replace(b"+", b" ").split(b"&", 50))
    parameters = {percent_decode(name): percent_decode(value) for name, _, value in fields}
    if b"event" not in parameters:
        raise Malformed("The webhook call has no parameter `event`.")
    event_type, key = (
        parameters.get(n, b"").decode("utf-8", "replace") for n in (b"event_type", b"api_key")
    )
    return event_type, parameters[b"event"], key


def _lists_of(event: bytes, event_type: str) -> Mapping[str, Sequence[msgspec.Raw]]:
    """The lists in `event`: an object with one key, the event type. Raises TooLarge: if they hold too much."""
    if event.count(b",") > MOST_COMMAS:
        raise TooLarge(f"A call may tell {MOST_EVENTS} events at most.")
    try:
        lists = read_mended(_lists, event)
    except UNREADABLE as error:
        raise Malformed(f"The `event` of type {event_type[:40]!r} cannot be read.") from error
    if sum(map(len, lists.values())) > MOST_EVENTS:
        raise TooLarge(f"A call may tell {MOST_EVENTS} events at most.")
    return lists


def plain(value: Any) -> str:
    """Text as it is, a number as the service would write it in text; "" for anything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _message_id(text: str) -> str:
    """A Message-ID in angle brackets, whichever way it was given; "" for none."""
    bare = text.removeprefix("<").removesuffix(">").strip()
    return f"<{bare}>" if bare else ""


def _basic(stated: str) -> str:
    """`user:password` of a Basic Authorization header (RFC 7617 section 2)."""
    try:
        return b64decode(stated.strip(), validate=True).decode("utf-8", "replace")
    except (Base64Error, ValueError):
        return ""
