"""The formats in which all that a query finds leaves: each in parts, written while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from todoke.model.language import N_
from todoke.model.message import MessageTimeline, Timeline
from todoke.model.settings import Settings
from todoke.model.submission import files
from todoke.ports.archive import Archive, Query
from todoke.report.bundle import bundle
from todoke.report.export import Watch, all_pages, go_on, json_line, record
from todoke.report.sheet import workbook
from todoke.report.status import read_status
from todoke.report.table import LOOKED_AT, csv_lines, field_columns, known_fields, table

_BOM = "\ufeff".encode()
"""Without it Excel reads a CSV in the code page of its system."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to leave: all that `query` finds in `archive`, as it reads at `now`. Raises what the archive does."""

    archive: Archive
    settings: Settings
    query: Query
    now: datetime
    watch: Watch = go_on

    def timelines(self) -> Iterator[Timeline]:
        """Every submission, newest first."""
        return all_pages(self.archive, self.query, watch=self.watch)

    def rows(self) -> Iterator[list[str]]:
        """The same as a table. Its columns are found by the newest, so that it begins before all is read."""
        query, settings = self.query, self.settings
        forms = [query.form] if query.form else query.scope.forms if query.scope else None
        brief = replace(query, brief=True)
        newest = all_pages(self.archive, brief, LOOKED_AT, lambda _: self.watch(0))
        fields = field_columns(newest, known_fields(settings, forms))

        def status_of(message: MessageTimeline) -> str:
            return read_status(message, settings, self.now)

        yield from table(self.timelines(), fields, status_of, settings.site.time_zone)


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the ending of its files, its media type, words for people, and how it is written."""

    name: str
    media_type: str
    label: str
    text: str
    write: Callable[[Selection], Iterator[bytes]]


def _write_csv(selection: Selection) -> Iterator[bytes]:
    yield _BOM
    for line in csv_lines(selection.rows()):
        yield line.encode("utf-8", "replace")


def _write_sheet(selection: Selection) -> Iterator[bytes]:
    return workbook(selection.rows())


def _write_json(selection: Selection) -> Iterator[bytes]:
    for timeline in selection.timelines():
        yield json_line(record(timeline, selection.settings, selection.now)).encode()


def _write_files(selection: Selection) -> Iterator[bytes]:
    with_files = (t for t in selection.timelines() if any(files(t.submission.entries)))
    return bundle(with_files, selection.archive, selection.settings.site.time_zone)


CSV = Format(
    "csv", "text/csv; charset=utf-8", "CSV", N_("A table for Excel and others."), _write_csv
)
SHEET = Format(
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "XLSX",
    N_("An Excel workbook."),
    _write_sheet,
)
JSON = Format(
    "jsonl",
    "application/x-ndjson",
    "JSON",
    N_("For programs: one submission a line, with everything."),
    _write_json,
)
FILES = Format("zip", "application/zip", "ZIP", N_("The files that visitors sent."), _write_files)
FORMATS = (CSV, SHEET, JSON, FILES)
