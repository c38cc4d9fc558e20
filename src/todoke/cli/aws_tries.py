"""`todoke aws rehearse` as Typer shows it. The body imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from todoke.cli.aws_options import CONFIG, STACK, Config, Json, Stack


def rehearse(
    stack: Stack = STACK,
    config: Config = CONFIG,
    anew: Annotated[
        bool, typer.Option("--anew", help="Ask again what was answered before.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Try once, on a real account, what todoke takes from AWS's documentation: twenty minutes, step by step.

    Shows what to run, what must be seen and why, and keeps what you answer in todoke-rehearsal.json beside the
    configuration; another run goes on. --json prints the checklist with the answers. Exit 1 when something was not
    as it should be. It asks nothing of AWS itself."""
    from todoke.cli.aws_rehearse import rehearse as run

    raise typer.Exit(run(config, stack, anew=anew, as_json=as_json))
