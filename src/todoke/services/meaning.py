"""What a word of a mail service says in ours, and what the other mail server's words add. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from todoke.model.delivery import Kind, Permanence, Reason
from todoke.model.smtp_codes import read_answer

_REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of event, what it says of the address, and why. Where `worded`, another server's words say more."""

    kind: Kind
    permanence: Permanence = Permanence.NONE
    reason: Reason | None = None
    worded: bool = False

    def told_by(self, text: str) -> Meaning:
        """The same kind, with the permanence and reason that the other server's answer states."""
        code = _REPLY_CODE.search(text)
        answer = read_answer(code[1] if code else "", "", text)
        return replace(self, permanence=answer.permanence, reason=answer.reason)

    def refined_by(self, text: str) -> Meaning:
        """Where it is `worded`, as `told_by`, unless the answer gives no reason that is known."""
        told = self.told_by(text) if self.worded and text else self
        return self if told.reason is Reason.OTHER else told
