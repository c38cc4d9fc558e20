"""A composed mail, as every mailer takes it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec.structs import asdict, replace

from todoke.model.address import Address

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""C0, DEL, C1 and the line separators of Unicode: what can end a header field or a line, and stands in none."""
DIGEST_LENGTH = 12
"""Digits of a content's digest in a Message-ID: 48 bits, to tell a few versions of one mail apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A display name ("" for none) with an address, as in a From field."""

    name: str
    address: Address


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a mail carries: a name that is safe in a header and on a disk, and a media type."""

    name: str
    media_type: str
    content: bytes

    def __repr__(self) -> str:
        return f"{self.name!r} {self.media_type} {hashlib.sha256(self.content).hexdigest()}"


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
    attachments: tuple[Attachment, ...] = ()


def identified(mail: Mail) -> Mail:
    """`mail` with a digest of its content in its Message-ID: `<A@B>` becomes `<A.DIGEST@B>`.

    A message is composed anew for each attempt, and templates or settings may have changed since the last. RFC 5322
    3.6.4 wants one Message-ID for one content; who drops a second of one must not drop another mail. The
    token is no content: it tells attempts apart.
    """
    content = asdict(mail)
    for name in ("message_id", "token"):
        del content[name]
    digest = hashlib.sha256(repr(content).encode()).hexdigest()[:DIGEST_LENGTH]
    local, _, domain = mail.message_id.rpartition("@")
    return replace(mail, message_id=f"{local}.{digest}@{domain}")
