"""The desk's session in a browser: a signed cookie, and the token of its pages. Whether it goes on, the store knows."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.walk.admit import SESSION_LIFE, is_admitted
from todoke.walk.app import App
from todoke.walk.security import name_of
from todoke.web.http.asked import base_path

_COOKIE = "todoke-desk"


@dataclass(frozen=True, slots=True)
class DeskSession:
    """Proof of having entered: a random id."""

    id: str

    @property
    def name(self) -> str:
        """What the security log calls it."""
        return name_of(self.id)


def put_cookie(answer: Response, app: App, request: Request, session: DeskSession) -> None:
    """Give a browser the session for as long as it is good."""
    name, path, is_secure = _cookie(app, request)
    until = (app.clock() + SESSION_LIFE).timestamp()
    answer.set_cookie(
        name,
        _serializer(app).dumps({"id": session.id, "until": until}),
        max_age=int(SESSION_LIFE.total_seconds()),
        path=path,
        secure=is_secure,
        httponly=True,
        samesite="strict",
    )


def take_cookie(answer: Response, app: App, request: Request) -> None:
    """Take the session from a browser. A browser heeds this only with the name's own attributes."""
    name, path, is_secure = _cookie(app, request)
    answer.delete_cookie(name, path=path, secure=is_secure, httponly=True, samesite="strict")


async def read_session(app: App, request: Request) -> DeskSession | None:
    """The session of a request, if its cookie was signed here, is still good, and was not left. Raises StoreError."""
    from itsdangerous import BadData  # noqa: PLC0415 - it takes 20 ms, and only the desk needs it

    name, _, _ = _cookie(app, request)
    try:
        content = _serializer(app).loads(request.cookies.get(name, ""))
    except BadData:
        return None
    now = app.clock()
    if now >= datetime.fromtimestamp(content["until"], now.tzinfo):
        return None
    goes_on = await run_in_threadpool(is_admitted, app, content["id"])
    return DeskSession(content["id"]) if goes_on else None


def page_token(app: App, session: DeskSession) -> str:
    """What a page's forms carry, so that only pages of this session can change anything."""
    return hmac.digest(
        app.settings.secret, b"todoke desk page " + session.id.encode(), "sha256"
    ).hex()


def _cookie(app: App, request: Request) -> tuple[str, str, bool]:
    """Name, path, and whether it goes over TLS alone (RFC 6265bis 4.1.3).

    Where a name begins with __Host-, a browser lets no other host set it; that takes the path "/", which is ours only
    where the whole host is. Below a path of a host it begins with __Secure-: no plain http can set it.
    """
    base = base_path(request.scope)
    if urlsplit(app.settings.site.door_url).scheme != "https":
        return _COOKIE, f"{base}/desk", False
    if base:
        return f"__Secure-{_COOKIE}", f"{base}/desk", True
    return f"__Host-{_COOKIE}", "/", True


def _serializer(app: App):  # type: ignore[no-untyped-def]
    from itsdangerous import URLSafeSerializer  # noqa: PLC0415 - as above

    return URLSafeSerializer(
        app.settings.secret,
        salt="todoke desk session",
        signer_kwargs={"digest_method": hashlib.sha256},  # itsdangerous' own default is SHA-1
    )
