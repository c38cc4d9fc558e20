"""One submission at the desk: its answers, its files, its messages with all that became of them, and new attempts."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from todoke.forms.secret import secret_names
from todoke.model.act import Deed
from todoke.model.errors import NotFound
from todoke.report.desk import desk_timeline
from todoke.walk.admit import Stay
from todoke.walk.resend import resend
from todoke.web.desk.room import Desk, go
from todoke.web.pages import pages


async def show(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}: 200, the submission's answers and all that became of its messages; 404 if there is none."""
    timeline = await desk.timeline(request, stay)
    settings, submission = desk.app.settings, timeline.submission
    await desk.note(stay, Deed.SAW, submission=submission.id)
    secret = secret_names(settings.forms.get(submission.form), submission.entries)
    shown = desk_timeline(timeline, settings, desk.app.clock(), desk.language(request), secret)
    may_change = stay.person.may_change(timeline)
    return desk.render(request, "desk_timeline.html", stay, shown=shown, may_change=may_change)


async def download(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}/files/{position}: 200, the file as a download that no browser opens in place; or 404.

    303 where the file lies in a bucket: to an address there that gives it, as such a download, for five minutes.
    """
    timeline = await desk.timeline(request, stay)
    archive = desk.app.archive
    id_, position = timeline.submission.id, request.path_params["position"]
    link = await run_in_threadpool(archive.file_link, id_, position)
    file = None if link else await run_in_threadpool(archive.file, id_, position)
    if link is None and file is None:
        raise NotFound
    await desk.note(stay, Deed.FILE_TAKEN, submission=id_, detail=str(position), file=position)
    if file is None:
        return RedirectResponse(str(link), 303, headers=pages.security_headers())
    name = pages.strip_controls(file.name).replace("/", "_").replace("\\", "_") or "file"
    headers = {
        **pages.security_headers(),
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='', errors='replace')}",
    }
    return Response(file.content, headers=headers, media_type="application/octet-stream")


async def send_again(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/{id}/messages/{message}/resend: 303 to the timeline, a new attempt is due; 403, 404."""
    await desk.form(request, stay)
    timeline = await desk.timeline(request, stay, to_change=True)
    id_, message_id = timeline.submission.id, request.path_params["message"]
    if message_id not in {m.message.id for m in timeline.messages}:
        raise NotFound
    await desk.note(
        stay, Deed.RESENT, submission=id_, detail=message_id.removeprefix(id_), message=message_id
    )
    if not await run_in_threadpool(resend, desk.app, id_, message_id):
        raise NotFound
    return go(request, id_, fragment=message_id)
