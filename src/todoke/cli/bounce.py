"""`todoke bounce`: what a mail that came back says, in plain words. It needs no configuration and no store."""

from __future__ import annotations

from typing import Annotated

import typer

from todoke.cli.options import Json


def bounce(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Mails as they came (.eml); - reads one from stdin.", metavar="FILE..."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Explain mails that came back: delivery reports, complaints, receipts, vacation replies. Nothing is changed.

    Exit 1 when a file could not be read, or is no mail.
    """
    from todoke.cli.returned_mail import explain

    raise typer.Exit(max([explain(name, as_json=as_json) for name in files], default=0))
