"""What kind of file some bytes are, and whether a file control's `accept` takes them (WHATWG HTML 4.10.5.1.17).

The content decides, by its signature (puremagic) or, for text, by having none; the name's extension
must not say otherwise, because the manager's computer opens a download by it. What a visitor's browser declared is
ignored. What runs when it is opened (ACTIVE, PROGRAMS) is taken only where `accept` names it, never by a wildcard.
"""

from __future__ import annotations

import mimetypes
import re
from functools import cache
from pathlib import PurePosixPath

from todoke.forms.media_types import (
    ACTIVE,
    EXTENSIONS,
    IN_OLE,
    OLE,
    PROGRAMS,
    SAME,
    TEXT,
    TEXTUAL,
    ZIP,
)
from todoke.model.submission import File

BRANDS = (
    (re.compile(rb"hei[cxmsv]|hev[cx]"), "image/heic"),
    (re.compile(rb"mif1|msf1|heif"), "image/heif"),
    (re.compile(rb"avi[fs]"), "image/avif"),
    (re.compile(rb"qt  "), "video/quicktime"),
    (re.compile(rb"M4[AB] "), "audio/mp4"),
)
PARTS = (
    (b"word/document", ".docx", ".docm"),
    (b"xl/workbook", ".xlsx", ".xlsm"),
    (b"ppt/presentation", ".pptx", ".pptm"),
)
# OpenDocument 3.3 and EPUB OCF 3.3: the first entry is "mimetype", stored as it is, after a header of 30 bytes.
STATED = re.compile(rb"mimetype(application/[a-z0-9.+-]{1,80}?)(?=PK)")
# WHATWG MIME Sniffing 3: a binary data byte. ESC is not one: ISO-2022-JP is written with it.
BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?[\t\n\f\r ]*(?:<\?xml[^>]{0,500}>|<!--.{0,2000}?-->|[\t\n\f\r ])*"
    rb"<(!doctype|html|svg|script|body|head|iframe|[a-z]+:svg)\b([^>]{0,300})",
    re.IGNORECASE | re.DOTALL,
)
HEAD = 8192


def is_accepted(file: File, accept: tuple[str, ...]) -> bool:
    """True when the content of `file` is of a kind that `accept` lists, and its extension does not say otherwise.

    Of a file whose content nobody has seen yet, the extension alone is judged.
    """
    if not accept:
        return True
    extension = PurePosixPath(file.name.strip().rstrip(". ").lower()).suffix
    if not _extension_fits(extension, accept):
        return False
    sample = file.content if file.source is None else file.source.sample
    if sample is None:
        return True
    kinds = sniff(sample)
    return any(_content_fits(item, kinds, extension, accept) for item in accept)


def sniff(content: bytes) -> frozenset[str]:
    """The media types that the content may be of; empty when it has no known signature and is not text."""
    if not content:
        return frozenset({TEXT})
    if content.startswith(b"PK\x03\x04"):
        return frozenset({_zip_kind(content)})
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return frozenset({OLE})
    if content[4:8] == b"ftyp":
        return frozenset({_brand_kind(content[8:12])})
    markup = MARKUP.match(content[:HEAD])
    if markup:
        return frozenset({_markup_kind(markup)})
    found = _signatures(content)
    return found | {TEXT} if is_text(content) else found


def is_text(content: bytes) -> bool:
    """True for content without bytes that only binary data has, in any encoding a visitor may use."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not BINARY.search(content)


def accept_words(accept: tuple[str, ...]) -> list[str]:
    """What `accept` takes, in words for people; wildcards are English words to translate."""
    wild = {"image/*": "images", "audio/*": "sound", "video/*": "videos", "text/*": "text"}
    words = [wild.get(item) or _word(item) for item in accept]
    return list(dict.fromkeys(words))


def _word(item: str) -> str:
    if not item.startswith("."):
        item = next((e for e, kind in EXTENSIONS.items() if kind == _same(item)), item)
    return item.removeprefix(".").upper() if item.startswith(".") else item


def _same(media_type: str) -> str:
    media_type = media_type.partition(";")[0].strip()
    return SAME.get(media_type, media_type)


def _kind_of_extension(extension: str) -> str:
    return EXTENSIONS.get(extension) or _same(_python_types().get(extension, ""))


@cache
def _python_types() -> dict[str, str]:
    """Python's own table; not the machine's, so that every machine decides alike."""
    return mimetypes.MimeTypes().types_map[True]


def _extension_fits(extension: str, accept: tuple[str, ...]) -> bool:
    """False when the extension says that the file is something else than what is accepted."""
    if extension in accept:
        return True
    kind = _kind_of_extension(extension)
    named = {_named(item) for item in accept}
    if extension in PROGRAMS or kind in ACTIVE:
        return bool(kind) and kind in named
    if not kind:
        return not extension or any(not item.startswith(".") for item in accept)
    return kind in named or any(_in_wildcard(kind, item) for item in accept)


def _named(item: str) -> str:
    """The media type that an item of `accept` stands for; "" for a wildcard or an unknown extension."""
    if item.endswith("/*"):
        return ""
    return _kind_of_extension(item) if item.startswith(".") else _same(item)


def _in_wildcard(kind: str, item: str) -> bool:
    return item == "*/*" or (item.endswith("/*") and kind.startswith(item[:-1]))


def _content_fits(
    item: str, kinds: frozenset[str], extension: str, accept: tuple[str, ...]
) -> bool:
    if item.endswith("/*"):
        found = any(_in_wildcard(kind, item) and kind not in ACTIVE for kind in kinds)
        return found or (_is_unknown(kinds) and _in_wildcard(_kind_of_extension(extension), item))
    wanted = _named(item)
    if wanted in kinds:
        return True
    if wanted in ACTIVE:
        return False
    if wanted.startswith("text/") or wanted in TEXTUAL:
        return TEXT in kinds
    if OLE in kinds:
        return wanted in IN_OLE or (extension in accept and wanted not in _known_types())
    if wanted == "image/heif":
        return "image/heic" in kinds
    # A kind without a known signature: its extension must do, if the content is not something that we do know.
    return (
        (not wanted or wanted not in _known_types())
        and extension in (item, _extension_of(item))
        and (_is_unknown(kinds) or kinds <= {TEXT, ZIP})
    )


def _extension_of(item: str) -> str:
    return next((e for e, kind in EXTENSIONS.items() if kind == _same(item)), "")


def _is_unknown(kinds: frozenset[str]) -> bool:
    return not kinds


def _zip_kind(content: bytes) -> str:
    """What a ZIP archive holds: an office document, an e-book, or just files.

    File names stand in an archive uncompressed, so they are looked for as they are: nothing is unpacked.
    """
    stated = STATED.match(content, 30)
    if stated:
        return stated[1].decode("ascii")
    for part, plain, with_macros in PARTS:
        if b"[Content_Types].xml" in content and part in content:
            return EXTENSIONS[with_macros if b"vbaProject.bin" in content else plain]
    return ZIP


def _brand_kind(brand: bytes) -> str:
    """The type by the major brand of an ISO base media file (ISO/IEC 14496-12 4.3)."""
    return next((kind for form, kind in BRANDS if form.fullmatch(brand)), "video/mp4")


def _markup_kind(markup: re.Match[bytes]) -> str:
    tag, rest = markup[1].lower(), markup[2].lower()
    if tag.endswith(b"svg") or (tag == b"!doctype" and rest.strip().startswith(b"svg")):
        return "image/svg+xml"
    return "text/html"


def _signatures(content: bytes) -> frozenset[str]:
    """The types whose signature the content bears; signatures of two bytes prove too little, save the few here."""
    import puremagic  # noqa: PLC0415 most forms take no files

    if b"%PDF-" in content[:1024]:
        return frozenset({"application/pdf"})
    try:
        matches = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError, IndexError):
        matches = []
    found = {_same(m.mime_type.lower()) for m in matches if m.mime_type and m.confidence >= 0.3}
    if content[:1] == b"\xff" and content[1:2] in (b"\xfb", b"\xf3", b"\xf2", b"\xfa"):
        found.add("audio/mpeg")
    if content[:2] == b"BM" and content[6:10] == b"\0\0\0\0":
        found.add("image/bmp")
    return frozenset(found)


@cache
def _known_types() -> frozenset[str]:
    """The types that have a signature, so that content without it is not of that type."""
    import puremagic  # noqa: PLC0415

    known = {_same(m.mime_type.lower()) for m in puremagic.magic_header_array if m.mime_type}
    return frozenset(known | set(EXTENSIONS.values()))
