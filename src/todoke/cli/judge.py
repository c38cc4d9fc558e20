"""`todoke judge`: what is kept for review, and why; say of submissions that they are spam, or none."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from todoke.cli.open import opened
from todoke.cli.output import clean_line, print_json, print_line, print_notice, style
from todoke.cli.submissions import named, not_one
from todoke.model.act import Deed
from todoke.model.care import SpamVerdict
from todoke.model.message import Timeline
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_clock
from todoke.model.signal import BY_NAME
from todoke.ports.archive import Query
from todoke.ports.store import Store
from todoke.report.export import all_pages
from todoke.toml.secrets import known_secret
from todoke.walk.app import utc_now
from todoke.walk.judge import judge_in
from todoke.walk.learn import Teacher
from todoke.walk.note import note_command

_LEAVES = "Their mails leave as soon as the server looks for work, which takes it a minute at most."
_UNTAUGHT = (
    "the secret of this store is missing (TODOKE_SECRET, or the file secret of its data folder): nothing was "
    "learned from this."
)


def list_waiting(config: Path, *, limit: int, as_json: bool) -> int:
    """Print what is kept for review and not judged yet, newest first, and why it was kept. Raises StoreError."""
    with opened(config) as (settings, store):
        found = list(all_pages(store, Query(review=True), limit))
        for timeline in found:
            if as_json:
                print_json(_row(timeline))
            else:
                _print_one(timeline, settings)
    if not found and not as_json:
        print_line("Nothing is kept for review.")
    return 0


def judge(config: Path, ids: Sequence[str], verdict: SpamVerdict, *, as_json: bool) -> int:
    """Judge submissions by ids, references or beginnings of these; 1 when one was not there, or not one. StoreError."""
    missed = False
    with opened(config) as (settings, store):
        secret = known_secret(os.environ, settings.data)
        if not secret:
            print_notice(_UNTAUGHT)
        teacher = Teacher(secret) if secret else None
        is_any_let_go = False
        for id_ in ids:
            found = named(store, id_)
            if len(found) != 1:
                sys.stderr.write(f"todoke: {not_one(id_, found, settings.site.time_zone)}")
                missed = True
                continue
            is_any_let_go |= _judge_one(settings, store, teacher, found[0], verdict)
            _told(found[0], verdict, as_json=as_json)
    if is_any_let_go and not as_json:
        print_line(_LEAVES)
    return 1 if missed else 0


def _judge_one(
    settings: Settings,
    store: Store,
    teacher: Teacher | None,
    timeline: Timeline,
    verdict: SpamVerdict,
) -> bool:
    """Judge it; whether mails are let go by that."""
    note_command(
        store, Deed.JUDGED, submission=timeline.submission.id, detail=verdict.value, verdict=verdict
    )
    judge_in(store, settings, teacher, timeline.submission, verdict, utc_now())
    return verdict is SpamVerdict.HONEST and any(m.is_in_review for m in timeline.messages)


def _told(timeline: Timeline, verdict: SpamVerdict, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": timeline.submission.id, "verdict": verdict.value})
    else:
        words = "spam" if verdict is SpamVerdict.SPAM else "no spam"
        print_line(f"{timeline.submission.id} is {words}.")


def _print_one(timeline: Timeline, settings: Settings) -> None:
    submission = timeline.submission
    received = show_clock(rfc3339(submission.received_at), settings.site.time_zone)
    who = clean_line(submission.visitor) or "no mail address"
    print_line(
        f"{style(submission.id, 'bold')}  {received}  form {clean_line(submission.form)}  {who}"
    )
    for name in submission.signals:
        print_line(f"  {BY_NAME[name].why if name in BY_NAME else clean_line(name)}")


def _row(timeline: Timeline) -> dict[str, object]:
    submission = timeline.submission
    return {
        "id": submission.id,
        "received_at": rfc3339(submission.received_at),
        "form": submission.form,
        "visitor": submission.visitor,
        "signals": list(submission.signals),
    }
