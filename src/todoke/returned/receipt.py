"""Message disposition notifications (RFC 8098): a mail program says that it showed, deleted or sorted a mail."""

from __future__ import annotations

import re
from dataclasses import dataclass

from todoke.returned.entity import Entity, header_of
from todoke.returned.mailbox import has_domain, original_recipient, stated_recipient

TYPES = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_SUBJECT = re.compile(
    r"(?:read|not read|gelesen|ungelesen|lu|non lu|leído|no leído|letto|開封済み|未開封|既読)\s*[:：]"
    r"|return receipt|read receipt|disposition notification|開封(?:確認|通知)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a mail in the hands of its reader's program."""

    recipient: str
    disposition: str
    message_id: str


def receipt_in(mail: Entity) -> Receipt | None:
    """The receipt that a mail is, None when it is none."""
    for leaf in mail.leaves():
        if leaf.type in TYPES:
            return _read(header_of(leaf.text))
    is_old = _SUBJECT.match(mail.first("subject")) and mail.has("in-reply-to")
    return Receipt("", "", "") if is_old and mail.type == "multipart/report" else None


def _read(report: Entity) -> Receipt:
    original = original_recipient(report.first("original-recipient"))
    final = stated_recipient(report.first("final-recipient"))
    message_id = _MESSAGE_ID.search(report.first("original-message-id"))
    return Receipt(
        recipient=original if has_domain(original) else final,
        disposition=report.first("disposition")[:200],
        message_id=message_id.group() if message_id else "",
    )
