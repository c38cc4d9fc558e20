"""`todoke aws rehearse`, `adopt` and `policy` as Typer shows them. Each body imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from todoke.cli.aws_options import (
    STACK,
    Bucket,
    ExecutionRole,
    Firewall,
    Parameters,
    Region,
    Role,
    Stack,
)
from todoke.cli.options import CONFIG, Config, Json


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


def adopt(
    table: Annotated[str, typer.Argument(help="The restored table.", metavar="TABLE")],
    stack: Stack = STACK,
    erasures_from: Annotated[
        str,
        typer.Option(
            "--erasures-from",
            help="Another table with the list of who was erased, where the stack's own is gone; none for no list.",
            metavar="TABLE",
        ),
    ] = "",
    with_erased: Annotated[
        list[str] | None,
        typer.Option(
            "--with-erased",
            help="Keep what this erasure took, by its key as shown; or all. May be repeated.",
            metavar="KEY",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do every step without asking.")] = False,
    bucket: Bucket = "",
    region: Region = "",
    role: Role = "",
    execution_role: ExecutionRole = "",
    as_json: Json = False,
) -> None:
    """Let the stack take a restored table in the place of its own, step by step, each shown before it is done.

    Whoever was erased is erased again first. The old table leaves the stack and stays. The stack must be paused, and
    TODOKE_SECRET be its secret. Exit 1 when it was stopped or failed; the same command goes on."""
    from todoke.aws.deploy.program import account
    from todoke.cli.aws_adopt import AdoptionWishes
    from todoke.cli.aws_adopt import adopt as run

    wishes = AdoptionWishes(erasures_from, tuple(with_erased or ()), bucket, yes, as_json)
    raise typer.Exit(run(account(region, role, execution_role), table, stack, wishes))


def policy(
    stack: Stack = STACK,
    parameters: Parameters = None,
    bucket: Bucket = "",
    firewall: Firewall = False,
    region: Region = "",
    role: Role = "",
) -> None:
    """Print the policy of a role that may deploy todoke itself and little more, as JSON.

    With --parameters what a stack with these needs; else with any. With --firewall that of the firewall's stack, beside
    the other. It asks AWS only whose account it is."""
    from todoke.aws.deploy.program import account
    from todoke.cli.aws_policy import print_policy

    print_policy(account(region, role), stack, parameters, bucket, is_firewall=firewall)
