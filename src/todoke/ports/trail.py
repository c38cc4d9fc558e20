"""The trail: who did what at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from todoke.model.act import Act


class ActPage(NamedTuple):
    """Some of the trail; `next` is the cursor of the page after it, or ""."""

    acts: tuple[Act, ...]
    next: str = ""


class Trail(Protocol):
    """Keeps acts for as long as model/act.py says, by their time. Durability and errors are those of Store."""

    def put_acts(self, acts: Sequence[Act]) -> None:
        """Keep some, or none, each as one of its own. What is no longer to be remembered goes by itself."""
        ...

    def acts(self, *, before: str = "", limit: int = 50) -> ActPage:
        """The newest acts before a cursor ("": the newest of all). Raises Malformed: for what is no cursor."""
        ...
