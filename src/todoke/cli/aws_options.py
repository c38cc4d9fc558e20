"""The options that the commands of `todoke aws` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Stack = Annotated[str, typer.Option("--stack", help="The CloudFormation stack.", metavar="NAME")]
TemplateFile = Annotated[
    Path | None,
    typer.Option(
        "--template", help="Any CloudFormation template, instead of todoke's own.", metavar="FILE"
    ),
]
Parameters = Annotated[
    Path | None,
    typer.Option("--parameters", help="The template's parameters: JSON or YAML.", metavar="FILE"),
]
Region = Annotated[str, typer.Option("--region", help="The AWS region.", metavar="REGION")]
Role = Annotated[
    str,
    typer.Option(
        "--role", help="Work under this role (another account's, perhaps).", metavar="ARN"
    ),
]
ExecutionRole = Annotated[
    str,
    typer.Option("--execution-role", help="The role CloudFormation works under.", metavar="ARN"),
]
Bucket = Annotated[
    str,
    typer.Option(
        "--bucket", help="Where packages are uploaded to; made if absent.", metavar="NAME"
    ),
]
Package = Annotated[
    Path | None,
    typer.Option("--package", help="A package built before, instead of a new one.", metavar="FILE"),
]

Firewall = Annotated[
    bool,
    typer.Option(
        "--firewall",
        help="The firewall before the door of this stack (NAME-firewall, in us-east-1), not the door.",
    ),
]

STACK = "todoke"
