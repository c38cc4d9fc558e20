"""Encodings are the Encoding Standard's: what a browser wrote is read as the text that it had."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webencodings import LABELS

from todoke.model.charset import UTF_8, Charset, find_charset

NAMES = sorted(set(LABELS.values()))
SENT = sorted({Charset(name).for_forms.name for name in NAMES})


def charset(label: str) -> Charset:
    found = find_charset(label)
    assert found is not None
    return found


@pytest.mark.parametrize("label", sorted(LABELS))
def test_every_label_of_the_standard_names_an_encoding_that_works(label: str) -> None:
    """In any case and with white space around it; forms are sent in one that reads ASCII as itself."""
    found = charset(f" {label.upper()}\t")
    assert found is find_charset(label)
    assert found.for_forms.decode(b"name=1") == "name=1"
    assert found.show(b"\xff\xff")


@pytest.mark.parametrize("label", ["", "utf-99", "cp932", "rot13", "zip", "utf-8;", "utf_8"])
def test_what_is_no_label_of_the_standard_names_nothing(label: str) -> None:
    """Neither Python's other codecs nor its other spellings can be reached."""
    assert find_charset(label) is None


@pytest.mark.parametrize(
    ("label", "octets", "text"),
    [
        ("shift_jis", b"\x81\x60\x81\x7c\x81\x92\x81\xca\x81\x61", "～－￡￢∥"),
        ("x-sjis", b"\x87\x40\x87\x8a\xfb\xfc\xfa\xb1", "①㈱髙﨑"),
        ("windows-31j", b"\xb1\xf0\x40", "ｱ\ue000"),
        ("euc-jp", b"\xa1\xc1\xa1\xdd\xad\xa1\x8e\xb1\x8f\xb0\xa1", "～－①ｱ丂"),
        ("x-euc-jp", b"\xfc\xe2", "髙"),
        ("iso-2022-jp", b"\x1b$B!A-!\x1b(I1\x1b(J\\~\x1b(B", "～①ｱ¥‾"),
        ("gb2312", b"\xe9F\x80\xa8\xbc", "镕€ḿ"),
        ("gb18030", b"\x95\x34\xb2\x35\xa3\xa0", "𠮷\u3000"),
        ("big5", b"\x87\x7b\xa1\xe3\xa2\x44\x88\x62", "𡵓～￥Ê̄"),
        ("euc-kr", b"\x94\xee\xa2\xe6", "뷁€"),
        ("us-ascii", b"\xe9\x80\x81", "é€\x81"),
        ("iso-8859-1", b"\x93\x96\x99", "“–™"),
        ("iso-8859-9", b"\x80\xfd", "€ı"),
        ("iso-8859-11", b"\x80\xa1", "€ก"),
        ("koi8-u", b"\xae\xbe", "ўЎ"),
        ("windows-1255", b"\xca\x81", "\u05ba\x81"),
        ("x-mac-roman", b"\x80", "Ä"),
        ("x-user-defined", b"\x80", "\uf780"),
        ("unicode-1-1-utf-8", b"\xef\xbb\xbfa", "\ufeffa"),
    ],
)
def test_bytes_read_as_browsers_read_them(label: str, octets: bytes, text: str) -> None:
    """Also where Python's codec of that name reads another character, or none."""
    assert charset(label).decode(octets) == text
    assert charset(label).show(octets) == text


@pytest.mark.parametrize(
    ("label", "octets", "text"),
    [
        ("shift_jis", b"a\xfd\x81", "a\ufffd\ufffd"),
        ("euc-jp", b"\xa4\xff\x8e", "\ufffd\ufffd"),
        ("iso-2022-jp", b"a\x1b$C", "a\ufffd$C"),
        ("utf-8", b"\xe3\x81a", "\ufffda"),
    ],
)
def test_what_means_nothing_shows_as_in_a_browser_and_is_not_read(
    label: str, octets: bytes, text: str
) -> None:
    """Nothing is dropped: reading refuses, showing has U+FFFD in its place."""
    assert not charset(label).reads(octets)
    with pytest.raises(UnicodeError):
        charset(label).decode(octets)
    assert charset(label).show(octets) == text


@pytest.mark.parametrize(
    ("label", "octets", "text"),
    [
        ("shift_jis", b"&#134071;&#128169;&#8364;", "𠮷💩€"),
        ("windows-1252", b"&#12354;&#233;", "あ&#233;"),
        ("euc-jp", b"&#65;&#12354;&#0;&#55296;&#9999999;&#x3042;", None),
        ("gb18030", b"&#128169;", None),
        ("utf-8", b"&#128169;", None),
    ],
)
def test_a_reference_that_only_a_browser_writes_is_its_character(
    label: str, octets: bytes, text: str | None
) -> None:
    """It writes one for what the encoding lacks; any other was typed and stays."""
    assert charset(label).decode_form(octets) == (text or octets.decode())


@pytest.mark.parametrize(
    ("label", "text", "sent"),
    [
        ("shift_jis", "¥5,000 ‾ − 〜 💩", "\\5,000 ~ － 〜 💩"),
        ("euc-jp", "¥‾−ｱ", "\\~－ｱ"),
        ("iso-2022-jp", "¥‾−ｶﾞ\x0e", "¥‾－カ゛\ufffd"),
        ("gbk", "¥−€𠮷", "¥−€𠮷"),
        ("utf-8", "¥‾−ｶﾞ&#128169;", "¥‾−ｶﾞ&#128169;"),
    ],
)
def test_what_arrives_is_known_although_an_encoder_changes_it(
    label: str, text: str, sent: str
) -> None:
    """The standard's encoders for Japanese write near characters for a few."""
    assert charset(label).as_sent(text) == sent


@given(st.sampled_from(SENT), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_arrived_once_arrives_unchanged(name: str, text: str) -> None:
    """A text that came from a browser goes the same way again as itself; every text goes."""
    sent = charset(name).as_sent(text)
    assert charset(name).as_sent(sent) == sent


@given(st.sampled_from(SENT), st.binary())
def test_no_bytes_break_reading_or_showing(name: str, data: bytes) -> None:
    """Reading gives a text or refuses; where it reads, showing gives the same."""
    found = charset(name)
    shown = found.show(data)
    if found.reads(data):
        assert found.decode(data) == shown


def test_nothing_is_sent_in_utf_16() -> None:
    """A page in UTF-16, or in none that is safe, sends its forms in UTF-8."""
    sent = {name: Charset(name).for_forms for name in NAMES}
    assert {name for name, found in sent.items() if found.name != name} == {
        "utf-16le",
        "utf-16be",
        "replacement",
    }
    assert sent["utf-16le"] == sent["replacement"] == UTF_8
