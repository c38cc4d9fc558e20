"""A door to knock at: an app with a store that keeps what it is given, asked directly or through a real socket."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from todoke.model.address import Address
from todoke.model.errors import StoreError
from todoke.model.form import Confirmation, Form, Managers, Site
from todoke.model.mail import Mailbox
from todoke.model.message import Message, Timeline
from todoke.model.notice import Notice
from todoke.model.settings import MailSettings, Settings
from todoke.model.submission import RepeatKey, Submission
from todoke.ports.outbox import Added, Duplicate
from todoke.server.asgi import without_sender
from todoke.server.protocol import BoundedProtocol
from todoke.walk.app import App
from todoke.web.door import door, script, uploads


@dataclass
class KeepingStore:
    """The part of a store that the door uses: it keeps submissions in a list, and can be told to fail."""

    submissions: list[Submission] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    repeats: list[RepeatKey] = field(default_factory=list)
    marks: dict[str, datetime] = field(default_factory=dict)
    error: Exception | None = None
    unreadable: StoreError | None = None

    def timeline(self, submission_id: str) -> Timeline | None:
        """A submission that was kept, as far as the door reads it."""
        if self.unreadable:
            raise self.unreadable
        found = [s for s in self.submissions if s.id == submission_id]
        return Timeline(submission=found[0], messages=()) if found else None

    def lessons(self) -> tuple[()]:
        """Nothing was learned."""
        return ()

    def mark(self, name: str) -> datetime | None:
        """The moment kept under this name."""
        return self.marks.get(name)

    def put_mark(self, name: str, at: datetime, *, unless_after: datetime) -> bool:
        """Keep a moment, unless a later one took the place of that before."""
        if self.marks.get(name, unless_after) > unless_after:
            return False
        self.marks[name] = at
        return True

    def add(
        self,
        submission: Submission,
        messages: Sequence[Message],
        repeat: RepeatKey | None,
        notices: Sequence[Notice] = (),
    ) -> Future[Added | Duplicate]:
        """Keep a submission, unless its key is known."""
        answer: Future[Added | Duplicate] = Future()
        if self.error is not None:
            answer.set_exception(self.error)
            return answer
        if repeat is not None:
            for key in (repeat.key, *repeat.uploads):
                if key in self.keys:
                    known, fingerprint = self.keys[key]
                    upload = "" if key == repeat.key else key
                    is_same = fingerprint == repeat.fingerprint
                    answer.set_result(Duplicate(known, is_same, upload))
                    return answer
            for key in (repeat.key, *repeat.uploads):
                self.keys[key] = (submission.id, repeat.fingerprint)
            self.repeats.append(repeat)
        self.submissions.append(submission)
        self.messages.extend(messages)
        self.notices.extend(notices)
        answer.set_result(Added(submission.id))
        return answer


OPEN_FORM = Form(
    name="any",
    confirmation=Confirmation(field=""),
    managers=Managers(fixed=(Address("m@site.example"),)),
)


def make_app(*forms: Form, site: Site | None = None, **settings: Any) -> App:
    """An app with these forms and a KeepingStore."""
    return App(
        settings=Settings(
            site=site
            or Site(name="Example", url="https://site.example", door_url="https://door.example"),
            mail=MailSettings(
                service="smtp",
                sender=Mailbox(name="Example", address=Address("forms@site.example")),
            ),
            forms={form.name: form for form in forms or (OPEN_FORM,)},
            data=Path("nowhere"),
            secret=b"x" * 32,
            repeat_window=settings.pop("repeat_window", timedelta(minutes=10)),
            **settings,
        ),
        store=KeepingStore(),  # type: ignore[arg-type]
        mailer=None,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Answer:
    """What came back: headers in lower case, several of one name joined with commas."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(
    app: App,
    path: str,
    body: bytes | Sequence[bytes] = b"",
    method: str = "POST",
    pause_seconds: float = 0,
    ends: bool = True,
    whole: bool = False,
    **headers: str,
) -> Answer:
    """Send one request to the door, the body in one piece or in several; header names with underscores.

    Unless it `ends`, the client stays away after the last piece without having sent all. `whole`: not to the door
    alone, but to all that is there.
    """
    pieces = [body] if isinstance(body, bytes) else list(body)
    path, _, query = path.partition("?")
    given = {"host": "door.example", "content-type": "application/x-www-form-urlencoded"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "https",
        "query_string": query.encode(),
        "http_version": "1.1",
        "client": ("192.0.2.1", 1234),
        "server": ("door.example", 443),
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in given.items()],
    }
    routes = [*door.routes(app), *uploads.routes(app), *script.routes()]
    asgi = without_sender(app) if whole else Starlette(routes=routes)
    return asyncio.run(_ask(asgi, scope, pieces, pause_seconds, ends))


async def _ask(
    asgi: ASGIApp, scope: dict[str, Any], pieces: list[bytes], pause: float, ends: bool
) -> Answer:
    sent: list[Any] = []
    waiting = list(pieces)

    async def receive() -> dict[str, Any]:
        if not waiting and not ends:
            await asyncio.Event().wait()
        if not waiting:
            return {"type": "http.disconnect"}
        await asyncio.sleep(pause)
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting) or not ends}

    async def send(message: Any) -> None:
        sent.append(message)

    await asgi(scope, receive, send)
    headers: dict[str, str] = {}
    for key, value in sent[0]["headers"]:
        name = key.decode()
        headers[name] = ", ".join(filter(None, [headers.get(name, ""), value.decode()]))
    return Answer(sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]))


@contextmanager
def served(asgi: ASGIApp, port: int = 0, http: Any = BoundedProtocol) -> Iterator[int]:
    """Serve an ASGI app as the product does, on a port of the loopback; 0: any free one."""
    config = uvicorn.Config(
        asgi,
        host="127.0.0.1",
        port=port,
        http=http,
        loop="uvloop",
        lifespan="off",
        log_level="error",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


def failing(app: App, error: StoreError | None) -> None:
    """Let the app's store fail from now on, or work again."""
    app.store.error = error  # type: ignore[attr-defined]


def kept(app: App) -> list[Submission]:
    """What the app's store has been given."""
    return app.store.submissions  # type: ignore[attr-defined, no-any-return]
