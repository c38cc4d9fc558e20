"""Which keys a TOML file may have. A value; it knows no key itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Schema(NamedTuple):
    """The keys of each section, and the environment variable for each secret that people would look for in the file.

    `secrets` is by section and key; such a key is not in `keys`.
    """

    keys: Mapping[str, Sequence[str]]
    secrets: Mapping[tuple[str, str], str] = {}
