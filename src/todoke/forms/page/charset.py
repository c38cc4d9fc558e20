"""Which encoding browsers read a page in (WHATWG HTML 13.2.3.2, "determining the character encoding")."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from todoke.model.charset import UTF_8, Charset, find_charset

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)
_XML = re.compile(r"""<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]+)""")
_CONTENT = re.compile(r"""charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"']+))""", re.IGNORECASE)


def read_text(raw: bytes, header: str = "") -> tuple[str, Charset | None]:
    """The page's text as browsers show it, with U+FFFD for bytes that mean nothing, and the encoding it was in.

    What its first bytes say wins over `header` (the label that it is served with), and that over what it says itself.
    None: if nothing tells the encoding, so that browsers guess; the text is that of UTF-8 then.
    """
    for bom, name in _BOMS:
        if raw.startswith(bom):
            charset = Charset(name)
            return charset.show(raw.removeprefix(bom)), charset
    stated = find_charset(header) or _stated(raw)
    if stated is not None:
        return stated.show(raw), stated
    return UTF_8.show(raw), None


def _stated(raw: bytes) -> Charset | None:
    """What the page says in a meta element or an XML declaration; all encodings that may do so begin as ASCII does."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 only a form with a page needs it

    text = raw.decode("latin-1")
    for label in _labels(LexborHTMLParser(text)):
        if charset := find_charset(label):
            if charset.name == "x-user-defined":
                charset = find_charset("windows-1252")
            return (
                charset and charset.for_forms
            )  # what is in UTF-16 could not have been read so far
    declared = _XML.match(text)
    return find_charset(declared[1]) if declared else None


def _labels(page: LexborHTMLParser) -> Iterator[str]:
    for meta in page.css("meta"):
        yield meta.attributes.get("charset") or ""
        if (meta.attributes.get("http-equiv") or "").strip().lower() == "content-type":
            found = _CONTENT.search(meta.attributes.get("content") or "")
            yield "".join(filter(None, found.groups())) if found else ""
