"""What is found by what: one rule, in every script."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from todoke.model.search import LONGEST, LOOKED_INTO, asked_for, fold, terms_of


def found(text: str, asked: str) -> bool:
    """Whether a text holds what somebody asks for."""
    return terms_of([text]).hold(asked_for(asked))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("The Gardens of Kew", "garden"),
        ("Mr. Brown", "brown"),
        ("b.brown@example.org", "brown"),
        ("b.brown@example.org", "b.brown@example.org"),
        ("b.brown@example.org", "B.Brown@EXAMPLE.ORG"),
        ("Zoë Müller, São Paulo", "zoe muller sao"),
        ("Zoe Muller", "Zoë Müller"),
        ("Łódź, Tromsø, Straße, İstanbul", "lodz tromso strasse istanbul"),
        ("Ærøskøbing", "aeroskobing"),
        ("Ελλάδα ΟΔΟΣ", "ελλαδα οδος"),
        ("Артём Ёлкин", "артем елкин"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("हिन्दी में नमस्ते", "नमस्ते"),
        ("Tiếng Việt", "tieng viet"),
        ("山田太郎", "山田"),
        ("山田太郎", "田"),
        ("山田太郎", "太郎"),
        ("山田太郎", "山田太郎"),
        ("山田　太郎", "太郎 山田"),
        ("髙橋、山﨑", "高橋 山崎"),
        ("ヤマダタロウ", "やまだ"),
        ("やまだたろう", "ヤマダ"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ"),
        ("コンピューター", "ピュー"),
        ("ＡＢＣ１２３", "abc123"),
        ("ABC123", "ＡＢＣ"),
        ("第3回のお知らせ", "第3回"),
        ("안녕하세요", "하세"),
        ("สวัสดีครับ", "ครับ"),
        ("ok 🎉", "🎉"),
        ("Tel. 090-1234-5678", "09012345678"),
        ("Tel. 09012345678", "090-1234-5678"),
        ("Tel. 090-1234-5678", "5678"),
        ("on 2026-03-04", "2026-03"),
        ("report_final-2.pdf", "final pdf"),
        ("辻󠄀", "辻"),
    ],
)
def test_is_found(text: str, asked: str) -> None:
    """Words by their beginnings, runs by any part, whatever their case, width, accents and kind of kana."""
    assert found(text, asked)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("The Gardens of Kew", "ardens"),
        ("The Gardens of Kew", "garden rose"),
        ("山田太郎", "山太"),
        ("山田太郎", "太郎山田"),
        ("東京都", "京東"),
        ("かき", "がき"),
        ("said", ""),
        ("said", "  "),
        ("said ...", "..."),
        ("क", "की"),
    ],
)
def test_is_not_found(text: str, asked: str) -> None:
    """Not the middle of a word, nor one of two, nor a run in another order; and nothing by nothing."""
    assert not found(text, asked)


def test_very_long_texts_are_looked_into_as_far_as_that_is_quick() -> None:
    """Nobody holds up a store with a book, or with a word as long as one."""
    assert not found("x " * LOOKED_INTO + "needle", "needle")
    assert found("x" * 5_000, "x" * 5_000)
    assert max(map(len, terms_of(["字" * 5_000]).runs)) == LONGEST
    assert found("needle", "needle " * 5_000)


@settings(max_examples=500)
@given(text=st.text(max_size=60) | st.text("aZ0９-‐ー山ダﾀ́\ufe0f ", max_size=12))
def test_a_text_is_found_by_itself(text: str) -> None:
    """Whoever pastes a part of what they see finds it, unless there is nothing in it to look for."""
    terms = terms_of([text])
    asked = asked_for(text)
    assert terms.hold(asked) == bool(asked)


@settings(max_examples=500)
@given(text=st.text(max_size=60))
def test_folding_is_settled(text: str) -> None:
    """What is folded once does not change when it is folded again."""
    assert fold(fold(text)) == fold(text)
