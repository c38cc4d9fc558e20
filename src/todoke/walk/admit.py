"""Who may enter the desk: whoever brings a code that was made for them, once and in time; and until when they stay.

Codes are mailed to people whom the configuration names, and printed by `todoke desk` for whoever runs the server. A
session is kept in the store, so one that was left stays left: after a restart, and on AWS in whichever instance of a
function is asked next. Who somebody is, is asked of the configuration each time: whom it names no more is out.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from todoke.model import ids
from todoke.model.admission import DeskSession
from todoke.model.ids import token_hash
from todoke.model.person import Person
from todoke.walk.app import App
from todoke.walk.invite import hash_of
from todoke.walk.security import name_of

SEEN_EVERY = timedelta(minutes=5)
"""How exactly a session's last use is known: one write in so long."""
_DRAWN = 32
"""Letters of a session's id that are random: 192 bits; the rest is our signature."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A session that goes on, whose it is, and its id, which the browser alone has beside us."""

    id: str
    session: DeskSession
    person: Person

    @property
    def name(self) -> str:
        """What the security log calls the session."""
        return name_of(self.id)


def admit(app: App, code: str, *, asked: str = "", browser: str = "") -> tuple[Stay, str] | None:
    """Take a code, once: the stay that begins, and where it leads. None for no good code. Raises StoreError."""
    kept_by = hash_of(code, asked)
    grant = app.admission.take_code(kept_by, app.clock()) if kept_by else None
    if grant is None or (person := app.people.of(grant.person)) is None:
        return None
    return begin(app, person, browser), grant.leads_to


def begin(app: App, person: Person, browser: str) -> Stay:
    """Begin a stay for somebody who has proved who they are. Raises StoreError."""
    now = app.clock()
    id_ = _new_id(app)
    session = DeskSession(
        hash=session_hash(id_),
        person=person.address,
        began_at=now,
        seen_at=now,
        ends_at=now + app.settings.desk.longest,
        browser=browser,
    )
    app.admission.put_session(session)
    return Stay(id_, session, person)


def stay(app: App, id_: str, *, by_itself: bool = False) -> Stay | None:
    """The stay of a session's id; None if it was ended, is over, or is nobody's any more. Raises StoreError.

    It goes on for having been asked for, unless a page asks `by_itself` and nobody sits before it.
    """
    session = app.admission.session(session_hash(id_))
    now = app.clock()
    if session is None or not goes_on(session, now, app.settings.desk.idle):
        return None
    person = app.people.of(session.person)
    if person is None:
        return None
    if not by_itself and now - session.seen_at >= SEEN_EVERY:
        app.admission.renew_session(session.hash, now)
    return Stay(id_, session, person)


def goes_on(session: DeskSession, now: datetime, idle: timedelta) -> bool:
    """Whether a session's times let it go on: it was used not long ago, and has not come to its end."""
    return now < session.ends_at and now - session.seen_at < idle + SEEN_EVERY


def leave(app: App, stay: Stay) -> None:
    """End a stay, for good. Raises StoreError."""
    app.admission.end_session(stay.session.hash)


def is_ended(app: App, stay: Stay) -> bool:
    """Whether a stay was ended since it was read: left, ended from the list, or over. Raises StoreError."""
    return app.admission.session(stay.session.hash) is None


def is_ours(app: App, id_: str) -> bool:
    """Whether a session's id was made here: so much is known without asking the store."""
    drawn = id_[:_DRAWN]
    return hmac.compare_digest(id_.encode("utf-8", "replace"), _signed(app, drawn).encode())


def _new_id(app: App) -> str:
    return _signed(app, secrets.token_urlsafe(24))


def _signed(app: App, drawn: str) -> str:
    return drawn + ids.signature(app.settings.secret, b"todoke session", quote(drawn))[:16]


def session_hash(id_: str) -> str:
    """The form in which a session's id is kept."""
    return token_hash(f"session {id_}")
