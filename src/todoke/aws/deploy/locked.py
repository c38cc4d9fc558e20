"""What the functions' package is made of: versions and the hashes of their files, from the lock that todoke brings.

`make lock` writes lambda.txt beside this file, in pip's format for requirements with hashes; the comment below each
entry names what asks for it ("via"), so that a package holds what its site needs and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("lambda.txt")
_ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ \\;]+)[^\n]*\n(?:    [^\n]*\n)*", re.MULTILINE
)
_PARENT = re.compile(r"^    #(?: via)? +(?P<name>[a-z0-9-]+)\b", re.MULTILINE)


@dataclass(frozen=True)
class Pin:
    """One entry of a lock. `text` is the entry as pip reads it; `parents` are the names of those that ask for it."""

    name: str
    version: str
    text: str
    parents: frozenset[str]


def pins(text: str) -> dict[str, Pin]:
    """A lock's entries, by name."""
    return {
        entry["name"]: Pin(
            entry["name"],
            entry["version"],
            entry[0],
            frozenset(_PARENT.findall(entry[0])),
        )
        for entry in _ENTRY.finditer(text)
    }


def closure(wanted: Iterable[str], locked: Mapping[str, Pin]) -> list[Pin]:
    """The entries of these names and of all that they ask for. Raises KeyError: if a wanted name is not locked."""
    found = {name: locked[name] for name in wanted}
    while more := {
        pin.name: pin
        for pin in locked.values()
        if pin.name not in found and pin.parents & found.keys()
    }:
        found |= more
    return [found[name] for name in sorted(found)]
