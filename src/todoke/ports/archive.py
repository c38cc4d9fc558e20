"""The archive: submissions, with all that became of them, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from todoke.model.message import Timeline
from todoke.model.submission import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which submissions to list: newest first, all given conditions together.

    `status` is a word that `reading` may give for any of its messages except "unknown"; `address` is a visitor's
    or recipient's; from `received_from` on and before `received_to`; `before` is a cursor from the page before.
    """

    form: str = ""
    status: str = ""
    address: str = ""
    received_from: datetime | None = None
    received_to: datetime | None = None
    before: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; `next` is the cursor of the page after it, or "".

    A page may hold fewer than asked for, even none, while `next` is set: a store looks at a bounded number.
    """

    timelines: tuple[Timeline, ...]
    next: str = ""


class Archive(Protocol):
    """Reads what is kept. Errors are those of Store."""

    def receipt(self, token_hash: str) -> Timeline | None:
        """The submission whose receipt token has this hash, with all that became of it."""
        ...

    def timeline(self, submission_id: str) -> Timeline | None:
        """One submission with all that became of it."""
        ...

    def page(self, query: Query) -> Page:
        """A page of submissions, newest first. A page never takes longer because more is stored."""
        ...

    def file(self, submission_id: str, position: int) -> File | None:
        """The file at this position of the submission's entry list. Listings and timelines carry files empty."""
        ...

    def file_link(self, submission_id: str, position: int) -> str | None:
        """An address that gives such a file to whoever has it, for some minutes, only ever as a download.

        None where the store has no such address, or there is no such file: then `file` tells.
        """
        ...

    def counts(self) -> Mapping[str, int]:
        """Figures for people and logs: submissions, messages, due, orphans."""
        ...
