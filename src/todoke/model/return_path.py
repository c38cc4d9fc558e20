"""The signed return path of an attempt (VERP): where its mail comes back to, and what such an address says. Pure.

`returns+<mark>@bounces.example.org`. A mark names the attempt, its recipient and a last day, and is signed by the
site's secret: whatever else is written to the address means nothing. It is of digits and small letters alone and is
read in any case, for some servers change that, and fits a local part (64 octets, RFC 5321 4.5.3.1.1).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from hmac import compare_digest

import msgspec

from todoke.model import ids
from todoke.model.address import Address, mailbox_key

GOOD_FOR = timedelta(days=60)
"""Servers give up after 5 days, and complaints come within weeks."""
LONGEST_NAME = 11
"""Characters that the mark leaves to the local part that stands before it."""
DELIMITERS = ("+", "-", "=", "_")
_TIME_DIGITS = 4
"""Of ten (ids.time_digits): some eighteen minutes."""
_CARRIED = 32
"""Digits of a token that are carried: all, or of one that begins with its submission's id as many as tell it apart."""
_MARK = re.compile(r"([0-9a-v]{4})([0-9a-v]{4})([0-9a-v]{12})([0-9a-z]{26,32})", re.ASCII)


class ReturnMark(msgspec.Struct, frozen=True, kw_only=True):
    """What a signed path says: of which attempt, handed over at about when.

    `token` is the attempt's, or its beginning where that is longer; `recipient` names whom it was for by a hash.
    """

    token: str
    recipient: str
    handed_over_at: datetime

    def is_for(self, secret: bytes, address: str) -> bool:
        """Whether the attempt was for this mailbox, as far as twenty bits tell."""
        return ids.return_name(secret, mailbox_key(address)) == self.recipient

    def is_of(self, token: str) -> bool:
        """Whether the attempt with this token is meant."""
        return token[:_CARRIED] == self.token


class ReturnPath(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail comes back to: an address, and what stands between its local part and a mark."""

    address: Address
    delimiter: str = "+"

    def signed(self, secret: bytes, token: str, recipient: Address, now: datetime) -> Address:
        """The return path of an attempt that is handed over now."""
        until = ids.time_digits(now + GOOD_FOR)[:_TIME_DIGITS]
        said = until + ids.return_name(secret, recipient.key)
        carried = token[:_CARRIED]
        mark = said + ids.return_mark(secret, said + carried) + carried
        return Address(f"{self.address.local}{self.delimiter}{mark}@{self.address.domain}")

    def read(self, secret: bytes, address: str, now: datetime) -> ReturnMark | None:
        """What a signed path says; None of any other address, of a forged one and of one whose time is over."""
        local, _, domain = address.strip().strip("<>").rpartition("@")
        begins = f"{self.address.local}{self.delimiter}".lower()
        is_here = domain.lower() in {self.address.domain.lower(), self.address.ascii_domain}
        # Some letters beyond ASCII have small ones within it.
        if not is_here or not local.isascii() or not local.lower().startswith(begins):
            return None
        found = _MARK.fullmatch(local.lower()[len(begins) :])
        if found is None:
            return None
        until, recipient, mac, carried = found.groups()
        made = ids.return_mark(secret, until + recipient + carried)
        if not compare_digest(mac, made):
            return None
        ends_at = ids.time_of(until + "0" * (ids.TIME_DIGITS - _TIME_DIGITS))
        if now >= ends_at:
            return None
        return ReturnMark(token=carried, recipient=recipient, handed_over_at=ends_at - GOOD_FOR)
