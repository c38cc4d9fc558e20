"""A mail once more: to the same address, or a confirmation to another one. What it does is said first.

Where the recipient may have the mail already, a page asks before it goes out a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.forms.fault_words import with_suggestion
from todoke.model.act import Deed
from todoke.model.address_hint import intended_address
from todoke.model.errors import NotFound
from todoke.model.language import N_
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.report.way import is_out_of_hands, way
from todoke.report.words import say
from todoke.services.table import TITLES
from todoke.walk.admit import Stay
from todoke.walk.correct import Correction
from todoke.walk.redirect import redirect
from todoke.walk.resend import resend
from todoke.web.desk.back import DONE, kept_filter
from todoke.web.desk.room import Desk, go, home

_SURE = "yes"
_NO_ADDRESS = N_("This is not a mail address. It should look like name@example.com.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a message, and the page that asks it."""

    timeline: Timeline
    message: MessageTimeline
    template: str

    @property
    def ending(self) -> str:
        """With what its path ends."""
        return self.template.removeprefix("desk_").removesuffix(".html")


async def ask(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}/messages/{message}/resend: 200, what another attempt does, and a button; 404."""
    timeline, message = await _message(desk, request, stay)
    return _page(desk, request, stay, Asked(timeline, message, "desk_resend.html"))


async def send_again(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/{id}/messages/{message}/resend: 303 to the submission, a new attempt is due; 403, 404.

    303 to the question where the recipient may have it already and nobody said `sure=yes`.
    """
    fields = await desk.form(request, stay)
    timeline, message = await _message(desk, request, stay)
    id_, message_id = timeline.submission.id, message.message.id
    may_have_it = is_out_of_hands(message, desk.app.settings, desk.app.clock())
    if may_have_it and fields.get("sure") != _SURE:
        return go(request, id_, "messages", message_id, "resend", **kept_filter(request))
    if not await _may_resend(desk, stay):
        return go(request, id_, fragment=DONE, **kept_filter(request), done="resent-later")
    await _note(desk, stay, Deed.RESENT, message)
    await run_in_threadpool(resend, desk.app, message)
    return go(request, id_, fragment=DONE, **kept_filter(request), done="resent")


async def ask_address(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}/messages/{message}/address: 200, a field for another address; 404 but for confirmations."""
    timeline, message = await _message(desk, request, stay, only=Role.CONFIRMATION)
    asked = Asked(timeline, message, "desk_address.html")
    return _page(desk, request, stay, asked, typed="", wrong="")


async def send_elsewhere(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/{id}/messages/{message}/address with `address`: 303 to the submission, an attempt to it is due.

    422 for what is no address, with what may be meant; 403, 404.
    """
    typed = (await desk.form(request, stay)).get("address", "").strip()
    timeline, message = await _message(desk, request, stay, only=Role.CONFIRMATION)
    if not await _may_resend(desk, stay):
        id_, kept = timeline.submission.id, kept_filter(request)
        return go(request, id_, fragment=DONE, **kept, done="resent-later")
    await _note(desk, stay, Deed.CORRECTED, message)
    sent = await run_in_threadpool(redirect, desk.app, timeline, message.message.id, typed)
    if sent is Correction.NO_ADDRESS:
        language = desk.language(request)
        wrong = with_suggestion(say(_NO_ADDRESS, language), intended_address(typed), language)
        asked = Asked(timeline, message, "desk_address.html")
        return _page(desk, request, stay, asked, status=422, typed=typed, wrong=wrong)
    done = "moved" if sent is Correction.DUE else "no-more"
    return go(request, timeline.submission.id, fragment=DONE, **kept_filter(request), done=done)


async def _message(
    desk: Desk, request: Request, stay: Stay, *, only: Role | None = None
) -> tuple[Timeline, MessageTimeline]:
    """The message that a path names, of a submission that is this person's to work on. Raises NotFound, also where it
    is kept for review: then somebody has to judge the submission."""
    timeline = await desk.timeline(request, stay, to_change=True)
    asked = request.path_params["message"]
    found = next((m for m in timeline.messages if m.message.id == asked), None)
    if found is None or found.is_in_review or (only and found.message.role is not only):
        raise NotFound
    return timeline, found


async def _may_resend(desk: Desk, stay: Stay) -> bool:
    """Whether this person may send one more now: whoever took their session could fill a mailbox."""
    return await desk.resends.take(stay.person.address.key)


async def _note(desk: Desk, stay: Stay, deed: Deed, message: MessageTimeline) -> None:
    told = message.message
    detail = told.id.removeprefix(told.submission_id)
    await desk.note(stay, deed, submission=told.submission_id, detail=detail, message=told.id)


def _page(
    desk: Desk, request: Request, stay: Stay, asked: Asked, *, status: int = 200, **values: Any
) -> Response:
    app, kept = desk.app, kept_filter(request)
    language = desk.language(request)
    id_, message = asked.timeline.submission.id, asked.message
    below = (id_, "messages", message.message.id, asked.ending)
    return desk.render(
        request,
        asked.template,
        stay,
        status=status,
        message=way(message, app.settings, app.clock(), language, TITLES),
        left=max(0, app.settings.max_corrections - asked.timeline.care.redirected),
        action=home(request, *below, **kept),
        back=home(request, id_, **kept),
        **values,
    )
