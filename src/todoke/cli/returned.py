"""`todoke returned`: a pipe for mail servers. One mail that came back, from stdin."""

from __future__ import annotations

from typing import Annotated

import typer

from todoke.cli.options import CONFIG, Config


def returned(
    recipient: Annotated[
        str,
        typer.Option(
            help="The address that the server took it for, extension and all.", metavar="ADDRESS"
        ),
    ] = "",
    config: Config = CONFIG,
) -> None:
    """Take one mail that came back, from stdin: a pipe for Postfix, Exim and others (mail.smtp.returns_to).

    Exit 0 when it was taken, or means nothing; 75 when it cannot be kept now, so that the server tries again.
    """
    from todoke.cli.return_pipe import take

    raise typer.Exit(take(config, recipient))
