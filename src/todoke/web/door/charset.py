"""Which character encoding a request's bytes are in, by the labels that came with them.

Labels mean what the WHATWG Encoding Standard says they mean (shift_jis is what Windows
calls code page 932), so that bytes read as the browser meant them. Decoding is strict: it never drops or replaces.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote_from_bytes

import webencodings

from todoke.model.submission import Entry, File


@dataclass(frozen=True, slots=True)
class Charset:
    """An encoding: `decode` raises UnicodeDecodeError rather than lose a byte; `show` has U+FFFD in its place."""

    decode: Callable[[bytes], str]
    show: Callable[[bytes], str]


def find_charset(label: str) -> Charset | None:
    """The encoding that a label names; None for a label that says nothing (unknown, or ASCII)."""
    label = label.strip(" \t\r\n\f\"'").lower()
    name = webencodings.LABELS.get(_OTHER_LABELS.get(label, label))
    return _charset(name) if name and label not in _ASCII else None


def charsets_for(labels: Iterable[str]) -> tuple[Charset, ...]:
    """The encodings worth trying, in order: the labelled ones, then UTF-8."""
    found = {label: find_charset(label) for label in labels if label}
    if found.keys() <= {"utf-8", "UTF-8"}:
        return (UTF_8,)
    return tuple(dict.fromkeys([*(c for c in found.values() if c is not None), UTF_8]))


def choose_charset(candidates: tuple[Charset, ...], texts: Iterable[bytes]) -> Charset:
    """The first candidate in which every text can be read without loss; the first of all if there is none.

    One encoding for the whole body: bytes that are right in one encoding are often readable, and wrong, in another.
    """
    if len(candidates) == 1:
        return candidates[0]
    texts = tuple(texts)
    return next((c for c in candidates if _reads_all(c, texts)), candidates[0])


def make_entry(name: bytes, value: bytes, charset: Charset, own: Charset | None = None) -> Entry:
    """An entry; bytes that cannot be decoded show as U+FFFD and are kept in `raw`. `own` is the value's charset."""
    label, lossy_name = read_text(name, charset)
    text, lossy = read_text(value, own or charset)
    return Entry(label, text, keep_raw(name, value, label, lossy_name or lossy))


def make_file_entry(
    name: bytes, file: File, file_name: bytes, lossy: bool, charset: Charset
) -> Entry:
    """An entry for a file; `raw` keeps the bytes of its name when they could not be decoded."""
    label, lossy_name = read_text(name, charset)
    return Entry(label, file, keep_raw(name, file_name, label, lossy_name or lossy))


def read_text(data: bytes, charset: Charset) -> tuple[str, bool]:
    """The text, and whether bytes were lost in it."""
    try:
        return charset.decode(data), False
    except UnicodeDecodeError:
        return charset.show(data), True


def keep_raw(name: bytes, value: bytes, label: str, lossy: bool) -> bytes | None:
    """What `Entry.raw` keeps: the value's bytes, after the percent-encoded name and "=" if the name shows U+FFFD."""
    if not lossy:
        return None
    return quote_from_bytes(name).encode() + b"=" + value if "\ufffd" in label else value


def _reads_all(charset: Charset, texts: tuple[bytes, ...]) -> bool:
    try:
        for text in texts:
            charset.decode(text)
    except UnicodeDecodeError:
        return False
    return True


def _of(codec: codecs.CodecInfo, decode: Callable[[bytes], str] | None = None) -> Charset:
    """An encoding as a codec reads it; `decode` is how it is read instead, where the two differ."""
    return Charset(
        decode or (lambda data: codec.decode(data, "strict")[0]),
        lambda data: codec.decode(data, "replace")[0],
    )


def _decode_windows_1252(data: bytes) -> str:
    """Windows-1252 with its five holes filled by C1 controls: every byte has a meaning."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(_WINDOWS_1252[byte] for byte in data)


_WINDOWS_1252 = tuple(
    chr(b) if b in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else bytes((b,)).decode("cp1252")
    for b in range(256)
)

_EUC_JP_RUN = re.compile(
    rb"([\x00-\x7f]+)|((?:[\xa1-\xfe][\xa1-\xfe])+)|((?:\x8e[\xa1-\xdf])+)|((?:\x8f[\xa1-\xfe]{2})+)"
)


def _decode_euc_jp(data: bytes) -> str:
    """EUC-JP with the JIS X 0208 of the Encoding Standard: NEC's and IBM's characters are in it."""
    text: list[str] = []
    position = 0
    while position < len(data):
        run = _EUC_JP_RUN.match(data, position)
        if run is None:
            raise UnicodeDecodeError("euc-jp", data, position, position + 1, "invalid sequence")
        ascii_run, pairs, katakana, supplement = run.groups()
        if ascii_run:
            text.append(ascii_run.decode("ascii"))
        elif pairs:
            text.append(_decode_jis_x_0208(pairs))
        elif katakana:
            text.append("".join(chr(0xFF61 + b - 0xA1) for b in katakana[1::2]))
        else:
            text.append(supplement.decode("euc_jp"))
        position = run.end()
    return "".join(text)


def _decode_jis_x_0208(pairs: bytes) -> str:
    """Pairs of bytes A1-FE (row, cell), read through their places in Shift_JIS."""
    moved = bytearray()
    for row_byte, cell_byte in zip(pairs[::2], pairs[1::2], strict=True):
        half, odd_row = divmod(row_byte - 0xA1, 2)
        cell = cell_byte - 0xA0
        lead = half + 0x81
        trail = cell + 0x9E if odd_row else cell + 0x3F
        moved.append(lead + 0x40 if lead > 0x9F else lead)
        moved.append(trail + 1 if not odd_row and trail >= 0x7F else trail)
    return moved.decode("cp932")


_ESCAPE = re.compile(rb"\x1b(\([BJI]|\$[@B])")


def _decode_iso_2022_jp(data: bytes) -> str:
    """ISO-2022-JP (RFC 1468) with the half-width katakana and NEC's characters that browsers send."""
    pieces = _ESCAPE.split(data)
    text = [_decode_7bit(b"(B", pieces[0])]
    text += [_decode_7bit(s, p) for s, p in zip(pieces[1::2], pieces[2::2], strict=True)]
    return "".join(text)


def _decode_7bit(state: bytes, piece: bytes) -> str:
    if state == b"(B":
        if b"\x1b" in piece:
            position = piece.index(b"\x1b")
            raise UnicodeDecodeError("iso-2022-jp", piece, position, position + 1, "unknown escape")
        return piece.decode("ascii")
    if state == b"(J":
        return piece.decode("ascii").replace("\\", "¥").replace("~", "‾")
    if re.fullmatch(rb"[\x21-\x7e]*", piece) is None or (state != b"(I" and len(piece) % 2):
        raise UnicodeDecodeError("iso-2022-jp", piece, 0, len(piece), "invalid sequence")
    if state == b"(I":
        return "".join(chr(0xFF61 + b - 0x21) for b in piece)
    return _decode_jis_x_0208(bytes(b | 0x80 for b in piece))


UTF_8 = _of(codecs.lookup("utf-8"))

_OUR_OWN = {
    "utf-8": UTF_8,
    # No browser submits a form in UTF-16 or in the replacement encoding: the page's own then means UTF-8.
    "utf-16le": UTF_8,
    "utf-16be": UTF_8,
    "replacement": UTF_8,
    "windows-1252": _of(codecs.lookup("cp1252"), _decode_windows_1252),
    "euc-jp": _of(codecs.lookup("euc_jp"), _decode_euc_jp),
    "iso-2022-jp": _of(codecs.lookup("iso2022_jp_2"), _decode_iso_2022_jp),
    "gbk": _of(codecs.lookup("gb18030")),
}
"""Encodings that Python's nearest codec reads otherwise than the standard does."""

_OTHER_LABELS = {
    "cp932": "shift_jis",
    "eucjp": "euc-jp",
    "iso8859-16": "iso-8859-16",
    "jis": "iso-2022-jp",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
}
"""Labels that the standard lacks and programs write."""

_ASCII = frozenset({"ascii", "us-ascii", "ansi_x3.4-1968"})
"""Labels that mean Windows-1252 in the standard. Programs write them beside UTF-8, so they say nothing."""


@cache
def _charset(name: str) -> Charset:
    return _OUR_OWN.get(name) or _of(webencodings.lookup(name).codec_info)
