"""What a browser makes of an entry list, byte for byte, and that the door reads it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.charset import UTF_8, Charset
from todoke.model.form import Limits
from todoke.model.submission import Entry, File
from todoke.web.door.body import parse
from todoke.web.door.browser import encode

ENCTYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=20)
FILE = File(name='a"b.pdf', media_type="application/pdf", content=b"%PDF\r\n")


@given(st.lists(st.tuples(TEXTS.filter(bool), TEXTS)), st.sampled_from(ENCTYPES))
def test_the_door_reads_what_browsers_write(pairs: list[tuple[str, str]], enctype: str) -> None:
    """Every name and value, in order."""
    entries = tuple(Entry(name, value) for name, value in pairs if name.lower() != "_charset_")
    content_type, body = encode(entries, enctype, UTF_8)
    assert parse(content_type, body, limits=Limits(), charset="utf-8") == entries


def test_the_bytes_are_those_of_a_browser() -> None:
    """CRLF for a line break, references for what the encoding lacks, and names with what would break a line escaped."""
    entries = (Entry("a b", "1\n2~*"), Entry("f", FILE))
    assert encode(entries, ENCTYPES[0], UTF_8)[1] == b"a+b=1%0D%0A2%7E*&f=a%22b.pdf"
    assert (
        encode((Entry("a", "é😀"),), ENCTYPES[0], Charset("shift_jis"))[1]
        == b"a=%26%23233%3B%26%23128512%3B"
    )
    assert encode(entries, "text/plain", UTF_8)[1] == b'a b=1\r\n2~*\r\nf=a"b.pdf\r\n'
    content_type, body = encode(entries, ENCTYPES[1], UTF_8)
    assert (
        b'form-data; name="f"; filename="a%22b.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF'
        in body
    )
    assert parse(content_type, body, limits=Limits(), charset="utf-8")[1] == entries[1]


@pytest.mark.parametrize("enctype", [*ENCTYPES, "text/plain"])
def test_a_file_control_without_a_file_is_no_entry_or_an_empty_one(enctype: str) -> None:
    """As browsers have it: an empty part, which is no answer, or an empty value."""
    nothing = Entry("f", File(name="", media_type="application/octet-stream", content=b""))
    content_type, body = encode((nothing,), enctype, UTF_8)
    expected = () if enctype == ENCTYPES[1] else (Entry("f", ""),)
    assert parse(content_type, body, limits=Limits(), charset="utf-8") == expected
