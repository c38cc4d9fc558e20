"""Patterns mean what they mean in JavaScript, and cannot be used to stop the process."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.forms.pattern.pattern import Patience, matches_pattern, pattern_fault
from todoke.forms.pattern.sample import pattern_samples


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        (r"\d{3}-\d{4}", "123-4567", True),
        (r"\d{3}-\d{4}", "１２３-４５６７", False),
        (r"\d{3}-\d{4}", "123-4567\n", False),
        (r"\w+", "é", False),
        (r"\s", "\ufeff", True),
        (r"\s", "\x85", False),
        (r"[ァ-ヶー　]+", "ヤマダ　タロウ", True),
        (r"\p{Script=Katakana}+", "カナー", False),
        (r"\p{scx=Kana}+", "カナー", True),
        (r"a|b", "ab", False),
        (r"a|ab", "ab", True),
        (r"[^]", "\n", True),
        (r"(?<年>\d{4})-\k<年>", "2026-2026", True),
        (r"(a)|\1b", "b", True),
        (r"[\p{L}--\p{Script=Han}]+", "山", False),
        (r"[\q{株式会社|有限会社}]", "有限会社", True),
        (r"", "", True),
    ],
)
def test_a_pattern_means_what_it_means_in_javascript(
    pattern: str, value: str, matches: bool
) -> None:
    """The whole value must match, with JavaScript's meaning of classes, references and sets."""
    assert matches_pattern(pattern, value) == matches


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-z-]",
        r"[\w.-]+",
        r"a\-b",
        "a)|(b",
        "(a",
        "a++",
        "]",
        r"\p{Katakana}",
        r"\1",
        "(?P<x>a)",
        "[(]",
        "(?i)a",
        "\\",
        "[a",
        r"\u{}",
        r"[\q{a",
        r"[\q{\d}]",
        r"\p",
        r"\p{",
        r"(?<>a)",
        r"\k<a",
        "(?<a",
        "(?",
        r"\c",
        "[\\",
        r"\q",
        "(?ii:a)",
        "(?-:a)",
        "(?i-i:a)",
    ],
)
def test_an_invalid_pattern_is_ignored(pattern: str) -> None:
    """A pattern that browsers refuse takes every value, and its fault can be told to the site owner."""
    assert matches_pattern(pattern, "anything at all")
    assert pattern_fault(pattern)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (r"(\w+\s?)+", "a" * 40 + "!"),
        (r"(a|a)*b", "a" * 60),
        (r"(.*a){25}", "a" * 40 + "!"),
        (r"(?:a?){60}a{60}", "a" * 59),
        (r"([a-z]+)+\d", "a" * 100_000),
        (r"(?:(?:a*)*)*b", "a" * 5_000),
    ],
)
def test_a_catastrophic_pattern_cannot_stop_the_process(pattern: str, value: str) -> None:
    """A pattern that would run for years ends, with or without a verdict; the patience is spent at most once."""
    patience = Patience(0.05)
    began = time.thread_time()  # of this thread alone, however busy the machine is
    for _ in range(20):
        matches_pattern(pattern, value, patience)
    assert time.thread_time() - began < 0.55


def test_a_value_that_cannot_be_judged_in_time_is_taken() -> None:
    """Time that ran out speaks for the visitor, whose browser has checked the value."""
    patience = Patience(0.01)
    for _ in range(2):  # the clocks of the two ends may differ by a little
        assert matches_pattern(r"(?:(x+)(\w+)\s?)+\1", "x" * 5_000 + "!", patience)
    assert patience.seconds < 0.005


def test_patience_for_all_comes_back_by_and_by() -> None:
    """A twentieth of the time, up to what it was at first; what was overspent is not owed."""
    patience = Patience(-0.4, 100.0)
    assert patience.renewed(100.0).seconds == 0
    assert patience.renewed(101.0).seconds == pytest.approx(0.05)
    assert patience.renewed(100.0).seconds == pytest.approx(0.05)
    assert patience.renewed(200.0).seconds == 0.1
    assert patience.renewed(300.0) is patience


def test_the_log_tells_of_a_slow_pattern_once(caplog: pytest.LogCaptureFixture) -> None:
    """Strangers choose the values, and would fill it."""
    for _ in range(3):
        matches_pattern(r"(?:(y+)(\w+)\s?)+\1", "y" * 5_000 + "!", Patience(0.001))
    assert [record.getMessage() for record in caplog.records] == ["pattern_not_judged"]


@pytest.mark.parametrize(
    "pattern",
    ["a{999999999}", r"\p{RGI_Emoji}", "(" * 500 + ")" * 500, "[" * 200 + "]" * 200, "a" * 20_000],
)
def test_a_pattern_that_cannot_be_said_here_is_left_to_the_browser(pattern: str) -> None:
    """What is valid there and not possible here takes every value."""
    assert pattern_fault(pattern)
    assert matches_pattern(pattern, "zz")


@given(st.text(alphabet="ab[]()\\-&^$|*+?{}1,.:<>=!qkpux/～あ", max_size=12), st.text(max_size=5))
def test_no_pattern_and_no_value_break_it(pattern: str, value: str) -> None:
    """Whatever the page and the visitor write, there is a verdict."""
    assert matches_pattern(pattern, value) in (True, False)


@given(st.text(max_size=30))
def test_an_escaped_text_matches_itself_alone(text: str) -> None:
    """Every character can be written as an escape and means itself."""
    pattern = "".join(f"\\u{{{ord(c):x}}}" for c in text)
    assert not pattern_fault(pattern)
    assert matches_pattern(pattern, text)
    assert not matches_pattern(pattern, text + "x")


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{3}-\d{4}",
        r"0\d{1,4}-\d{1,4}-\d{3,4}",
        r"[ァ-ヶー　]+",
        r"(abc|def)\1x?",
        r"(?<year>19|20)\d\d\k<year>",
        r"https?://.+",
        r"[\p{Script=Katakana}ー]{2,}",
        r"^[\w.%+\-]+@example\.co\.jp$",
        r"(?i:abc)+",
        r"[\q{abc|d}]",
        r"[[a-z]--[aeiou]]{3}",
        r"(?!000)\d{3}",
        r"[^\x00-\x7e]",
        r"\S+\s\S+",
        r"\u{1F600}",
    ],
)
def test_a_text_is_made_from_a_pattern(pattern: str) -> None:
    """One of the samples matches."""
    assert any(matches_pattern(pattern, text) for text in pattern_samples(pattern))


@pytest.mark.parametrize(
    "pattern", ["[", "[]", "(((a{50}){50}){50})", "(" * 90 + ")" * 90, "a{2,1}"]
)
def test_a_pattern_that_gives_no_sample_is_passed_over(pattern: str) -> None:
    """What is no pattern, matches nothing, or grows without end; it is no error."""
    assert all(len(text) <= 2_000 for text in pattern_samples(pattern))


@given(
    st.recursive(
        st.sampled_from(["a", "[a-c]", r"\d", ".", "[^a]", r"\u3042"]),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map("".join),
            st.lists(inner, min_size=1, max_size=3).map(lambda some: f"(?:{'|'.join(some)})"),
            st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,}"])).map(
                lambda pair: f"({pair[0]}){pair[1]}"
            ),
        ),
        max_leaves=6,
    )
)
def test_a_pattern_without_looks_ahead_is_met(pattern: str) -> None:
    """Whatever it is made of."""
    assert any(matches_pattern(pattern, text) for text in pattern_samples(pattern))
