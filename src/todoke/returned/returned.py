"""What one returned mail says of one recipient, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from todoke.model.delivery import Permanence, Reason


class ReturnKind(StrEnum):
    """What a mail is that came back. Only the first three, and a complaint, say that something is wrong."""

    HARD = "hard"
    """It will not arrive, and the address is dead: words and codes say so together."""
    SOFT = "soft"
    """It will not arrive; the address may work again, or nobody said why."""
    BLOCKED = "blocked"
    """It will not arrive: who sends, or what is sent, is not wanted. It says nothing of the address."""
    DELAYED = "delayed"
    """It has not arrived yet, and is tried again."""
    DELIVERED = "delivered"
    """It is in the mailbox, or with whoever the recipient's server trusts with it."""
    RELAYED = "relayed"
    """It went on to a server that reports nothing: it is not known to have arrived."""
    EXPANDED = "expanded"
    """It went on to the members of a list."""
    COMPLAINT = "complaint"
    """The recipient called it unwanted, or wants no more; it did arrive."""
    AUTOMATIC_REPLY = "automatic_reply"
    """A program answered for the recipient: on holiday, for instance."""
    READ_RECEIPT = "read_receipt"
    """It was shown, deleted or sorted by the recipient's mail program."""
    ORDINARY = "ordinary"
    """None of these, or nothing of which we are sure."""

    @property
    def is_failure(self) -> bool:
        """Whether the mail will not arrive."""
        return self in FAILED_KINDS

    @property
    def is_report(self) -> bool:
        """Whether a mail system or a complaint says something of a mail of ours: what may change a state."""
        return self not in SILENT_KINDS


FAILED_KINDS = frozenset({ReturnKind.HARD, ReturnKind.SOFT, ReturnKind.BLOCKED})
SILENT_KINDS = frozenset({ReturnKind.AUTOMATIC_REPLY, ReturnKind.READ_RECEIPT, ReturnKind.ORDINARY})


@dataclass(frozen=True, slots=True)
class Returned:
    """What a returned mail says of one recipient. "" and None stand for what it does not say.

    All of it is what others wrote: it may be forged, and proves nothing before it is tied to a mail of ours.
    """

    kind: ReturnKind
    recipient: str = ""
    """Whom we wrote to: the original recipient where it is stated, else the final one."""
    final_recipient: str = ""
    """Whom it was for at the end of the way, after aliases and forwarding."""
    permanence: Permanence = Permanence.NONE
    reason: Reason | None = None
    status_code: str = ""
    """Enhanced (RFC 3463): class.subject.detail."""
    reply_code: str = ""
    """Of SMTP (RFC 5321): three digits."""
    diagnostic: str = ""
    """The words, 2,000 characters at most."""
    feedback_type: str = ""
    """Of a complaint or another feedback report (RFC 5965)."""
    reporting_mta: str = ""
    envelope_id: str = ""
    """The ENVID that the sender gave (RFC 3461), decoded."""
    message_id: str = ""
    """Of the original mail, with its angle brackets."""
    at: datetime | None = None
    """When the report was made, by its Date field; in UTC."""
