"""A file of each kind that an `accept` may name: the smallest content that a program of that kind would begin to read.

For trying out what a form takes; no such file holds anything.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import cache

from todoke.forms.accept import takes, types_named, types_of
from todoke.forms.media_types import KNOWN, OTHER, TEXTUAL
from todoke.model.submission import File

_PAD = b"\0" * 32
_XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_USUAL = {
    "image/*": ".png",
    "audio/*": ".mp3",
    "text/*": ".txt",
    "application/*": ".pdf",
    "*/*": ".pdf",
}
_HEX = {
    "image/jpeg": "ffd8ffe0 0010 4a464946 00",
    "image/png": "89504e470d0a1a0a 0000000d 49484452",
    "image/bmp": "424d 3a000000 00000000",
    "image/tiff": "49492a00 08000000",
    "application/x-7z-compressed": "377abcaf271c 0004",
    "application/gzip": "1f8b0800 00000000",
    "application/vnd.rar": "526172211a070100",
    "audio/mpeg": "49443303 00000000",
    "video/webm": "1a45dfa3 9f4286810142f7810142f2810442f381084282847765626d",
    "audio/webm": "1a45dfa3 9f4286810142f7810142f2810442f381084282847765626d",
}
_BYTES = {
    "image/gif": b"GIF89a\x01\0\x01\0",
    "image/webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "application/pdf": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
    "application/rtf": b"{\\rtf1\\ansi }",
    "audio/wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "text/html": b"<!doctype html><html><title>Sample</title></html>",
    "application/xhtml+xml": _XML + b'<html xmlns="http://www.w3.org/1999/xhtml"/>',
    "application/json": b"{}",
    "application/geo+json": b"{}",
}
_BRANDS = {
    "image/heic": b"heic",
    "image/heif": b"mif1",
    "image/avif": b"avif",
    "audio/mp4": b"M4A ",
    "video/mp4": b"isom",
    "video/quicktime": b"qt  ",
    "video/3gpp": b"3gp4",
    "audio/3gpp": b"3gp4",
    "video/3gpp2": b"3g2a",
}
_OLE = frozenset(KNOWN[extension][0] for extension in (".doc", ".xls", ".ppt", ".msg"))
_PARTS = {
    ".docx .dotx .docm .dotm": "word/document.xml",
    ".xlsx .xltx .xlsm .xltm": "xl/workbook.xml",
    ".xlsb": "xl/workbook.bin",
    ".pptx .ppsx .potx .pptm .ppsm": "ppt/presentation.xml",
}
_ZIPPED = frozenset(
    kind
    for kinds in KNOWN.values()
    for kind in kinds
    if any(word in kind for word in ("zip", "openxmlformats", "opendocument", "macroenabled"))
) - {"application/gzip"}
_UNKNOWN = b"\0\0\x01\x01"


def sample_file(token: str) -> tuple[File, bool]:
    """A file that a page asks for with this token, and whether its content is known to be of that kind."""
    extension = _extension(token)
    kinds = types_named(extension) if extension else ()
    kind = next((kind for kind in kinds if takes(token, kind)), kinds[0] if kinds else "")
    content = _content(extension, kind)
    declared = kind or "application/octet-stream"
    name = f"sample{extension}"
    if content is None:
        return File(name=name, media_type=declared, content=_UNKNOWN), False
    return File(name=name, media_type=declared, content=content), True


def _extension(token: str) -> str:
    """One that the token means; "" where none is known."""
    if token.startswith("."):
        return token
    usual = _USUAL.get(token)
    known = (*KNOWN, *OTHER, *_pythons())
    return usual or next((e for e in known if any(takes(token, k) for k in types_of(e))), "")


@cache
def _pythons() -> tuple[str, ...]:
    import mimetypes  # noqa: PLC0415

    return tuple(mimetypes.MimeTypes().types_map[True])


def _content(extension: str, kind: str) -> bytes | None:
    if kind in _HEX:
        return bytes.fromhex(_HEX[kind]) + _PAD
    if kind in _BYTES:
        return _BYTES[kind]
    if kind in _BRANDS:
        return b"\0\0\0\x10ftyp" + _BRANDS[kind] + _PAD
    if kind in _OLE:
        return bytes.fromhex("d0cf11e0a1b11ae1") + _PAD
    if kind in _ZIPPED:
        return _archive(extension, kind)
    if kind.endswith("+xml") or kind == "application/xml":
        return _XML + b"<sample/>\n"
    if kind.startswith("text/") or kind in TEXTUAL:
        return b"sample\n"
    return None


def _archive(extension: str, kind: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in _entries(extension, kind):
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def _entries(extension: str, kind: str) -> Iterator[tuple[str, str]]:
    """The parts by which such a document is known (ECMA-376-2, OpenDocument 3.3, EPUB OCF 3.3)."""
    if "opendocument" in kind or "epub" in kind:
        yield "mimetype", kind
    elif part := next((part for names, part in _PARTS.items() if extension in names.split()), ""):
        yield "[Content_Types].xml", "<Types/>"
        yield part, ""
        if "macroenabled" in kind and extension != ".xlsb":
            yield part.partition("/")[0] + "/vbaProject.bin", ""
    else:
        yield "sample.txt", "sample\n"
