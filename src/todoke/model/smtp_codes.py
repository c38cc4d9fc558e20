"""What an SMTP answer means: reply code, enhanced status code and text -> whose fault, Permanence and Reason. Pure.

`hard` is a reading of code AND text, never of the 5 alone: most 5yz answers say "not this message", "not from
you" or "not now", and the address is as good as before. The mailers, the services' event readers and the reader
of returned mail all read answers here; the table itself is in answers/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from todoke.model.answers.row import Row, Strength
from todoke.model.answers.table import row_of, row_of_codes
from todoke.model.delivery import Party, Permanence, Reason

_STATUS_CODE = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")

# What the server only repeats: addresses, in brackets or bare, and names of hosts. Whoever typed the address chose
# them, so they are no words of the server. Lists of bad senders keep their names.
_REPEATED = re.compile(
    r"<[^<>]*>|(?<![^\s<>()\[\],;:\"'])[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+"
    r"|(?<![\w.@-])(?![\w.-]*(?:spamhaus|spamcop|barracudacentral))[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}(?![\w.])"
)
LONGEST = 4_000
"""Characters of an answer that are read: servers of the recipient's choosing write it, and may write megabytes."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an answer says: of the address (`permanence`), why (`reason`), and whose fault it is (`party`)."""

    permanence: Permanence
    reason: Reason
    party: Party = Party.NOBODY


def find_status_code(text: str) -> str:
    """The enhanced status code (RFC 3463: class.subject.detail) that `text` begins with or holds, or ""."""
    found = _STATUS_CODE.search(text)
    return found.group() if found else ""


def read_answer(code: str, status_code: str, text: str) -> Diagnosis:
    """Read a 4yz or 5yz answer: its reply `code`, its enhanced `status_code` ("" for none) and its words.

    Whatever is not known is `other`, nobody's, and says nothing of the address.
    """
    status_code = status_code or find_status_code(text)
    codes = _codes(code, status_code)
    row = row_of(codes, own_words(text))
    if row is None:
        return Diagnosis(Permanence.NONE, Reason.OTHER)
    is_temporary = (status_code or code)[:1] == "4"
    is_hard = row.permanence is Permanence.HARD
    permanence = Permanence.SOFT if is_hard and (is_temporary or _is_doubted(row, codes)) else None
    return Diagnosis(permanence or row.permanence, row.reason, row.party)


def _codes(code: str, status_code: str) -> frozenset[str]:
    """The codes as the table writes them: X.subject.detail, X.subject, and the reply code."""
    _, _, detail = status_code.partition(".")
    subject = detail.partition(".")[0]
    enhanced = {f"X.{detail}", f"X.{subject}"} if detail else set()
    return frozenset(enhanced | ({code} if code else set()))


def own_words(text: str) -> str:
    """The words of an answer that are its server's own: without addresses and names of hosts, and LONGEST at most."""
    return _REPEATED.sub("@", " ".join(text[:LONGEST].split()))


def _is_doubted(row: Row, codes: frozenset[str]) -> bool:
    """Whether words that would end an address stand beside a code that speaks of the sender or the message."""
    if row.strength is not Strength.PLAIN:
        return False
    stated = row_of_codes(codes)
    return stated is not None and (
        stated.party in {Party.SENDER, Party.MESSAGE} or stated.reason is Reason.POLICY
    )
