"""Timelines in every state, stores that hold them, and a caller of ASGI apps: what the pages' tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from support.variants import replace
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Permanence, Reason, standing
from todoke.model.form import Field, Form, Site
from todoke.model.mail import Mailbox
from todoke.model.message import (
    Attempt,
    AttemptTimeline,
    Message,
    MessageTimeline,
    Outcome,
    Role,
    Timeline,
)
from todoke.model.settings import MailSettings, Settings
from todoke.model.submission import Entry, File, Submission
from todoke.ports.mailer import Mailer
from todoke.ports.store import Store
from todoke.testing import MemoryStore
from todoke.walk.app import App

NOW = datetime(2026, 11, 23, 6, 34, tzinfo=UTC)
SECRET = b"0123456789abcdef0123456789abcdef"

CONTACT = Form(
    name="contact",
    title="Contact us",
    fields=(
        Field(name="name", label="Your name", required=True, maxlength=100),
        Field(name="email", kind="email", label="Mail address", required=True),
        Field(
            name="topic",
            kind="select",
            label="What is it about?",
            required=True,
            options=(("", "Please choose"), ("paper", "Our paper"), ("visit", "Visiting the shop")),
        ),
        Field(
            name="reply",
            kind="radio",
            label="How shall we answer?",
            required=True,
            options=(("mail", "By mail"), ("phone", "By telephone")),
        ),
        Field(
            name="likes",
            kind="checkbox",
            label="You like",
            multiple=True,
            options=(("washi", "Washi"), ("cards", "Cards")),
        ),
        Field(name="message", kind="textarea", label="Message", required=True, maxlength=2000),
        Field(name="photo", kind="file", label="A photo", accept=("image/*",)),
        Field(name="terms", kind="checkbox", label="I agree to the terms", required=True),
        Field(name="source", kind="hidden", value="footer"),
    ),
)


def make_settings(**changes: Any) -> Settings:
    """Settings of a small site with one form and a service that reports deliveries."""
    made = Settings(
        site=Site(name="Hoshino Paper", door_url="http://127.0.0.1:8000"),
        mail=MailSettings(
            service="customers-mail-cloud",
            sender=Mailbox(name="Hoshino Paper", address=Address("post@example.com")),
        ),
        forms={"contact": CONTACT},
        data=Path("data"),
        secret=SECRET,
    )
    return replace(made, **changes)


# The events of one attempt for each word that a status may read, and how long ago the attempt began.
EVENTS: Mapping[str, tuple[tuple[Kind, ...], timedelta]] = {
    "queued": ((), timedelta()),
    "failed": ((Kind.FAILED,), timedelta(days=4)),
    "accepted": ((Kind.ACCEPTED,), timedelta(minutes=1)),
    "withheld": ((Kind.WITHHELD,), timedelta(minutes=1)),
    "deferred": ((Kind.ACCEPTED, Kind.DEFERRED), timedelta(minutes=1)),
    "undetermined": ((Kind.ACCEPTED, Kind.UNDETERMINED), timedelta(minutes=1)),
    "rejected": ((Kind.REJECTED,), timedelta(minutes=1)),
    "delivered": ((Kind.ACCEPTED, Kind.DELIVERED), timedelta(minutes=1)),
    "bounced": ((Kind.ACCEPTED, Kind.BOUNCED), timedelta(minutes=1)),
    "unknown": ((Kind.ANSWER_LOST,), timedelta(minutes=1)),
    "in_review": ((), timedelta()),
}


HANA = Address("hana@example.com")


def make_message(
    status: str,
    role: Role = Role.CONFIRMATION,
    *,
    recipient: Address = HANA,
    ceiling: Ceiling = Ceiling.DELIVERED,
    reason: Reason | None = Reason.UNKNOWN_ADDRESS,
    diagnostic: str = "550 5.1.1 no such user here",
    corrections: int = 0,
    submission_id: str = "s1",
    kinds: tuple[Kind, ...] = (),
) -> MessageTimeline:
    """A message whose status reads `status` at NOW, by the events of EVENTS or by these `kinds`."""
    usual, ago = EVENTS[status]
    reason = Reason.TOO_MANY if status == "withheld" else reason
    kinds = kinds or usual
    began = NOW - ago
    message = Message(
        id=f"{submission_id}-{role.value}",
        submission_id=submission_id,
        role=role,
        recipient=recipient,
        language="en",
        message_id=f"<{submission_id}.{role.value}@example.com>",
        created_at=began,
    )
    if status in {"queued", "in_review"}:
        due_at = NOW if status == "queued" else None
        return MessageTimeline(message=message, attempts=(), due_at=due_at, corrections=corrections)
    events = tuple(
        _event(kind, began + timedelta(seconds=n + 2), recipient, reason, diagnostic)
        for n, kind in enumerate(kinds)
    )
    attempt = Attempt(
        token="t" * 26,
        message_id=message.id,
        number=1,
        recipient=recipient,
        service="customers-mail-cloud",
        ceiling=ceiling,
        started_at=began,
    )
    told = AttemptTimeline(
        attempt=attempt,
        events=events,
        standing=standing(events, recipient=recipient, started_at=began),
    )
    return MessageTimeline(message=message, attempts=(told,), due_at=None, corrections=corrections)


def _event(
    kind: Kind, at: datetime, recipient: Address, reason: Reason | None, diagnostic: str
) -> DeliveryEvent:
    plain = DeliveryEvent(
        kind=kind,
        at=at,
        received_at=at,
        service="customers-mail-cloud",
        recipient=str(recipient),
        raw=b'{"status": "%s"}' % kind.value.encode(),
    )
    if kind in {Kind.ACCEPTED, Kind.DELIVERED, Kind.ANSWER_LOST}:
        return plain
    return replace(
        plain,
        reason=reason,
        diagnostic=diagnostic,
        status_code="5.1.1",
        permanence=Permanence.HARD,
    )


ANSWERS = (
    Entry("name", "Hana Suzuki"),
    Entry("email", "hana@example.com"),
    Entry("topic", "paper"),
    Entry("message", "Do you have kozo paper?\nIn large sheets, please."),
    Entry(
        "photo",
        File(name="wall.jpg", media_type="image/jpeg", content=b"<script>alert(1)</script>"),
    ),
)


def make_timeline(
    *messages: MessageTimeline, id_: str = "s1", form: str = "contact", **changes: Any
) -> Timeline:
    """A submission with these messages; its receipt's token is that of `token_of(id_)`."""
    submission = Submission(
        id=id_,
        form=form,
        received_at=NOW - timedelta(minutes=2),
        entries=ANSWERS,
        language="en",
        visitor=Address("hana@example.com"),
        token_hash=ids.receipt_hash(token_of(id_)),
        signals=("too_fast",) if any(m.is_in_review for m in messages) else (),
    )
    return Timeline(submission=replace(submission, **changes), messages=messages)


def token_of(id_: str) -> str:
    """The receipt's token of a submission."""
    return ids.receipt_token(SECRET, id_)


def fill(store: Store, *timelines: Timeline) -> None:
    """Bring a store, through its port, to hold these submissions with messages in these states."""
    for timeline in timelines:
        messages = [m.message for m in timeline.messages]
        store.add(timeline.submission, messages, None).result()
        for told in timeline.messages:
            for attempt in told.attempts:
                _replay(store, attempt)


def _replay(store: Store, told: AttemptTimeline) -> None:
    [claim] = store.claim(
        now=NOW,
        lease_until=NOW + timedelta(minutes=5),
        limit=1,
        service=told.attempt.service,
        ceiling=told.attempt.ceiling,
        ids=[told.attempt.message_id],
    )
    events = tuple(replace(event, token=claim.attempt.token) for event in told.events)
    store.finish([Outcome(claim=claim, events=events)], lambda *_: ())


def stored(*timelines: Timeline) -> MemoryStore:
    """A store that holds these."""
    store = MemoryStore()
    fill(store, *timelines)
    return store


def make_app(store: Store, **changes: Any) -> App:
    """An app over a store, at NOW unless `clock` says otherwise."""
    clock: Callable[[], datetime] = changes.pop("clock", lambda: NOW)
    hint: Callable[[], None] = changes.pop("hint", lambda: None)
    return App(
        settings=make_settings(**changes),
        store=store,
        mailer=cast("Mailer", None),
        clock=clock,
        hint=hint,
    )


@dataclass(frozen=True)
class Answer:
    """What an ASGI app answered."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()
    """Each cookie that is set, with its attributes; `headers` has the last one alone."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def call(
    asgi: Any,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """Call an ASGI app once and wait for the whole answer."""
    return asyncio.run(ask(asgi, path, method=method, headers=headers, body=body))


async def ask(
    asgi: Any,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """The same within an event loop, so that many can ask at once."""
    path, _, query = path.partition("?")
    given = {"host": "127.0.0.1:8000", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode()) for k, v in given.items()],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8000),
    }
    heard: list[Any] = []

    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if pending:
            return pending.pop()
        await asyncio.Event().wait()
        return None

    async def send(message: Any) -> None:
        heard.append(message)

    await asgi(scope, receive, send)
    start = next(m for m in heard if m["type"] == "http.response.start")
    return Answer(
        status=start["status"],
        headers={k.decode(): v.decode() for k, v in start["headers"]},
        body=b"".join(m.get("body", b"") for m in heard if m["type"] == "http.response.body"),
        cookies=tuple(v.decode() for k, v in start["headers"] if k == b"set-cookie"),
    )


def post(asgi: Any, path: str, fields: str, **headers: str) -> Answer:
    """Post an urlencoded body as a page of our own would."""
    given = {
        "content-type": "application/x-www-form-urlencoded",
        "sec-fetch-site": "same-origin",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return call(asgi, path, method="POST", headers=given, body=fields.encode())
