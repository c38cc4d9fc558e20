"""Coming in by an OpenID provider: its page is asked who somebody is, and whom the configuration names is let in.

What a try needs to be known again lies in a cookie of that browser for ten minutes: nothing of it is kept here, so
strangers cannot fill a store, and an answer that another browser brings is none.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from todoke.model import ids
from todoke.model.language import N_
from todoke.ports.identity import (
    Identity,
    IdentityRefused,
    IdentityUnavailable,
    SignIn,
    WhyNot,
)
from todoke.walk.admit import Stay, begin
from todoke.web.desk.bound import Bound
from todoke.web.desk.room import Desk, leads_inside
from todoke.web.desk.session import browser_of, put_sign_in, read_sign_in, take_sign_in
from todoke.web.http.asked import client_address, peer_of
from todoke.web.pages import pages

LetIn = Callable[[Request, Stay, str], Awaitable[Response]]
_DRAWN = 32


@dataclass(frozen=True, slots=True)
class ProviderEntrance:
    """The way by a provider. `tries` are those of one network address that came to nothing."""

    desk: Desk
    identity: Identity
    name: str
    let_in: LetIn
    tries: Bound

    async def ask(self, request: Request) -> Response:
        """GET /desk/sign-in?leads_to=: 303 to the provider's page; 503 where it cannot be asked."""
        leads_to = leads_inside(request.query_params.get("leads_to", ""))
        drawn = secrets.token_urlsafe(24)
        try:
            where = await run_in_threadpool(self.identity.way_in, self._sign_in(drawn))
        except IdentityUnavailable as error:
            return self._refused(request, 503, _AWAY, why=str(error))
        answer = RedirectResponse(where, 303, headers=pages.security_headers())
        place = urlsafe_b64encode(leads_to.encode()).decode()
        put_sign_in(answer, self.desk.app, request, drawn + self._seal(drawn, place) + place)
        return answer

    async def take(self, request: Request) -> Response:
        """GET /desk/signed-in, where the provider's page leads back to: 303 into the desk, for whom it names and the
        configuration names; 403 for all else, with the reason.
        """
        kept = read_sign_in(self.desk.app, request)
        drawn, seal, place = kept[:_DRAWN], kept[_DRAWN : 2 * _DRAWN], kept[2 * _DRAWN :]
        peer = peer_of(client_address(request.scope, self.desk.app.settings.trusted_proxies))
        if not await self.tries.take(peer):
            return self._refused(request, 429, _TOO_OFTEN, why="too many")
        if not hmac.compare_digest(
            seal.encode("utf-8", "replace"), self._seal(drawn, place).encode()
        ):
            return self._refused(request, 403, _WORDS[WhyNot.NOT_ASKED], why="not asked here")
        answer = {k: v for k, v in request.query_params.items() if k in {"state", "code", "iss"}}
        try:
            address = await run_in_threadpool(self.identity.address, self._sign_in(drawn), answer)
        except IdentityRefused as error:
            return self._refused(request, 403, _WORDS[error.why_not], why=str(error))
        except IdentityUnavailable as error:
            return self._refused(request, 503, _AWAY, why=str(error))
        person = self.desk.app.people.of(address)
        if person is None:
            return self._refused(request, 403, _NOT_NAMED, why="not named", address=str(address))
        await self.tries.give_back(peer)
        stay = await run_in_threadpool(begin, self.desk.app, person, browser_of(request))
        entered = await self.let_in(request, stay, urlsafe_b64decode(place).decode())
        take_sign_in(entered, self.desk.app, request)
        return entered

    def _refused(
        self, request: Request, status: int, words: str, *, why: str, address: str = ""
    ) -> Response:
        self.desk.attempts.note("desk_sign_in_refused", why=why)
        values = {"%(name)s": self.name, "%(address)s": address}
        answer = self.desk.shut(request, status=status, why=words, values=values)
        take_sign_in(answer, self.desk.app, request)
        return answer

    def _sign_in(self, drawn: str) -> SignIn:
        """The secrets of a try, each of which tells nothing of the others."""
        secret = self.desk.app.settings.secret
        purposes = (b"todoke oidc stat", b"todoke oidc once", b"todoke oidc pkce")
        return SignIn(*(ids.signature(secret, purpose, quote(drawn)) for purpose in purposes))

    def _seal(self, drawn: str, place: str) -> str:
        text = quote(f"{drawn} {place}")
        return ids.signature(self.desk.app.settings.secret, b"todoke oidc seal", text)


_TOO_OFTEN = N_("Too much was asked from your network just now. Please try again in ten minutes.")
_AWAY = N_("%(name)s cannot be reached just now. Please try again in a minute, or ask for a link.")
_NOT_NAMED = N_(
    "%(name)s knows you as %(address)s, and the settings of this site do not name that address. Ask whoever set it up."
)
_WORDS = {
    WhyNot.DENIED: N_("%(name)s did not let you in. Please try again, or ask for a link."),
    WhyNot.NOT_ASKED: N_(
        "This answer of %(name)s is not for this browser, or it is old. Please try again."
    ),
    WhyNot.NOT_PROVED: N_("What %(name)s answered proves nothing. Please try again."),
    WhyNot.NO_ADDRESS: N_("%(name)s tells no mail address of yours. Ask for a link instead."),
    WhyNot.NOT_VERIFIED: N_(
        "%(name)s does not say that your mail address was verified. Verify it there, or ask for a link."
    ),
}
