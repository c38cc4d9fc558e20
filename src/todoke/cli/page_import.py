"""`todoke import-form` as Typer shows it. Its body imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from todoke.cli.options import CONFIG, Config, Json


def import_form(
    page: Annotated[
        str,
        typer.Argument(
            metavar="PAGE",
            help="The page as visitors get it: an HTML file, or an address with https://.",
        ),
    ],
    door: Annotated[
        str,
        typer.Option(
            help="Where todoke answers; by default site.door_url of the configuration.",
            metavar="URL",
        ),
    ] = "",
    local: Annotated[
        bool,
        typer.Option("--local", help="Fetch the page also from this machine or its network."),
    ] = False,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """Read a page whose form another product takes; print its section of todoke.toml and the one line to change.

    It knows forms of Basin, FormBackend, Formcarry, Formspark, Formspree, FormSubmit, Getform, Netlify Forms,
    StaticForms and Web3Forms, and says what they ask for and will not get. Nothing is written. Exit 1 when the page
    has no such form.
    """
    from todoke.cli.import_form import import_form as run

    raise typer.Exit(run(page, door=door, local=local, as_json=as_json, config=config))
