"""Who may enter the desk: whoever brings a code that was made for it, once and in time."""

from __future__ import annotations

import secrets
from datetime import timedelta

from todoke.model.ids import token_hash
from todoke.walk.app import App

CODE_LIFE = timedelta(minutes=10)


def invite(app: App) -> str:
    """Make a one-time code for the desk, good for 10 minutes. Only its hash is kept. Raises StoreError."""
    code = secrets.token_urlsafe(24)
    app.shelf.put_code(token_hash(code), app.clock() + CODE_LIFE)
    return code


def admit(app: App, code: str) -> bool:
    """Take a code: True once, for one that is still good. Raises StoreError."""
    return app.shelf.take_code(token_hash(code), app.clock())
