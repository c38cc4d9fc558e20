"""Coming in: somebody asks with their address, and a link and a code are mailed to them, if they may; and going out.

Nobody learns here who may enter: the answer and its time are the same for every address.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from todoke.model.act import Deed
from todoke.model.address import Address, AddressError, parse_address
from todoke.model.admission import Invitation
from todoke.model.errors import Error
from todoke.model.language import N_
from todoke.ports.identity import Identity, IdentityUnavailable
from todoke.walk.admit import Stay, admit, leave
from todoke.walk.app import App
from todoke.walk.errand import entrust
from todoke.walk.invite import (
    entry_url,
    hash_of,
    invite,
    invite_by_mail,
    mailed_code,
    may_be_mailed,
)
from todoke.walk.security import log, name_of, who
from todoke.web.desk.bound import Bound
from todoke.web.desk.room import Desk, home, leads_inside
from todoke.web.desk.session import (
    asking,
    browser_of,
    is_known,
    new_asking,
    put_asking,
    put_known,
    put_session,
    read_session,
    take_asking,
    take_session,
)
from todoke.web.http.asked import client_address, peer_of
from todoke.web.http.small_form import read_small_form, require_same_origin
from todoke.web.pages import pages

_ASKED_FROM_ONE_ADDRESS = 10
_TRIED = 30
"""Codes that opened nothing, of one network address and in one browser that asked, within Allowance's time: slips of
the finger, and no search. Who guesses from many addresses still needs the one browser that a code was made for."""
Ask = Callable[[Address], Invitation]
"""Makes a code for a person, in the browser and language that asked, leading to where they wanted to go."""
_CLEARED = '"cache"'
"""What a browser forgets of our origin (W3C Clear Site Data): pages that the back button would show. Cookies and
storage would be those of the whole site, whose shop or wiki may stand beside the desk."""


def entry_link(app: App) -> str:
    """The address that takes a one-time code, which is made for it, as an owner. Raises StoreError."""
    code = invite(app.admission, app.clock())
    log.info("desk_code_made", code=name_of(code), by=who())
    return entry_url(app.settings.site.door_url, code)


@dataclass(frozen=True, slots=True)
class Entrance:
    """The way in and out. `answer_after` is how many seconds an answer to an address takes, whosever it is."""

    desk: Desk
    answer_after: float = 1.5
    asks: Bound = field(init=False)
    tries: Bound = field(init=False)
    guesses: Bound = field(init=False)
    _mailing: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        app = self.desk.app
        object.__setattr__(self, "asks", Bound(app, "asks", _ASKED_FROM_ONE_ADDRESS))
        object.__setattr__(self, "tries", Bound(app, "tries", _TRIED))
        object.__setattr__(self, "guesses", Bound(app, "guesses", _TRIED))

    async def ask(self, request: Request) -> Response:
        """POST /desk/ask with `address` and `leads_to`: 200, and a mail to the address if it may enter.

        422 for what is no address; 429 where many were asked for from one place; 403 where nobody enters by mail.
        """
        app, oidc = self.desk.app, self.desk.app.settings.desk.oidc
        require_same_origin(request, app.settings.site.door_url)
        if oidc and oidc.is_only:
            return self.desk.shut(request)
        fields = await read_small_form(request)
        leads_to = leads_inside(fields.get("leads_to", ""))
        typed = fields.get("address", "").strip()
        try:
            address = parse_address(typed)
        except AddressError:
            return self.desk.shut(
                request, status=422, why=_NO_ADDRESS, leads_to=leads_to, address=typed
            )
        if not await self.asks.take(self._peer(request)):
            self.desk.attempts.note("desk_asked_too_often")
            return self.desk.shut(
                request, status=429, why=_TOO_OFTEN, leads_to=leads_to, address=typed
            )
        asked = asking(app, request) or new_asking()
        ask = partial(
            invite_by_mail,
            app,
            asked=asked,
            language=self.desk.language(request),
            leads_to=leads_to,
        )
        await self._at_one_speed(address, ask, is_known(app, request, address))
        answer = self.desk.render(
            request, "desk_asked.html", address=typed, again=leads_to or "/desk"
        )
        put_asking(answer, app, request, asked)
        return answer

    async def _at_one_speed(self, address: Address, ask: Ask, is_known: bool) -> None:
        """Mail the link, and be done after one and the same time, done or not; what is not goes on."""
        done = time.monotonic() + self.answer_after
        call = asyncio.to_thread(self._mail, address, ask, is_known)
        mailing = asyncio.create_task(call)
        self._mailing.add(mailing)
        mailing.add_done_callback(self._mailing.discard)
        await asyncio.wait({mailing}, timeout=self.answer_after)
        await asyncio.sleep(max(0.0, done - time.monotonic()))

    def _mail(self, address: Address, ask: Ask, is_known: bool) -> None:
        """Mail a link to somebody who may enter. Whatever goes wrong is for the log: nobody else may learn it."""
        app = self.desk.app
        person = app.people.of(address)
        if person is None:
            self.desk.attempts.note("desk_asked_by_stranger")
            return
        try:
            if not may_be_mailed(app, person.address, is_known=is_known):
                self.desk.attempts.note("desk_links_used_up")
                return
            entrust(app, ask(person.address))
        except Error as error:
            log.error("desk_link_not_mailed", why=type(error).__name__)

    async def enter(self, request: Request) -> Response:
        """GET /desk/enter: 200, a button that takes a code. Looking at a link does not use it up.

        The code stands after "#", from where the page's script takes it; after "?code=" in links of an early todoke.
        """
        code = request.query_params.get("code", "")
        return self.desk.render(request, "desk_enter.html", code=code)

    async def take(self, request: Request) -> Response:
        """POST /desk/enter with `code`: 303 into the desk with a session; 403 for a code that is used, late, wrong, or
        was asked for in another browser.

        The session that this browser had before is over.
        """
        app, desk = self.desk.app, self.desk
        require_same_origin(request, app.settings.site.door_url)
        code = (await read_small_form(request)).get("code", "").strip()
        peer, asked, browser = self._peer(request), asking(app, request), browser_of(request)
        is_code = bool(
            hash_of(code, asked)
        )  # what is none opens nothing, and costs the store nothing
        if is_code and not (await self.tries.take(peer) and await self.guesses.take(asked)):
            desk.attempts.note("desk_code_refused", why="too many")
            return desk.shut(request, status=429, why=_TOO_OFTEN)
        entered = await run_in_threadpool(lambda: admit(app, code, asked=asked, browser=browser))
        if entered is None:
            desk.attempts.note("desk_code_refused", code=name_of(code))
            elsewhere = "" if asked else mailed_code(code)
            return desk.shut(request, why="" if elsewhere else _NO_CODE, elsewhere=elsewhere)
        await self.tries.give_back(peer)
        await self.guesses.give_back(asked)
        return await self.let_in(request, *entered, code=name_of(code))

    async def let_in(
        self, request: Request, stay: Stay, leads_to: str, *, code: str = ""
    ) -> Response:
        """303 to where somebody wanted to go, with a session; the one that this browser had before is over."""
        app = self.desk.app
        former = await read_session(app, request)
        if former:
            await run_in_threadpool(leave, app, former)
        await self.desk.note(stay, Deed.ENTERED, **({"code": code} if code else {}))
        where = home(request) + leads_to.removeprefix("/desk") if leads_to else home(request)
        answer = RedirectResponse(where, 303, headers=pages.security_headers())
        if asking(app, request):
            take_asking(answer, app, request)
        if stay.person.address:
            put_known(answer, app, request, stay.person.address)
        put_session(answer, app, request, stay)
        return answer

    def _peer(self, request: Request) -> str:
        return peer_of(client_address(request.scope, self.desk.app.settings.trusted_proxies))


async def show_left(desk: Desk, request: Request) -> Response:
    """GET /desk/left: 200, that the desk is left; to everybody alike."""
    identity, oidc = desk.app.identity, desk.app.settings.desk.oidc
    name = oidc.name if oidc else ""
    way_out = await run_in_threadpool(_way_out, identity) if identity else ""
    return desk.render(request, "desk_left.html", way_out=way_out, provider=name)


def _way_out(identity: Identity) -> str:
    """Where somebody signs out at the provider as well; "" where it cannot say."""
    try:
        return identity.way_out()
    except IdentityUnavailable:
        return ""


async def leave_desk(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/leave: 303 to /desk/left, the session over, its cookie gone; 403 without the page's token."""
    await desk.form(request, stay)
    await run_in_threadpool(leave, desk.app, stay)
    await desk.note(stay, Deed.LEFT)
    headers = {**pages.security_headers(), "clear-site-data": _CLEARED}
    answer = RedirectResponse(home(request, "left"), 303, headers=headers)
    take_session(answer, desk.app, request)
    return answer


_NO_ADDRESS = N_(
    "This is no mail address. Please look it over: one address, like name@example.com."
)
_TOO_OFTEN = N_("Too much was asked from your network just now. Please try again in ten minutes.")
_NO_CODE = N_(
    "This link or code does not open the desk. It may be used already, or older than ten minutes. "
    "Ask for a new one here."
)
