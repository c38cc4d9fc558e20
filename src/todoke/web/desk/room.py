"""The room that all pages of the desk are in: who is let in, what each page is given, and how faults are answered."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from todoke.model.act import Act, Deed
from todoke.model.errors import Forged, NotFound, OriginRefused, RequestError, StoreError
from todoke.model.language import N_, translator
from todoke.model.message import Timeline
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.walk.people import alias
from todoke.walk.security import Attempts, log
from todoke.web.desk.bound import Bound
from todoke.web.desk.download import Turns
from todoke.web.desk.session import is_page_token, page_token, read_session
from todoke.web.http.asked import base_path, language_of
from todoke.web.http.small_form import LIMIT_BYTES, read_small_form, require_same_origin
from todoke.web.pages import pages

Handler = Callable[[Request], Awaitable[Response]]
Inside = Callable[["Desk", Request, Stay], Awaitable[Response]]
"""Answers somebody who was let in."""
_INSIDE = re.compile(r"/desk(?:/[A-Za-z0-9_-]+)*(?:\?[A-Za-z0-9_.=&%+-]*)?")
"""Where a code or a sign-in may lead: to pages of the desk, and nowhere else."""
_BEYOND_ASCII = re.compile(r"(?:%[89A-F][0-9A-F])+")
_LONGEST_PLACE = 1_000
_MOST_FIELDS = 150
"""Of a form: a page of the list has 50 rows to choose from."""
_TESTS_OF_ONE = 3
"""Test mails that one person may send themselves in ten minutes."""
_LIFTED_BY_ONE = 20
"""Suppressed addresses that one person may have lifted in ten minutes: each may harm the site's standing."""
_RESENT_BY_ONE = 60
"""Mails that one person may send again, one by one, or to another address, in ten minutes."""
_NOT_SOONER_SECONDS = 0.1
"""What is not there and what is another's are answered alike, and as late: after so long, or so many times it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages have in common. An answer has no more than `most_bytes`; 0 is no bound."""

    app: App
    attempts: Attempts = field(default_factory=Attempts)
    tests: Bound = field(init=False)
    lifts: Bound = field(init=False)
    resends: Bound = field(init=False)
    turns: Turns = field(default_factory=Turns)
    most_bytes: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "tests", Bound(self.app, "tests", _TESTS_OF_ONE))
        object.__setattr__(self, "lifts", Bound(self.app, "lifts", _LIFTED_BY_ONE))
        object.__setattr__(self, "resends", Bound(self.app, "resends", _RESENT_BY_ONE))

    def page(
        self, path: str, show: Inside, *, for_owners: bool = False, by_itself: bool = False
    ) -> Route:
        """A page for those who are let in; one that a page asks for `by_itself` keeps no idle session alive."""
        guarded = self._guarded(show, for_owners=for_owners, by_itself=by_itself)
        return Route(path, guarded, methods=["GET"])

    def change(self, path: str, do: Inside, *, for_owners: bool = False) -> Route:
        """A change that a form of one of those pages asks for; see `form`."""
        return Route(path, self._guarded(do, for_owners=for_owners), methods=["POST"])

    def open(self, handler: Handler) -> Handler:
        """The handler with its errors answered as pages."""

        async def answer(request: Request) -> Response:
            begun = time.monotonic()
            try:
                return await handler(request)
            except NotFound:
                await asyncio.sleep((begun - time.monotonic()) % _NOT_SOONER_SECONDS)
                return self.fault(request, 404, *_NOTHING_HERE)
            except RequestError as error:
                if isinstance(error, Forged | OriginRefused):
                    self.attempts.note("desk_request_refused", why=type(error).__name__)
                status = 403 if isinstance(error, Forged) else error.status
                return self.fault(request, status, *_NOT_DONE)
            except StoreError:
                return self.fault(request, 503, *_NOT_NOW)

        return answer

    def _guarded(self, inside: Inside, *, for_owners: bool, by_itself: bool = False) -> Handler:
        async def let_in(request: Request) -> Response:
            if _is_of_another_site(request):
                return self.shut(request)
            stay = await read_session(self.app, request, by_itself=by_itself)
            if stay is None:
                why = "" if request.method == "GET" else _NOT_IN
                return self.shut(request, why=why, leads_to=asked_for(request))
            if for_owners and not stay.person.is_owner:
                raise NotFound
            return await inside(self, request, stay)

        return self.open(let_in)

    async def timeline(self, request: Request, stay: Stay, *, to_change: bool = False) -> Timeline:
        """The submission that a path names; see `timeline_of`."""
        return await self.timeline_of(stay, request.path_params["id"], to_change=to_change)

    async def timeline_of(self, stay: Stay, id_: str, *, to_change: bool = False) -> Timeline:
        """The submission of this id. Raises NotFound: if there is none, or it is not this person's to see, or
        `to_change`."""
        found = await run_in_threadpool(self.app.archive.timeline, id_)
        if found is None:
            raise NotFound
        person = stay.person
        if not (person.may_change(found) if to_change else person.may_see(found)):
            self.attempts.note("desk_not_theirs", session=stay.name)
            raise NotFound
        return found

    async def form(self, request: Request, stay: Stay, limit: int = LIMIT_BYTES) -> dict[str, str]:
        """The fields of a form of our own page, made for this session. Raises Forged, OriginRefused, and what
        read_small_form does."""
        require_same_origin(request, self.app.settings.site.door_url)
        fields = await read_small_form(request, limit=limit, most_fields=_MOST_FIELDS)
        if not is_page_token(self.app, stay, fields.get("token", "")):
            raise Forged
        return fields

    async def note(
        self,
        stay: Stay,
        deed: Deed,
        *,
        submission: str = "",
        detail: str = "",
        **facts: object,
    ) -> None:
        """Write into the trail what somebody does, before it is done or shown; `facts` are for the security log."""
        await self.note_all(stay, deed, [(submission, detail)], **facts)

    async def note_all(
        self, stay: Stay, deed: Deed, of: Sequence[tuple[str, str]], **facts: object
    ) -> None:
        """The same, of several submissions, each with its detail."""
        by, now = alias(self.app.settings.secret, stay.person.address), self.app.clock()
        acts = [Act(at=now, by=by, deed=deed, submission=id_, detail=detail) for id_, detail in of]
        await run_in_threadpool(self.app.trail.put_acts, acts)
        for act in acts:
            told = {"submission": act.submission} if act.submission else {}
            log.info(f"desk_{deed}", session=stay.name, **told, **facts)

    def shut(
        self,
        request: Request,
        *,
        status: int = 403,
        why: str = "",
        leads_to: str = "",
        address: str = "",
        elsewhere: str = "",
        values: Mapping[str, str] | None = None,
    ) -> Response:
        """The page that lets somebody in who may, and the one answer to whoever has no session, whatever was asked for.

        `why` says what is wrong, with `values` in it, and `elsewhere` a code that is good in another browser.
        """
        words = translator("pages", self.language(request)).gettext(why) if why else ""
        for name, value in (values or {}).items():
            words = words.replace(name, value)
        oidc = self.app.settings.desk.oidc
        return self.render(
            request,
            "desk_shut.html",
            status=status,
            why=words,
            provider=oidc.name if oidc else "",
            by_mail=not (oidc and oidc.is_only),
            leads_to=leads_to,
            address=address,
            elsewhere=elsewhere,
            invalid=status == 422,
        )

    def render(
        self,
        request: Request,
        template: str,
        stay: Stay | None = None,
        *,
        status: int = 200,
        **values: Any,
    ) -> Response:
        """A page of the desk."""
        site = self.app.settings.site
        return pages.render(
            template,
            language=self.language(request),
            status=status,
            base=base_path(request.scope),
            site=site,
            token=page_token(self.app, stay) if stay else "",
            person=stay.person if stay else None,
            zone=site.time_zone,
            at=_below_desk(request),
            **values,
        )

    def language(self, request: Request) -> str:
        """The one that the reader's browser asks for."""
        return language_of(request.scope, self.app.settings.site.language)

    def fault(self, request: Request, status: int, title: str, text: str) -> Response:
        """A page that says what is wrong, and leads back to the desk."""
        say = translator("pages", self.language(request)).gettext
        return self.render(
            request,
            "desk_fault.html",
            status=status,
            headers={"retry-after": "5"} if status == 503 else {},
            title=say(title),
            text=say(text),
        )


def _is_of_another_site(request: Request) -> bool:
    """Whether a page of another site makes the browser ask behind its reader's back (Fetch Metadata).

    SameSite=Lax keeps our cookie from most of these, but not from those of a host beside ours: how long an answer takes
    would tell it what a search finds. Whoever follows a link is let through.
    """
    if request.headers.get("sec-fetch-site") not in {"cross-site", "same-site"}:
        return False
    asked = (request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest"))
    return asked != ("navigate", "document") and request.method in {"GET", "HEAD"}


def home(request: Request, *below: str, fragment: str = "", **query: str) -> str:
    """A path of the desk as browsers have it."""
    path = "/".join([f"{base_path(request.scope)}/desk", *(quote(part, safe="") for part in below)])
    asked = _spelled(urlencode({name: value for name, value in query.items() if value}))
    return (
        path + (f"?{asked}" if asked else "") + (f"#{quote(fragment, safe='')}" if fragment else "")
    )


def _spelled(query: str) -> str:
    """A query whose letters beyond ASCII are not encoded, so a third as long: browsers do it (URL Standard)."""

    def letters(encoded: re.Match[str]) -> str:
        text = unquote(encoded[0])
        return text if text.isalnum() else encoded[0]

    return _BEYOND_ASCII.sub(letters, query)


def go(request: Request, *below: str, fragment: str = "", **query: str) -> Response:
    """303 to a page of the desk."""
    where = home(request, *below, fragment=fragment, **query)
    return RedirectResponse(where, 303, headers=pages.security_headers())


def _below_desk(request: Request) -> str:
    """The path of a page below /desk, for the navigation."""
    return request.url.path.removeprefix(base_path(request.scope)).removeprefix("/desk")


def leads_inside(place: str) -> str:
    """A place that a form or a link states, if it is a page of the desk; else ""."""
    return place if len(place) <= _LONGEST_PLACE and _INSIDE.fullmatch(place) else ""


def asked_for(request: Request) -> str:
    """The page that somebody wanted to see before being asked to come in, or on which they wanted to do something: from
    /desk on."""
    path, query = request.url.path.removeprefix(base_path(request.scope)), request.url.query
    if request.method != "GET":
        parts = path.split("/")
        path = "/".join(parts[:3]) if len(parts) > 3 else ""
    return path + (f"?{query}" if query and path else "")


_NOTHING_HERE = (
    N_("There is nothing here"),
    N_("There is no such submission or file. It may have been erased."),
)
_NOT_DONE = (
    N_("This cannot be done"),
    N_(
        "The page was opened before you last entered, or the request came from elsewhere. "
        "Open the page anew and try again."
    ),
)
_NOT_IN = N_("You are not in the desk now, so this was not done. Enter, and do it once more.")
_NOT_NOW = (
    N_("Please try again in a moment"),
    N_("The store cannot be read just now. Nothing is lost."),
)
