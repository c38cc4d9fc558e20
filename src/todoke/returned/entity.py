"""A mail as MIME entities (RFC 2045), read from bytes that may be broken or hostile.

Python's own parser raises on some of them and takes minutes for others. This one is bounded in bytes, depth and
number, takes time in proportion to the bytes, and makes something of everything that has a header field.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from todoke.model.errors import MalformedMail
from todoke.returned.text import decoded, from_base64, from_html, without_words

LONGEST = 4_000_000
"""Bytes of a mail that are read."""
DEEPEST = 6
MOST_ENTITIES = 100
MOST_FIELDS = 500
LONGEST_HEADER = 200_000
LONGEST_FIELD = 4_000

_FIELD = re.compile(r"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_GUESSED = re.compile(
    rb"\A[^\n]{0,200}\n?(?:[^\n]{0,200}\n){0,10}?--([^\n]{1,100})\ncontent-", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Entity:
    """Header fields and a body; of a multipart its parts."""

    fields: tuple[tuple[str, str], ...]
    """Small names and unfolded values, encoded words as they are."""
    body: bytes
    """With line feeds alone at the ends of lines; still encoded for the way."""
    parts: tuple[Entity, ...] = ()

    def all(self, name: str) -> list[str]:
        """The values of a field, decoded."""
        return [without_words(value) for key, value in self.fields if key == name]

    def first(self, name: str) -> str:
        """The first value of a field, or ""."""
        return next(iter(self.all(name)), "")

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        return any(key == name for key, _ in self.fields)

    @property
    def type(self) -> str:
        """The media type in small letters; text/plain where none can be read."""
        found = self.first("content-type").partition(";")[0].strip().lower()
        return found if "/" in found else "text/plain"

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type, or ""."""
        return _parameter(self.first("content-type"), name)

    @property
    def data(self) -> bytes:
        """The body without its encoding for the way."""
        encoding = self.first("content-transfer-encoding").lower()
        if encoding == "base64":
            return from_base64(self.body)
        return binascii.a2b_qp(self.body) if encoding == "quoted-printable" else self.body

    @property
    def text(self) -> str:
        """The body as text; of HTML the words."""
        text = decoded(self.data, self.parameter("charset")).replace("\r\n", "\n")
        return from_html(text) if self.type == "text/html" else text

    def leaves(self) -> Iterator[Entity]:
        """The entities that are no multipart, in their order. A mail in a mail is one leaf."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def parse(raw: bytes) -> Entity:
    """Read a mail. Raises MalformedMail: it has no header field at all."""
    data = raw[:LONGEST].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    fields, body = _split(data)
    if not fields:
        raise MalformedMail
    return _Reader().read(fields, body, 0)


def header_of(text: str) -> Entity:
    """The header fields at the beginning of a text, such as that of a returned mail; it may have none."""
    fields, _ = _split(text.lstrip().encode("utf-8", "replace"))
    return Entity(fields, b"")


class _Reader:
    def __init__(self) -> None:
        self._left = MOST_ENTITIES

    def read(self, fields: tuple[tuple[str, str], ...], body: bytes, depth: int) -> Entity:
        """The entity with its parts, as long as there may be more."""
        entity = Entity(fields, body)
        if not entity.type.startswith("multipart/") or depth >= DEEPEST:
            return entity
        parts = [
            self.read(*_split_part(data), depth + 1)
            for data in _divided(body, entity.parameter("boundary"))
            if self._may_go_on()
        ]
        return Entity(fields, body, tuple(parts))

    def _may_go_on(self) -> bool:
        self._left -= 1
        return self._left > 0


def _split(data: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Header fields and body. A line that is no field ends the header as an empty one does."""
    fields: list[tuple[str, str]] = []
    start = 0
    while start < min(len(data), LONGEST_HEADER) and len(fields) < MOST_FIELDS:
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if end == start:
            return tuple(fields), data[end + 1 :]
        line = decoded(data[start : min(end, start + LONGEST_FIELD)])
        if not _take(fields, line):
            if fields:
                break
            return (), data
        start = end + 1
    return tuple(fields), data[start:]


def _take(fields: list[tuple[str, str]], line: str) -> bool:
    """Add a line of a header to its fields; False when it is no such line."""
    found = _FIELD.fullmatch(line)
    if not fields and line.startswith(("From ", ">From ")):
        # An mbox's own line names the envelope sender.
        fields.append(("x-envelope-sender", line.split()[1] if len(line.split()) > 1 else ""))
        return True
    if fields and (
        line.startswith((" ", "\t")) or (not found and fields[-1][1].rstrip().endswith(";"))
    ):
        name, value = fields[-1]
        fields[-1] = (name, f"{value} {line.strip()}"[:LONGEST_FIELD])
        return True
    if found is None:
        return False
    fields.append((found[1].lower(), found[2].strip()))
    return True


def _split_part(data: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """As `_split`; a part may have no header, and then begins with an empty line or with its text."""
    fields, body = _split(data)
    if fields and not any(name.startswith(("content-", "mime-")) for name, _ in fields):
        return (), data
    return fields, body


def _divided(body: bytes, boundary: str) -> list[bytes]:
    """The parts between the boundary's lines. A boundary that is stated wrongly is looked for."""
    mark = boundary.encode("utf-8", "replace")
    if not mark or b"--" + mark not in body:
        found = _GUESSED.search(body[:10_000])
        mark = found[1] if found else mark
    if not mark:
        return []
    line = re.compile(rb"^--" + re.escape(mark) + rb"(?:--)?[ \t]*$", re.MULTILINE)
    pieces = line.split(body, maxsplit=MOST_ENTITIES)
    return [piece.removeprefix(b"\n") for piece in pieces[1:] if piece.strip()]


def _parameter(value: str, name: str) -> str:
    pattern = rf";[ \t]*{name}[ \t]*=[ \t]*(?:\"([^\"]*)\"|([^\s;]+))"
    found = re.search(pattern, value, re.IGNORECASE)
    return (found[1] or found[2] or "").strip() if found else ""
