"""Who may enter the desk: whoever brings a code that was made for it, once and in time; and until when they stay.

A session is kept in the store like a code, so that one that was left stays left: after a restart, and on AWS in
whichever instance of a function is asked next.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from todoke.model.ids import token_hash
from todoke.walk.app import App

CODE_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(hours=8)


def invite(app: App) -> str:
    """Make a one-time code for the desk, good for 10 minutes. Only its hash is kept. Raises StoreError."""
    code = secrets.token_urlsafe(24)
    app.shelf.put_code(token_hash(code), app.clock() + CODE_LIFE)
    return code


def admit(app: App, code: str) -> str:
    """Take a code, once: the id of the session that begins, good for 8 hours; "" for no good code.

    Raises StoreError.
    """
    now = app.clock()
    if not app.shelf.take_code(token_hash(code), now):
        return ""
    session_id = secrets.token_urlsafe(16)
    app.shelf.put_code(_session_hash(session_id), now + SESSION_LIFE)
    return session_id


def is_admitted(app: App, session_id: str) -> bool:
    """Whether a session goes on. Raises StoreError."""
    return app.shelf.holds_code(_session_hash(session_id), app.clock())


def leave(app: App, session_id: str) -> None:
    """End a session, for good. Raises StoreError."""
    app.shelf.take_code(_session_hash(session_id), app.clock())


def _session_hash(session_id: str) -> str:
    return token_hash(f"session {session_id}")  # so that no session is a code
