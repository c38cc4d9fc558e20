"""What the checks see in a mail, and that what is well gives nothing to say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_cloud_sandbox.checks import BAD, NOTE, WARN, check
from mail_cloud_sandbox.header_table import header_fields, read
from mail_cloud_sandbox.html_survey import survey, text_of
from mail_cloud_sandbox.links import links_of
from mail_cloud_sandbox.preview import document, policy, preview_of

HEAD = '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
ONE_CLICK = ("list-unsubscribe", "list-unsubscribe-post")


def found(html: str, text: str = "t", names: tuple[str, ...] = ONE_CLICK) -> dict[str, str]:
    """The first words of each finding, and its level."""
    report = check(text=text, html=html, header_names=names)
    return {finding.what.partition(":")[0]: finding.level for finding in report.findings}


def test_what_is_well_is_not_spoken_of() -> None:
    """An ordinary mail, with or without HTML."""
    ordinary = f'{HEAD}<p style="color:red">Hello <a href="https://example.org/">there</a>'
    assert found(ordinary) == {}
    assert found("") == {}


@pytest.mark.parametrize(
    ("html", "what", "level"),
    [
        ("<img src=https://a.example/x.png>", "Images without alt", BAD),
        ("<img alt='' src=https://a.example/x.png>", "Remote images", WARN),
        ("<img alt='' src=//a.example/x.png>", "Remote images", WARN),
        ("<img alt='' src=http://a.example/x.png>", "Images by http", WARN),
        ("<img alt='' src=data:image/png;base64,AA>", "Images as data", WARN),
        ("<img alt='' src=cid:logo>", "Images by cid", BAD),
        ("<img alt='' src=logo.png>", "Images without a whole address", BAD),
        ("<script>1</script>", "Scripts, frames or plug-ins", BAD),
        ("<iframe src=/></iframe>", "Scripts, frames or plug-ins", BAD),
        ("<p onclick=x()>", "Attributes that start scripts (onclick ...)", BAD),
        ("<form><input></form>", "Controls of a form", BAD),
        ("<svg></svg>", "Drawings, sound or film", WARN),
        ("<link rel='Stylesheet' href=x>", "Linked style sheets", BAD),
        ("<style>@import 'x'</style>", "The styles load something remote.", WARN),
        (
            "<p style=\"background:url( 'https://x/')\">",
            "The styles load something remote.",
            WARN,
        ),
        ("<p style='display:flex'>", "The layout uses flex, grid or position.", WARN),
    ],
)
def test_what_clients_do_not_do(html: str, what: str, level: str) -> None:
    """Each is told, with how bad it is."""
    assert found(HEAD + html)[what] == level


def test_the_whole_mail() -> None:
    """Its parts, its size, its language, its header."""
    assert found(f"{HEAD}<p>x", text="") == {"There is no text part.": BAD}
    assert found("<p>x") == {"The html element has no lang.": WARN, "There is no viewport.": NOTE}
    assert found("", names=()) == {"There is no List-Unsubscribe field.": NOTE}
    alone = found("", names=("list-unsubscribe",))
    assert alone == {"List-Unsubscribe comes without List-Unsubscribe-Post.": WARN}
    limit = 102 * 1024
    assert found(HEAD + "x" * (limit - len(HEAD))) == {}
    assert list(found(HEAD + "あ" * (limit // 3)).values()) == [BAD]  # bytes, not characters
    assert list(found(f"{HEAD}<style>{'a{}' * 6000}</style>").values()) == [WARN]


@pytest.mark.parametrize(
    ("words", "target", "doubt"),
    [
        ("here", "https://example.org/", ""),
        ("example.org", "https://www.example.org/a?b", ""),
        ("https://example.org/a", "https://EXAMPLE.org/b", ""),
        ("write@example.org", "mailto:write@example.org?subject=x", ""),
        ("Top", "#top", ""),
        ("call", "tel:+810312345678", ""),
        ("https://bank.example/login", "https://evil.example/", "says bank.example"),
        ("bank.example", "https://evil.example/", "leads to evil.example"),
        ("a@example.org", "mailto:b@example.org", "writes to b@example.org"),
        ("here", "http://example.org/", "not encrypted"),
        ("here", "https://192.0.2.1/", "a number"),
        ("here", "https://[2001:db8::1]/", "a number"),
        ("here", "https://localhost:8025/s", "own machine"),
        ("here", "https://bank.example@evil.example/", "before an @"),
        ("here", "https://xn--fsq.example/", "beyond ASCII"),
        ("here", "https://bänk.example/", "beyond ASCII"),
        ("here", "/s/abc", "no scheme"),
        ("here", "", "no scheme"),
        ("here", "javascript:alert(1)", "do not open javascript:"),
        ("here", "JaVaScRiPt:alert(1)", "do not open javascript:"),
        ("here", "data:text/html,x", "do not open data:"),
        ("here", "https://[::1", "no address"),
        ("", "https://example.org/", "no words"),
    ],
)
def test_doubts_about_a_link(words: str, target: str, doubt: str) -> None:
    """What it says and where it leads; nothing is said of one that is well."""
    html = f'<a href="{target}">{words}</a>'
    (link,) = links_of("", survey(html).anchors)
    assert doubt in " ".join(link.doubts)
    assert bool(link.doubts) == bool(doubt)


def test_links_of_both_parts_each_once() -> None:
    """The text's without the punctuation after it; an image's alt is what a link says."""
    html = '<a href="https://b.example/"><img alt="B &amp; co"></a>' * 2
    links = links_of("See https://a.example/x（例）、https://a.example/y。", survey(html).anchors)
    assert [(k.part, k.words, k.target) for k in links] == [
        ("text", "https://a.example/x", "https://a.example/x"),
        ("text", "https://a.example/y", "https://a.example/y"),
        ("html", "B & co", "https://b.example/"),
    ]


@given(st.text(max_size=200))
def test_nothing_is_too_odd_to_be_checked(text: str) -> None:
    """Any text as HTML, as text, as an address, as a header."""
    check(text=text, html=text, header_names=[text])
    text_of(text)
    links_of(text, survey(f'<a href="{text}">{text}</a>').anchors)
    header_fields(text.encode("utf-8", "replace"))
    read(text)


@pytest.mark.parametrize(
    "html", ["<div>" * 200_000, "<a href=x>" * 50_000, "<!--" * 300_000, "<b><p>" * 50_000]
)
def test_what_is_made_to_take_long_is_read_in_part(html: str) -> None:
    """As much as is read of any mail; the rest is not looked at, and nothing breaks."""
    assert survey(html).elements.total() < 100_000
    text_of(html)


def test_headers_are_read() -> None:
    """Folded lines, encoded words, and words in charsets that there are not."""
    source = b"Subject: =?UTF-8?B?44GC?=\r\n =?UTF-8?B?44GE?=\r\nX-Odd: =?no-such?B?AA==?=\r\n\r\nBody: x"
    assert header_fields(source) == [("Subject", "あい"), ("X-Odd", "=?no-such?B?AA==?=")]
    for odd in ("=?idna?Q?x?=", "=?base64?B?AA==?=", "=?undefined?Q?x?=", "=?utf-8?B?A?="):
        assert isinstance(read(odd), str)


def test_colours_of_a_preview_are_answered() -> None:
    """The mail's question for the machine's colours is answered as was chosen, whatever the machine's are."""
    css = "<style>@media (prefers-color-scheme: DARK){a{}} @media (prefers-color-scheme:light){b{}}"
    dark, light = document(css, "dark"), document(css, "light")
    assert "(min-width: 0px){a{}}" in dark
    assert "(min-width: 9999999px){b{}}" in dark
    assert "(min-width: 9999999px){a{}}" in light
    assert "(min-width: 0px){b{}}" in light


def test_a_preview_has_no_rights() -> None:
    """What is chosen badly is what is safe; images are the one thing that can be asked for."""
    odd = preview_of({"width": "x", "colours": "x", "images": "x"})
    assert (odd.width, odd.colours, odd.has_images) == ("full", "light", False)
    for has_images in (False, True):
        said = policy(has_images=has_images)
        assert "default-src 'none'" in said
        assert "allow-scripts" not in said
        assert "allow-same-origin" not in said
        assert ("https:" in said) == has_images
