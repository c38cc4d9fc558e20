"""What is no address is told what it may have meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.address import parse_address
from todoke.model.address_hint import intended_address


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏｍ", "taro@example.com"),
        ("taro＠example.com", "taro@example.com"),
        ("taro@example。com", "taro@example.com"),
        ("taro@example｡com", "taro@example.com"),
        ("taro－x@example.com", "taro-x@example.com"),
        ("taroーx@example.com", "taro-x@example.com"),
        ("taro@カード．jp", "taro@カード.jp"),
        ("\u3000taro@example.com\u3000", "taro@example.com"),
        ("\ufefftaro@example.com\u200b", "taro@example.com"),
        ("taro\u00ad@example.com", "taro@example.com"),
        ("taro @ example.com", "taro@example.com"),
        ("taro@example.com.", "taro@example.com"),
        ("mailto:taro@example.com?subject=a", "taro@example.com"),
        ("Taro <taro@example.com>", "taro@example.com"),
        ('"Sato, Taro" <taro@example.com>', "taro@example.com"),
        ("＜taro@example.com＞", "taro@example.com"),
        ("taro..y@example.com", "taro.y@example.com"),
        (".taro.@example.com", "taro@example.com"),
        ("taro@example..com", "taro@example.com"),
        ("ｔａｒｏ．．ｙ＠docomo.ne.jp", "taro..y@docomo.ne.jp"),
        ('"taro."@docomo.ne.jp', "taro.@docomo.ne.jp"),
        ("太郎＠example.com", "太郎@example.com"),
    ],
)
def test_one_reading_is_offered(typed: str, meant: str) -> None:
    """Characters of a Japanese keyboard, what nobody sees, and what is copied with an address."""
    assert intended_address(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "taro",
        "taro@example.com",
        "taro..y@docomo.ne.jp",
        "taro@example",
        "a@example.com, b@example.com",
        "A <a@example.com>, B <b@example.com>",
        "a@evil.com <b@example.com>",
        "b@example.com <a@evil.com>",
        "Taro Sato taro@example.com",
        "佐藤\u3000taro@example.com",
        "taro@example.com Sato",
        "group: a@example.com;",
        "＝？utf-8？q？a？＝@example.com",
        "a" * 100_000 + "＠example.com",
    ],
)
def test_where_there_is_no_telling_nothing_is_offered(typed: str) -> None:
    """An address, several, or none that could be read."""
    assert intended_address(typed) == ""


@given(st.text("aｂ.。@＠<> \u200b-ー", max_size=20).map(lambda text: text + "@example.com"))
def test_what_is_offered_is_an_address(typed: str) -> None:
    """And needs no further hint."""
    meant = intended_address(typed)
    if meant:
        assert parse_address(meant) == meant
        assert intended_address(meant) == ""
