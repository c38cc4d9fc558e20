"""`todoke report` as Typer shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from todoke.cli.options import CONFIG, Config, FormName, Json


def report(
    days: Annotated[
        int, typer.Option(help="Of so many days up to now, by the site's calendar.", min=1, max=366)
    ] = 30,
    week: Annotated[bool, typer.Option("--week", help="The same as --days 7.")] = False,
    form: FormName = "",
    as_json: Json = False,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write it as a page with charts, in one file that needs nothing else.",
            metavar="FILE",
        ),
    ] = None,
    config: Config = CONFIG,
) -> None:
    """Balance the accounts: stored, planned, handed over, ended; what is open, by id; how fast mail arrived, and where.

    Exit 1 when a mail that should have been planned was not."""
    from todoke.cli.accounts import report as run

    if html and as_json:
        raise typer.BadParameter("give one of --json and --html")
    raise typer.Exit(run(config, days=7 if week else days, form=form, as_json=as_json, html=html))
