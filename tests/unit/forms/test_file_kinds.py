"""What a file is, by its content, and whether a file control takes it."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.forms.accept import accept_words
from todoke.forms.file_kinds import is_accepted
from todoke.forms.sniff import is_text, sniff
from todoke.model.submission import File

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + b"\0" * 100 + b"\xff\xd9"
PHONE_JPEG = b"\xff\xd8\xff\xe1\x1c\x45Exif\0\0MM\0*" + b"\0" * 100 + b"\xff\xd9"
GIF = b"GIF89a\1\0\1\0\0\0\0;"
WEBP = b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 30
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40
MOV = b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 40
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0" * 50
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>endobj\n%%EOF"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
EXE = b"MZ\x90\0\3\0\0\0" + b"\0" * 200
ELF = b"\x7fELF\2\1\1" + b"\0" * 100
BMP = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0" + b"\0" * 60
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script>"


def archive(*names: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        if mimetype:
            out.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name in names:
            out.writestr(name, "<x/>" * 100)
    return buffer.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
DOCM = archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")
XLSX = archive("[Content_Types].xml", "xl/workbook.xml")
PPTX = archive("[Content_Types].xml", "ppt/presentation.xml")
ODT = archive("content.xml", mimetype="application/vnd.oasis.opendocument.text")
ZIP = archive("a.txt")
TEXT = "こんにちは、世界。BMI は 22 です。\r\n".encode()


def takes(name: str, content: bytes, *accept: str) -> bool:
    return is_accepted(File(name=name, media_type="image/png", content=content), accept)


@pytest.mark.parametrize(
    ("name", "content", "accept"),
    [
        ("a.png", PNG, ["image/*"]),
        ("a.png", PNG, ["image/png"]),
        ("a.PNG", PNG, [".png"]),
        ("a", PNG, [".png"]),
        ("写真.jpeg", JPEG, [".jpg"]),
        ("a.jpg", PHONE_JPEG, ["image/jpeg"]),
        ("a.jpg", JPEG, ["image/jpg"]),
        ("a.jpg", JPEG, [".pdf", "image/*"]),
        ("a.gif", GIF, ["image/*"]),
        ("a.webp", WEBP, ["image/*"]),
        ("IMG_1.HEIC", HEIC, ["image/*"]),
        ("IMG_1.HEIC", HEIC, [".heic"]),
        ("a.heif", HEIC, ["image/heif"]),
        ("a.bmp", BMP, ["image/bmp"]),
        ("a.mov", MOV, ["video/*"]),
        ("a.mov", MOV, ["video/quicktime"]),
        ("a.mp4", MP4, ["video/mp4"]),
        ("a.pdf", PDF, ["application/pdf"]),
        ("a.pdf", b"\n\n" + PDF, [".pdf"]),
        ("a.docx", DOCX, [".docx"]),
        ("a.docx", DOCX, [".doc", ".docx"]),
        ("a.xlsx", XLSX, [".xlsx"]),
        ("a.pptx", PPTX, [".pptx"]),
        ("a.docm", DOCM, [".docm"]),
        ("a.odt", ODT, [".odt"]),
        ("a.zip", ZIP, [".zip"]),
        ("a.zip", ZIP, ["application/zip"]),
        ("a.doc", OLE, [".doc"]),
        ("a.xls", OLE, ["application/vnd.ms-excel"]),
        ("a.txt", TEXT, ["text/plain"]),
        ("a.txt", TEXT, ["text/*"]),
        ("a.txt", "予定表です".encode("cp932"), [".txt"]),
        ("a.txt", "予定表です".encode("iso-2022-jp"), [".txt"]),
        ("a.txt", "予定".encode("utf-16"), [".txt"]),
        ("a.csv", b"BM,1\n2,3\n", [".csv"]),
        ("a.csv", TEXT, ["text/csv", "application/vnd.ms-excel"]),
        ("a.json", b'{"a": 1}', ["application/json"]),
        ("a.txt", b"", [".txt"]),
        ("a.svg", SVG, [".svg"]),
        ("a.svg", SVG, ["image/svg+xml"]),
        ("a.html", HTML, ["text/html"]),
        ("a.jtd", OLE, [".jtd"]),
        ("a.jww", b"\x01\x02JwwData" + b"\0" * 50, [".jww"]),
        ("a.jww", PDF, [".jww"]),
        ("a.exe", EXE, []),
    ],
)
def test_a_file_of_an_accepted_kind_is_taken(name: str, content: bytes, accept: list[str]) -> None:
    """Content and extension are of a kind that `accept` lists; no `accept` takes all."""
    assert takes(name, content, *accept)


@pytest.mark.parametrize(
    ("name", "content", "accept"),
    [
        ("a.png", EXE, ["image/*"]),
        ("a.png", JPEG, [".png"]),
        ("a.png", HTML, ["image/*"]),
        ("a.png", TEXT, ["image/*"]),
        ("a.exe", PNG, ["image/*"]),
        ("a.html", PNG, ["image/*"]),
        ("a.hta", PNG, ["image/*"]),
        ("a.html. ", PNG, ["image/*"]),
        ("a.svg", SVG, ["image/*"]),
        ("a.png", SVG, ["image/*"]),
        ("a.png", SVG, ["image/png"]),
        ("a.html", HTML, ["text/*"]),
        ("a.txt", HTML, ["text/*", ".txt"]),
        ("a.pdf", EXE, [".pdf"]),
        ("a.pdf", ZIP, [".pdf"]),
        ("a.pdf", b"", ["application/pdf"]),
        ("a.docx", DOCM, [".docx"]),
        ("a.docx", ZIP, [".docx"]),
        ("a.docx", XLSX, [".docx"]),
        ("a.docx", PDF, [".docx"]),
        ("a.doc", DOCX, [".doc"]),
        ("a.txt", EXE, ["text/plain"]),
        ("a.txt", PNG, [".txt"]),
        ("a.csv", XLSX, [".csv"]),
        ("a.jww", EXE, [".jww"]),
        ("a.mp3", MP4, ["audio/*"]),
        ("a.doc", OLE, ["image/*"]),
        ("a.pdf", PNG, ["application/pdf"]),
        ("a.foo", PNG, [".png"]),
    ],
)
def test_a_file_of_another_kind_is_refused(name: str, content: bytes, accept: list[str]) -> None:
    """Neither a name nor the declared type passes for content, and what runs needs to be asked for by name."""
    assert not takes(name, content, *accept)


def test_pages_hide_behind_nothing() -> None:
    """A page is found behind a byte order mark, white space and comments, and in any case."""
    for content in (HTML, b"\xef\xbb\xbf \n" + HTML, b"<!-- x -->" + HTML, b"<HTML>", b" <sCript>"):
        assert sniff(content) == {"text/html"}
    for content in (SVG, b"<svg>", b"<!DOCTYPE svg PUBLIC ''>", b"<s:svg>"):
        assert sniff(content) == {"image/svg+xml"}


def test_accept_is_said_in_words() -> None:
    """People read kinds of files, each once."""
    assert accept_words(("image/*", ".pdf", "application/pdf")) == ["images", "PDF"]


@given(st.binary(max_size=300), st.sampled_from(["a.png", "", ".", "a.b.c", "а" * 300, "a/b.pdf"]))
def test_no_content_breaks_it(content: bytes, name: str) -> None:
    """Whatever the bytes, there is a verdict."""
    for prefix in (b"", b"PK\x03\x04", b"<!--", b"%PDF-", b"RIFF"):
        assert takes(name, prefix + content, "image/*", ".pdf", "text/*") in (True, False)


def test_long_content_is_read_in_one_pass() -> None:
    """Large files of any kind end, and comments that a pattern could part in many ways."""
    starts = (b"", b"<!--", b"<?xml ", b"PK\x03\x04mimetype", b"<!-- -->" * 500, b"<?xml >" * 500)
    for start in (*starts, b" " * 9000 + b"<!-- -->" * 500):
        content = start + b"a" * 5_000_000
        assert isinstance(is_text(content), bool)
        assert sniff(content) is not None
