"""The one table of answers, in the order in which it is read. Pure; docs/answers.md shows it."""

from __future__ import annotations

from todoke.model.answers.message import CONTENT, GREYLISTED, MESSAGE, POLICY
from todoke.model.answers.recipient import CLOSED, RECIPIENT
from todoke.model.answers.route import LOOPS, ROUTE
from todoke.model.answers.row import Row
from todoke.model.answers.sender import SENDER

ROWS: tuple[Row, ...] = tuple(
    sorted(
        (*CLOSED, *LOOPS, *CONTENT, *SENDER, *GREYLISTED, *RECIPIENT, *MESSAGE, *POLICY, *ROUTE),
        key=lambda row: row.strength,
    )
)
"""Strongest first; the first row that an answer meets says what it means."""


def row_of(codes: frozenset[str], words: str) -> Row | None:
    """The row that decides an answer with these codes (as in Row) and words, or None when none knows it."""
    return next((row for row in ROWS if row.is_met(codes, words)), None)


def row_of_codes(codes: frozenset[str]) -> Row | None:
    """The row that these codes meet by themselves, whatever words stand beside them."""
    return next((row for row in ROWS if row.words is None and row.is_met(codes, "")), None)
