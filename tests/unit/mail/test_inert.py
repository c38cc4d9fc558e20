"""Strangers' text made inert for mails: what is broken, what is left alone, and that length costs only what it must."""

from __future__ import annotations

import html
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.linkers import links
from todoke.mail.inert import inert, inert_address, inert_line, is_broken
from todoke.model.address import parse_address


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://evil.example/x.", "see https[:]//evil[.]example/x."),
        ("www.evil.example", "www[.]evil[.]example"),
        ("evil.example/x", "evil[.]example/x"),
        ("...evil.example:8080", "...evil[.]example[:]8080"),
        ("(evil.example?a=b)", "(evil[.]example?a=b)"),
        ("mailto:a@b.example", "mailto[:]a[@]b[.]example"),
        ("and/or evil.example/x", "and/or evil[.]example/x"),
        ("evil.com", "evil[.]com"),
        ("login.gov", "login[.]gov"),
        ("report.zip", "report[.]zip"),
        ("EVIL.CO.JP.", "EVIL[.]CO[.]JP."),
        ("http:evil.com", "http[:]evil[.]com"),
        ("tel:+81-3-0000-0000", "tel[:]+81-3-0000-0000"),
        ("sms:+8190", "sms[:]+8190"),
        ("x://evil", "x[:]//evil"),
        ("https:\u200b//evil.com", "https[:]⟨U+200B⟩[/]/evil[.]com"),
        ("http://localhost/x", "http[:][/]/localhost/x"),
        ("http://1.2.3.4", "http[:]//1[.]2[.]3[.]4"),
        ("http://x.a@b.com", "http[:]//x[.]a[@]b[.]com"),
        ("http://photo.jpg", "http[:]//photo[.]jpg"),
        ("//localhost/x", "[/]/localhost/x"),
        ("\\\\evil\\share", "[\\]\\evil\\share"),
        ("localhost:3000", "localhost[:]3000"),
        ("192.0.2.1/x", "192[.]0[.]2[.]1/x"),
        ("пример.рф", "пример[.]рф"),
        ("例え.テスト", "例え[.]テスト"),
        ("xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd[.]xn--p1ai"),
        ("evil。com", "evil[。]com"),
        ("ｅｖｉｌ．ｃｏｍ", "ｅｖｉｌ[．]ｃｏｍ"),
        ("evil\u2024com", "evil[\u2024]com"),
        ("evil.c\u200dom", "evil.c⟨U+200D⟩om"),
        ("photo.jpg/x", "photo[.]jpg/x"),
        ("www.jpg", "www[.]jpg"),
        ("evil.com.jpg", "evil[.]com.jpg"),
        ("件名https://x", "件名https[:]//x"),
        ("line\r\nTotal:\u2028\x1b[31m\u202e", "line\nTotal:\n␛[31m⟨U+202E⟩"),
    ],
)
def test_links_are_broken(text: str, shown: str) -> None:
    """What a mail program would make a link is shown so that it makes none, and nothing hides."""
    assert inert(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Node.js",
        "1.2.3.4",
        "at 10:30",
        "e.g. this, i.e. that, a.m./p.m., U.S.A., Ph.D.",
        "and/or",
        "a.b c/d",
        "3.5/10 or 2,000.00",
        "version 2.0.1, photo.jpg and report.2024.pdf.",
        "C:\\Users\\aoi",
        "wait...what",
        "3 @ 5",
        '{"key":1} // a comment',
        "ご連絡ください。Windowsで開けません．よろしくお願いします。",
        "お名前：山田　葵（株式会社・総務部）　電話：03-0000-0000",
        "👩‍👩‍👧‍👦 क्षि می‌خواهم 葛\U000e0100城 ❤\ufe0f",
        "hxxps[:]//evil[.]com a[@]b",
    ],
)
def test_other_text_stays(text: str) -> None:
    """Dots and colons of ordinary writing, joiners that scripts and emoji need, and what is broken already."""
    assert inert(text) == text
    assert not is_broken(text) or "[" in text


HOSTS = (
    "evil.com",
    "evil.co.jp",
    "login.gov",
    "例え.jp",
    "xn--a.xn--p1ai",
    "192.0.2.1",
    "localhost",
    "a.zip",
    "x.a",
    "photo.jpg",
    "evil",
    "1.a",
)
PIECES = st.sampled_from(
    [
        *HOSTS,
        *("http:", "https://", "//", "www.", "ftp.", "mailto:", "tel:", "\\\\", "@", ".", ":", "/", "?q", "#x", ":80"),
        *("\u200b", "\u200d", "\u202e", "\ufeff", "\ufe0f", "\u00ad", "\x1b", "\r\n", "\u2028"),
        *(" ", "[", "]", "(", ")"),
        *("<", ">", '"', "&", "。", "．", "com", "jp", "рф", "jpg", "-", "_", "1", "é", "日本", "👍", "|", "\uff5c"),
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60))
def test_no_linker_finds_anything_to_link(text: str) -> None:
    """Two ordinary linkers, with every top-level domain they know, in plain text and in HTML."""
    for shown in (inert(text), inert_line(text)):
        assert links(shown) == []
        assert links(html.escape(shown)) == []
        assert inert(shown) == shown


def test_the_linkers_are_awake() -> None:
    """So that their silence says something."""
    for host in ("evil.com", "login.gov", "http://localhost", "a@evil.com", "update.mov"):
        assert links(f"see {host} now")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("aoi.sato+x@example.net", "aoi.sato+x@example.net"),
        ("葵@example.net", "葵[@]example[.]net"),
        ("aya..h@docomo.ne.jp", "aya..h[@]docomo[.]ne[.]jp"),
        ("aya.@docomo.ne.jp", "aya.[@]docomo[.]ne[.]jp"),
        (".aya@ezweb.ne.jp", ".aya[@]ezweb[.]ne[.]jp"),
        ("evil.com/x@example.net", "evil[.]com/x[@]example[.]net"),
        ("www.evil.com@example.net", "www[.]evil[.]com[@]example[.]net"),
        ("aoi@例え.jp", "aoi@例え.jp (xn--r8jz45g[.]jp)"),
    ],
)
def test_an_address_is_whole_unless_it_looks_like_a_page(typed: str, shown: str) -> None:
    """A visitor's address can be copied, and at most written to."""
    assert inert_address(parse_address(typed)) == shown


@given(
    st.from_regex(r"[a-z0-9][a-z0-9+_-]{0,12}@[a-z0-9]{1,12}\.(com|jp|example)", fullmatch=True)
    | st.from_regex(r"[a-z0-9.-]{1,8}@docomo\.ne\.jp", fullmatch=True)
)
def test_a_whole_address_links_to_nothing_but_itself(typed: str) -> None:
    """What a linker makes of it is mail to it."""
    address = parse_address(typed)
    assert {unquote(link) for link in links(inert_address(address))} <= {f"mailto:{typed}"}


@pytest.mark.parametrize(
    "piece",
    ["a.", "a-", "é.", "-.", "a:", "www.", "1.a", "//", "@", "1.1.", "\\\\", "a。", "\u200d"],
)
def test_a_hostile_text_is_read_once(piece: str) -> None:
    """A long text that is nearly a link takes as long as any other: one that is read again from each letter hangs."""
    text = piece * 100_000
    assert len(inert(text)) < len(text) * 20
