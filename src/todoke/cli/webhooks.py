"""`todoke webhooks` as Typer shows it. Its body imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from todoke.cli.options import CONFIG, Config, Json


def webhooks(
    redeliver: Annotated[
        str, typer.Option(help="Have this notice told again, whatever became of it.", metavar="ID")
    ] = "",
    test: Annotated[
        str, typer.Option(help="Post a test notice to this webhook now.", metavar="NAME")
    ] = "",
    enable: Annotated[
        str,
        typer.Option(help="Tell this webhook again, which said it was gone (410).", metavar="NAME"),
    ] = "",
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Print a new secret, and do nothing else.")
    ] = False,
    limit: Annotated[
        int, typer.Option(help="At most so many notices of each webhook.", min=1, max=10_000)
    ] = 20,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """Show what each webhook was told and what waits; tell a notice again; try a webhook. Exit 1 when one is off."""
    from todoke.cli import webhook_log as log
    from todoke.model.webhook_key import new_key

    if [bool(redeliver), bool(test), bool(enable), new_secret].count(True) > 1:
        raise typer.BadParameter("give one of --redeliver, --test, --enable and --new-secret")
    if new_secret:
        typer.echo(new_key())
    elif redeliver:
        raise typer.Exit(log.redeliver(config, redeliver))
    elif test:
        raise typer.Exit(log.test(config, test, as_json=as_json))
    elif enable:
        raise typer.Exit(log.enable(config, enable))
    else:
        raise typer.Exit(log.show(config, limit=limit, as_json=as_json))
