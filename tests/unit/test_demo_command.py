"""The command that the demo prints: it works where it is pasted, however todoke was started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from todoke.demo.command import own_command


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with todoke in its environment."""
    program = tmp_path / "my clone" / ".venv" / "bin" / "todoke"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return tmp_path / "my clone"


def test_as_it_was_called(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the path from here where it is not on the PATH; by its name where it is; and quoted where that is needed."""
    data, program = clone / "demo-data", clone / ".venv" / "bin" / "todoke"
    monkeypatch.setenv("PATH", "/nowhere")
    expected = "TODOKE_DATA=./demo-data ./.venv/bin/todoke desk"
    for started in (".venv/bin/todoke", str(program)):
        assert own_command(data=data, words="desk", started=started, here=clone) == expected
    elsewhere = own_command(data=data, words="desk", started=str(program), here=Path("/"))
    assert (
        elsewhere == f"TODOKE_DATA='./{data.relative_to('/')}' './{program.relative_to('/')}' desk"
    )
    monkeypatch.setenv("PATH", str(program.parent))
    told = own_command(data=data, words="desk", started=str(program), here=clone)
    assert told == "TODOKE_DATA=./demo-data todoke desk"


def test_as_a_module(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the interpreter that runs it."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", str(clone / ".venv" / "bin" / "python"))
    told = own_command(
        data=clone / "d", words="desk", started="/lib/todoke/__main__.py", here=clone
    )
    assert told == "TODOKE_DATA=./d ./.venv/bin/python -m todoke desk"
