"""A ticket: the signed text that stands in a form for a file which the visitor's browser put into the bucket.

It says all that the door needs to know of the file, so nothing is stored when it is given out. Only the holder of the
site's secret can write one; it is good for one field of one form, and for a time.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

import msgspec

from todoke.model import ids
from todoke.model.submission import EntryList

PREFIX = "todoke-upload."
_PURPOSE = b"todoke upload"
_MOST_CHARACTERS = 8_192


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """A file of `size` bytes at `key`, for `field` of `form`, by the name and media type that the browser stated.

    `expires_at` is in seconds since 1970.
    """

    form: str
    field: str
    key: str
    name: str
    media_type: str
    size: int
    expires_at: int


def write_ticket(secret: bytes, ticket: Ticket) -> str:
    """The text to put into the form: ASCII without spaces."""
    stated = urlsafe_b64encode(msgspec.json.encode(ticket)).decode()
    return f"{PREFIX}{stated}.{ids.signature(secret, _PURPOSE, stated)}"


def read_ticket(secret: bytes, text: str, now: datetime) -> Ticket | None:
    """The ticket that a text is; None if it was not written with `secret`, or is no longer good."""
    if not text.startswith(PREFIX) or len(text) > _MOST_CHARACTERS or not text.isascii():
        return None
    stated, _, signature = text.removeprefix(PREFIX).partition(".")
    if not hmac.compare_digest(ids.signature(secret, _PURPOSE, stated), signature):
        return None
    ticket = msgspec.json.decode(urlsafe_b64decode(stated), type=Ticket)
    return ticket if now < datetime.fromtimestamp(ticket.expires_at, UTC) else None


def are_in(entries: EntryList) -> bool:
    """Whether any answer may be a ticket. Asked of each form that comes, so it must be quick."""
    return any(isinstance(e.value, str) and e.value.startswith(PREFIX) for e in entries)
