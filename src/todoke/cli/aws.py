"""`todoke aws ...` as Typer shows it. Each body imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from todoke.cli.aws_options import (
    STACK,
    Bucket,
    ExecutionRole,
    Firewall,
    Package,
    Parameters,
    Region,
    Role,
    Stack,
    TemplateFile,
)
from todoke.cli.aws_tries import adopt, policy, rehearse
from todoke.cli.options import CONFIG, Config, Json

aws = typer.Typer(
    help="Deploy to AWS: review a change before it happens, then make it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
aws.command()(rehearse)
aws.command()(adopt)
aws.command()(policy)


@aws.command()
def plan(
    stack: Stack = STACK,
    template: TemplateFile = None,
    parameters: Parameters = None,
    config: Config = CONFIG,
    markdown: Annotated[
        Path | None, typer.Option(help="Write it as Markdown.", metavar="FILE")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as a page.", metavar="FILE")] = None,
    brief: Annotated[
        Path | None, typer.Option(help="Write it in a few lines, for an approval.", metavar="FILE")
    ] = None,
    publish: Annotated[
        str, typer.Option(help="Put the page into a bucket.", metavar="S3://BUCKET/PREFIX")
    ] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the change set there.")] = False,
    firewall: Firewall = False,
    package: Package = None,
    bucket: Bucket = "",
    region: Region = "",
    role: Role = "",
    execution_role: ExecutionRole = "",
    as_json: Json = False,
) -> None:
    """Show what a deployment would do to data, availability, security and cost. Exit 1 when something is at risk."""
    from todoke.aws.deploy.prepare import Intent
    from todoke.aws.deploy.program import account
    from todoke.cli.aws_plan import Files
    from todoke.cli.aws_plan import plan as run

    intent = Intent(stack, template, parameters, config, bucket, package)
    files = Files(markdown, html, brief, publish)
    aws_account = account(region, role, execution_role)
    if firewall:
        from todoke.cli.aws_firewall import plan_firewall as run

        _require_alone(template, package)
    raise typer.Exit(run(aws_account, intent, files, keep=keep, as_json=as_json))


CanaryForm = Annotated[
    str, typer.Option("--canary-form", help="The canary's form; else the first.", metavar="NAME")
]
CanaryField = Annotated[
    list[str] | None,
    typer.Option("--canary-field", help="What the canary puts into a field.", metavar="NAME=VALUE"),
]
CanaryWithin = Annotated[
    float, typer.Option("--canary-within", help="Seconds its mails may take.", min=1, max=3600)
]
CanaryAddress = Annotated[
    str,
    typer.Option(
        "--canary",
        envvar="TODOKE_CANARY",
        help="A mailbox of yours, for the canary.",
        metavar="ADDRESS",
    ),
]


@aws.command()
def deploy(
    stack: Stack = STACK,
    template: TemplateFile = None,
    parameters: Parameters = None,
    config: Config = CONFIG,
    accept: Annotated[
        str, typer.Option(help="Take the risks of this review.", metavar="DIGEST")
    ] = "",
    canary_address: CanaryAddress = "",
    no_canary: Annotated[
        bool, typer.Option("--no-canary", help="Do not prove that mails arrive.")
    ] = False,
    canary_form: CanaryForm = "",
    canary_field: CanaryField = None,
    canary_within: CanaryWithin = 300,
    firewall: Firewall = False,
    package: Package = None,
    bucket: Bucket = "",
    region: Region = "",
    role: Role = "",
    execution_role: ExecutionRole = "",
    as_json: Json = False,
) -> None:
    """Deploy what the review shows, prove it with a canary submission, and go back if that fails."""
    from todoke.aws.deploy.prepare import Intent
    from todoke.aws.deploy.program import account
    from todoke.cli.aws_deploy import Proof
    from todoke.cli.aws_deploy import deploy as run

    if bool(canary_address) == no_canary:
        raise typer.BadParameter(
            "give either --canary ADDRESS or --no-canary", param_hint="--canary"
        )
    proof = Proof(canary_address, canary_form, _pairs(canary_field), canary_within)
    intent = Intent(stack, template, parameters, config, bucket, package)
    aws_account = account(region, role, execution_role)
    if firewall:
        from todoke.cli.aws_firewall import deploy_firewall as run

        _require_alone(template, package)
    raise typer.Exit(run(aws_account, intent, proof, accept=accept, as_json=as_json))


@aws.command()
def canary(
    address: Annotated[
        str, typer.Argument(envvar="TODOKE_CANARY", help="A mailbox of yours.", metavar="ADDRESS")
    ],
    stack: Stack = STACK,
    config: Config = CONFIG,
    canary_form: CanaryForm = "",
    canary_field: CanaryField = None,
    canary_within: CanaryWithin = 300,
    region: Region = "",
    role: Role = "",
    as_json: Json = False,
) -> None:
    """Submit a form through the public door and wait until its mails are delivered. Exit 1 when they are not."""
    from todoke.aws.deploy.prepare import Intent
    from todoke.aws.deploy.program import account
    from todoke.cli.aws_deploy import Proof
    from todoke.cli.aws_deploy import canary as run

    proof = Proof(address, canary_form, _pairs(canary_field), canary_within)
    intent = Intent(stack, None, None, config)
    raise typer.Exit(run(account(region, role), intent, proof, as_json=as_json))


@aws.command("package")
def package_(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write it.", metavar="FILE")
    ] = Path("todoke.zip"),
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Build the package of the functions, with the configuration and the files it names."""
    from todoke.aws.deploy.package import build
    from todoke.cli.output import print_json, print_line

    built = build(config, output)
    if as_json:
        print_json({"file": str(output), "sha256": built.sha256, "bytes": built.size})
    else:
        print_line(f"{output}: {built.stated}, {built.key}")


@aws.command()
def status(
    stack: Stack = STACK, region: Region = "", role: Role = "", as_json: Json = False
) -> None:
    """Show the stack, its outputs, alarms and queues. Exit 1 when an alarm rings."""
    from todoke.aws.deploy.program import account
    from todoke.cli.aws_status import status as run

    raise typer.Exit(run(account(region, role), stack, as_json=as_json))


@aws.command()
def logs(
    stack: Stack = STACK,
    function: Annotated[
        str, typer.Option(help="Only this function, such as web.", metavar="NAME")
    ] = "",
    since: Annotated[str, typer.Option(help="How far back, such as 15m, 2h or 1d.")] = "15m",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    region: Region = "",
    role: Role = "",
    as_json: Json = False,
) -> None:
    """Print what the functions write to their logs."""
    from todoke.aws.deploy.program import account
    from todoke.cli.aws_status import print_logs

    print_logs(
        account(region, role), stack, function=function, since=since, follow=follow, as_json=as_json
    )


@aws.command()
def destroy(
    stack: Stack = STACK,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete the data too. It cannot be had back.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask, unless data is deleted.")
    ] = False,
    firewall: Firewall = False,
    region: Region = "",
    role: Role = "",
    execution_role: ExecutionRole = "",
) -> None:
    """Delete the stack. Its data stays, unless told otherwise."""
    from todoke.aws.deploy.program import account
    from todoke.cli.aws_destroy import destroy as run
    from todoke.cli.aws_firewall import destroy_firewall

    aws_account = account(region, role, execution_role)
    if firewall:
        raise typer.Exit(destroy_firewall(aws_account, stack))
    raise typer.Exit(run(aws_account, stack, delete_data=delete_data, yes=yes))


def _require_alone(template: Path | None, package: Path | None) -> None:
    """Raises BadParameter: with another template, or a package, of which the firewall has none."""
    if template is not None or package is not None:
        raise typer.BadParameter(
            "it has a template of its own and no package", param_hint="--firewall"
        )


def _pairs(given: list[str] | None) -> dict[str, str]:
    """NAME=VALUE as a table. Raises BadParameter: without the sign."""
    pairs = [text.partition("=") for text in given or ()]
    if any(not sign for _, sign, _ in pairs):
        raise typer.BadParameter("it is NAME=VALUE", param_hint="--canary-field")
    return {name: value for name, _, value in pairs}
