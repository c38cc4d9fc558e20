"""What people do with a submission at the desk: read, done, star, who takes it on, and notes for each other."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.act import Deed
from todoke.model.care import LONGEST_REMARK, MOST_REMARKS, SpamVerdict
from todoke.model.errors import NotFound
from todoke.model.language import N_
from todoke.report.words import say
from todoke.walk.admit import Stay
from todoke.walk.attend import MARKS, TakenMeanwhile, assign, mark, plain_lines, remark, take_back
from todoke.walk.judge import judge
from todoke.web.desk.back import DONE, kept_filter
from todoke.web.desk.room import Desk, go
from todoke.web.desk.submission import Written, submission_page

_REMARK_BYTES = 65_536
"""A remark of the longest in a script of three bytes a character, percent-encoded, and the fields beside it."""


_EMPTY = N_("Please write something.")
_TOO_LONG = N_("A note has at most %(most)s characters. This one has %(count)s, and is not saved.")
_NO_ROOM = N_("There are %(most)s notes, and no room for more.")


async def take_care(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/{id}/care with `do`: 303 to the submission; to the list once it is to be read again; 403, 404.

    `do=assign` with `to` and `was`: who had it on the page that this came from; who took it meanwhile keeps it.
    """
    fields = await desk.form(request, stay)
    timeline = await desk.timeline(request, stay, to_change=True)
    what, id_ = fields.get("do", ""), timeline.submission.id
    if what not in {*MARKS, "assign"}:
        raise NotFound
    await desk.note(stay, Deed.NOTED, submission=id_, detail=what)
    done = what
    try:
        if what == "assign":
            to, was = fields.get("to", ""), fields.get("was", "")
            await run_in_threadpool(lambda: assign(desk.app, timeline, to, was=was))
            done = "assign" if to else "unassign"
        else:
            await run_in_threadpool(mark, desk.app, id_, what)
    except TakenMeanwhile:
        done = "taken"
    kept = kept_filter(request)
    if what == "unread":
        return go(request, fragment=f"r{id_}", **kept, done=done)
    return go(request, id_, fragment=DONE, **kept, done=done)


async def judge_it(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/{id}/verdict with `verdict`, honest or spam: 303 to the submission; 403, 404."""
    said = (await desk.form(request, stay)).get("verdict", "")
    timeline = await desk.timeline(request, stay, to_change=True)
    if said not in set(SpamVerdict):
        raise NotFound
    submission, verdict = timeline.submission, SpamVerdict(said)
    await desk.note(stay, Deed.JUDGED, submission=submission.id, detail=verdict)
    await run_in_threadpool(judge, desk.app, submission, verdict)
    was_kept = any(message.is_in_review for message in timeline.messages)
    done = "released" if was_kept and verdict is SpamVerdict.HONEST else verdict.value
    return go(request, submission.id, fragment=DONE, **kept_filter(request), done=done)


async def add_remark(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/{id}/remarks with `text`: 303 to the submission; 422, and the text kept, if it is wrong; 403, 404."""
    text = plain_lines((await desk.form(request, stay, _REMARK_BYTES)).get("text", ""))
    timeline = await desk.timeline(request, stay, to_change=True)
    if wrong := _wrong(text, len(timeline.care.remarks), desk.language(request)):
        written = Written(text[: 2 * LONGEST_REMARK], wrong)
        return await submission_page(desk, request, stay, timeline, written)
    await desk.note(stay, Deed.NOTED, submission=timeline.submission.id, detail="note")
    await run_in_threadpool(remark, desk.app, timeline, stay.person.address, text)
    return _noted(request, timeline.submission.id, "note")


async def delete_remark(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/{id}/remarks/{remark}/delete: 303 to the submission; 404 for a note of somebody else; 403."""
    await desk.form(request, stay)
    timeline = await desk.timeline(request, stay, to_change=True)
    id_ = timeline.submission.id
    await run_in_threadpool(
        take_back, desk.app, timeline, request.path_params["remark"], stay.person
    )
    await desk.note(stay, Deed.NOTED, submission=id_, detail="note deleted")
    return _noted(request, id_, "unnote")


def _wrong(text: str, count: int, language: str) -> str:
    """Why a note cannot be added, "" where it can."""
    if not text:
        return say(_EMPTY, language)
    if len(text) > LONGEST_REMARK:
        return say(_TOO_LONG, language) % {
            "most": f"{LONGEST_REMARK:,}",
            "count": f"{len(text):,}",
        }
    return say(_NO_ROOM, language) % {"most": MOST_REMARKS} if count >= MOST_REMARKS else ""


def _noted(request: Request, id_: str, done: str) -> Response:
    return go(request, id_, fragment=DONE, **kept_filter(request), done=done)
