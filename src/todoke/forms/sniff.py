"""What kind of file some bytes are: by their signature (puremagic) or, for text, by having none.

Nothing is unpacked, no name is looked at, and the time is linear in the length. What a file begins with decides: a
polyglot is what a program that opens it goes by.
"""

from __future__ import annotations

import codecs
import re

from todoke.forms.media_types import (
    ACTIVE,
    FILMS,
    IMAGES,
    KNOWN,
    MATROSKA,
    OLE,
    PROGRAM,
    SAME,
    SOUNDS,
    TEXT,
    ZIP,
)

HEAD = 8_192
# Major or compatible brands of an ISO base media file (ISO/IEC 14496-12 4.3; HEIF: ISO/IEC 23008-12; AVIF).
BRANDS = (
    (re.compile(rb"hei[cxmsv]|hev[cxms]"), "image/heic"),
    (re.compile(rb"avi[fs]"), "image/avif"),
)
PICTURE = re.compile(rb"hei[cxmsvf]|hev[cxms]|avi[fs]|mif[12]|msf1|miaf|MiH[BAEM]")
RAW_PICTURE = re.compile(rb"crx ")
SOUND = re.compile(rb"(?:M4[ABP]|F4[AB]) ")
FILM = re.compile(rb"hdlr.{8}vide", re.DOTALL)  # the handler of a track (14496-12 8.4.3)
ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
RIFF = {
    b"WEBP": "image/webp",
    b"WAVE": "audio/wav",
    b"AVI ": "video/x-msvideo",
    b"RMID": "audio/midi",
}
OFFICE = (
    (b"word/document", ".docx .dotx", ".docm .dotm"),
    (b"xl/workbook", ".xlsx .xltx", ".xlsm .xltm .xlsb"),
    (b"ppt/presentation", ".pptx .ppsx .potx", ".pptm .ppsm"),
)
# Streams of an office document with a password or with rights management ([MS-OFFCRYPTO] 2.3.4.4, 2.2.10).
LOCKED = tuple(name.encode("utf-16-le") for name in ("EncryptedPackage", "DRMContent"))
IN_OLE = frozenset(KNOWN[e][0] for e in (".doc", ".xls", ".ppt", ".msg"))
OPEN_XML = frozenset(KNOWN[e][0] for _, *rows in OFFICE for row in rows for e in row.split())
OPEN_DOCUMENT = frozenset(kind for (kind, *_) in KNOWN.values() if "opendocument" in kind)
# OpenDocument 3.3 and EPUB OCF 3.3: the first entry is "mimetype", stored as it is, after a header of 30 bytes.
STATED = re.compile(rb"mimetype.{0,64}?(application/[a-z0-9.+-]{1,80}?)(?=PK)", re.DOTALL)
# What programs are found by: Windows, Linux, macOS (also Java), WebAssembly, shortcuts of Windows.
PROGRAMS = re.compile(
    rb"MZ|\x7fELF|[\xce\xcf]\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf]|\xca\xfe\xba[\xbe\xbf]|\0asm"
    rb"|\x4c\0\0\0\x01\x14\x02\0"
)
# Signatures that puremagic lacks, or holds too short to be sure of.
MORE = (
    (re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xfd]"), "audio/mpeg"),
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "audio/aac"),
    (re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL), "image/bmp"),
    (re.compile(rb"II\+\0|MM\0\+"), "image/tiff"),
    (re.compile(rb"\xff\x0a"), "image/jxl"),
    (re.compile(rb"\x09[\0\x02\x04\x08][\x04\x06\x08\x10]\0"), "application/vnd.ms-excel"),
)
# Possessive throughout: a text that is no page must not be tried in many ways.
MARKUP = re.compile(
    rb"(?>[\t\n\f\r ]++|<\?xml[^>]{0,2000}+>|<!--(?>.*?-->))*+"
    rb"<((?:!doctype[\t\n\f\r ]++)?(?:html|svg)|svg|script|body|head|iframe|[a-z]++:svg)\b",
    re.IGNORECASE | re.DOTALL,
)
# WHATWG MIME Sniffing 3: a binary data byte, ESC aside: ISO-2022-JP is written with it.
BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
# Controls that no text holds, in UTF-16 without a byte order mark. ESC is written in ISO-2022-JP, VT by FileMaker.
NOT_TEXT = re.compile(r"[\0-\x08\x0e-\x19\x1c-\x1f\ufffe\uffff]")
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def sniff(content: bytes) -> frozenset[str]:
    """The media types that the content may be of; empty when it has no known signature and is not text.

    A container that may hold several kinds may be of each: a WebM file is sound or a film. A web page or drawing in
    SVG is that alone, and a program is PROGRAM.
    """
    held = _container_kinds(content)
    if held is not None:
        return held
    if PROGRAMS.match(content) and b"\0" in content[:HEAD]:  # "MZ," may begin a table as well
        return frozenset({PROGRAM})
    if markup := MARKUP.match(_head(content)):
        return frozenset({_markup_kind(markup)})
    found, readable = _signatures(content), is_text(content)
    if not readable or "application/pdf" in found or (found and BINARY.search(content[:HEAD])):
        return found
    return found | {TEXT}


def _container_kinds(content: bytes) -> frozenset[str] | None:
    """What a container may hold; None for what is none."""
    if content.startswith(b"PK") and content[2:4] in (b"\3\4", b"\5\6", b"\7\x08"):
        return _zip_kinds(content)
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_kinds(content)
    # The length of the box comes first: text such as "<!--ftyp" is none.
    if content[:1] == b"\0" and content[4:8] == b"ftyp":
        return _brand_kinds(content)
    if content[4:8] in ATOMS and content[:1] == b"\0":
        return FILMS | SOUNDS
    if content.startswith(b"\x1a\x45\xdf\xa3"):
        return MATROSKA
    if content[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        kind = RIFF.get(content[8:12])
        return frozenset({kind}) if kind else frozenset()
    return None


def is_text(content: bytes) -> bool:
    """True for content that may be text in any encoding: with NUL only in UTF-16 and UTF-32, or to pad the end.

    Other control characters are no sign: FileMaker writes VT into CSV, and old programs end a file with SUB.
    """
    if content.startswith(tuple(bom for bom, _ in BOMS)):
        return True
    if b"\0" not in content.rstrip(b"\0\x1a"):
        return not content or bool(content.strip(b"\0"))
    return any(_is_utf_16(content[:HEAD], order) for order in ("utf-16-le", "utf-16-be"))


def _is_utf_16(head: bytes, order: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(order)().decode(head)
    except UnicodeDecodeError:
        return False
    return not NOT_TEXT.search(text)


def _head(content: bytes) -> bytes:
    """The beginning in an encoding that keeps ASCII, without its byte order mark."""
    for bom, charset in BOMS:
        if content.startswith(bom):
            return content[len(bom) : HEAD].decode(charset, "replace").encode()
    return content[:HEAD].replace(b"\0", b"")


def _markup_kind(markup: re.Match[bytes]) -> str:
    return "image/svg+xml" if markup[1].lower().endswith(b"svg") else "text/html"


def _zip_kinds(content: bytes) -> frozenset[str]:
    """What a ZIP archive holds: an office document, an e-book, or just files.

    File names stand in an archive uncompressed, so they are looked for as they are. An office document may keep its
    parts anywhere (ECMA-376-2): one that keeps them nowhere usual may be any of them.
    """
    stated = STATED.match(content, 30)
    if stated:
        return frozenset({ZIP, stated[1].decode("ascii")})
    if b"[Content_Types].xml" in content:
        has_macros = b"vbaProject.bin" in content
        rows = [row for row in OFFICE if row[0] in content] or OFFICE
        named = " ".join(macros if has_macros else f"{plain} {macros}" for _, plain, macros in rows)
        return frozenset({ZIP, *(KNOWN[extension][0] for extension in named.split())})
    if b"META-INF/manifest.xml" in content:  # OpenDocument does not insist on "mimetype"
        return OPEN_DOCUMENT | {ZIP}
    return frozenset({ZIP})


def _ole_kinds(content: bytes) -> frozenset[str]:
    """Documents of old Office; or new ones with a password, which nobody can look into, not even for macros."""
    kinds = IN_OLE | {OLE}
    return kinds | OPEN_XML if any(name in content for name in LOCKED) else kinds


def _brand_kinds(content: bytes) -> frozenset[str]:
    """The types by the brands of an ISO base media file. They tell pictures, hardly ever sound from film: tracks do."""
    size = min(int.from_bytes(content[:4]), 512)
    major = content[8:12]
    brands = [major, *(content[at : at + 4] for at in range(16, size, 4))]
    if PICTURE.fullmatch(major):
        stated = {kind for form, kind in BRANDS if any(form.fullmatch(b) for b in brands)}
        return frozenset(stated) or IMAGES
    if RAW_PICTURE.fullmatch(major):
        return frozenset({"image/x-canon-cr3"})
    if SOUND.fullmatch(major):
        return SOUNDS
    # A track of sound proves nothing: a sample of a large file may lack that of the film beside it.
    return FILMS if FILM.search(content) else FILMS | SOUNDS


def _signatures(content: bytes) -> frozenset[str]:
    """The types whose signature the content bears; signatures of two bytes prove too little, save those in MORE."""
    import puremagic  # noqa: PLC0415 most forms take no files

    try:
        matches = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError, IndexError):
        matches = []
    found = {m.mime_type.lower() for m in matches if m.mime_type and m.confidence >= 0.3}
    found |= {kind for form, kind in MORE if form.match(content)}
    if b"%PDF-" in content[:1024]:  # ISO 32000-1 implementation note 13: junk may stand before it
        return frozenset({"application/pdf"})
    # Pages were looked for already, and more closely: "<!--" begins a README as well.
    return frozenset(SAME.get(kind, kind) for kind in found) - ACTIVE
