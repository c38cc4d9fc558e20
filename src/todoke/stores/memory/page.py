"""Pages of submissions from memory, and how many there are."""

from __future__ import annotations

from todoke.model.errors import Malformed
from todoke.model.submission import Submission
from todoke.ports.archive import Count, Page, Query
from todoke.stores.memory.tables import Tables
from todoke.stores.rules.query import Secrets, counts_whole, meets


def page(tables: Tables, query: Query, secrets: Secrets) -> Page:
    """See Archive.page. A cursor is a submission's id."""
    newest_first = _newest_first(tables)
    places = {submission.id: place for place, submission in enumerate(newest_first)}
    start = places[_known(query.before, places)] + 1 if query.before else 0
    end = places[_known(query.after, places)] if query.after else len(newest_first)
    matching = [s.id for s in newest_first[start:end] if _meets(tables, query, s, secrets)]
    is_more = len(matching) > query.limit
    if query.after:
        shown = matching[-query.limit :]
        next_, newer = shown[-1] if shown else "", shown[0] if is_more else ""
    else:
        shown = matching[: query.limit]
        next_, newer = shown[-1] if is_more else "", shown[0] if query.before and shown else ""
    timelines = (tables.timeline(id_) for id_ in shown)
    return Page(timelines=tuple(t for t in timelines if t is not None), next=next_, newer=newer)


def count(tables: Tables, query: Query, most: int, secrets: Secrets) -> Count:
    """See Archive.count."""
    found = sum(_meets(tables, query, s, secrets) for s in tables.submissions.values())
    if counts_whole(query):
        return Count(found)
    return Count(min(found, most), found > most)


def _newest_first(tables: Tables) -> list[Submission]:
    return sorted(tables.submissions.values(), key=lambda s: (s.received_at, s.id), reverse=True)


def _known(cursor: str, places: dict[str, int]) -> str:
    if cursor not in places:
        raise Malformed("This is not a cursor of a page.")
    return cursor


def _meets(tables: Tables, query: Query, submission: Submission, secrets: Secrets) -> bool:
    care = tables.care_of(submission.id)
    return meets(query, submission, tables.of(submission.id), care, secrets)
