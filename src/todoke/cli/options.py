"""The options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from todoke.cli.defaults import DEFAULT_CONFIG

Config = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="TODOKE_CONFIG", help="The configuration file.", metavar="FILE"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
FormName = Annotated[
    str, typer.Option("--form", help="Only submissions of this form.", metavar="NAME")
]

CONFIG = Path(DEFAULT_CONFIG)
