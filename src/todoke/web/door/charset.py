"""Which character encoding a request's bytes are in, by the labels that came with them, and entries read in it.

Decoding is strict: it never drops or replaces a byte without keeping it beside the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote_from_bytes

from starlette.types import Scope

from todoke.model.charset import UTF_8, Charset, find_charset
from todoke.model.form import Form
from todoke.model.submission import Entry, File
from todoke.web.http.asked import is_script


def charset_of(scope: Scope, form: Form) -> str:
    """The encoding of a body that does not name its own: a script's is UTF-8, whatever its page is in."""
    return UTF_8.name if is_script(scope) else form.charset


def read_label(label: str) -> Charset | None:
    """The encoding that a request's label names; None for one that says nothing (unknown, or ASCII)."""
    label = label.strip(" \t\r\n\f\"'").lower()
    found = None if label in _ASCII else find_charset(_OTHER_LABELS.get(label, label))
    return found and found.for_forms


def charsets_for(labels: Iterable[str]) -> tuple[Charset, ...]:
    """The encodings worth trying, in order: the labelled ones, then UTF-8."""
    found = [read_label(label) for label in labels if label]
    return tuple(dict.fromkeys([*(c for c in found if c is not None), UTF_8]))


def choose_charset(candidates: tuple[Charset, ...], texts: Iterable[bytes]) -> Charset:
    """The first candidate in which every text can be read without loss; the first of all if there is none.

    One encoding for the whole body: bytes that are right in one encoding are often readable, and wrong, in another.
    """
    if len(candidates) == 1:
        return candidates[0]
    texts = tuple(texts)
    return next((c for c in candidates if all(map(c.reads, texts))), candidates[0])


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
        return charset.decode_form(data), False
    except UnicodeError:
        return charset.show(data), True


def keep_raw(name: bytes, value: bytes, label: str, lossy: bool) -> bytes | None:
    """What `Entry.raw` keeps: the value's bytes, after the percent-encoded name and "=" if the name shows U+FFFD."""
    if not lossy:
        return None
    return quote_from_bytes(name).encode() + b"=" + value if "\ufffd" in label else value


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
"""Labels that mean Windows-1252 in the standard. Programs write them beside UTF-8, so in a request they say nothing."""
