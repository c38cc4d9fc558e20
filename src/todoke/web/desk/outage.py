"""After an outage: what failed is sent again, many at once; which mails, to whom, and which not, is said first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.act import Deed
from todoke.model.delivery import FAILURES
from todoke.model.language import N_
from todoke.model.message import Role, Timeline
from todoke.model.show import show_address
from todoke.ports.archive import Archive, Query
from todoke.report.excerpt import excerpt
from todoke.report.words import desk_title, say
from todoke.walk.admit import Stay
from todoke.walk.outage import Failed, LeftOut, resend_all, what_failed
from todoke.web.desk.filter import NOT_DELIVERED, read_filter
from todoke.web.desk.marks import CHOSEN, LIST, chosen, list_asked
from todoke.web.desk.room import Desk, go, home

MOST = 100
"""So many submissions at once: a page that somebody can read before they agree."""
_MOST_PAGES = 5
_LONGEST = 80
_FAILURES = {NOT_DELIVERED, *(status.value for status in FAILURES)}
_LEFT_OUT = {
    LeftOut.ADDRESS: N_("Their address cannot be expected to work: correct it, one by one."),
    LeftOut.UNWANTED: N_("Their recipient reported one as unwanted."),
    LeftOut.ALERT: N_("Alerts: they told of another mail that failed."),
    LeftOut.NOT_YOURS: N_("You may read these submissions, and not work on them."),
}


async def ask(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/outage with a filter: 200, what of it failed and would be sent again, and a button."""
    asked = read_filter(request.query_params)
    if asked.status not in _FAILURES:
        asked = replace(asked, status=NOT_DELIVERED)
    query = asked.query(stay.person, desk.app.settings, desk.app.clock(), limit=MOST)
    timelines, is_more = await run_in_threadpool(_look, desk.app.archive, query, stay)
    return _page(desk, request, stay, timelines, asked.asked(), is_more=is_more)


async def send_again(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/outage with `i-{id}`: 200, the same for what is chosen; with `sure`, 303, attempts are due.

    `sure` names what somebody agreed to: if anything else failed meanwhile, they are asked anew. 403, 404.
    """
    fields = await desk.form(request, stay)
    timelines = [_mails_of(await desk.timeline_of(stay, id_)) for id_ in chosen(fields)]
    failed = _failed(stay, timelines)
    if fields.get("sure") != failed.digest or not failed.again:
        return _page(
            desk, request, stay, timelines, list_asked(fields), has_changed="sure" in fields
        )
    of = [
        (m.message.submission_id, m.message.id.removeprefix(m.message.submission_id))
        for m in failed.again
    ]
    await desk.note_all(stay, Deed.RESENT, of)
    number = await run_in_threadpool(resend_all, desk.app, failed)
    return go(request, **list_asked(fields), resent=str(number))


def _mails_of(timeline: Timeline) -> Timeline:
    """It without the answers: nothing is said of them here, and a hundred with a megabyte each are many."""
    return structs.replace(timeline, submission=structs.replace(timeline.submission, entries=()))


def _look(archive: Archive, query: Query, stay: Stay) -> tuple[list[Timeline], bool]:
    """Submissions of which something is worth another attempt, and those that lie between them; and whether there are
    more. What is not worth one stays on the list, and must not stand before what is."""
    found: list[Timeline] = []
    number = 0
    for _ in range(_MOST_PAGES):
        page = archive.page(query)
        for timeline in page.timelines:
            number += bool(_failed(stay, [timeline]).again)
            if number > MOST:
                return found, True
            found.append(timeline)
        if not page.next:
            return found, False
        query = replace(query, before=page.next)
    return found, True


def _page(
    desk: Desk,
    request: Request,
    stay: Stay,
    timelines: Sequence[Timeline],
    here: dict[str, str],
    *,
    is_more: bool = False,
    has_changed: bool = False,
) -> Response:
    failed, language = _failed(stay, timelines), desk.language(request)
    of = Counter(m.message.submission_id for m in failed.again)
    roles = Counter(m.message.role for m in failed.again)
    to = Counter(show_address(m.message.recipient) for m in failed.again)
    return desk.render(
        request,
        "desk_outage.html",
        stay,
        number=len(failed.again),
        roles=[(desk_title(role, language), roles[role]) for role in Role if roles[role]],
        to=[(excerpt(address, _LONGEST), number) for address, number in to.most_common()],
        left_out=[
            (say(_LEFT_OUT[why], language), failed.left_out[why])
            for why in LeftOut
            if failed.left_out[why]
        ],
        chosen=[CHOSEN + id_ for id_ in of],
        here={LIST + name: value for name, value in here.items()},
        sure=failed.digest,
        is_more=is_more,
        has_changed=has_changed,
        most=MOST,
        back=home(request, **here),
    )


def _failed(stay: Stay, timelines: Sequence[Timeline]) -> Failed:
    return what_failed((timeline, stay.person.may_change(timeline)) for timeline in timelines)
