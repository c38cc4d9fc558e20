"""`todoke export`: submissions into a file or a pipe, page by page, however many there are."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from todoke.cli.open import opened
from todoke.cli.output import clean, json_line
from todoke.cli.progress import bar, counting
from todoke.model.act import Deed
from todoke.model.errors import ConfigError
from todoke.model.settings import Settings
from todoke.ports.archive import Count, Query
from todoke.ports.output import Output
from todoke.ports.store import Store
from todoke.report.export import record
from todoke.report.formats import FILES, SHEET, Selection
from todoke.report.table import csv_lines
from todoke.toml.secrets import known_secret
from todoke.walk import backup
from todoke.walk.app import utc_now
from todoke.walk.note import note_command
from todoke.wiring import is_served

BACKUP, ERASURES = "backup", "erasures"
WHOLE = (BACKUP, ERASURES)
_BINARY = {SHEET.name: SHEET, FILES.name: FILES}
FORMATS = ("csv", "json", *_BINARY, *WHOLE)
_MOST_COUNTED = 100_000


def export(
    config: Path,
    output_format: str,
    *,
    form: str,
    since: datetime | None,
    until: datetime | None,
    output: Path | None,
) -> None:
    """Write the submissions. A file given with -o appears whole or not at all, readable by its owner only."""
    if output_format in _BINARY and output is None and sys.stdout.isatty():
        raise ConfigError(f"{output_format} is nothing to read on a terminal: name a file with -o.")
    with opened(config) as (settings, store), _writing(output) as file:
        moment = settings.site.time_zone.moment
        query = Query(
            form=form,
            received_from=moment(since) if since else None,
            received_to=moment(until) if until else None,
        )
        if output_format in WHOLE:
            is_bare = output_format == ERASURES
            count = _write_backup(store, settings, _Text(file), erasures_only=is_bare)
        else:
            count = _write(store, settings, query, output_format, file)
        note_command(
            store,
            Deed.EXPORTED,
            detail=" ".join(filter(None, [output_format, form, f"({count:,})"])),
            format=output_format,
            form=form,
            submissions=count,
        )
    if output and output_format != ERASURES:
        files = "the files of " if output_format == FILES.name else ""
        sys.stderr.write(f"{files}{count} submission{'' if count == 1 else 's'} in {output}\n")


def _write(store: Store, settings: Settings, query: Query, format_: str, file: BinaryIO) -> int:
    """Write what a query finds; how many submissions."""
    count = 0
    with _progress(lambda: store.count(query, _MOST_COUNTED)) as tell:

        def watch(passed_on: int) -> bool:
            nonlocal count
            count = passed_on
            tell(passed_on)
            return True

        selection = Selection(store, settings, query, utc_now(), watch)
        if format_ in _BINARY:
            file.writelines(_BINARY[format_].write(selection))
        else:
            write = _write_csv if format_ == "csv" else _write_json
            write(selection, _Text(file))
    return count


def _write_csv(selection: Selection, out: Output) -> None:
    for line in csv_lines(selection.rows()):
        out.write(line)


def _write_json(selection: Selection, out: Output) -> None:
    for timeline in selection.timelines():
        out.write(json_line(record(timeline, selection.settings, selection.now)))


def _write_backup(store: Store, settings: Settings, out: Output, *, erasures_only: bool) -> int:
    secret = known_secret(os.environ, settings.data)
    if not secret:
        raise ConfigError(
            "The secret of this store is missing: set TODOKE_SECRET to it, or put back the file "
            f"{settings.data / 'secret'}. Without it nobody could tell where the backup belongs."
        )
    if erasures_only:
        return len(list(backup.write(store, secret, utc_now(), out, erasures_only=True)))
    if is_served(settings):
        sys.stderr.write(
            "todoke serve is running. This is a good backup; to move to another place, stop it first: what it takes\n"
            "and hands over from now on is not in the file.\n"
        )
    count = 0
    with _progress(lambda: Count(store.counts()["submissions"])) as tell:
        for _ in backup.write(store, secret, utc_now(), out):
            count += 1
            tell(count)
    where = (
        "TODOKE_SECRET in the environment"
        if os.environ.get("TODOKE_SECRET")
        else f"the file {settings.data / 'secret'}"
    )
    sys.stderr.write(
        f"The receipt links in it work only with the site's secret, which is not in it: {where}. Keep a copy of that\n"
        "beside the backup, as safe as the data: todoke import asks for it.\n"
    )
    return count


class _Text:
    """Text for a file or a pipe, as it was written; on a terminal what strangers wrote is shown and not obeyed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._is_terminal = file.isatty()

    def write(self, text: str) -> int:
        """See Output."""
        shown = clean(text) if self._is_terminal else text
        # A lone surrogate, which JSON can bring into an answer, becomes "?" in a table; records have it escaped.
        return self._file.write(shown.encode("utf-8", "replace"))


@contextlib.contextmanager
def _writing(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    draft = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        # A file of ours alone: in a folder like /tmp another user could have made one of this name, or a link.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
        draft.replace(output)
    except OSError as error:
        raise ConfigError(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _progress(count: Callable[[], Count]) -> Iterator[Callable[[int], None]]:
    """Give a function to call with how many submissions are written; on a terminal it shows that beside how many there
    are, once a second."""
    of = count() if sys.stderr.isatty() else Count(0)
    with counting(lambda written: f"{bar(written, of.number)} of {of.shown} submissions") as tell:
        yield tell
