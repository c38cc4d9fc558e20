"""The body that a browser makes of an entry list (WHATWG HTML 4.10.21.6 to .8, URL 5.2)."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

from todoke.model.charset import Charset
from todoke.model.submission import EntryList, File

_BOUNDARY = b"----WebKitFormBoundarytodokeRehearsal"
_LINE_END = re.compile(r"\r\n|\r|\n")


def encode(entries: EntryList, enctype: str, charset: Charset) -> tuple[str, bytes]:
    """The Content-Type and the body. Where `enctype` is not multipart, of a file its name alone is sent."""
    if enctype == "multipart/form-data":
        parts = [_part(charset.encode_form(_crlf(e.name)), e.value, charset) for e in entries]
        end = b"--" + _BOUNDARY + b"--\r\n"
        return f"{enctype}; boundary={_BOUNDARY.decode()}", b"".join(parts) + end
    pairs = [(e.name, e.value.name if isinstance(e.value, File) else e.value) for e in entries]
    sent = [tuple(charset.encode_form(_crlf(text)) for text in pair) for pair in pairs]
    if enctype == "text/plain":
        return enctype, b"".join(name + b"=" + value + b"\r\n" for name, value in sent)
    fields = ["=".join(quote_plus(text, safe="*").replace("~", "%7E") for text in p) for p in sent]
    return enctype, "&".join(fields).encode()


def _part(name: bytes, value: str | File, charset: Charset) -> bytes:
    head = b"--" + _BOUNDARY + b'\r\nContent-Disposition: form-data; name="' + _escaped(name) + b'"'
    if isinstance(value, str):
        return head + b"\r\n\r\n" + charset.encode_form(_crlf(value)) + b"\r\n"
    file_name = _escaped(charset.encode_form(value.name))
    kind = b"\r\nContent-Type: " + value.media_type.encode()
    return head + b'; filename="' + file_name + b'"' + kind + b"\r\n\r\n" + value.content + b"\r\n"


def _escaped(name: bytes) -> bytes:
    return name.replace(b"\n", b"%0A").replace(b"\r", b"%0D").replace(b'"', b"%22")


def _crlf(text: str) -> str:
    return _LINE_END.sub("\r\n", text)
