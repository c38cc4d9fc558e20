"""The encoding of a page is the one that browsers read it in."""

from __future__ import annotations

import pytest

from todoke.forms.page.charset import read_text


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("<meta charset=x-sjis>", "shift_jis"),
        ("<META CHARSET=' Windows-31J '>", "shift_jis"),
        ("<meta http-equiv=Content-Type content='text/html; charset=x-euc-jp'>", "euc-jp"),
        ("""<meta content="a;charset = 'euc-kr' ;b" http-equiv=content-type>""", "euc-kr"),
        ("<meta http-equiv=Content-Type content='text/html'><meta charset=big5>", "big5"),
        ("<!-- <meta charset=euc-jp> --><meta charset=gb2312>", "gbk"),
        ("<!--" + "x" * 3000 + "--><meta charset=shift_jis>", "shift_jis"),
        ("<meta charset=utf-99><meta charset=koi8-u>", "koi8-u"),
        ("<meta charset=us-ascii>", "windows-1252"),
        ("<meta charset=x-user-defined>", "windows-1252"),
        ("<meta charset=utf-16le>", "utf-8"),
        ('<?xml version="1.0" encoding="Shift_JIS"?><!doctype html>', "shift_jis"),
        ('<?xml version="1.0" encoding="Shift_JIS"?><meta charset=euc-jp>', "euc-jp"),
        ("<meta content='text/html; charset=euc-jp'>", None),
        ("<meta charset=cp932>", None),
        ("<title>meta charset=euc-jp</title>", None),
        ("", None),
    ],
)
def test_a_page_says_its_encoding_as_browsers_read_it(page: str, name: str | None) -> None:
    """Each of these was tried in Chromium (tests/acceptance/test_charsets_in_chromium.py tries the rest)."""
    text, charset = read_text(page.encode())
    assert (charset and charset.name) == name
    assert text == page


def test_first_bytes_win_over_the_server_and_the_server_over_the_page() -> None:
    """A byte order mark is no part of the text."""
    page = "<meta charset=euc-jp>あ"
    for codec, bom in (("utf-8", "utf-8"), ("utf-16-le", "utf-16le"), ("utf-16-be", "utf-16be")):
        text, charset = read_text(("\ufeff" + page).encode(codec), "shift_jis")
        assert (text, charset and charset.name) == (page, bom)
    text, charset = read_text(page.encode("shift_jis"), "Shift_JIS")
    assert (text, charset and charset.name) == (page, "shift_jis")


def test_characters_of_vendors_are_read() -> None:
    """Pages that say Shift_JIS, EUC-JP, GB2312 or EUC-KR have more than these once held."""
    for label, raw, text in (
        ("Shift_JIS", b"\x87\x40\xfb\xfc\x81\x60", "①髙～"),
        ("EUC-JP", b"\xad\xa1", "①"),
        ("gb2312", b"\x81\x40", "丂"),
        ("euc-kr", b"\x94\xee", "뷁"),
        ("us-ascii", b"\xe9", "é"),
    ):
        assert read_text(f"<meta charset={label}>".encode() + raw)[0].endswith(text)
