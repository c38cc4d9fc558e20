"""Colours: the ratios of WCAG, and text that can be read whatever the site's accent is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.colour import (
    BLACK,
    LEAST_CONTRAST,
    WHITE,
    contrast,
    parse_colour,
    readable,
    text_on,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("#1d4e6f", "#1d4e6f"),
        ("#ABC", "#aabbcc"),
        *((bad, "") for bad in ("", "red", "#12", "#12345", "1d4e6f", "#1d4e6f;", "#1d4e6g")),
    ],
)
def test_a_colour_is_hex(text: str, parsed: str) -> None:
    """Nothing else gets into a style."""
    assert parse_colour(text) == parsed


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        (WHITE, BLACK, 21.0),
        (WHITE, WHITE, 1.0),
        ("#777777", WHITE, 4.48),  # WebAIM's contrast checker
        ("#767676", WHITE, 4.54),
        ("#0000ff", WHITE, 8.59),
    ],
)
def test_ratios_are_those_of_wcag(one: str, other: str, ratio: float) -> None:
    """Either way round."""
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@given(COLOURS)
def test_text_can_be_read_on_every_colour(colour: str) -> None:
    """White where it can be."""
    assert contrast(text_on(colour), colour) >= LEAST_CONTRAST


@given(COLOURS, st.sampled_from([WHITE, "#1c2227", "#f4f6f8", BLACK]))
def test_every_colour_becomes_readable(colour: str, background: str) -> None:
    """And stays as it is where it is that already."""
    made = readable(colour, background)
    assert contrast(made, background) >= LEAST_CONTRAST
    if contrast(colour, background) >= LEAST_CONTRAST:
        assert made == colour
