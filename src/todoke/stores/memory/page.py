"""Pages of submissions from memory, and how many there are."""

from __future__ import annotations

from todoke.model.errors import Malformed
from todoke.model.submission import Submission
from todoke.ports.archive import Count, Page, Query
from todoke.stores.memory.tables import Tables
from todoke.stores.rules.query import Secrets, counts_whole, meets
from todoke.stores.rules.values import micros


def page(tables: Tables, query: Query, secrets: Secrets) -> Page:
    """See Archive.page."""
    older_than = _read(query.before) if query.before else None
    newer_than = _read(query.after) if query.after else None
    matching = [
        s
        for s in _newest_first(tables)
        if (older_than is None or _place(s) < older_than)
        and (newer_than is None or _place(s) > newer_than)
        and _meets(tables, query, s, secrets)
    ]
    is_more = len(matching) > query.limit
    if query.after:
        shown = matching[-query.limit :]
        next_, newer = shown[-1:], shown[:1] if is_more else []
    else:
        shown = matching[: query.limit]
        next_, newer = shown[-1:] if is_more else [], shown[:1] if query.before else []
    timelines = (tables.timeline(submission.id) for submission in shown)
    return Page(
        timelines=tuple(t for t in timelines if t is not None),
        next="".join(map(cursor, next_)),
        newer="".join(map(cursor, newer)),
    )


def cursor(submission: Submission) -> str:
    """See Archive.cursor. A moment, and an id."""
    return f"{micros(submission.received_at)}.{submission.id}"


def count(tables: Tables, query: Query, most: int, secrets: Secrets) -> Count:
    """See Archive.count."""
    found = sum(_meets(tables, query, s, secrets) for s in tables.submissions.values())
    if counts_whole(query):
        return Count(found)
    return Count(min(found, most), found > most)


def _newest_first(tables: Tables) -> list[Submission]:
    return sorted(tables.submissions.values(), key=_place, reverse=True)


def _place(submission: Submission) -> tuple[int, str]:
    return micros(submission.received_at), submission.id


def _read(text: str) -> tuple[int, str]:
    """A place, of a cursor. Whether anything is there makes no difference."""
    moment, _, id_ = text.partition(".")
    if not (moment.isascii() and moment.isdigit() and id_):
        raise Malformed("This is not a cursor of a page.")
    return int(moment), id_


def _meets(tables: Tables, query: Query, submission: Submission, secrets: Secrets) -> bool:
    care = tables.care_of(submission.id)
    return meets(query, submission, tables.of(submission.id), care, secrets)
