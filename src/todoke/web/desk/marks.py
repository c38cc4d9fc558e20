"""Marks on submissions of the list: read, done, starred, spam or none; on several at once, or on one."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.act import Deed
from todoke.model.care import SpamVerdict
from todoke.model.errors import NotFound
from todoke.model.language import N_
from todoke.report.words import say
from todoke.walk.admit import Stay
from todoke.walk.attend import MARKS, mark
from todoke.walk.judge import judge
from todoke.web.desk.back import DONE
from todoke.web.desk.filter import REVIEW, SPAM, read_cursors, read_filter
from todoke.web.desk.room import Desk, go

CHOSEN = "i-"
"""What stands before the id of a submission that is chosen, in the name of its control."""
LIST = "list-"
"""What stands before the name of each part of the list's address."""
MANY = "many"
"""The name of how many were marked, in the address of the list that says so."""
MOST_CHOSEN = 100
_WORDS = {
    "done": N_("Mark as done"),
    "read": N_("Mark as read"),
    "unread": N_("Mark as unread"),
    "open": N_("Mark as not done"),
}
_VERDICTS = {
    SpamVerdict.HONEST.value: N_("Not spam"),
    SpamVerdict.SPAM.value: N_("Spam"),
}
_OF_A_VIEW = {
    REVIEW: _VERDICTS,
    SPAM: {SpamVerdict.HONEST.value: _VERDICTS[SpamVerdict.HONEST.value]},
}
"""The marks of views that are about spam; what is there has no other use for any."""


def marks(language: str, view: str) -> list[tuple[str, str]]:
    """The marks that can be put on several of a view of the list, with their words."""
    spam = SpamVerdict.SPAM.value
    words = _OF_A_VIEW.get(view, {**_WORDS, spam: _VERDICTS[spam]})
    return [(name, say(text, language)) for name, text in words.items()]


async def put_marks(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/marks: 303 back to the list, at the row if it was one; 404 where one is not this person's to change.

    The list says what was done. `mark` is put on all that have a control `i-{id}`, or with `one` ("star {id}") on that
    one alone. `list-...` is what the list was asked.
    """
    fields = await desk.form(request, stay)
    what, ids = fields.get("mark", ""), chosen(fields)
    if one := fields.get("one", ""):
        what, _, id_ = one.partition(" ")
        ids = [id_]
    verdict = what if what in _VERDICTS else ""
    if ids and not verdict and what not in MARKS:
        raise NotFound
    # All are looked at before anything is changed, and none is kept: a hundred of a megabyte each are many.
    for id_ in ids:
        await desk.timeline_of(stay, id_, to_change=True)
    deed = Deed.JUDGED if verdict else Deed.NOTED
    await desk.note_all(stay, deed, [(id_, what) for id_ in ids])
    for id_ in ids:
        if verdict:
            timeline = await desk.timeline_of(stay, id_, to_change=True)
            await run_in_threadpool(judge, desk.app, timeline.submission, SpamVerdict(verdict))
        else:
            await run_in_threadpool(mark, desk.app, id_, what)
    told = {DONE: what, MANY: str(len(ids)) if len(ids) > 1 else ""} if ids else {DONE: "none"}
    return go(request, fragment=f"r{ids[0]}" if one else "", **list_asked(fields), **told)


def chosen(fields: Mapping[str, str]) -> list[str]:
    """The ids of the submissions that are chosen."""
    return [name.removeprefix(CHOSEN) for name in fields if name.startswith(CHOSEN)][:MOST_CHOSEN]


def list_asked(fields: Mapping[str, str]) -> dict[str, str]:
    """What the list was asked that a form of it came from."""
    asked = {n.removeprefix(LIST): value for n, value in fields.items() if n.startswith(LIST)}
    return read_filter(asked).asked() | read_cursors(asked)
