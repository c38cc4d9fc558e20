"""The desk's cookies in a browser: its session's id, the secret of a browser that asked for a link, and who was here.

A session's id is a random text with a signature: what was not made here is told from what was without asking the store.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import timedelta
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model import ids
from todoke.model.address import Address
from todoke.walk.admit import Stay, is_ours, stay
from todoke.walk.app import App
from todoke.walk.invite import CODE_LIFE
from todoke.web.http.asked import base_path, header

_SESSION, _ASKED, _KNOWN = "todoke-desk", "todoke-desk-asked", "todoke-desk-known"
_SIGN_IN = "todoke-desk-sign-in"
_KNOWN_LASTS = timedelta(days=400)
"""As long as browsers keep a cookie at most (RFC 6265bis 5.5)."""
_KNOWN_DRAWN = 16
_RANDOM = re.compile(r"[A-Za-z0-9_-]{20,60}")
_TOKEN_BYTES = 32
_TOKEN = re.compile(rf"[0-9a-f]{{{4 * _TOKEN_BYTES}}}")
_BROWSERS = ("Edg", "OPR", "SamsungBrowser", "Firefox", "CriOS", "Chrome", "Safari")
_SHOWN = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "CriOS": "Chrome"}
_SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Mac OS X", "CrOS", "Linux")


def put_session(answer: Response, app: App, request: Request, stay: Stay) -> None:
    """Give a browser the session for as long as it may go on."""
    _put(answer, app, request, _SESSION, stay.id, app.settings.desk.longest)


def take_session(answer: Response, app: App, request: Request) -> None:
    """Take the session from a browser. A browser heeds this only with the name's own attributes."""
    _take(answer, app, request, _SESSION)


async def read_session(app: App, request: Request, *, by_itself: bool = False) -> Stay | None:
    """The stay of a request, if its cookie was made here and it goes on. Raises StoreError.

    A request that a page makes `by_itself` does not make it go on for longer.
    """
    id_ = request.cookies.get(_cookie(app, request, _SESSION)[0], "")
    if not is_ours(app, id_):
        return None
    return await run_in_threadpool(lambda: stay(app, id_, by_itself=by_itself))


def asking(app: App, request: Request) -> str:
    """The secret of the browser that asked for a link; "" for one that did not."""
    stated = request.cookies.get(_cookie(app, request, _ASKED)[0], "")
    return stated if _RANDOM.fullmatch(stated) else ""


def put_asking(answer: Response, app: App, request: Request, asked: str) -> None:
    """Let the browser keep its secret for as long as a code is good."""
    _put(answer, app, request, _ASKED, asked, CODE_LIFE)


def take_asking(answer: Response, app: App, request: Request) -> None:
    """Take it away again."""
    _take(answer, app, request, _ASKED)


def put_sign_in(answer: Response, app: App, request: Request, kept: str) -> None:
    """Let the browser keep what tells its sign-in at a provider from all others."""
    _put(answer, app, request, _SIGN_IN, kept, CODE_LIFE)


def read_sign_in(app: App, request: Request) -> str:
    """It; "" for a browser that began none."""
    return request.cookies.get(_cookie(app, request, _SIGN_IN)[0], "")


def take_sign_in(answer: Response, app: App, request: Request) -> None:
    """Take it away again: an answer counts once."""
    _take(answer, app, request, _SIGN_IN)


def put_known(answer: Response, app: App, request: Request, person: Address) -> None:
    """Let a browser show that this person was at the desk in it. It opens nothing, and stays when they leave."""
    _put(answer, app, request, _KNOWN, _known(app, secrets.token_urlsafe(12), person), _KNOWN_LASTS)


def is_known(app: App, request: Request, person: Address) -> bool:
    """Whether this person was at the desk in this browser, the last of all who were."""
    stated = request.cookies.get(_cookie(app, request, _KNOWN)[0], "")
    ours = _known(app, stated[:_KNOWN_DRAWN], person)
    return hmac.compare_digest(stated.encode("utf-8", "replace"), ours.encode())


def _known(app: App, drawn: str, person: Address) -> str:
    text = f"{quote(drawn)} {quote(person.key)}"
    return drawn + ids.signature(app.settings.secret, b"todoke was here", text)


def new_asking() -> str:
    """A secret for a browser that asks."""
    return secrets.token_urlsafe(24)


def page_token(app: App, stay: Stay) -> str:
    """What a page's forms carry, so that only pages of this session can change anything.

    It looks different each time: how well a page compresses must not tell it (web/http/compress.py).
    """
    mask = secrets.token_bytes(_TOKEN_BYTES)
    return (mask + _mixed(mask, _page_secret(app, stay))).hex()


def is_page_token(app: App, stay: Stay, given: str) -> bool:
    """Whether a form came from a page of this session."""
    if not _TOKEN.fullmatch(given):
        return False
    masked = bytes.fromhex(given)
    mask, mixed = masked[:_TOKEN_BYTES], masked[_TOKEN_BYTES:]
    return hmac.compare_digest(_mixed(mask, mixed), _page_secret(app, stay))


def _page_secret(app: App, stay: Stay) -> bytes:
    return hmac.digest(app.settings.secret, b"todoke desk page " + stay.id.encode(), "sha256")


def _mixed(mask: bytes, text: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(mask, text, strict=True))


def browser_of(request: Request) -> str:
    """What a browser calls itself, in two words that its owner knows it by."""
    agent = header(request.scope, b"user-agent")[:512]
    browser = next((name for name in _BROWSERS if f"{name}/" in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "").replace(" OS X", "")
    return ", ".join(filter(None, [_SHOWN.get(browser, browser), system]))


def _put(
    answer: Response, app: App, request: Request, name: str, value: str, lasts: timedelta
) -> None:
    name, path, is_secure = _cookie(app, request, name)
    answer.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        path=path,
        secure=is_secure,
        httponly=True,
        # Not strict: whoever follows a mail's link to a submission would be asked to enter again.
        samesite="lax",
    )


def _take(answer: Response, app: App, request: Request, name: str) -> None:
    name, path, is_secure = _cookie(app, request, name)
    answer.delete_cookie(name, path=path, secure=is_secure, httponly=True, samesite="lax")


def _cookie(app: App, request: Request, name: str) -> tuple[str, str, bool]:
    """Name, path, and whether it goes over TLS alone (RFC 6265bis 4.1.3).

    Where a name begins with __Host-, a browser lets no other host set it; that takes the path "/", which is ours only
    where the whole host is. Below a path of a host it begins with __Secure-: no plain http can set it.
    """
    base = base_path(request.scope)
    if urlsplit(app.settings.site.door_url).scheme != "https":
        return name, f"{base}/desk", False
    if base:
        return f"__Secure-{name}", f"{base}/desk", True
    return f"__Host-{name}", "/", True
