"""A character encoding as browsers have it: the labels, decoders and encoders of the WHATWG Encoding Standard.

Python's codecs of the same names differ from it in thousands of places (shift_jis, big5, gbk, koi8-u, the holes of
windows-1252), and a page's option would not be the one that was sent. endec is encoding_rs, the code of Firefox.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import endec
from webencodings import LABELS

_REFERENCE = re.compile(r"&#([0-9]{1,7});")


@dataclass(frozen=True, slots=True)
class Charset:
    """An encoding, by its name in the standard (`shift_jis`)."""

    name: str

    @property
    def for_forms(self) -> Charset:
        """The encoding in which a page in this one sends forms (4.3 "get an output encoding"): never UTF-16."""
        return UTF_8 if self.name in _NEVER_SENT else self

    def decode(self, data: bytes) -> str:
        """The text of the bytes. Raises UnicodeError: rather than lose one."""
        if self.name == "utf-8":
            return data.decode()
        return endec.decode(data, self.name, bom="ignore")

    def reads(self, data: bytes) -> bool:
        """Whether every byte can be read."""
        try:
            self.decode(data)
        except UnicodeError:
            return False
        return True

    def show(self, data: bytes) -> str:
        """The text as browsers show it, with U+FFFD for what cannot be read."""
        return endec.decode(data, self.name, "replace", bom="ignore")

    def decode_form(self, data: bytes) -> str:
        """The text of which a browser made the bytes. Raises UnicodeError, as `decode`.

        What the encoding lacks a browser sends as a reference, `&#128169;` (4.1, error mode "html"), and only that: so
        `&#65;` was typed, in every encoding, and in UTF-8 each was.
        """
        text = self.decode(data)
        if self.name == "utf-8" or "&#" not in text:
            return text
        return _REFERENCE.sub(self._character, text)

    def as_sent(self, text: str) -> str:
        """What arrives when a browser sends a text: some encoders write a near character (¥ as a backslash)."""
        return text if self.name == "utf-8" else self.decode_form(self.encode_form(text))

    def encode_form(self, text: str) -> bytes:
        """The bytes that a browser makes of a text in a form (4.1, error mode "html")."""
        return endec.encode(text, self.name, "xmlcharrefreplace")

    def _character(self, reference: re.Match[str]) -> str:
        code = int(reference[1])
        if code < 0x80 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            return reference[0]
        character = chr(code)
        return character if self.encode_form(character) == reference[0].encode() else reference[0]


UTF_8 = Charset("utf-8")


def find_charset(label: str) -> Charset | None:
    """The encoding that a label names in the standard (4.2 "get an encoding"), None if it is no label there."""
    name = LABELS.get(label.strip("\t\n\f\r ").lower())
    return _charset(name) if name else None


_NEVER_SENT = frozenset({"utf-16le", "utf-16be", "replacement"})


@cache
def _charset(name: str) -> Charset:
    return UTF_8 if name == "utf-8" else Charset(name)
