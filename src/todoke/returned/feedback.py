"""Feedback reports (RFC 5965, RFC 6449): complaints, wishes for no more mail, and reports that are neither."""

from __future__ import annotations

import re
from dataclasses import dataclass

from todoke.returned.entity import Entity, header_of
from todoke.returned.mailbox import bare_address, has_domain
from todoke.returned.original import ORIGINAL_TYPES

COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "complaint"})
"""The feedback types that speak for the recipient. auth-failure, dmarc, not-spam, virus and other do not."""
_MICROSOFT = re.compile(r"\Acomplaint about message from\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A report of a recipient, or of their provider, about a mail that arrived."""

    type: str
    recipients: tuple[str, ...]
    reporting_mta: str = ""
    envelope_id: str = ""

    @property
    def is_complaint(self) -> bool:
        """Whether somebody wants no such mail."""
        return self.type in COMPLAINTS


def feedback_in(mail: Entity) -> Feedback | None:
    """The feedback report that a mail is, None when it is none."""
    if mail.type == "multipart/report":
        for leaf in mail.leaves():
            if leaf.type == "message/feedback-report":
                return _read(header_of(leaf.text))
    return _microsoft(mail)


def _read(report: Entity) -> Feedback:
    stated = [
        bare_address(value)
        for name in ("original-rcpt-to", "removal-recipient", "redacted-address")
        for value in report.all(name)
    ]
    return Feedback(
        type=report.first("feedback-type").lower()[:40],
        recipients=tuple(dict.fromkeys(filter(has_domain, stated))),
        reporting_mta=report.first("reporting-mta").rpartition(";")[2].strip()[:255],
        envelope_id=report.first("original-envelope-id")[:200],
    )


def _microsoft(mail: Entity) -> Feedback | None:
    """Microsoft's junk mail reporting programme, which is older than the format."""
    is_theirs = bare_address(mail.first("from")).lower() == "staff@hotmail.com"
    if not is_theirs or not _MICROSOFT.match(mail.first("subject")):
        return None
    for leaf in mail.leaves():
        if leaf.type in ORIGINAL_TYPES:
            names = header_of(leaf.text).all("x-hmxmroriginalrecipient")
            return Feedback("abuse", tuple(filter(has_domain, map(bare_address, names))))
    return None
