"""A submission in one line, so that nobody takes it for another: who wrote what, which form it was, and when."""

from __future__ import annotations

from typing import Any

from todoke.forms.visitor import read_said
from todoke.model.message import Timeline
from todoke.report.row import row
from todoke.walk.app import App


def line(app: App, timeline: Timeline, language: str) -> dict[str, Any]:
    """What `report.row` says of it."""
    settings, submission = app.settings, timeline.submission
    said = read_said(settings.form(submission.form), submission.entries)
    return row(timeline, settings, app.clock(), language, name=said.name, message=said.message)
