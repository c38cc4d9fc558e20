"""How `todoke` is called from here, by whoever wants to paste a command: as it was started itself."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def own_command(*, data: Path, words: str, started: str = "", here: Path | None = None) -> str:
    """The command line for `words` on the data in a folder.

    `started` is what this process was called as, `here` the folder that the line is for: by default this process's.
    """
    here = here or Path.cwd()
    return f"TODOKE_DATA={_quoted(data, here)} {_program(started or sys.argv[0], here)} {words}"


def _program(started: str, here: Path) -> str:
    found = shutil.which("todoke")
    if found and Path(found).absolute() == (here / started).absolute():
        return "todoke"
    program = here / started
    if program.name == "todoke" and shutil.which(str(program)):
        return _quoted(program, here)
    return f"{_quoted(Path(sys.executable), here)} -m todoke"


def shown(path: Path, here: Path) -> str:
    """A file or folder as it is called from `here`."""
    return f"./{path.relative_to(here)}" if path.is_relative_to(here) else str(path)


def _quoted(path: Path, here: Path) -> str:
    return shlex.quote(shown(path, here))
