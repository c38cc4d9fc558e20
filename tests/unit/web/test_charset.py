"""Labels of character encodings mean what the Encoding Standard says."""

from __future__ import annotations

import pytest
from webencodings import LABELS

from todoke.web.door.charset import UTF_8, charsets_for, find_charset

SILENT = {"ascii", "us-ascii", "ansi_x3.4-1968"}


@pytest.mark.parametrize("label", sorted(LABELS.keys() - SILENT))
def test_every_label_of_the_standard_names_an_encoding_that_works(label: str) -> None:
    """In any case and with white space around it; ASCII reads as itself, and nothing is lost without a word."""
    charset = find_charset(f" {label.upper()}\t")
    assert charset is not None
    assert charset == find_charset(label)
    assert charset.decode(b"name=1") == "name=1"
    assert charset.show(b"\xff\xff")


@pytest.mark.parametrize(
    ("label", "octets", "text"),
    [
        ("csisolatin1", b"\xe9\x81", "é\x81"),
        ("iso-ir-144", b"\xb0", "А"),
        ("x-mac-cyrillic", b"\x80", "А"),
        ("iso-8859-8-i", b"\xe0", "א"),
        ("gbk", b"\xc4\xe3", "你"),
        ("utf-16be", b"\xc3\xa9", "é"),
        ("x-user-defined", b"\x80", "\uf780"),
        ("jis", b'\x1b$B$"\x1b(B', "あ"),
        ("cp932", b"\x82\xa0", "あ"),
    ],
)
def test_rare_labels_read_as_browsers_write(label: str, octets: bytes, text: str) -> None:
    """Those that were missing before there was a table, and those that only programs write."""
    charset = find_charset(label)
    assert charset is not None
    assert charset.decode(octets) == text


@pytest.mark.parametrize("label", [*sorted(SILENT), "", "x", "zip", "utf-8;"])
def test_what_says_nothing_leaves_utf_8(label: str) -> None:
    """A label of ASCII, or none at all, gives no hint."""
    assert charsets_for([label]) == (UTF_8,)
