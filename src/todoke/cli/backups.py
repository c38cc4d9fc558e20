"""`todoke export` and `todoke import` as Typer shows them. Each body imports what it needs when it runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from todoke.cli.options import CONFIG, Config, FormName, Json

_MOMENTS = [
    "%Y-%m-%d",
    *(f"%Y-%m-%d{t}%H:%M{s}{z}" for t in "T " for s in ("", ":%S", ":%S.%f") for z in ("", "%z")),
]
"""A day, or a time with or without an offset, as the export writes it or shorter."""


def export(
    output_format: Annotated[
        str,
        typer.Option(
            "--format",
            help="csv, json (one object a line), xlsx, zip (the files), backup: all that is kept, for import; or"
            " erasures, which hold nobody.",
        ),
    ] = "csv",
    form: FormName = "",
    received_from: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=_MOMENTS,
            help="Received on this day, or at this time, or later (site.time_zone).",
            metavar="DATE",
        ),
    ] = None,
    received_to: Annotated[
        datetime | None,
        typer.Option(
            "--to",
            formats=_MOMENTS,
            help="Received before this day or time (site.time_zone).",
            metavar="DATE",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write to this file, not to the terminal.", metavar="FILE"
        ),
    ] = None,
    config: Config = CONFIG,
) -> None:
    """Write submissions as CSV (safe to open in a spreadsheet), JSON or a workbook, their files, or all as a backup.

    A backup holds no secret, and its receipt links need the site's: keep a copy of that beside it."""
    from todoke.cli.export import FORMATS, WHOLE
    from todoke.cli.export import export as run

    if output_format not in FORMATS:
        raise typer.BadParameter(
            "it is csv, json, xlsx, zip, backup or erasures", param_hint="--format"
        )
    if output_format in WHOLE and (form or received_from or received_to):
        raise typer.BadParameter("it is whole: no --form, --from or --to", param_hint="--format")
    run(config, output_format, form=form, since=received_from, until=received_to, output=output)


def import_(
    backup: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A backup that todoke export wrote; - reads a pipe."),
    ],
    new_links: Annotated[
        bool,
        typer.Option(
            "--new-links",
            help="Its secret is lost: import under the one here, and give up the receipt links sent so far.",
        ),
    ] = False,
    unsigned: Annotated[
        bool,
        typer.Option(
            "--unsigned",
            help="Import what an early todoke wrote, or whose secret is lost: whoever changed it, nobody can tell.",
        ),
    ] = False,
    old: Annotated[
        bool,
        typer.Option(
            "--old",
            help="It is older than the erasures that are remembered: who was erased before these comes back.",
        ),
    ] = False,
    with_erased: Annotated[
        list[str] | None,
        typer.Option(
            "--with-erased",
            help="Bring back what this erasure took, by its key from an import; or all. May be repeated.",
            metavar="KEY",
        ),
    ] = None,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """Restore a backup here: links, tokens and states as they were. It needs the secret it was written under
    (TODOKE_SECRET, or the file secret of its data folder), or --new-links. Exit 1 when something was left out."""
    from todoke.cli.restore import Consent, import_backup

    consent = Consent(new_links, unsigned, old, tuple(with_erased or ()))
    raise typer.Exit(import_backup(config, backup, consent, as_json=as_json))
