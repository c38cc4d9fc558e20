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


def list_waiting(config: Path, *, form: str, limit: int, as_json: bool) -> int:
    """Print what is kept for review and not judged yet, newest first, and why it was kept. Raises StoreError."""
    with opened(config) as (settings, store):
        found = list(all_pages(store, Query(form=form, review=True), limit))
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
    with opened(config) as (settings, store):
        found: list[Timeline] = []
        for id_ in ids:
            meant = named(store, id_)
            if len(meant) == 1:
                found += meant
            else:
                sys.stderr.write(f"todoke: {not_one(id_, meant, settings.site.time_zone)}")
        _judge_each(settings, store, found, verdict, as_json=as_json)
    return 0 if len(found) == len(ids) else 1


def judge_all(config: Path, verdict: SpamVerdict, *, form: str, limit: int, as_json: bool) -> int:
    """Judge what waits, of a form or of all, the newest first and no more than `limit`. Raises StoreError."""
    with opened(config) as (settings, store):
        found = list(all_pages(store, Query(form=form, review=True), limit))
        _judge_each(settings, store, found, verdict, as_json=as_json)
        left = store.count(Query(form=form, review=True))
    if not found and not as_json:
        print_line("Nothing is kept for review.")
    elif left.number and not as_json:
        print_line(f"{left.shown} more wait.")
    return 0


def _judge_each(
    settings: Settings,
    store: Store,
    timelines: Sequence[Timeline],
    verdict: SpamVerdict,
    *,
    as_json: bool,
) -> None:
    secret = known_secret(os.environ, settings.data)
    if not secret:
        print_notice(_UNTAUGHT)
    teacher = Teacher(secret) if secret else None
    for timeline in timelines:
        _judge_one(settings, store, teacher, timeline, verdict)
        _told(timeline, verdict, as_json=as_json)
    leave = verdict is SpamVerdict.HONEST and any(
        message.is_in_review for timeline in timelines for message in timeline.messages
    )
    if leave and not as_json:
        print_line(_LEAVES)


def _judge_one(
    settings: Settings,
    store: Store,
    teacher: Teacher | None,
    timeline: Timeline,
    verdict: SpamVerdict,
) -> None:
    id_, said = timeline.submission.id, verdict.value
    note_command(store, Deed.JUDGED, submission=id_, detail=said, verdict=said)
    judge_in(store, settings, teacher, timeline.submission, verdict, utc_now())


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
