"""Submissions as a table for spreadsheets, and as the text of one (CSV: RFC 4180). Pure.

The words in its heading are those of the glossary, not of any language. No cell of the CSV can be taken for a formula.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice

from todoke.model.care import Care
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.model.settings import Settings
from todoke.model.show import local_rfc3339
from todoke.model.submission import File
from todoke.model.zone import Zone

CARE_COLUMNS = ("verdict", "done_at", "starred", "assignee", "notes")
"""What the desk's people did."""
FIXED_COLUMNS = (
    *("id", "received_at", "form", "ordinal", "visitor"),
    *(role.value for role in Role),
    *CARE_COLUMNS,
)
MORE_COLUMN = "more_fields"
"""The last one, with what has no column of its own."""
MOST_COLUMNS = 200
"""So many columns for fields that the configuration does not name: as many as one sending has at most by default."""
LOOKED_AT = 2_000
"""So many submissions are looked at to find which fields have a column."""
_MOST_COUNTED = 20_000

_STEERS = r"\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_FORMULA = re.compile(
    # Half of the world's spreadsheets part cells at ";", some at tabs: these see no quotes but at a cell's begin.
    r"(^|[;\t\r\n])"
    # What a spreadsheet may take off before it looks. No character is in both sets: this takes linear time.
    rf"""((?:[^\S\t\r\n]|[{_STEERS}"])*[=+\-@"""
    # The wide, small and raised forms, which East Asian ones read as the plain.
    r"＝﹦⁼₌＋﹢⁺₊－﹣⁻₋−＠﹫])"
)
"""What a spreadsheet takes for a formula, and where one can begin (OWASP, CSV injection)."""
_FIRST = ("\t", "\r", "\n", "\0")


def known_fields(settings: Settings, forms: Collection[str] | None = None) -> list[str]:
    """The fields that the configuration names, of some forms or of all, in its order: the first columns of a table."""
    meant = [f for name, f in settings.forms.items() if forms is None or name in forms]
    return list(dict.fromkeys(field.name for f in meant for field in f.fields or ()))


def field_columns(
    timelines: Iterable[Timeline], known: Sequence[str] = (), *, most: int = LOOKED_AT
) -> list[str]:
    """The fields that have a column each: first those that are `known`, in their order, then the others as they came.

    `most` of the submissions are looked at: where these are all, only fields that were answered have a column, else all
    that are known. Of the others those that most submissions have, MOST_COLUMNS of them: a form without a page takes
    any field, and a stranger who sends ten thousand must not make a table that nobody can open.
    """
    wanted = set(known)
    answered: set[str] = set()
    others: Counter[str] = Counter()
    looked_at = 0
    for timeline in islice(timelines, most):
        looked_at += 1
        names = dict.fromkeys(entry.name for entry in timeline.submission.entries)
        answered.update(names.keys() & wanted)
        others.update(name for name in names if name not in wanted)
        if len(others) > _MOST_COUNTED:
            others = Counter(dict(others.most_common(_MOST_COUNTED // 2)))
    chosen = {name for name, _ in others.most_common(MOST_COLUMNS)}
    fields = [name for name in known if looked_at == most or name in answered]
    return fields + [name for name in others if name in chosen]


def table(
    timelines: Iterable[Timeline],
    fields: Sequence[str],
    status_of: Callable[[MessageTimeline], str],
    zone: Zone,
) -> Iterator[list[str]]:
    """A heading and a row for each submission, with whatever was typed in the cells. Times are those of `zone`, with
    the offset.

    A field that was answered more than once has its answers in one cell, a line each; a file is its name. A field
    whose name is that of a fixed column gets " (field)" after it. Fields without a column have their answers in the
    last one, a line each, after their names.
    """
    fixed = {*FIXED_COLUMNS, MORE_COLUMN}
    named = [f"{name} (field)" if name in fixed else name for name in fields]
    yield [*FIXED_COLUMNS, *named, MORE_COLUMN]
    for timeline in timelines:
        yield list(_row(timeline, fields, status_of, zone))


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows as the text of a CSV, no cell of which can be taken for a formula."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    for row in rows:
        yield writer.writerow([guarded(cell) for cell in row])


class _Line:
    """What a writer of CSV writes to, and gives back."""

    @staticmethod
    def write(line: str) -> str:
        """The same."""
        return line


def guarded(cell: str) -> str:
    """The cell, with an apostrophe before whatever in it a spreadsheet would take for a formula, however it parts
    cells: "=1" and "a;=1" become "'=1" and "a;'=1"."""
    if not cell:
        return cell
    # A function: Python would read a template anew for each cell.
    safe = _FORMULA.sub(lambda found: f"{found[1]}'{found[2]}", cell)
    return "'" + safe if safe.startswith(_FIRST) else safe


def _row(
    timeline: Timeline,
    fields: Sequence[str],
    status_of: Callable[[MessageTimeline], str],
    zone: Zone,
) -> Iterator[str]:
    submission = timeline.submission
    received = local_rfc3339(submission.received_at, zone)
    ordinal = str(timeline.ordinal or "")
    yield from (submission.id, received, submission.form, ordinal, submission.visitor)
    for role in Role:
        yield "\n".join(status_of(m) for m in timeline.messages if m.message.role is role)
    yield from _care_cells(timeline.care, zone)
    answers: dict[str, list[str]] = {}
    for entry in submission.entries:
        text = entry.value.name if isinstance(entry.value, File) else entry.value
        answers.setdefault(entry.name, []).append(text)
    for name in fields:
        yield "\n".join(answers.pop(name, ()))
    yield "\n".join(f"{name}: {text}" for name, texts in answers.items() for text in texts)


def _care_cells(care: Care, zone: Zone) -> Iterator[str]:
    yield care.verdict.value if care.verdict else ""
    yield local_rfc3339(care.done_at, zone) if care.done_at else ""
    yield "yes" if care.starred else ""
    yield care.assignee
    yield "\n".join(f"{local_rfc3339(r.at, zone)} {r.by}: {r.text}" for r in care.remarks)
