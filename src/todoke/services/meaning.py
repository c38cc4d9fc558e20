"""What a word of a mail service says in ours, what the other mail server's words add, and whom an event names. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from todoke.model.delivery import Kind, Party, Permanence, Reason
from todoke.model.errors import SendDeferred, SendError, SendRefused
from todoke.model.smtp_codes import Diagnosis, read_answer

_REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")
_BRACKETED = re.compile(r"<([^<>]*)>\Z")


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of event, what it says of the address, and why. Where `worded`, another server's words say more."""

    kind: Kind
    permanence: Permanence = Permanence.NONE
    reason: Reason | None = None
    worded: bool = False

    def told_by(self, text: str) -> Meaning:
        """The same kind, with the permanence and reason that the other server's answer states."""
        answer = _answer(text)
        return replace(self, permanence=answer.permanence, reason=answer.reason)

    def refined_by(self, text: str) -> Meaning:
        """Where it is `worded`, as `told_by`, unless the answer gives no reason that is known."""
        told = self.told_by(text) if self.worded and text else self
        return self if told.reason is Reason.OTHER else told

    def sparing_the_address(self, text: str) -> Meaning:
        """The same, unless the words are about us: then the address is not at fault, whatever the service says."""
        told = _answer(text)
        if told.party is not Party.SENDER:
            return self
        return replace(self, permanence=told.permanence, reason=told.reason)


def _answer(text: str) -> Diagnosis:
    code = _REPLY_CODE.search(text)
    return read_answer(code[1] if code else "", "", text)


def named_recipient(value: object) -> str:
    """Whom an event names, as a bare address, "" for nobody.

    A list of one names that one. Any other shape that is not empty names somebody else than ours: it is told as text
    that is no address, so that it never counts as evidence about a mail of ours.
    """
    if isinstance(value, list) and len(value) == 1:
        return named_recipient(value[0])
    if isinstance(value, str):
        text = value.strip()
        bracketed = _BRACKETED.search(text) if text.endswith(">") else None
        return (bracketed and bracketed[1].strip()) or text
    return f"({str(value)[:200]})" if value else ""


def read_moment(text: str, zone: tzinfo | None = None) -> datetime | None:
    """An ISO 8601 time in UTC, one without a zone in `zone`; None if it is none.

    So is one that is centuries away: no service means it, and in another zone it may be out of all calendars.
    """
    try:
        found = datetime.fromisoformat(text)
        at = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if (found.tzinfo or zone) and 1970 <= at.year < 2200 else None


def refusal(code: str, diagnostic: str, words: str, reason: Reason | None) -> SendError:
    """Refused, for `reason`; not now where the words speak of our sender, login or quota, whatever the code says.

    Then nothing is rejected, and all mail rests once another is answered so (walk/send/doubt.py).
    """
    read = read_answer("", "", words)
    if read.party is Party.SENDER:
        return SendDeferred(
            code=code, diagnostic=diagnostic, reason=read.reason, suspects_set_up=True
        )
    return SendRefused(code=code, diagnostic=diagnostic, reason=reason)
