"""`todoke export`: submissions into a file or a pipe, page by page, however many there are."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO, TypeVar

from todoke.cli.open import opened
from todoke.cli.output import clean, json_line
from todoke.cli.progress import counting
from todoke.model.act import Deed
from todoke.model.errors import ConfigError
from todoke.model.message import MessageTimeline
from todoke.model.settings import Settings
from todoke.ports.archive import Archive, Query
from todoke.ports.output import Output
from todoke.report import export as records
from todoke.report.status import read_status
from todoke.toml.secrets import known_secret
from todoke.walk import backup
from todoke.walk.app import utc_now
from todoke.walk.note import note_command
from todoke.wiring import is_served

BACKUP, ERASURES = "backup", "erasures"
WHOLE = (BACKUP, ERASURES)
FORMATS = ("csv", "json", *WHOLE)

T = TypeVar("T")


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
    with opened(config) as (settings, store), _writing(output) as out:
        moment = settings.site.time_zone.moment
        query = Query(
            form=form,
            received_from=moment(since) if since else None,
            received_to=moment(until) if until else None,
        )
        if output_format in WHOLE:
            count = _write_backup(store, settings, out, erasures_only=output_format == ERASURES)
        else:
            write = _write_csv if output_format == "csv" else _write_json
            count = write(store, query, settings, out)
        note_command(
            store,
            Deed.EXPORTED,
            detail=" ".join(filter(None, [output_format, form, f"({count:,})"])),
            format=output_format,
            form=form,
            submissions=count,
        )
    if output and output_format != ERASURES:
        sys.stderr.write(f"{count} submission{'' if count == 1 else 's'} in {output}\n")


def _write_backup(
    store: backup.Origin, settings: Settings, out: Output, *, erasures_only: bool
) -> int:
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
    written = backup.write(store, secret, utc_now(), out)
    count = sum(1 for _ in _with_progress(written, "written"))
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


def _write_csv(archive: Archive, query: Query, settings: Settings, out: Output) -> int:
    """Two passes: a row needs its heading, and the heading needs every field that was ever answered."""
    now = utc_now()
    known = records.known_fields(settings, query.form)
    looked_at = _with_progress(records.all_pages(archive, query), "looked at")
    columns = records.field_columns(looked_at, known)

    def status_of(message: MessageTimeline) -> str:
        return read_status(message, settings, now)

    rows = _with_progress(records.all_pages(archive, query), "written")
    return records.write_csv(rows, columns, status_of, out, settings.site.time_zone)


def _write_json(archive: Archive, query: Query, settings: Settings, out: Output) -> int:
    now = utc_now()
    count = 0
    for timeline in _with_progress(records.all_pages(archive, query), "written"):
        out.write(json_line(records.record(timeline, settings, now)))
        count += 1
    return count


class _Shown:
    """A terminal, on which what strangers wrote is shown and not obeyed. A file keeps it as it was written."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        """Write it, each control visible."""
        return self._terminal.write(clean(text))


@contextlib.contextmanager
def _writing(output: Path | None) -> Iterator[Output]:
    if output is None:
        sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="")  # type: ignore[union-attr]
        yield _Shown(sys.stdout) if sys.stdout.isatty() else sys.stdout
        sys.stdout.flush()
        return
    draft = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        # A file of ours alone: in a folder like /tmp another user could have made one of this name, or a link.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        # A lone surrogate, which JSON can bring into an answer, becomes "?" in a table; records have it escaped.
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
            yield file
        draft.replace(output)
    except OSError as error:
        raise ConfigError(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _with_progress(submissions: Iterable[T], done: str) -> Iterator[T]:
    """Pass them on; once a second, on a terminal, say how many."""
    with counting(lambda count: f"{count:,} submissions {done}") as tell:
        for count, submission in enumerate(submissions, 1):
            yield submission
            tell(count)
