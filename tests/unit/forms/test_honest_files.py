"""Files as phones, cameras, offices and old programs write them, each under what a page would ask for it."""

from __future__ import annotations

import io
import zipfile

import pytest

from todoke.forms.accept import read_accept
from todoke.forms.file_kinds import is_accepted
from todoke.model.submission import File

XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'
PAD = b"\0" * 600


def iso(major: bytes, *compatible: bytes, tracks: bytes = b"") -> bytes:
    brands = b"".join(compatible)
    size = (16 + len(brands)).to_bytes(4, "big")
    return size + b"ftyp" + major + b"\0\0\0\0" + brands + tracks + PAD


def ole(*streams: str) -> bytes:
    named = b"".join(stream.encode("utf-16-le").ljust(64, b"\0") for stream in streams)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + PAD + named


def archive(*names: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        if mimetype:
            out.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name in names:
            out.writestr(name, "<x/>" * 50)
    return buffer.getvalue()


def riff(form: bytes, head: bytes = b"RIFF") -> bytes:
    return head + b"\x24\0\0\0" + form + PAD


FILM = b"\0\0\0\x20hdlr\0\0\0\0\0\0\0\0vide"
SOUND = b"\0\0\0\x20hdlr\0\0\0\0\0\0\0\0soun"
EBML = bytes.fromhex("1a45dfa3 9f428681 0142f781 0142f281 0442f381 08428284")
LOCKED = ole("EncryptionInfo", "EncryptedPackage")
TYPES = "[Content_Types].xml"
JPEG = b"\xff\xd8\xff"
PDF = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"
GZIP = b"\x1f\x8b\x08\0" + PAD
TIFF = b"II*\0\x08\0\0\0" + PAD
SPREADSHEET_2003 = XML + b'<?mso-application progid="Excel.Sheet"?><Workbook/>'
PLIST = b'<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://x"><plist/>'
DICOM = b"\0" * 128 + b"DICM" + PAD

# (name, content, what pages ask for it: each alone must take the file)
HONEST = [
    # XML vocabularies, JSON and other text under its own name.
    ("walk.gpx", XML + b"<gpx/>", ".gpx application/gpx+xml"),
    ("walk.gpx", b"<gpx version='1.1'/>", ".gpx"),
    ("walk.kml", XML + b"<kml/>", ".kml application/vnd.google-earth.kml+xml"),
    ("walk.tcx", XML + b"<TrainingCenterDatabase/>", ".tcx"),
    ("tax.xbrl", XML + b"<xbrl/>", ".xbrl"),
    ("song.musicxml", XML + b"<score-partwise/>", ".musicxml"),
    ("a.xml", "<?xml version='1.0'?><a>あ</a>".encode("utf-16"), ".xml text/xml application/xml"),
    ("invoice.xtx", XML + b"<DATA/>", ".xtx"),
    ("a.plist", XML + PLIST, ".plist"),
    ("a.drawio", XML + b"<mxfile/>", ".drawio"),
    ("a.drawio", b"<!-- made by hand --><mxfile/>", ".drawio */*"),
    ("plots.geojson", b'{"type":"FeatureCollection"}', ".geojson application/geo+json"),
    ("a.ipynb", b'{"cells": []}', ".ipynb"),
    ("a.json", b'\xef\xbb\xbf[{"a": 1}]', ".json application/json text/json"),
    ("thesis.tex", b"\\documentclass{article}\n", ".tex application/x-tex"),
    ("a.bib", b"@book{a}", ".bib"),
    ("a.srt", b"1\r\n00:00:01,000 --> 00:00:02,000\r\nHi\r\n", ".srt application/x-subrip"),
    ("a.vtt", b"WEBVTT\n\n", ".vtt text/vtt text/*"),
    ("a.yaml", b"%YAML 1.2\n---\n", ".yaml .yml"),
    ("a.ics", b"BEGIN:VCALENDAR\r\n", ".ics text/calendar"),
    ("a.vcf", b"BEGIN:VCARD\r\n", ".vcf text/vcard text/x-vcard text/directory"),
    ("a.md", b"<!-- badges -->\n<p align=center>Hi</p>", ".md text/markdown text/*"),
    ("a.eml", b"Received: from x\r\nSubject: y\r\n\r\n", ".eml message/rfc822"),
    ("a.dxf", b"  0\r\nSECTION\r\n", ".dxf image/vnd.dxf"),
    ("a.step", b"ISO-10303-21;\nHEADER;", ".step .stp model/*"),
    ("part.stl", b"solid part\n", ".stl model/stl"),
    ("part.stl", b"\0" * 80 + b"\1\0\0\0" + PAD, ".stl model/*"),
    ("part.obj", b"v 0 0 0\n", ".obj"),
    ("a.sql", b"-- dump\n", ".sql"),
    # Text in any encoding, from any program.
    ("a.csv", "氏名,住所\r\n".encode("cp932"), ".csv text/csv application/csv text/*"),
    ("a.csv", "氏名\t住所\r\n".encode("utf-16"), ".csv"),
    ("a.csv", "name\tplace\r\n".encode("utf-16-le"), ".csv"),
    ("a.csv", "氏名,名前\r\n".encode("utf-16-be"), ".csv"),
    ("a.csv", b"name,note\r\nBo,one\x0btwo\r\n", ".csv"),
    ("a.csv", b"name\r\nBo\r\n\x1a", ".csv"),
    ("a.csv", b"BM,1\r\nMZ,2\r\n", ".csv"),
    ("a.csv", b"MZ,1\r\n", ".csv"),
    ("a.csv", b"II*,GIF\r\n", ".csv"),
    ("a.txt", b"log" + b"\0" * 200, ".txt text/plain"),
    ("a.txt", "予定".encode("iso-2022-jp"), ".txt"),
    ("a.txt", "予定".encode("utf-32"), ".txt"),
    ("a.txt", b"\0\0\xfe\xff" + "a".encode("utf-32-be"), ".txt"),
    ("a.txt", "予定\r\n".encode("euc-jp"), ".txt"),
    ("a.txt", b"#!/bin/sh\n", ".txt"),
    ("a.txt", b"{\\rtf1}", ".txt"),
    ("a.txt", b"\x1a", ".txt"),
    ("empty.csv", b"", ".csv text/csv text/*"),
    # Office, old and new, with a password, and what calls itself so.
    ("pay.xlsx", LOCKED, ".xlsx"),
    ("cv.docx", LOCKED, ".docx,.pdf"),
    ("talk.pptx", LOCKED, ".pptx"),
    ("macro.xlsm", LOCKED, ".xlsm"),
    ("rights.docx", ole("\tDRMContent"), ".docx"),
    ("old.doc", b"{\\rtf1\\ansi hello}", ".doc,.docx application/msword"),
    ("old.doc", XML + b'<?mso-application progid="Word.Document"?><w:wordDocument/>', ".doc"),
    ("table.xls", SPREADSHEET_2003, ".xls application/vnd.ms-excel"),
    ("table.xls", "氏名\t住所\r\n".encode("cp932"), ".xls"),
    ("table.xls", bytes.fromhex("0908080000060500") + PAD, ".xls"),
    ("php.xls", bytes.fromhex("090808000000100000000000") + PAD, ".xls"),
    ("a.doc", ole("WordDocument"), ".doc application/doc application/x-msword"),
    ("mail.msg", ole("__substg1.0_0037001F"), ".msg application/vnd.ms-outlook"),
    ("plan.mpp", ole(), ".mpp application/vnd.ms-project"),
    ("a.jtd", ole(), ".jtd"),
    ("a.hwp", ole("FileHeader"), ".hwp application/x-hwp"),
    ("online.docx", archive(TYPES, "word/document2.xml"), ".docx"),
    ("made.docx", archive(TYPES, "main/part1.xml"), ".docx"),
    ("a.dotx", archive(TYPES, "word/document.xml"), ".dotx"),
    ("a.docm", archive(TYPES, "word/document.xml"), ".docm"),
    ("a.docm", archive(TYPES, "word/document.xml", "word/vbaProject.bin"), ".docm"),
    ("a.xlsb", archive(TYPES, "xl/workbook.bin"), ".xlsb"),
    ("a.ppsx", archive(TYPES, "ppt/presentation.xml"), ".ppsx"),
    ("a.vsdx", archive(TYPES, "visio/document.xml"), ".vsdx"),
    ("a.odt", archive("content.xml", "META-INF/manifest.xml"), ".odt"),
    ("a.ods", archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"), ".ods"),
    ("a.epub", archive(mimetype="application/epub+zip"), ".epub application/epub+zip"),
    ("a.xdw", b"`\x0e\x82\x01" + PAD, ".xdw"),
    ("a.pages", archive("Index/Document.iwa"), ".pages"),
    ("a.numbers", archive("Index/Document.iwa"), ".numbers"),
    ("a.pdf", b"%!PS-Adobe-3.0 PDF-1.4\r%PDF-1.4\n", ".pdf application/pdf application/x-pdf"),
    ("a.PDF", b"\r\n" + PDF, ".pdf .PDF application/pdf application/acrobat"),
    # Archives, by whatever name.
    ("a.zip", archive("a"), ".zip application/zip application/x-zip-compressed application/x-zip"),
    ("empty.zip", b"PK\5\6" + b"\0" * 18, ".zip"),
    ("parts.zip", b"PK\7\x08PK\3\4" + PAD, ".zip"),
    ("report.zip", archive(TYPES, "word/document.xml"), ".zip"),
    ("a.kmz", archive("doc.kml"), ".kmz application/vnd.google-earth.kmz"),
    ("a.cbz", archive("1.jpg"), ".cbz"),
    ("a.3mf", archive(TYPES, "3D/3dmodel.model"), ".3mf model/3mf"),
    ("a.sketch", archive("document.json"), ".sketch"),
    ("site.tar.gz", GZIP, ".tar.gz .gz .tgz application/gzip application/x-gzip"),
    ("site.tgz", GZIP, ".tgz .tar.gz application/gzip application/x-tgz"),
    ("log.xz", b"\xfd7zXZ\0" + PAD, ".xz application/x-xz"),
    ("log.bz2", b"BZh91AY&SY" + PAD, ".bz2 application/x-bzip2"),
    ("log.zst", b"\x28\xb5\x2f\xfd" + PAD, ".zst"),
    ("a.tar", b"a".ljust(257, b"\0") + b"ustar\0" + PAD, ".tar application/x-tar"),
    ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4" + PAD, ".7z application/x-7z-compressed"),
    ("a.rar", b"Rar!\x1a\x07\0" + PAD, ".rar application/x-rar-compressed application/x-rar"),
    ("a.rar", b"Rar!\x1a\x07\1\0" + PAD, ".rar application/vnd.rar"),
    ("a.lzh", b"\x24\x90-lh5-" + PAD, ".lzh application/x-lzh"),
    # Pictures.
    ("a.jpg", JPEG + b"\xdb\0\x43" + PAD, ".jpg .jpeg .JPEG image/jpeg image/jpg image/*"),
    ("a.JPG", JPEG + b"\xee\0\x0eAdobe" + PAD, ".jpg image/pjpeg image/*"),
    ("a.jpe", JPEG + b"\xe0\0\x10JFIF" + PAD, ".jpg image/jpeg"),
    ("photo.jpg", riff(b"WEBPVP8 "), "image/* .jpg,.webp image/jpeg,image/webp"),
    ("photo.png", JPEG + b"\xe0\0\x10JFIF" + PAD, "image/* .png,.jpg image/png,image/jpeg"),
    ("IMG_1.jpg", iso(b"heic", b"mif1", b"heic"), "image/* .jpg,.heic"),
    ("IMG_1.heic", iso(b"mif1", b"mif1", b"heic"), ".heic,.jpg image/heic image/*"),
    ("IMG_1.heic", iso(b"mif1"), ".heic image/heic image/*"),
    ("IMG_1.HEIC", iso(b"msf1", b"hevc"), ".heic image/heic-sequence"),
    ("a.hif", iso(b"heix", b"mif1"), ".hif image/heic image/*"),
    ("a.heif", iso(b"mif1", b"avif"), ".heif image/heif"),
    ("a.avif", iso(b"mif1", b"avif", b"miaf"), ".avif image/avif image/*"),
    ("a.avif", iso(b"avis", b"avif"), ".avif image/*"),
    ("a.png", b"\x89PNG\r\n\x1a\n" + PAD, ".png image/png image/x-png image/*"),
    ("a.tif", b"II+\0\x08\0\0\0" + PAD, ".tif .tiff image/tiff image/tif image/*"),
    ("raw.dng", TIFF, ".dng image/x-adobe-dng image/*"),
    ("raw.nef", b"MM\0*" + PAD, ".nef image/*"),
    ("raw.arw", TIFF, ".arw image/*"),
    ("raw.cr2", TIFF, ".cr2 image/*"),
    ("raw.cr3", iso(b"crx ", b"isom"), ".cr3 image/*"),
    ("raw.raf", b"FUJIFILMCCD-RAW " + PAD, ".raf image/*"),
    ("poster.psd", b"8BPS\0\1" + PAD, ".psd image/vnd.adobe.photoshop image/x-photoshop image/*"),
    ("plan.dwg", b"AC1032" + PAD, ".dwg image/vnd.dwg application/acad application/x-dwg"),
    ("logo.ai", PDF, ".ai application/postscript,.ai"),
    ("logo.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", ".eps application/postscript"),
    ("logo.eps", b"\xc5\xd0\xd3\xc6" + PAD, ".eps"),
    ("a.jxl", b"\xff\x0a\xfa\x1f" + PAD, ".jxl image/jxl image/*"),
    ("a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n" + PAD, ".jp2 image/jp2 image/*"),
    ("a.ico", b"\0\0\1\0\1\0" + PAD, ".ico image/x-icon image/*"),
    ("a.wmf", b"\xd7\xcd\xc6\x9a\0\0" + PAD, ".wmf image/*"),
    ("scan.dcm", DICOM, ".dcm application/dicom image/dicom"),
    ("a.svg", b"<!-- Generator: " + b"x" * 3000 + b" --><svg/>", ".svg image/svg+xml"),
    ("a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>".encode("utf-16"), ".svg"),
    # Sound and film.
    ("Voice 001.m4a", iso(b"mp42", b"isom"), "audio/*,.m4a .m4a audio/* audio/mp4 audio/x-m4a"),
    ("Voice 001.m4a", iso(b"isom", tracks=SOUND), ".m4a audio/*"),
    ("memo.m4a", iso(b"M4A ", b"M4A ", b"mp42"), ".m4a audio/* audio/m4a"),
    ("memo.m4a", b"\xff\xf1\x50\x80" + PAD, ".m4a"),
    ("book.m4b", iso(b"M4B "), ".m4b audio/*"),
    ("rec.webm", EBML + b"webm" + PAD, "audio/* video/* .webm audio/webm video/webm"),
    ("rec.mka", EBML + b"matroska" + PAD, ".mka audio/*"),
    ("a.mkv", EBML + b"matroska" + PAD, ".mkv video/* video/x-matroska"),
    ("clip.3gp", iso(b"3gp5"), ".3gp video/3gpp audio/3gpp video/* audio/*"),
    ("clip.mp4", iso(b"isom", tracks=FILM), ".mp4 video/mp4 video/*"),
    ("clip.mp4", iso(b"isom", tracks=SOUND), ".mp4 video/*"),
    ("sound.mp4", iso(b"mp42"), "audio/mp4 audio/*"),
    ("clip.mp4", iso(b"qt  "), "video/* .mp4"),
    ("clip.mov", iso(b"mp42"), "video/* .mov video/quicktime"),
    ("clip.mov", b"\0\0\0\x08wide\0\1\2\3mdat" + PAD, "video/* .mov"),
    ("a.mp3", b"ID3\3\0" + PAD, ".mp3 audio/mpeg audio/mp3 audio/*"),
    ("a.mp3", b"\xff\xe3\x18\xc4" + PAD, ".mp3 audio/*"),
    ("a.mp3", b"\0" * 2000 + b"\xff\xfb", ".mp3 audio/*"),
    ("a.wav", riff(b"WAVE"), ".wav audio/wav audio/x-wav audio/wave audio/*"),
    ("a.wav", riff(b"WAVE", b"RF64"), ".wav audio/*"),
    ("a.aac", b"\xff\xf1\x50\x80" + PAD, ".aac audio/aac audio/*"),
    ("a.flac", b"fLaC\0\0\0\x22" + PAD, ".flac audio/flac audio/x-flac audio/*"),
    ("a.ogg", b"OggS\0\2" + PAD, ".ogg audio/ogg audio/*"),
    ("a.opus", b"OggS\0\2" + PAD, ".opus audio/*"),
    ("a.amr", b"#!AMR\n<" + PAD, ".amr audio/amr audio/*"),
    ("a.wma", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + PAD, ".wma audio/*"),
    ("a.wmv", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + PAD, ".wmv video/*"),
    ("a.aiff", b"FORM\0\0\0\x20AIFFCOMM" + PAD, ".aiff audio/*"),
    ("tune.mid", b"MThd\0\0\0\6" + PAD, ".mid audio/midi audio/*"),
    ("a.avi", riff(b"AVI "), ".avi video/x-msvideo video/*"),
    ("a.mpg", b"\0\0\1\xba" + PAD, ".mpg video/mpeg video/*"),
    ("00001.MTS", (b"\0\0\0\0G" + b"\0" * 187) * 3, ".mts video/*"),
    ("a.flv", b"FLV\1\5\0\0\0\x09" + PAD, ".flv video/*"),
    # Other programs' own kinds, on whatever they are built.
    ("a.gpkg", b"SQLite format 3\0" + PAD, ".gpkg"),
    ("a.mbtiles", b"SQLite format 3\0" + PAD, ".mbtiles"),
    ("a.jww", b"JwwData." + PAD, ".jww"),
    ("a.sav", b"$FL2@(#) SPSS" + PAD, ".sav"),
    ("a.ttf", b"\0\1\0\0\0\x0f" + PAD, ".ttf font/ttf font/*"),
    ("a.woff2", b"wOF2" + PAD, ".woff2 font/*"),
    ("a.jpg_large", JPEG + b"\xe0\0\x10JFIF" + PAD, ".jpg_large image/*"),
    ("a.p7m", b"\x30\x82" + PAD, ".p7m"),
    ("a.fit", b"\x0e\x10\x10\0\0\0\0\0.FIT" + PAD, ".fit"),
    ("a.foo", b"\1\2\3" + PAD, ".foo application/x-foo application/octet-stream */*"),
    ("a.foo", b"one", "application/x-foo application/* */*"),
    # Names without an extension: Android's, a script's Blob, a camera's.
    ("1000000033", JPEG + b"\xe1\0\x10Exif" + PAD, ".jpg image/* image/jpeg"),
    ("image:41", JPEG + b"\xe1\0\x10Exif" + PAD, ".jpg image/*"),
    ("blob", EBML + b"webm" + PAD, "audio/* audio/webm .webm"),
    ("blob", iso(b"isom"), "video/* audio/* .mp4"),
    ("Mr. Smith, CV", PDF, ".pdf application/pdf"),
    ("資料 No.5 最終", PDF, ".pdf"),
    ("README", b"Read me", ".txt text/plain text/*"),
    ("IM000001", DICOM, "application/dicom"),
    ("a", LOCKED, ".xlsx"),
    ("a", XML + b"<gpx/>", ".gpx"),
    ("写真.jpg ", JPEG + b"\xe0\0\x10JFIF" + PAD, ".jpg"),
    # What runs, where it is asked for by name.
    ("a.exe", b"MZ\x90\0" + PAD, ".exe"),
    ("lib.so", b"\x7fELF\2\1\1" + PAD, ".so"),
    ("a.dot", b"digraph G {}", ".dot"),
    ("a.apk", archive("AndroidManifest.xml"), ".apk"),
    ("a.py", b"print()", ".py"),
    ("a.html", b"<h1>Hi</h1>", ".html text/html"),
]
ASKED = [(name, content, asked) for name, content, row in HONEST for asked in row.split()]


def takes(name: str, content: bytes, accept: str) -> bool:
    """Whatever type the browser declares: none, the right one, or Android's and Windows' own."""
    tokens, ignored = read_accept(accept)
    assert not ignored
    verdicts = {
        is_accepted(File(name=name, media_type=declared, content=content), tokens)
        for declared in (
            "",
            "application/octet-stream",
            "image/png",
            "application/x-zip-compressed",
        )
    }
    assert len(verdicts) == 1
    return verdicts.pop()


@pytest.mark.parametrize(
    ("name", "content", "asked"), ASKED, ids=[f"{n}-{a}-{i}" for i, (n, _, a) in enumerate(ASKED)]
)
def test_a_file_as_its_program_writes_it_is_taken(name: str, content: bytes, asked: str) -> None:
    """A file under its own extension, or none, whose content does not say otherwise, passes where it is asked for."""
    assert takes(name, content, asked)


EXE = b"MZ\x90\0" + PAD
ELF = b"\x7fELF\2\1\1" + PAD
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"
LINK = b"\x4c\0\0\0\1\x14\2\0" + PAD
KEPT_FROM = ".jpg,.png,.heic,.pdf,.docx,.zip,.mp4,.webm,.csv,.txt,.gpx,.jww,.dng,.ai,.foo"


@pytest.mark.parametrize("accept", [KEPT_FROM, "*/*", "application/*,image/*", "application/x-foo"])
@pytest.mark.parametrize(
    "content",
    [
        EXE,
        ELF,
        LINK,
        b"\xcf\xfa\xed\xfe" + PAD,
        b"\xca\xfe\xba\xbe" + PAD,
        HTML,
        b"\xef\xbb\xbf\n<!-- -->\n" + HTML,
        HTML.decode().encode("utf-16"),
        HTML.decode().encode("utf-16-le"),
        b"<!--ftyp --><html>" + PAD,
        EXE[:64] + PDF,
        HTML + PDF,
        HTML + b"\0\1\2" + PAD,
        ELF + archive("a"),
        SVG,
        XML + SVG,
    ],
)
def test_what_runs_passes_under_no_other_name(content: bytes, accept: str) -> None:
    """A page, a drawing with scripts or a program is refused as a picture, a document, or a file of any or no kind."""
    tokens, _ = read_accept(accept)
    names = [f"a{token}" for token in KEPT_FROM.split(",")] + ["a", "a.exe", "a.html", "a.hta"]
    taken = [
        name
        for name in names
        if is_accepted(File(name=name, media_type="image/png", content=content), tokens)
    ]
    assert taken == []


@pytest.mark.parametrize(
    ("name", "content", "accept"),
    [
        ("a.gpx", JPEG + b"\xe0\0\x10JFIF" + PAD, ".gpx"),
        ("a.kml", PDF, ".kml"),
        ("a.jpg", iso(b"heic", b"heic"), ".jpg"),
        ("a.jpg", PDF, "image/*"),
        ("a.jpg", b"hello", "image/*,.csv"),
        ("a.jpg", HTML, ".jpg,.html"),
        ("a.heic", iso(b"mif1", b"avif"), ".heic"),
        ("a.heic", iso(b"mp42"), ".heic"),
        ("a.mp4", iso(b"isom", tracks=FILM), "audio/*"),
        ("a.mp4", iso(b"heic"), "video/*"),
        ("a.webp", riff(b"WAVE"), ".webp"),
        ("a.docx", ole("WordDocument"), ".docx"),
        ("a.docx", archive("a.txt"), ".docx"),
        ("a.xlsx", archive(TYPES, "word/document.xml"), ".xlsx"),
        ("a.odt", archive("a.txt"), ".odt"),
        ("a.odt", archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"), ".odt"),
        ("a.xls", PDF, ".xls"),
        ("a.zip", GZIP, ".zip"),
        ("a.tar.gz", archive("a"), ".tar.gz"),
        ("a.csv", PDF, ".csv"),
        ("a.txt", b"\0" * 64, ".txt"),
        ("a.svg", HTML, ".svg"),
        ("a.svg", JPEG + PAD, ".svg"),
        ("a.pdf", b"", ".pdf"),
        ("a.exe", b"hello", "application/octet-stream"),
        ("a.iqy", b"WEB\n1\nhttps://x\n", "application/x-foo"),
        ("a.jpg", JPEG + PAD, "application/x-foo"),
        ("a.foo", b"\1\2\3" + PAD, ".bar"),
        ("a.foo", b"\1\2\3" + PAD, "image/*"),
        ("a", b"\1\2\3" + PAD, ".foo"),
    ],
)
def test_content_that_says_otherwise_is_refused(name: str, content: bytes, accept: str) -> None:
    """Where the extension's own content is known, another kind's is a contradiction."""
    assert not takes(name, content, accept)


@pytest.mark.parametrize(
    ("written", "tokens", "ignored"),
    [
        (".JPEG, image/* ,\n.tar.gz,.jpeg", (".jpeg", "image/*", ".tar.gz"), ()),
        ("image/*;capture=camera", (), ("image/*;capture=camera",)),
        ("jpg,png", (), ("jpg", "png")),
        ("*", (), ("*",)),
        (".*,*.*", (), (".*", "*.*")),
        (".doc .docx .jpg", (), (".doc .docx .jpg",)),
        ("image/jpeg image/png", (), ("image/jpeg image/png",)),
        ("image,images/*", (), ("image", "images/*")),
        ("image/jpeg|image/png", (), ("image/jpeg|image/png",)),
        ("image/png;q=1,.pdf", (".pdf",), ("image/png;q=1",)),
        ("*/*,x-world/x-3dmf,.c++,.x_t", ("*/*", "x-world/x-3dmf", ".c++", ".x_t"), ()),
        (" , ,", (), ()),
        (".", (), (".",)),
        ("/,image/,/png", (), ("/", "image/", "/png")),
    ],
)
def test_accept_is_read_as_browsers_read_it(
    written: str, tokens: tuple[str, ...], ignored: tuple[str, ...]
) -> None:
    """Wildcards, media types without parameters and extensions count, in any case; all else says nothing."""
    assert read_accept(written) == (tokens, ignored)
