"""Pages of submissions from memory."""

from __future__ import annotations

from todoke.model.address import mailbox_key
from todoke.model.errors import Malformed
from todoke.model.message import Timeline
from todoke.ports.archive import Page, Query
from todoke.stores.memory.tables import Tables
from todoke.stores.rules.erase import address_keys, recipients


def page(tables: Tables, query: Query) -> Page:
    """See Archive.page. A cursor is a submission's id."""
    newest_first = sorted(
        tables.submissions.values(), key=lambda s: (s.received_at, s.id), reverse=True
    )
    places = {submission.id: place for place, submission in enumerate(newest_first)}
    if query.before and query.before not in places:
        raise Malformed("This is not a cursor of a page.")
    rest = newest_first[places[query.before] + 1 :] if query.before else newest_first
    timelines = (tables.timeline(submission.id) for submission in rest)
    matching = [t for t in timelines if t is not None and _matches(query, t, tables)]
    shown = matching[: query.limit]
    is_more = len(matching) > query.limit
    return Page(tuple(shown), shown[-1].submission.id if is_more and shown else "")


def _matches(query: Query, timeline: Timeline, tables: Tables) -> bool:
    """Whether a submission meets all conditions of a query."""
    submission = timeline.submission
    statuses = {m.standing.status.value for m in timeline.messages}
    concerned = address_keys(submission.visitor, recipients(tables.of(submission.id)))
    conditions = (
        not query.form or submission.form == query.form,
        not query.status or query.status in statuses,
        not query.address or mailbox_key(query.address) in concerned,
        query.received_from is None or submission.received_at >= query.received_from,
        query.received_to is None or submission.received_at < query.received_to,
    )
    return all(conditions)
