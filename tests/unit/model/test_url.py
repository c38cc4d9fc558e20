"""A URL that somebody wrote, and what of it goes over the wire."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.url import origin_of, resolved, wire_url


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://フォーム.jp", "https://xn--jckte8a7g.jp/"),
        ("https://例え.jp:8443/届け?名=葵#上", "https://xn--r8jz45g.jp:8443/%E5%B1%8A%E3%81%91?%E5%90%8D=%E8%91%B5#%E4%B8%8A"),
        ("HTTPS://WWW.Example.JP:443/A b", "https://www.example.jp/A%20b"),
        ("http://127.0.0.1:8025/x%20y", "http://127.0.0.1:8025/x%20y"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("https://ｅｘａｍｐｌｅ。jp/", "https://example.jp/"),
    ],
)  # fmt: skip
def test_hosts_are_a_labels_and_the_rest_is_escaped(written: str, sent: str) -> None:
    """What is sent is ASCII, and to send it again changes nothing."""
    assert wire_url(written) == sent == wire_url(sent)
    assert sent.startswith(origin_of(written))


@pytest.mark.parametrize(
    "written",
    [
        "", "/path", "example.jp", "javascript:alert(1)", "ftp://a.example", "https://", "https://a b/",
        "https://a.example:99999/", "https://[::1", "https://xn--a/", "https://user@a.example/",
        "https://a;script-src *", "https://*.example/", "https://a,b.example/", "https://\ud800.jp/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_none(written: str) -> None:
    """Also hosts that would end or widen an entry of a policy."""
    assert (wire_url(written), origin_of(written)) == ("", "")


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_that_is_sent_can_break_a_header(host: str, rest: str) -> None:
    """Printable ASCII without spaces, whatever was written."""
    for url in (f"https://{host}/{rest}", f"https://a.example/{rest}"):
        assert re.fullmatch(r"[\x21-\x7e]*", wire_url(url))
        assert re.fullmatch(r"(https://[a-z0-9._:\[\]-]+)?", origin_of(url))


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("", "https://a.example/x/y.html?q"),
        ("f/contact", "https://a.example/x/f/contact"),
        ("../f/contact#top", "https://a.example/f/contact"),
        ("/f/contact?x=1", "https://a.example/f/contact?x=1"),
        ("?x=1", "https://a.example/x/y.html?x=1"),
        ("#top", "https://a.example/x/y.html?q"),
        ("//b.example/f", "https://b.example/f"),
        ("\\\\b.example\\f", "https://b.example/f"),
        ("https:f", "https://a.example/x/f"),
        ("https:\\\\b.example", "https://b.example/"),
        ("http:f", "http://f/"),
        (" HTTP://B.example/\n f ", "http://b.example/%20f"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("http://[x", ""),
        ("//[x", ""),
    ],
)
def test_an_address_is_resolved_as_browsers_do(written: str, address: str) -> None:
    """What new URL(written, page).href says in Node, less the fragment."""
    assert resolved(written, "https://a.example/x/y.html?q#here") == address


def test_without_a_page_only_a_whole_address_is_one() -> None:
    """A path of an unknown host is no address."""
    assert resolved("/f/contact", "") == resolved("f", "mailto:a@b.example") == ""
    assert resolved("https://b.example/f#x", "") == "https://b.example/f"


@given(st.text(), st.sampled_from(["", "https://a.example/x/y?q#f", "nonsense"]))
def test_any_text_is_resolved_or_is_none(written: str, page: str) -> None:
    """No text makes it stumble, and what is resolved is whole."""
    address = resolved(written, page)
    assert not address or (resolved(address, page) == address and "#" not in address)
