"""`todoke erase`: show what would go, ask, and erase it without a trace."""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path

from todoke.cli.open import opened
from todoke.cli.output import clean, print_json, print_line, print_notice
from todoke.model.act import Deed
from todoke.model.errors import ConfigError
from todoke.model.message import Timeline
from todoke.model.show import show_clock
from todoke.model.zone import Zone
from todoke.ports.trail import Trail
from todoke.toml.secrets import known_secret
from todoke.walk.app import utc_now
from todoke.walk.erase import erase as erase_for_good
from todoke.walk.erase import meant
from todoke.walk.note import note_command

_SHOWN = 10
_FORGOTTEN = (
    "the secret of this store is missing (TODOKE_SECRET, or the file secret of its data folder): nobody can tell later "
    "whom this erasure meant, so an older backup may bring them back."
)
_AGE = re.compile(r"(\d{1,5}) ?([dw])")


def erase(
    config: Path, *, submission_id: str, address: str, older_than: str, yes: bool, as_json: bool
) -> int:
    """Erase by exactly one condition; 1 when there was nothing, or when the person said no."""
    before = _before(older_than) if older_than else None
    with opened(config) as (settings, store):
        if not yes:
            timelines = meant(store, submission_id=submission_id, address=address, before=before)
            if timelines and not _agreed(timelines, settings.site.time_zone):
                return 1
        secret = known_secret(os.environ, settings.data)
        if not secret and not before:
            print_notice(_FORGOTTEN)
        erased = erase_for_good(
            store,
            secret,
            utc_now(),
            submission_id=submission_id,
            address=address,
            received_before=before,
        )
        _note(store, erased, submission_id=submission_id, older_than=older_than)
    return _told(erased, as_json=as_json)


def _note(trail: Trail, erased: int, *, submission_id: str, older_than: str) -> None:
    """Whose submissions they were is told nowhere: an erasure leaves no trace of whom it meant."""
    facts = {"older_than": older_than} if older_than else {}
    how = f"older than {older_than}" if older_than else "" if submission_id else "of an address"
    if not older_than and not submission_id:
        facts = {"of": "address"}
    note_command(
        trail,
        Deed.ERASED,
        submission=submission_id,
        detail=f"{erased:,} {how}".strip(),
        submissions=erased,
        **facts,
    )


def _told(erased: int, *, as_json: bool) -> int:
    if as_json:
        print_json({"erased": erased})
    else:
        print_line(
            f"{erased} submission{'' if erased == 1 else 's'} erased."
            if erased
            else "There is nothing to erase."
        )
    return 0 if erased else 1


def _before(older_than: str) -> datetime:
    match = _AGE.fullmatch(older_than.strip())
    if match is None:
        raise ConfigError(f"--older-than is {older_than!r}; an age is written like 90d or 12w.")
    return utc_now() - timedelta(days=int(match[1]) * (7 if match[2] == "w" else 1))


def _agreed(timelines: list[Timeline], zone: Zone) -> bool:
    for timeline in timelines[:_SHOWN]:
        submission = timeline.submission
        received = show_clock(submission.received_at.isoformat(), zone)
        sys.stderr.write(
            f"{submission.id}  {received}  {submission.form}  {clean(submission.visitor)}\n"
        )
    if len(timelines) > _SHOWN:
        sys.stderr.write(f"... and {len(timelines) - _SHOWN:,} more\n")
    if not sys.stdin.isatty():
        raise ConfigError("Nobody is there to ask: add --yes to erase them.")
    sys.stderr.write(
        f"Erase {'it' if len(timelines) == 1 else f'all {len(timelines):,}'} for good? [y/N] "
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
