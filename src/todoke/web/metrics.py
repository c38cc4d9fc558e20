"""The figures of GET /metrics: what is counted and found, under the names that docs/operating.md lists. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from todoke import __version__
from todoke.model.delivery import Kind
from todoke.model.errors import OriginRefused
from todoke.report.exposition import Family, Sample, histogram
from todoke.walk.commits import BOUNDS_SECONDS, Commits
from todoke.walk.send.circuit import MailRest
from todoke.walk.survey import Survey
from todoke.walk.tally import Counted, Ended, Tally

HANDED = (Kind.ACCEPTED, Kind.DEFERRED, Kind.REJECTED, Kind.FAILED, Kind.ANSWER_LOST)
"""What a hand-over may come to. Each has a figure from the start; of one that begins at 1, no increase is seen."""
FOR_THE_OWNER = (("403", OriginRefused.code), ("503", "unavailable"))
"""Refusals that the owner alone can mend; each has a figure from the start, too, for the first may be the only one."""


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures are made of. `survey` is None when the store cannot be read, `commits` where it has none."""

    now: datetime
    started_at: datetime
    forms: tuple[str, ...]
    tally: Tally
    rest: MailRest | None
    survey: Survey | None
    commits: Commits | None


def families(seen: Observed) -> list[Family]:
    """All figures."""
    return [*_process(seen), *_counted(seen), *_mail(seen), *_store(seen), *_commits(seen.commits)]


def _process(seen: Observed) -> Iterable[Family]:
    version = Sample(1, {"version": __version__})
    yield Family("todoke_build_info", "gauge", "The version that runs.", [version])
    yield _gauge(
        "todoke_start_time_seconds", "When it started (Unix time).", seen.started_at.timestamp()
    )


def _counted(seen: Observed) -> Iterable[Family]:
    forms: list[tuple[str, ...]] = [(form,) for form in seen.forms]
    rows: tuple[tuple[Counted, str, tuple[str, ...], list[tuple[str, ...]], str], ...] = (
        (Counted.ACCEPTED, "submissions_accepted", ("form",), forms, "Submissions that are kept."),
        (Counted.REPEATED, "submissions_repeated", ("form",), forms, "Repetitions of a submission that was kept."),
        (
            Counted.REFUSED,
            "requests_refused",
            ("form", "status", "code"),
            [(form, *refusal) for form in seen.forms for refusal in FOR_THE_OWNER],
            'Requests at the door that were not taken; form is "" for an address of no form.',
        ),
        (Counted.FAULTS, "field_faults", ("form", "field", "code"), [], "What was wrong in refused requests."),
        (
            Counted.HAND_OVERS,
            "handovers",
            ("outcome",),
            [(kind.value,) for kind in HANDED],
            "Hand-overs to the mail service, by what came of them; failed is given up, answer_lost unknown.",
        ),
        (Counted.EVENTS, "delivery_events", ("kind", "journaled"), [], "Delivery events that webhooks told."),
        (Counted.HOOK_CALLS, "webhook_calls", ("service", "status"), [], "Calls of webhooks, and their answers."),
        (
            Counted.CONNECTIONS_ENDED,
            "connections_ended",
            ("reason",),
            [(why.value,) for why in Ended],
            "Connections that kept the server waiting and were ended.",
        ),
    )  # fmt: skip
    for what, name, labels, zeros, text in rows:
        counts = dict.fromkeys(zeros, 0) | dict(seen.tally.counts(what))
        samples = [
            Sample(n, dict(zip(labels, row, strict=True))) for row, n in sorted(counts.items())
        ]
        yield Family(f"todoke_{name}_total", "counter", text, samples)


def _mail(seen: Observed) -> Iterable[Family]:
    rest = seen.rest
    yield _gauge(
        "todoke_mail_rests",
        "1 while all mail rests, because the service or the set-up is at fault.",
        int(rest is not None),
    )
    yield _gauge(
        "todoke_mail_rest_seconds", "For how long all mail has rested.", rest.seconds if rest else 0
    )
    told = seen.survey
    if told is None:
        return
    yield _gauge(
        "todoke_messages_due", "Mails that wait for their first or next hand-over.", told.waiting
    )
    oldest = (seen.now - told.oldest).total_seconds() if told.oldest else 0
    yield _gauge(
        "todoke_oldest_due_seconds", "The age of the oldest mail that waits.", max(0, oldest)
    )
    last = "todoke_last_{}_timestamp_seconds"
    yield _moment(
        last.format("handover"),
        "When the mail service last took a mail (Unix time).",
        told.handed_over_at,
    )
    yield _moment(
        last.format("webhook"), "When a webhook call was last read (Unix time).", told.heard_at
    )


def _store(seen: Observed) -> Iterable[Family]:
    told = seen.survey
    yield _gauge(
        "todoke_store_up",
        "1 when the store could be read for these figures.",
        int(told is not None),
    )
    if told is None:
        return
    for name, text, value in (
        ("submissions", "Submissions in the store.", told.submissions),
        ("orphan_events", "Delivery events in the store that belong to no mail.", told.orphans),
        ("data_free_bytes", "Free space where the store lies.", told.free_bytes),
        ("store_bytes", "Size of the store's files.", told.store_bytes),
    ):
        if value is not None:
            yield _gauge(f"todoke_{name}", text, value)


def _commits(commits: Commits | None) -> Iterable[Family]:
    if commits is None:
        return
    yield Family(
        "todoke_store_writes_total", "counter", "Writes that are durable.", [Sample(commits.writes)]
    )
    yield Family(
        "todoke_store_commit_failures_total",
        "counter",
        "Groups of writes of which nothing was kept.",
        [Sample(commits.failures)],
    )
    seconds = histogram(BOUNDS_SECONDS, commits.within, commits.seconds)
    yield Family(
        "todoke_store_commit_seconds",
        "histogram",
        "How long a group of writes took; writes per commit is its size.",
        seconds,
    )


def _gauge(name: str, text: str, value: float) -> Family:
    return Family(name, "gauge", text, [Sample(value)])


def _moment(name: str, text: str, at: datetime | None) -> Family:
    return Family(name, "gauge", text, [Sample(at.timestamp())] if at else [])
