"""A composed mail, as every mailer takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from todoke.model.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A display name ("" for none) with an address, as in a From field."""

    name: str
    address: Address


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A composed message, ready for any mailer.

    `headers` are further header fields in order (Auto-Submitted, List-Id ...), values in Unicode, already free
    of control characters. `token` is the attempt's; a mailer lets it travel with the mail.
    """

    message_id: str
    token: str
    sender: Mailbox
    recipient: Address
    reply_to: Mailbox | None
    subject: str
    text: str
    html: str
    date: datetime
    headers: tuple[tuple[str, str], ...] = ()
