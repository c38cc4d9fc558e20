"""The stylesheets: every text can be read on every ground, by day and by night, and no rule names what is no token."""

from __future__ import annotations

import itertools
import re

import pytest

from todoke.model.colour import contrast, parse_colour
from todoke.web.pages.assets import assets

AAA = 7.0
"""WCAG 2.2, 1.4.6 for text of any size."""
EDGE = 3.0
"""WCAG 2.2, 1.4.11 for the edge of a control."""
TONES = ("accent", "good", "wait", "bad", "unclear")
TEXTS = ("ink", "soft", *TONES)
GROUNDS = ("paper", "sheet", "field")
_ROOT = re.compile(r":root \{(.*?)\}", re.DOTALL)
_TOKEN = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")


def css(name: str) -> str:
    """A stylesheet of ours."""
    return assets()[name].content.decode()


def tokens(theme: str) -> dict[str, str]:
    """The tokens by day; by night those that differ."""
    light, dark, *_ = _ROOT.findall(css("todoke.css"))
    return dict(_TOKEN.findall(light)) | (dict(_TOKEN.findall(dark)) if theme == "dark" else {})


def colour(theme: str, name: str) -> str:
    """A token's colour as it stands on a sheet: one that lets light through is mixed with it."""
    value = tokens(theme)[name]
    if len(value) != 9:
        return parse_colour(value)
    share = int(value[7:], 16) / 255
    over, under = parse_colour(value[:7]), colour(theme, "sheet")
    pairs = [(int(over[at : at + 2], 16), int(under[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read_on_every_ground(theme: str) -> None:
    """AAA, also on the wash of each tone; buttons are read, and the edges of controls are seen."""
    grounds = (*GROUNDS, *(f"{tone}-wash" for tone in TONES))
    low = [
        (text, ground, round(contrast(colour(theme, text), colour(theme, ground)), 2))
        for text, ground in itertools.product(TEXTS, grounds)
        if contrast(colour(theme, text), colour(theme, ground)) < AAA
    ]
    assert low == []
    assert contrast(colour(theme, "on-fill"), colour(theme, "fill")) >= AAA
    for ground in GROUNDS:
        assert contrast(colour(theme, "field-line"), colour(theme, ground)) >= EDGE


@pytest.mark.parametrize("name", ["todoke.css", "desk.css"])
def test_rules_name_only_tokens_that_are(name: str) -> None:
    """A misspelt token is no fault to a browser: the rule is silently without effect."""
    known = set(tokens("light")) | {"tone", "wash", "step"}
    assert set(re.findall(r"var\(--([a-z0-9-]+)", css(name))) <= known


def test_nothing_comes_from_elsewhere() -> None:
    """No stylesheet loads anything."""
    for name in ("todoke.css", "desk.css"):
        assert not re.search(r"url\(|@import|//[a-z]", css(name))
