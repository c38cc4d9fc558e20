"""`todoke lessons`: what the guard was taught, to look at, to keep elsewhere, or to forget."""

from __future__ import annotations

from pathlib import Path

from todoke.cli.open import opened
from todoke.cli.output import print_json, print_line
from todoke.forms.suspicion.filter import LEAST_LESSONS
from todoke.model.show import rfc3339


def lessons(config: Path, *, forget: bool, as_json: bool) -> int:
    """Say how many there are, or print each; with `forget` they are forgotten then."""
    with opened(config) as (_, store):
        found = store.lessons()
        if as_json:
            for one in found:
                shown = {"id": one.id, "at": rfc3339(one.at), "is_spam": one.is_spam}
                print_json({**shown, "words": list(one.words)})
        else:
            spam = sum(one.is_spam for one in found)
            print_line(f"{spam} marked as spam, {len(found) - spam} as none")
            if min(spam, len(found) - spam) < LEAST_LESSONS:
                print_line(f"Nothing is concluded before there are {LEAST_LESSONS} of each.")
        if forget:
            store.forget_lessons()
            if not as_json:
                print_line("All of them are forgotten.")
    return 0
