"""Between the door and clients of other products: which form they mean, in which dialect, and the answer in its words.

The door reads and says what it always does. Only what is asked in a dialect passes here with its answer; to all else
this is one look at a table. Which dialects there are, `web/dialects/table.py` knows.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todoke.model.form import Form
from todoke.walk.app import App
from todoke.web.dialects.dialect import Denial, Dialect
from todoke.web.dialects.table import DIALECTS, spoken_at
from todoke.web.door.meant import NOTHING, Meant, note_meant
from todoke.web.http.asked import ask_json, header

_FAULTS = 400


class Interpreter:
    """An ASGI app around the door, for every address under /f/; `hand_on` is for those elsewhere.

    A form is found by its name or by one of its keys. It speaks the dialect of its settings, or that of the client.
    """

    def __init__(self, app: App, door: ASGIApp) -> None:
        self._door = door
        forms = app.settings.forms
        keyed = {key: form for form in forms.values() for key in form.keys}
        self._meant = {name: Meant(form) for name, form in (keyed | dict(forms)).items()}
        self._spoken = {
            name: DIALECTS[meant.form.dialect]
            for name, meant in self._meant.items()
            if meant.form and meant.form.dialect
        }
        self._clients = [(d.header, d) for d in DIALECTS.values() if d.header]
        self._in_dialect: dict[tuple[str, str], Form] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the door answer a request under /f/."""
        name = scope["path_params"]["form"]
        meant, dialect = self._meant.get(name, NOTHING), self._spoken.get(name)
        for field, spoken in self._clients:
            if header(scope, field):
                dialect = spoken
        if meant is NOTHING and dialect is None:
            meant, dialect = self._by_address(scope["path"])
        if dialect is not None:
            await self.hand_on(scope, receive, send, dialect, meant)
            return
        if meant.form is not None:
            scope["path_params"]["form"] = meant.form.name
        note_meant(scope, meant)
        await self._door(scope, receive, send)

    def form_of(self, key: str) -> Form | None:
        """The form of this name or key."""
        return self._meant.get(key, NOTHING).form

    async def hand_on(
        self, scope: Scope, receive: Receive, send: Send, dialect: Dialect, meant: Meant
    ) -> None:
        """Let the door answer as if the form's settings named this dialect."""
        form = meant.form and self._speaking(meant.form, dialect)
        if dialect.always_json:
            ask_json(scope)
        scope["path_params"] = {"form": form.name if form else ""}
        note_meant(scope, meant._replace(form=form))
        await self._door(scope, receive, _Reworded(send, dialect, form))

    def _by_address(self, path: str) -> tuple[Meant, Dialect | None]:
        """An address of a dialect with more in it than the key."""
        for dialect, key in spoken_at(path):
            if key in self._meant:
                return self._meant[key], dialect
        return NOTHING, None

    def _speaking(self, form: Form, dialect: Dialect) -> Form:
        if form.dialect == dialect.name:
            return form
        key = (form.name, dialect.name)
        if key not in self._in_dialect:
            self._in_dialect[key] = replace(form, dialect=dialect.name)
        return self._in_dialect[key]


class _Reworded:
    """What sends an answer on: where it is JSON, in the words of a dialect."""

    def __init__(self, send: Send, dialect: Dialect, form: Form | None) -> None:
        self._send = send
        self._dialect = dialect
        self._form = form
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        """Hold JSON back until all of it is there."""
        if message["type"] == "http.response.start" and _is_json(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._say(self._start)

    async def _say(self, start: Message) -> None:
        body = self._reworded(start["status"])
        others = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        await self._send({**start, "headers": [*others, length]})
        await self._send({"type": "http.response.body", "body": body})

    def _reworded(self, status: int) -> bytes:
        words = msgspec.json.decode(bytes(self._body))
        if status < _FAULTS:
            return msgspec.json.encode(self._dialect.stored(words))
        return msgspec.json.encode(self._dialect.refused(Denial(status, words, self._form)))


def _is_json(start: Message) -> bool:
    return (b"content-type", b"application/json") in start["headers"]
