"""The admission: codes that open the desk once, and the sessions that begin with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from todoke.model.admission import DeskSession, Grant


class Admission(Protocol):
    """Keeps codes and sessions, both by a hash. Durability and errors are those of Store."""

    def put_code(self, code_hash: str, expires_at: datetime, grant: Grant) -> None:
        """Keep a one-time code that is worth `grant` until `expires_at`."""
        ...

    def take_code(self, code_hash: str, now: datetime) -> Grant | None:
        """What a live code is worth, to one caller once; None to all others. It is gone afterwards."""
        ...

    def put_session(self, session: DeskSession) -> None:
        """Keep a session that begins."""
        ...

    def session(self, session_hash: str) -> DeskSession | None:
        """A session, ended by its times or not; it sees each put, renewal and end that has returned."""
        ...

    def renew_session(self, session_hash: str, seen_at: datetime) -> None:
        """Keep when a session was last used, if it is there: one that was ended stays ended."""
        ...

    def end_session(self, session_hash: str) -> bool:
        """End a session, for good; whether it was there."""
        ...

    def sessions(self, now: datetime) -> Sequence[DeskSession]:
        """Those that have not come to `ends_at`, the newest first."""
        ...
