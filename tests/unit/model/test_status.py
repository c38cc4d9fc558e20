"""docs/status.md and docs/glossary.md speak of what the code has."""

from __future__ import annotations

import pytest

from support.places import ROOT
from todoke.model.delivery import Ceiling, Kind, Permanence, Reason, Status
from todoke.model.message import Role

DOCS = ROOT / "docs"


@pytest.mark.parametrize("word", [*Status, *Kind, *Reason, *Ceiling, *Permanence])
def test_each_word_of_the_algebra_is_explained(word):
    """Every status, event, reason, permanence and ceiling stands in docs/status.md."""
    assert f"`{word.value}`" in (DOCS / "status.md").read_text()


def test_the_ranks_in_the_table_are_those_of_the_code():
    """The table lists the statuses in rank order."""
    lines = (DOCS / "status.md").read_text().splitlines()
    for status in Status:
        assert any(line.startswith(f"| {status.rank} | `{status.value}` |") for line in lines)


@pytest.mark.parametrize("role", Role)
def test_each_role_is_in_the_glossary(role):
    """Roles are words of the glossary."""
    assert f"`{role.value}`" in (DOCS / "glossary.md").read_text()
