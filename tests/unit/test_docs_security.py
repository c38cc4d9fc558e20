"""docs/security.md and docs/asvs.md say of each attack and requirement which test holds it, and these tests exist."""

from __future__ import annotations

import re
from collections import Counter

from support.places import ROOT

_TEST = re.compile(r"`(test_\w+)`")
_OPEN = ("not met", "does not apply")
"""How a row may begin its last column instead of naming a test."""

_STATES = ("met", "met, no test of its own", "partly", "not met", "does not apply")

# Levels 1 and 2 of OWASP ASVS 5.0: how many requirements each section has of them; they are the first of each.
_SECTIONS = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4 5.1:1 5.2:3
5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3
9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4
13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4
17.3:2
"""
_REQUIREMENTS = [
    f"V{section}.{number}"
    for section, _, count in (entry.partition(":") for entry in _SECTIONS.split())
    for number in range(1, int(count) + 1)
]


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of each row of the tables below a heading, to the next one of its level, without the tables' heads."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    part = re.split(r"^## ", text.split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]
    lines = re.findall(
        r"^\| (.*) \|$", re.sub(r"^.*\n\|[-|]+\|$", "", part, flags=re.MULTILINE), re.MULTILINE
    )
    return [re.split(r" \| ", line) for line in lines]


def asvs() -> list[list[str]]:
    """The rows of docs/asvs.md, of all its chapters."""
    chapters = re.findall(
        r"^## (.*)$", (ROOT / "docs" / "asvs.md").read_text("utf-8"), re.MULTILINE
    )
    return [row for chapter in chapters for row in rows("asvs.md", chapter)]


def expanded(stated: str) -> list[str]:
    """The requirements of an id, or of a range of them."""
    first, _, last = stated.partition("-")
    begin, end = _REQUIREMENTS.index(first), _REQUIREMENTS.index(last or first)
    return _REQUIREMENTS[begin : end + 1]


def functions() -> set[str]:
    """The names of all tests."""
    files = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in files for name in re.findall(r"\bdef (test_\w+)\(", text)}


def test_each_test_that_is_named_exists() -> None:
    """A renamed test would leave a promise that nothing holds."""
    pages = ((ROOT / "docs" / page).read_text("utf-8") for page in ("security.md", "asvs.md"))
    named = {name for text in pages for name in _TEST.findall(text)}
    assert len(named) > 100
    assert not named - functions()


def test_each_attack_has_its_test_or_says_that_it_is_not_met() -> None:
    """Each stands once."""
    attacks = rows("security.md", "Attacks")
    assert len(attacks) > 40
    for attack, _, held in attacks:
        assert _TEST.match(held) or held.startswith(_OPEN), attack
    assert len({attack for attack, _, _ in attacks}) == len(attacks)


def test_each_requirement_of_asvs_stands_once() -> None:
    """All of levels 1 and 2, and no other, alone or in a range."""
    stated = [one for row in asvs() for one in expanded(row[0])]
    assert len(_REQUIREMENTS) == 253
    assert sorted(stated) == sorted(_REQUIREMENTS)


def test_each_requirement_that_is_met_has_its_test_or_says_that_it_has_none() -> None:
    """Its state is one of five words; a test stands where the state says so, and nowhere where nothing holds."""
    for identifier, _, state, reason, held in asvs():
        assert state in _STATES, identifier
        assert reason, identifier
        assert bool(_TEST.match(held)) is (state == "met") or state == "partly", identifier


def test_the_counts_are_those_of_the_rows() -> None:
    """At the top of docs/asvs.md, and in words in docs/security.md."""
    counts = Counter(row[2] for row in asvs() for _ in expanded(row[0]))
    page = (ROOT / "docs" / "asvs.md").read_text("utf-8")
    assert all(f"| {state} | {counts[state]} |\n" in page for state in _STATES)
    met, alone, partly, not_met, without = (counts[state] for state in _STATES)
    said = (
        f"Of them {met} are met and have a test, {alone} are met and have none of their own, {partly} are met in part,"
        f" {not_met} are not met, and {without} do not apply"
    )
    assert said in " ".join((ROOT / "docs" / "security.md").read_text("utf-8").split())


def test_each_file_with_a_key_is_in_the_inventory() -> None:
    """Whatever makes or uses a key, or draws a secret, stands in the table of docs/security.md."""
    source = ROOT / "src" / "todoke"
    use = re.compile(
        r"hmac\.(?:new|digest)\(|blake2b|URLSafeSerializer\(|secrets\.token_|hazmat|create_default_context"
    )
    found = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if use.search(path.read_text("utf-8"))
    }
    stated = {row[3].strip("`") for row in rows("security.md", "Keys and algorithms")}
    assert found <= stated
    assert all((source / name).is_file() for name in stated)
