"""Bytes of mails as text: charsets that are stated wrongly or not at all, encoded words, HTML. It never fails."""

from __future__ import annotations

import binascii
import html
import re

from todoke.model.charset import UTF_8, Charset, find_charset

LONGEST_TEXT = 100_000
"""Characters of one text that are read; a report is at the beginning, and what it returns may be long."""

_WINDOWS_1252 = find_charset("windows-1252") or UTF_8
_JAPANESE = tuple(filter(None, (find_charset("euc-jp"), find_charset("shift_jis"))))
_ISO_2022_JP = find_charset("iso-2022-jp") or UTF_8
_JIS_ESCAPES = (b"\x1b$", b"\x1b(J", b"\x1b(I")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\s]{0,1000})\?=(?:[ \t]+(?==\?))?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_UNSEEN = re.compile(r"</?(?:style|script|title)\b[^<>]{0,2000}>?", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6]|/?table)\b[^<>]{0,2000}>", re.IGNORECASE)


def decoded(data: bytes, label: str = "") -> str:
    """The text of `data`, in the charset that `label` states or, where that is wrong, in the one that fits."""
    data = data[: 4 * LONGEST_TEXT]
    return next((text for text in _readings(data, label) if text is not None), "")[:LONGEST_TEXT]


def _readings(data: bytes, label: str) -> tuple[str | None, ...]:
    if any(escape in data for escape in _JIS_ESCAPES):
        return (_ISO_2022_JP.show(data),)
    stated = find_charset(label)
    # Servers in Japan state iso-2022-jp and write EUC-JP; all state us-ascii and write what they have.
    guesses = () if stated and stated.name not in _VAGUE else _JAPANESE
    tries = [UTF_8, *([stated] if stated and stated.name not in _VAGUE else []), *guesses]
    read = [_strictly(data, charset) for charset in tries]
    return (*read, _WINDOWS_1252.show(data))


_VAGUE = frozenset({"windows-1252", "iso-2022-jp", "utf-16le", "utf-16be", "replacement"})


def _strictly(data: bytes, charset: Charset) -> str | None:
    try:
        return charset.decode(data)
    except UnicodeError:
        return None


def without_words(value: str) -> str:
    """A header field with its encoded words (RFC 2047) decoded, on one line, without controls."""
    return on_one_line(_ENCODED_WORD.sub(_word, value) if "=?" in value else value)


def _word(found: re.Match[str]) -> str:
    label, encoding, payload = found.groups()
    raw = payload.encode("utf-8", "replace")
    is_base64 = encoding in "bB"
    data = from_base64(raw) if is_base64 else binascii.a2b_qp(raw, header=True)
    return decoded(data, label.partition("*")[0])


def from_base64(data: bytes) -> bytes:
    """What was encoded, as far as it can be read."""
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    return binascii.a2b_base64(kept[: len(kept) // 4 * 4] + _tail(kept))


def _tail(kept: bytes) -> bytes:
    rest = kept[len(kept) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def on_one_line(text: str) -> str:
    """`text` without controls, its white space made single spaces."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def from_html(source: str) -> str:
    """The words of an HTML page, a line for each block."""
    # What follows an opening tag is the unseen text, and what follows the closing one is seen again.
    seen = "".join(_UNSEEN.split(source)[::2])
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", seen)))
