"""Words that others write, without the secrets that they may repeat: a server's answer, an error's message.

A mail service that is sent a password may send it back, whole or in part, as it is or encoded. Evidence is kept for
years and shown at the desk, so no word with a part of a secret in it comes into it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

MASK = "***"
PART = 6
"""So many characters in a row of a secret, in any spelling, are a part of it; fewer are in everyday words."""
_LEAST = 4
"""A shorter secret is looked for nowhere: it would be found everywhere."""


class Redaction:
    """Takes out every word with a part of one of `secrets` in it, whole: what is beside a part may be another."""

    def __init__(self, *secrets: str) -> None:
        spellings = {s for secret in secrets for s in _spellings(secret) if len(s) >= _LEAST}
        self._parts: dict[int, frozenset[str]] = {}
        for size in {min(PART, len(spelling)) for spelling in spellings}:
            self._parts[size] = frozenset(
                part for s in spellings if min(PART, len(s)) == size for part in _runs(s, size)
            )

    def text(self, words: str) -> str:
        """`words` with MASK for each word that holds a part of a secret."""
        hits = [
            (start, start + size)
            for size, parts in self._parts.items()
            if not parts.isdisjoint(_runs(words, size))
            for start, run in enumerate(_runs(words, size))
            if run in parts
        ]
        return _masked(words, hits) if hits else words

    def octets(self, words: bytes) -> bytes:
        """The same for octets, which are read as UTF-8."""
        text = words.decode("utf-8", "surrogateescape")
        clean = self.text(text)
        return words if clean is text else clean.encode("utf-8", "surrogateescape")


NOTHING_SECRET = Redaction()


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it is, and as what carries it may spell it: JSON, percent-encoding, base64 at each of its places."""
    yield secret
    yield json.dumps(secret)[1:-1]
    octets = secret.encode("utf-8", "surrogateescape" if _is_escaped(secret) else "replace")
    yield quote(octets, safe="")
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + octets).decode().rstrip("=")
        # Its first and last letter may hold bits of what is beside it.
        yield encoded[(before * 8 + 5) // 6 : len(encoded) - 1]


def _is_escaped(secret: str) -> bool:
    """Whether the environment held octets that are no UTF-8, which Python has as lone surrogates."""
    return any("\udc80" <= character <= "\udcff" for character in secret)


def _runs(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(len(text) - size + 1)]


def _masked(words: str, hits: list[tuple[int, int]]) -> str:
    """`words` with each hit, and what touches it up to the next space, in one MASK."""
    written, at = "", 0
    for start, end in sorted(hits):
        first = max(at, _word_begins(words, start))
        if end <= at:
            continue
        last = _word_ends(words, end)
        written += words[at:first] + (MASK if not written.endswith(MASK) or first > at else "")
        at = last
    return written + words[at:]


def _word_begins(words: str, start: int) -> int:
    while start and not words[start - 1].isspace():
        start -= 1
    return start


def _word_ends(words: str, end: int) -> int:
    while end < len(words) and not words[end].isspace():
        end += 1
    return end
