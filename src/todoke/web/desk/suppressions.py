"""The desk's page of the addresses that the mail service will not send to. Its route is desk.py's."""

from __future__ import annotations

from typing import Any

from todoke.report.suppressions import suppression_lists
from todoke.services.table import LIFT
from todoke.walk.app import App

MOST_SHOWN = 200
"""Addresses of one list; `todoke suppressions` prints all."""


def read_suppressions(app: App, language: str) -> list[dict[str, Any]]:
    """The lists as the page shows them, the site's own addresses first: `more` is how many there are beyond.

    Raises StoreError.
    """
    lists = suppression_lists(app.shelf.suppressions(), app.settings, language, lift=LIFT)
    return [
        {
            **listed,
            "suppressions": listed["suppressions"][:MOST_SHOWN],
            "more": max(0, len(listed["suppressions"]) - MOST_SHOWN),
        }
        for listed in lists
    ]
