"""The tables of docs/status.md and docs/answers.md are those of the code."""

from __future__ import annotations

import runpy

import pytest

from support.places import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "status-tables"))


@pytest.mark.parametrize("page", SCRIPT["TABLES"])
def test_the_tables_are_those_of_the_code(page: str) -> None:
    """What people read in the documents is what the code says."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    is_true = SCRIPT["written"](page, text) == text
    assert is_true, "mend it by: .venv/bin/python scripts/status-tables"


def test_every_word_event_and_reason_is_there() -> None:
    """A new one has no place outside of the tables."""
    text = (ROOT / "docs" / "status.md").read_text("utf-8")
    for words in (SCRIPT["Reading"], SCRIPT["Kind"], SCRIPT["Reason"]):
        assert all(f"| `{word.value}`" in text for word in words)
