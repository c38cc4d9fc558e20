"""Forms that are sent to other addresses than ours, as pages of other products send them: which form do they mean?

The key is in the address or in a field of the body, as the dialects' table says. What means no form of ours passes on
as it came, but where an address is a dialect's alone: that says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todoke.model.charset import UTF_8
from todoke.model.errors import RequestError
from todoke.model.form import Form, Limits
from todoke.model.submission import EntryList, first_text
from todoke.walk.app import App
from todoke.web.dialects.dialect import Dialect
from todoke.web.dialects.table import spoken_at
from todoke.web.door import body
from todoke.web.door.interpreter import Interpreter
from todoke.web.door.meant import Meant
from todoke.web.http.asked import base_path, header
from todoke.web.http.body import read_body
from todoke.web.http.wait import apart


class Elsewhere:
    """An ASGI app before another: it takes POST and OPTIONS to addresses that are none of our `rooms`.

    In a room it takes what the room has no use for: a POST to an address that a dialect has for itself.
    """

    def __init__(
        self, app: App, interpreter: Interpreter, rest: ASGIApp, rooms: Collection[str]
    ) -> None:
        self._interpreter = interpreter
        self._rest = rest
        self._rooms = frozenset(rooms)
        self._limits = _widest(app.settings.forms.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what is a form to the door, all else to the rest."""
        if scope["type"] != "http" or scope["method"] not in {"POST", "OPTIONS"}:
            await self._rest(scope, receive, send)
            return
        path = _path(scope)
        # An address that begins with two slashes could be read as that of another host: it is nothing's.
        is_room = path.startswith("//") or path[1:].partition("/")[0] in self._rooms
        spoken = [(d, key) for d, key in spoken_at(path) if d.claims or not is_room]
        for dialect, key in spoken:
            form = self._interpreter.form_of(key) if key else None
            is_meant = form is not None and (not dialect.is_bare or form.dialect == dialect.name)
            if is_meant or (key and dialect.claims):
                await self._hand_on(scope, receive, send, dialect, Meant(form, path))
                return
        keyed = [dialect for dialect, key in spoken if not key]
        if scope["method"] == "POST" and keyed:
            await self._by_body(scope, receive, send, path, keyed)
        elif claimed := [dialect for dialect in keyed if dialect.claims]:
            await self._hand_on(scope, receive, send, claimed[0], Meant(None))
        else:
            await self._rest(scope, receive, send)

    async def _hand_on(
        self, scope: Scope, receive: Receive, send: Send, dialect: Dialect, meant: Meant
    ) -> None:
        if scope["method"] == "OPTIONS" and scope["path"].startswith("/s/"):
            await self._rest(scope, receive, send)
        else:
            await self._interpreter.hand_on(scope, receive, send, dialect, meant)

    async def _by_body(
        self, scope: Scope, receive: Receive, send: Send, path: str, spoken: list[Dialect]
    ) -> None:
        arrived, error = bytearray(), None
        entries: EntryList = ()
        try:
            data = await read_body(
                scope,
                receive,
                limit=self._limits.body_bytes,
                seconds=self._limits.seconds,
                arrived=arrived,
            )
            arrived = bytearray(data)
            content_type = header(scope, b"content-type")
            entries = await apart(
                len(data),
                body.parse,
                content_type,
                data,
                limits=self._limits,
                charset=UTF_8.name,
            )
        except RequestError as fault:
            error = fault
        again = _replayed(bytes(arrived), receive)
        for dialect in spoken:
            if key := next(filter(None, (first_text(entries, name) for name in dialect.keys)), ""):
                form = self._interpreter.form_of(key.strip())
                leads = _next(path, form) if dialect.leads_on and form else ""
                await self._hand_on(scope, again, send, dialect, Meant(form, path, leads))
                return
        if claimed := [dialect for dialect in spoken if dialect.claims]:
            await self._hand_on(scope, again, send, claimed[0], Meant(None, error=error))
        else:
            await self._rest(scope, again, send)


def _path(scope: Scope) -> str:
    """The path without what stands before ours in browsers, whether or not a proxy took it off."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    before = unquote(base_path(scope))
    return path.removeprefix(before) if before and path.startswith(f"{before}/") else path


def _next(path: str, form: Form) -> str:
    """Where the address leads; the form's own page, the site's first and what only a program asks for are no thanks."""
    own = urlsplit(form.page_url).path
    return "" if path in {"/", own} or path.startswith("/__") else path


def _replayed(data: bytes, receive: Receive) -> Receive:
    """The body once more, for whoever reads next."""
    messages: list[Message] = [{"type": "http.request", "body": data, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def _widest(forms: Iterable[Form]) -> Limits:
    """What the form that allows most allows: which one it is, only the body tells, and then its own limits hold."""
    limits = [form.limits for form in forms] or [Limits()]
    body_bytes = max(limit.body_bytes for limit in limits)
    fields = max(limit.fields for limit in limits)
    return Limits(
        body_bytes=body_bytes,
        fields=fields,
        files=fields,
        file_bytes=body_bytes,
        field_bytes=max(limit.field_bytes for limit in limits),
        part_header_bytes=max(limit.part_header_bytes for limit in limits),
        seconds=max(limit.seconds for limit in limits),
    )
