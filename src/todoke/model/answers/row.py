"""One row of the table of answers: codes, words or both, and what they state. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from todoke.model.delivery import Party, Permanence, Reason


class Strength(IntEnum):
    """Which of several rows decides: a lower one; among equals the first."""

    FIRM = 0
    """A code that no words overrule, or code and words together."""
    PLAIN = 1
    """Words that say more than the code beside them: many servers answer 550 or 5.1.1 to everything."""
    CODE = 2
    """An enhanced code by itself (RFC 3463)."""
    WEAK = 3
    """Words that explain only what no code does."""
    REPLY = 4
    """A reply code by itself (RFC 5321)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A form of answer and what it states.

    It is met when one of its `codes` (an enhanced code as `X.1.8` or, for a whole subject, `X.7`; or a reply code;
    none: any) and its `words` (None: any) both are. `source` says who documents it.
    """

    codes: frozenset[str]
    words: re.Pattern[str] | None
    party: Party
    reason: Reason
    permanence: Permanence
    source: str
    strength: Strength

    def is_met(self, codes: frozenset[str], words: str) -> bool:
        """Whether an answer with these codes and these words is of this form."""
        if self.codes and self.codes.isdisjoint(codes):
            return False
        return self.words is None or self.words.search(words) is not None


def rows(
    party: Party, *lines: tuple[str, str, Reason, Permanence, str], strength: Strength | None = None
) -> tuple[Row, ...]:
    """Rows of one `party`, each from codes (spaces between), a pattern ("" for none), reason, permanence, source.

    Without a `strength` a row has the one of its form: FIRM for codes and words, PLAIN for words, CODE or REPLY.
    """
    return tuple(
        Row(
            codes=frozenset(codes.split()),
            words=re.compile(words, re.IGNORECASE) if words else None,
            party=party,
            reason=reason,
            permanence=permanence,
            source=source,
            strength=_strength(codes, words) if strength is None else strength,
        )
        for codes, words, reason, permanence, source in lines
    )


def _strength(codes: str, words: str) -> Strength:
    if words:
        return Strength.FIRM if codes else Strength.PLAIN
    return Strength.CODE if codes.startswith("X") else Strength.REPLY
