"""The labels of a request say which encoding it is in, as far as programs mean what they write."""

from __future__ import annotations

import pytest

from todoke.model.charset import UTF_8
from todoke.web.door.charset import charsets_for, read_label


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("x-sjis", "shift_jis"),
        ("'CP932'", "shift_jis"),
        ("jis", "iso-2022-jp"),
        ("koi8u", "koi8-u"),
        ("utf-16be", "utf-8"),
        ("latin1", "windows-1252"),
    ],
)
def test_a_label_is_read_as_it_was_meant(label: str, name: str) -> None:
    """Also those that only programs write; and nobody sends a form in UTF-16."""
    charset = read_label(label)
    assert charset is not None
    assert charset.name == name


@pytest.mark.parametrize("label", ["ascii", "us-ascii", "ANSI_X3.4-1968", "", "x", "zip", "utf-8;"])
def test_what_says_nothing_leaves_utf_8(label: str) -> None:
    """A label of ASCII, or none at all, gives no hint."""
    assert charsets_for([label]) == (UTF_8,)
