"""The archive: submissions, with all that became of them, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from todoke.model.message import Timeline
from todoke.model.submission import File

BRIEF = 400
"""So many characters of an answer are there in any case: four lines of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a person may see: the submissions of `forms`, and those with a notification for `mailbox` ("" for none)."""

    forms: frozenset[str] = frozenset()
    mailbox: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which submissions to list: newest first, all given conditions together.

    `scope` is what the reader may see at all, None for everything. `statuses`: any of its messages has one of them.
    Those are statuses as they are kept; with `silent_since` they are what people read (delivery.reading), UNKNOWN
    among them: a message that waits for word, and was last heard of before that moment, reads UNKNOWN and nothing
    else. `address` is a visitor's or recipient's; `words` are looked for as model/search.py has it, in answers, names
    of files, the visitor's addresses and the reference, and not in secrets; words without a letter or digit find
    nothing. From `received_from` on and before `received_to`.

    What the desk's people did (model/care.py): `unread` are those that nobody read, `starred` have a star, `assignee`
    takes them on, `done` is True or False, None for both. `attention` are those of which a message failed, or was
    complained of, and that are not done. `review` are those that are kept for review and that nobody judged, which are
    not among the unread; `spam` those that were said to be spam.

    `before` is a cursor: the page of those that are older. `after` is one too: the page of those that are newer, the
    nearest of them, shown newest first all the same. At most one of the two is given.

    `brief` is for whoever shows a line of each: of answers a store may then leave out all but their first BRIEF
    characters, and of names of fields too, and secrets whole.
    """

    scope: Scope | None = None
    form: str = ""
    statuses: frozenset[str] = frozenset()
    silent_since: datetime | None = None
    address: str = ""
    words: str = ""
    unread: bool = False
    attention: bool = False
    review: bool = False
    spam: bool = False
    starred: bool = False
    done: bool | None = None
    assignee: str = ""
    received_from: datetime | None = None
    received_to: datetime | None = None
    before: str = ""
    after: str = ""
    limit: int = 50
    brief: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a listing; `next` is the `before` of the page of older ones, `newer` the `after` of that of newer
    ones. "" where there is none; one that is given may lead to a page with nothing on it.

    A page may hold fewer than asked for, even none, while there is more: a store looks at a bounded number.
    `looked_back_to` is when the oldest was received that it looked at, where it may have left out older ones because
    of that; None where the page is whole.
    """

    timelines: tuple[Timeline, ...] = ()
    next: str = ""
    newer: str = ""
    looked_back_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many submissions a query finds: `number`, or more than that where `is_more`."""

    number: int
    is_more: bool = False

    @property
    def shown(self) -> str:
        """As people read it: "1,000+"."""
        return f"{self.number:,}{'+' if self.is_more else ''}"


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

    def cursor(self, submission_id: str) -> str:
        """The `before` of the page of those that are older than this submission, and the `after` of those that are
        newer; "" where there is none of this id."""
        ...

    def count(self, query: Query, most: int = 1000) -> Count:
        """How many `query` finds, whatever its cursors and limit; no more than `most` are counted.

        Where a store keeps a figure (of all, of a form, of a scope of forms) it is told whole.
        """
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
