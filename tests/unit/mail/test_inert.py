"""Visitors' text made inert for mails: what is broken, what is left alone, and that length costs only what it must."""

from __future__ import annotations

import pytest

from todoke.mail.inert import unlink


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://evil.example/x.", "see https[:]//evil[.]example/x[.]"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("evil.example/x", "evil[.]example/x"),
        ("...evil.example:8080", "[.][.][.]evil[.]example[:]8080"),
        ("(evil.example?a=b)", "(evil[.]example?a=b)"),
        ("mailto:a@b.example", "mailto[:]a@b[.]example"),
        ("and/or evil.example/x", "and/or evil[.]example/x"),
    ],
)
def test_links_are_broken(text: str, shown: str) -> None:
    """What a mail program would make a link is shown so that it makes none."""
    assert unlink(text) == shown


@pytest.mark.parametrize(
    "text", ["Node.js", "1.2.3.4", "at 10:30", "e.g. this", "and/or", "a.b c/d"]
)
def test_other_text_stays(text: str) -> None:
    """Dots and colons of ordinary writing stay as they are."""
    assert unlink(text) == text


@pytest.mark.parametrize("piece", ["a.", "a-", "é.", "-.", "a:", "www.", "1.a"])
def test_a_hostile_text_is_read_once(piece: str) -> None:
    """A long text that is nearly a link takes as long as any other: one that is read again from each letter hangs."""
    text = piece * 100_000
    assert unlink(text).replace("[.]", ".").replace("[:]", ":") == text
