"""Whom the system lets at todoke's own files besides their owner. POSIX only; elsewhere nothing is said.

The data holds what people wrote, and the configuration decides who receives it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_GROUP, _OTHERS = 0o070, 0o007
_WRITE = 0o022
_PRIVATE = ("secret", "todoke.db", "todoke.db-wal", "todoke.db-shm", "security.log")
"""What each lies in the data folder for its owner alone, as todoke makes it."""


@dataclass(frozen=True, slots=True)
class LooseFile:
    """A file or folder, its permission bits, and those of them that others should not have."""

    path: Path
    mode: int
    excess: int

    def __str__(self) -> str:
        can = "change" if self.excess & _WRITE else "read"
        return f"{self.path} (mode {self.mode:04o}): others than its owner can {can} it"

    @property
    def mend(self) -> str:
        """The command that takes the excess away."""
        bits = "rwx" if self.excess & ~_WRITE else "w"
        return f"chmod go-{bits} {self.path}"


def loose_files(data: Path | None, config: Path | None = None) -> tuple[LooseFile, ...]:
    """Those of the data folder, its files and `config` that others can reach and should not; what is not there is not.

    Of `config` only who can write it counts: no secret is in it.
    """
    if os.name != "posix":
        return ()
    looked_at = [(config, _WRITE)] if config else []
    if data:
        wrong = _GROUP | _OTHERS
        looked_at += [(data, wrong), *((data / name, wrong) for name in _PRIVATE)]
    return tuple(_loose(looked_at))


def _loose(looked_at: list[tuple[Path, int]]) -> Iterator[LooseFile]:
    for path, wrong in looked_at:
        try:
            found = path.stat()
            excess = found.st_mode & wrong & _reach(path.absolute().parent)
        except OSError:  # not there, or not ours to look at
            continue
        if _is_private_group(found):
            excess &= ~_GROUP
        if excess:
            yield LooseFile(path, stat.S_IMODE(found.st_mode), excess)


def _reach(folder: Path) -> int:
    """Who gets as far as into this folder: the bits of the group's, the others', both or none."""
    reach = _GROUP | _OTHERS
    for above in (folder, *folder.parents):
        mode = above.stat().st_mode
        if not mode & 0o001:
            reach &= ~_OTHERS
        if not mode & 0o011:
            reach &= ~_GROUP
    return reach


def _is_private_group(found: os.stat_result) -> bool:
    """Whether the group is the owner's alone, as many systems give one to each user: its name is theirs."""
    import grp  # noqa: PLC0415 - POSIX only
    import pwd  # noqa: PLC0415 - likewise

    try:
        owner, group = pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    return group.gr_name == owner and set(group.gr_mem) <= {owner}
