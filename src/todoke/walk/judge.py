"""Judge a submission: it is spam, or it is none. What is kept for review leaves by this alone."""

from __future__ import annotations

from datetime import datetime

from todoke.model.care import SpamVerdict
from todoke.model.errors import NotFound
from todoke.model.settings import Settings
from todoke.model.submission import Submission
from todoke.ports.store import Store
from todoke.walk.app import App
from todoke.walk.learn import Teacher
from todoke.walk.notices.cause import of_submission


def judge(app: App, submission: Submission, verdict: SpamVerdict) -> None:
    """Keep what somebody says of a submission, and let what follows begin. See `judge_in`."""
    judge_in(app.store, app.settings, app.guard.teacher, submission, verdict, app.clock())
    app.hint()


def judge_in(
    store: Store,
    settings: Settings,
    teacher: Teacher | None,
    submission: Submission,
    verdict: SpamVerdict,
    now: datetime,
) -> None:
    """Keep what somebody says of a submission, in one write with what follows, and learn from it. Raises StoreError.

    HONEST: its mails are due, and webhooks are told that it was accepted. SPAM: what has not left stays. Each may be
    said after the other; what has left is not taken back. Without a `teacher` nothing is learned.
    Raises NotFound: if it is gone.
    """
    told = of_submission(settings.webhooks, submission.id, submission.form, now)
    if store.take_care(submission.id, lambda care: care.judge(verdict, now), told) is None:
        raise NotFound
    # After the verdict, which matters more: to say it again teaches what a crash kept from being learned.
    if teacher is not None:
        form = settings.form(submission.form)
        teacher.teach(store, form, submission, now, is_spam=verdict is SpamVerdict.SPAM)
