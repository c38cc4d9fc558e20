"""The header fields of a message for a reader: each as it stands, unfolded, its encoded words read. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.errors import HeaderParseError
from email.header import decode_header

MOST_FIELD = 4_000
"""So many characters of a field are shown."""


def header_fields(source: bytes) -> Sequence[tuple[str, str]]:
    """Name and value of each field, in order. What cannot be decoded stays as it is written."""
    head = source.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    fields = (line.partition(":") for line in lines)
    return [(name, read(value.strip()[:MOST_FIELD])) for name, colon, value in fields if colon]


def read(value: str) -> str:
    """`value` with its encoded words (RFC 2047) read; as it is where one of them is in no known charset."""
    try:
        parts = decode_header(value)
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "utf-8", "replace")
            for part, charset in parts
        )
    except (HeaderParseError, LookupError, ValueError):
        return value
