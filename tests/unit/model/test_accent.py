"""An accent on our pages: whatever the site's colour is, what is read in it can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.accent import AAA, DAY, NIGHT, Ground, worn
from todoke.model.colour import LEAST_CONTRAST, contrast
from todoke.model.form import ACCENT

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS, st.sampled_from([DAY, NIGHT]))
def test_every_accent_can_be_read(accent: str, ground: Ground) -> None:
    """As text on the sheet, on the nearest ground and on its own wash; and text on a surface."""
    shown = worn(accent, ground)
    assert all(contrast(shown.text, g) >= AAA for g in (ground.sheet, ground.nearest, shown.wash))
    assert contrast(shown.on_fill, accent) >= LEAST_CONTRAST


@pytest.mark.parametrize("accent", [ACCENT, "#0a4b3e", "#000000"])
def test_a_colour_that_can_be_read_stays_as_it_is(accent: str) -> None:
    """By day."""
    assert worn(accent, DAY).text == accent
