"""`todoke sessions`: who is in the desk, and out with whoever should not be."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from todoke.cli.open import opened
from todoke.cli.output import clean_line, print_json, print_line
from todoke.model.act import Deed
from todoke.model.admission import DeskSession
from todoke.model.person import DeskSettings
from todoke.model.show import rfc3339, show_clock
from todoke.model.zone import Zone
from todoke.walk.admit import goes_on
from todoke.walk.app import utc_now
from todoke.walk.note import note_command

_SHOWN = 8
"""Digits of a session's hash that name it here: its id, which opens the desk, is in its browser alone."""


def sessions(config: Path, *, end: Sequence[str], end_all: bool, as_json: bool) -> int:
    """List the sessions that go on, or end some; 1 when one that was named is not there."""
    with opened(config) as (settings, store):
        found = _going_on(store.sessions(utc_now()), settings.desk)
        if not end and not end_all:
            for session in found:
                _print(session, settings.site.time_zone, as_json=as_json)
            return 0
        ended = [s for s in found if end_all or _name(s) in end]
        for session in ended:
            store.end_session(session.hash)
            note_command(store, Deed.ENDED_SESSION, detail=_name(session), session=_name(session))
            _print(session, settings.site.time_zone, as_json=as_json)
        missing = set(end) - {_name(session) for session in ended}
    for name in sorted(missing):
        sys.stderr.write(f"todoke: There is no session {clean_line(name)}.\n")
    return 1 if missing else 0


def _going_on(every: Sequence[DeskSession], desk: DeskSettings) -> list[DeskSession]:
    now = utc_now()
    return [session for session in every if goes_on(session, now, desk.idle)]


def _name(session: DeskSession) -> str:
    return session.hash[:_SHOWN]


def _print(session: DeskSession, zone: Zone, *, as_json: bool) -> None:
    if as_json:
        times = {
            "began_at": session.began_at,
            "seen_at": session.seen_at,
            "ends_at": session.ends_at,
        }
        shown = {name: rfc3339(at) for name, at in times.items()}
        print_json(
            {"id": _name(session), "person": session.person, "browser": session.browser} | shown
        )
        return
    began, seen = (show_clock(rfc3339(at), zone) for at in (session.began_at, session.seen_at))
    who = session.person or "(the command line)"
    words = (_name(session), who, session.browser or "-", f"since {began}", f"used {seen}")
    print_line("\t".join(map(clean_line, words)))
