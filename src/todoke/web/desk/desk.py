"""The desk: submissions, their messages, and the evidence, for those who run the site. Documented in docs/desk.md.

Shut to strangers. A one-time code (printed by `todoke desk`) is changed for a session of eight hours; without one,
every address under /desk gives the same answer, but the one that asks for a code. Reads through `report`, changes only
through the store.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from todoke.forms.secret import secret_names
from todoke.model.delivery import Reading, Status
from todoke.model.errors import Forged, NotFound, OriginRefused, RequestError, StoreError
from todoke.model.language import N_, translator
from todoke.model.own_url import own_url
from todoke.model.show import rfc3339
from todoke.ports.archive import Query
from todoke.report.desk import desk_row, desk_timeline, event
from todoke.report.words import DESK_LABELS
from todoke.walk.admit import admit, invite, leave
from todoke.walk.app import App
from todoke.walk.resend import resend
from todoke.walk.security import Attempts, log, name_of, who
from todoke.walk.silence import Silence, silence
from todoke.web.desk.session import DeskSession, page_token, put_cookie, read_session, take_cookie
from todoke.web.desk.suppressions import read_suppressions
from todoke.web.http.asked import base_path, language_of
from todoke.web.http.small_form import read_small_form, require_same_origin
from todoke.web.pages import pages

_ROWS = 50
_ORPHANS = 100
_CLEARED = '"cache"'
"""What a browser forgets of our origin (W3C Clear Site Data): pages that the back button would show. Cookies and
storage would be those of the whole site, whose shop or wiki may stand beside the desk."""


def entry_link(app: App) -> str:
    """The address that takes a one-time code, which is made for it. Raises StoreError."""
    # After "#": what stands there goes into no request, and so into no log of a proxy.
    code = invite(app)
    log.info("desk_code_made", code=name_of(code), by=who())
    return own_url(app.settings.site.door_url, f"/desk/enter#code={code}")


@dataclass(frozen=True, slots=True)
class _Desk:
    """The desk's handlers."""

    app: App
    attempts: Attempts = field(default_factory=Attempts)

    async def enter(self, request: Request) -> Response:
        """GET /desk/enter: 200, a button that takes a code. Looking at a link does not use it up.

        The code stands after "#", from where the page's script takes it; after "?code=" in links of an early todoke.
        """
        code = request.query_params.get("code", "")
        return self._render(request, "desk_enter.html", code=code)

    async def take(self, request: Request) -> Response:
        """POST /desk/enter with `code`: 303 to /desk with a session; 403 for a code that is used, late or wrong.

        The session that this browser had before is over.
        """
        require_same_origin(request, self.app.settings.site.door_url)
        code = (await read_small_form(request)).get("code", "")
        id_ = await run_in_threadpool(admit, self.app, code)
        if not id_:
            self.attempts.note("desk_code_refused", code=name_of(code))
            return self._shut(request)
        session = DeskSession(id_)
        log.info("desk_entered", session=session.name, code=name_of(code))
        former = await read_session(self.app, request)
        if former:
            await self._end(former)
        answer = RedirectResponse(_path(request), 303, headers=pages.security_headers())
        put_cookie(answer, self.app, request, session)
        return answer

    async def leave(self, request: Request, session: DeskSession) -> Response:
        """POST /desk/leave: 303 to /desk, the session over, its cookie gone; 403 without the page's token."""
        await self._require_token(request, session)
        await self._end(session)
        headers = {**pages.security_headers(), "clear-site-data": _CLEARED}
        answer = RedirectResponse(_path(request), 303, headers=headers)
        take_cookie(answer, self.app, request)
        return answer

    async def _end(self, session: DeskSession) -> None:
        await run_in_threadpool(leave, self.app, session.id)
        log.info("desk_left", session=session.name)

    async def list(self, request: Request, session: DeskSession) -> Response:
        """GET /desk?form=&status=&address=&before=: 200, submissions newest first, those that fail standing out."""
        asked = {n: request.query_params.get(n, "").strip() for n in ("form", "status", "address")}
        if asked["status"] not in set(Status):
            asked["status"] = ""
        query = Query(
            form=asked["form"],
            status=asked["status"],
            address=asked["address"],
            before=request.query_params.get("before", ""),
            limit=_ROWS,
        )
        page = await run_in_threadpool(self.app.archive.page, query)
        silent = await run_in_threadpool(silence, self.app)
        now, language = self.app.clock(), self._language(request)
        rows = [desk_row(t, self.app.settings, now, language) for t in page.timelines]
        kept = {name: value for name, value in asked.items() if value}
        older = f"{_path(request)}?{urlencode({**kept, 'before': page.next})}" if page.next else ""
        return self._render(
            request,
            "desk_list.html",
            session,
            rows=rows,
            older=older,
            asked=asked,
            forms=[(name, form.shown) for name, form in sorted(self.app.settings.forms.items())],
            statuses=[(s.value, DESK_LABELS[Reading(s.value)]) for s in Status],
            first=not query.before,
            silence=_banner(silent),
        )

    async def show(self, request: Request, session: DeskSession) -> Response:
        """GET /desk/{id}: 200, the submission's answers and all that became of its messages; 404 if there is none."""
        timeline = await run_in_threadpool(self.app.archive.timeline, request.path_params["id"])
        if timeline is None:
            raise NotFound
        settings = self.app.settings
        submission = timeline.submission
        secret = secret_names(settings.forms.get(submission.form), submission.entries)
        now = self.app.clock()
        shown = desk_timeline(timeline, settings, now, self._language(request), secret)
        return self._render(request, "desk_timeline.html", session, shown=shown)

    async def download(self, request: Request, session: DeskSession) -> Response:
        """GET /desk/{id}/files/{position}: 200, the file as a download that no browser opens in place; or 404.

        303 where the file lies in a bucket: to an address there that gives it, as such a download, for five minutes.
        """
        submission_id, position = request.path_params["id"], request.path_params["position"]
        told = {"session": session.name, "submission": submission_id, "file": position}
        link = await run_in_threadpool(self.app.archive.file_link, submission_id, position)
        if link is not None:
            log.info("desk_file_taken", **told)
            return RedirectResponse(link, 303, headers=pages.security_headers())
        file = await run_in_threadpool(self.app.archive.file, submission_id, position)
        if file is None:
            raise NotFound
        log.info("desk_file_taken", **told)
        name = pages.strip_controls(file.name).replace("/", "_").replace("\\", "_") or "file"
        headers = {
            **pages.security_headers(),
            "content-security-policy": "default-src 'none'; sandbox",
            "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='', errors='replace')}",
        }
        return Response(file.content, headers=headers, media_type="application/octet-stream")

    async def resend(self, request: Request, session: DeskSession) -> Response:
        """POST /desk/{id}/messages/{message}/resend: 303 to the timeline, a new attempt is due; 403, 404."""
        await self._require_token(request, session)
        submission_id, message_id = request.path_params["id"], request.path_params["message"]
        if not await run_in_threadpool(resend, self.app, submission_id, message_id):
            raise NotFound
        log.info("desk_resent", session=session.name, submission=submission_id, message=message_id)
        where = f"{_path(request)}/{quote(submission_id, safe='')}#{quote(message_id, safe='')}"
        return RedirectResponse(where, 303, headers=pages.security_headers())

    async def orphans(self, request: Request, session: DeskSession) -> Response:
        """GET /desk/orphans: 200, the newest delivery events that belong to no attempt."""
        orphans = await run_in_threadpool(self.app.journal.orphans, _ORPHANS)
        language = self._language(request)
        events = [event(e, language) for e in orphans]
        return self._render(request, "desk_orphans.html", session, events=events)

    async def suppressions(self, request: Request, session: DeskSession) -> Response:
        """GET /desk/suppressions: 200, the addresses that the mail service will not send to, and how to lift that."""
        lists = await run_in_threadpool(read_suppressions, self.app, self._language(request))
        return self._render(request, "desk_suppressions.html", session, lists=lists)

    async def _require_token(self, request: Request, session: DeskSession) -> None:
        """Let a change pass only from a page of this session. Raises Forged, OriginRefused."""
        require_same_origin(request, self.app.settings.site.door_url)
        given = (await read_small_form(request)).get("token", "")
        if not hmac.compare_digest(given.encode(), page_token(self.app, session).encode()):
            raise Forged

    def _shut(self, request: Request) -> Response:
        """The one answer to everybody without a session, whatever was asked for."""
        return self._render(request, "desk_shut.html", status=403)

    def _render(
        self,
        request: Request,
        template: str,
        session: DeskSession | None = None,
        *,
        status: int = 200,
        **values: Any,
    ) -> Response:
        return pages.render(
            template,
            language=self._language(request),
            status=status,
            base=base_path(request.scope),
            site=self.app.settings.site.name,
            token=page_token(self.app, session) if session else "",
            zone=self.app.settings.site.time_zone,
            **values,
        )

    def _language(self, request: Request) -> str:
        return language_of(request.scope, self.app.settings.site.language)

    def _fault(self, request: Request, status: int, title: str, text: str) -> Response:
        language = self._language(request)
        say = translator("pages", language).gettext
        headers = {"retry-after": "5"} if status == 503 else {}
        site = self.app.settings.site.name
        return pages.error_page(
            status,
            say(title),
            say(text),
            language,
            headers=headers,
            base=base_path(request.scope),
            site=site,
        )

    def open(self, handler: Callable[[Request], Awaitable[Response]]) -> _Handler:
        """The handler with its errors answered as pages."""

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except NotFound:
                return self._fault(request, 404, *_NOTHING_HERE)
            except RequestError as error:
                if isinstance(error, Forged | OriginRefused):
                    self.attempts.note("desk_request_refused", why=type(error).__name__)
                status = 403 if isinstance(error, Forged) else error.status
                return self._fault(request, status, *_NOT_DONE)
            except StoreError:
                return self._fault(request, 503, *_NOT_NOW)

        return answer

    def guarded(self, handler: Callable[[Request, DeskSession], Awaitable[Response]]) -> _Handler:
        """The handler for those with a session; everybody else finds the desk shut."""

        async def let_in(request: Request) -> Response:
            session = await read_session(self.app, request)
            if session is None:
                return self._shut(request)
            return await handler(request, session)

        return self.open(let_in)


_Handler = Callable[[Request], Awaitable[Response]]


def _path(request: Request) -> str:
    """The desk's own, as browsers have it: its cookie is for this path."""
    return f"{base_path(request.scope)}/desk"


def _banner(silent: Silence | None) -> dict[str, str] | None:
    """What the list says of a mail service that reports nothing."""
    if silent is None:
        return None
    count = f"{silent.unknown:,}{'+' if silent.more else ''}" if silent.unknown else ""
    return {"since": rfc3339(silent.since), "unknown": count}


_NOTHING_HERE = (
    N_("There is nothing here"),
    N_("There is no such submission or file. It may have been erased."),
)
_NOT_DONE = (
    N_("This cannot be done"),
    N_("The request did not come from a page of this desk. Please go back and try again."),
)
_NOT_NOW = (
    N_("Please try again in a moment"),
    N_("The store cannot be read just now. Nothing is lost."),
)


def routes(app: App) -> list[Route]:
    """The desk's routes."""
    desk = _Desk(app)
    return [
        Route("/desk/enter", desk.open(desk.enter), methods=["GET"]),
        Route("/desk/enter", desk.open(desk.take), methods=["POST"]),
        Route("/desk/leave", desk.guarded(desk.leave), methods=["POST"]),
        Route("/desk", desk.guarded(desk.list), methods=["GET"]),
        Route("/desk/orphans", desk.guarded(desk.orphans), methods=["GET"]),
        Route("/desk/suppressions", desk.guarded(desk.suppressions), methods=["GET"]),
        Route("/desk/{id}", desk.guarded(desk.show), methods=["GET"]),
        Route("/desk/{id}/files/{position:int}", desk.guarded(desk.download), methods=["GET"]),
        Route("/desk/{id}/messages/{message}/resend", desk.guarded(desk.resend), methods=["POST"]),
    ]
