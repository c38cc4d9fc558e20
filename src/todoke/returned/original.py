"""What a returned mail tells of the mail that it is about: the original, or its header, or the beginning of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from todoke.returned.entity import Entity, header_of
from todoke.returned.mailbox import addresses_in, unlike
from todoke.returned.system import is_from_a_system, tells_of_failure

ORIGINAL_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/rfc822-headers",
        "message/rfc822-header",
        "text/rfc822-headers",
        "text/rfc822-header",
        "text/rfc822",
        "message/global-headers",
    }
)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_FOR = re.compile(r"\bfor <([^<>\s@]{1,64}@[^<>\s@]{1,255})>")
_REPORTS = ("report-type=delivery-status", 'report-type="delivery-status', "feedback-report")


@dataclass(frozen=True, slots=True)
class Original:
    """The mail that came back, as far as it is told."""

    message_id: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    """Of its envelope where its Received fields name one, else of To."""
    is_report: bool = False
    """Whether it was itself written by a mail system: a returned report says nothing of a mail of ours."""
    entity: Entity | None = None


NO_ORIGINAL = Original()


def original_in(mail: Entity, rest: str = "") -> Original:
    """The original of a report: the first mail or header in it, else `rest`, its text after the report itself."""
    for leaf in mail.leaves():
        if leaf.type in ORIGINAL_TYPES:
            return original_of(header_of(leaf.text))
    return original_of(header_of(rest)) if rest else NO_ORIGINAL


def original_of(header: Entity) -> Original:
    """What the header of the original tells."""
    if not header.fields:
        return NO_ORIGINAL
    message_id = _MESSAGE_ID.search(header.first("message-id"))
    return Original(
        message_id=message_id.group() if message_id else "",
        sender=next(iter(addresses_in(header.first("from"))), ""),
        recipients=_recipients(header),
        is_report=_is_report(header),
        entity=header,
    )


def _recipients(header: Entity) -> tuple[str, ...]:
    received = [name for value in header.all("received") for name in _FOR.findall(value)]
    stated = [name for key in ("x-original-to", "to") for name in addresses_in(header.first(key))]
    return tuple(unlike(received[-1:] or stated, ()))


def _is_report(header: Entity) -> bool:
    content = header.first("content-type").lower()
    return any(report in content for report in _REPORTS) or (
        is_from_a_system(header) and tells_of_failure(header)
    )
