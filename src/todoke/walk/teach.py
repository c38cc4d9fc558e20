"""Take what somebody said of a submission as a lesson for the guard."""

from __future__ import annotations

from todoke.model.submission import Submission
from todoke.walk.app import App


def teach(app: App, submission: Submission, *, is_spam: bool) -> None:
    """Learn that it is spam, or that it is none, in place of what was said of it before. Raises StoreError.

    The doors know it within some minutes; the words are kept as hashes, and outlive the submission.
    """
    form = app.settings.form(submission.form)
    app.guard.teacher.teach(app.lessons, form, submission, app.clock(), is_spam=is_spam)
