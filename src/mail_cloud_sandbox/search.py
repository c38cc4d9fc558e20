"""What the inbox is searched for: words and the narrower `from:`, `to:`, `subject:`, `has:`, `is:`. Pure.

Text is folded on both sides: letters and digits of every width and case are the same, so ﾔﾏﾀﾞ finds ヤマダ. A word
is found inside others as well, because Japanese has no spaces to find words by.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from mail_cloud_sandbox.outcomes import STATES

MOST_QUERY = 500
MOST_TERMS = 20
MOST_WORDS = 100_000
"""So many characters of a mail are searched, from its beginning."""

_TERM = re.compile(r'(-?)(?:(from|to|subject|has|is):)?(?:"([^"]*)"?|(\S+))')
_FILES = frozenset({"attachment", "attachments", "file", "files"})
_MARKS = frozenset({"read", "unread"})


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: `field` is "" (anywhere), from, to, subject, file, mark (read, unread) or state."""

    field: str
    value: str
    is_wanted: bool = True


def folded(text: str) -> str:
    """`text` as it is compared: NFKC, without case, and without what SQLite would end a text at."""
    return unicodedata.normalize("NFKC", text[:MOST_WORDS]).casefold().replace("\0", " ")


def terms_of(query: str) -> tuple[Term, ...]:
    """The conditions of a query, all of which have to hold.

    Words in double quotes belong together, a `-` before a condition turns it round. What is no condition, such as
    `is:odd`, is a plain word. No query is wrong; what is beyond MOST_QUERY characters or MOST_TERMS is left out.
    """
    found = [
        _term(field, quoted or bare, is_wanted=not minus)
        for minus, field, quoted, bare in _TERM.findall(folded(query[:MOST_QUERY]))
        if quoted or bare
    ]
    return tuple(found[:MOST_TERMS])


def _term(field: str, value: str, *, is_wanted: bool) -> Term:
    if field == "has" and value in _FILES:
        return Term("file", "", is_wanted)
    if field == "is" and value in _MARKS:
        return Term("mark", value, is_wanted)
    if field == "is" and value in STATES:
        return Term("state", value, is_wanted)
    if field in {"has", "is"}:
        return Term("", f"{field}:{value}", is_wanted)
    return Term(field, value, is_wanted)


_ON_ROW = {
    "": "(instr(searched.words, {0}) > 0 OR instr(lower(copy.recipient), {0}) > 0)",
    "from": "instr(searched.sender, {0}) > 0",
    "to": "instr(lower(copy.recipient), {0}) > 0",
    "subject": "instr(searched.subject, {0}) > 0",
    "file": "({0} = '' AND searched.files > 0)",
    "mark": "(copy.seq IN (SELECT copy_seq FROM seen)) = ({0} = 'read')",
    "state": "coalesce((SELECT label FROM step WHERE copy_seq = copy.seq AND happens_at <= :now"
    " ORDER BY position DESC LIMIT 1), '') = {0}",
}


def condition_of(terms: Sequence[Term]) -> tuple[str, dict[str, str]]:
    """The terms as an SQL condition on `copy` and `searched`, with `:now` and the values of its other parameters."""
    parts = [
        ("" if term.is_wanted else "NOT ") + f"({_ON_ROW[term.field].format(f':term{n}')})"
        for n, term in enumerate(terms)
    ]
    return " AND ".join(parts) or "1", {f"term{n}": term.value for n, term in enumerate(terms)}
