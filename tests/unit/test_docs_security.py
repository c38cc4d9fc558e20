"""docs/security.md says of each attack which test holds it, and these tests exist."""

from __future__ import annotations

import re

from support.places import ROOT

_TEST = re.compile(r"`(test_\w+)`")
_OPEN = ("not met", "does not apply")
"""How a row may begin its last column instead of naming a test."""


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of each row of the tables below a heading, to the next one of its level, without the tables' heads."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    part = re.split(r"^## ", text.split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]
    lines = re.findall(
        r"^\| (.*) \|$", re.sub(r"^.*\n\|[-|]+\|$", "", part, flags=re.MULTILINE), re.MULTILINE
    )
    return [re.split(r" \| ", line) for line in lines]


def functions() -> set[str]:
    """The names of all tests."""
    files = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in files for name in re.findall(r"\bdef (test_\w+)\(", text)}


def test_each_test_that_is_named_exists() -> None:
    """A renamed test would leave a promise that nothing holds."""
    named = set(_TEST.findall((ROOT / "docs" / "security.md").read_text("utf-8")))
    named -= {"test_docs_security"}
    assert len(named) > 100
    assert not named - functions()


def test_each_attack_has_its_test_or_says_that_it_is_not_met() -> None:
    """Each stands once."""
    attacks = rows("security.md", "Attacks")
    assert len(attacks) > 40
    for attack, _, held in attacks:
        assert _TEST.match(held) or held.startswith(_OPEN), attack
    assert len({attack for attack, _, _ in attacks}) == len(attacks)
