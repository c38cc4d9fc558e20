"""The commands as Typer shows them. Each body imports what it needs when it runs, so that --help is quick."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from todoke.cli.aws import aws
from todoke.cli.backups import export, import_
from todoke.cli.bounce import bounce
from todoke.cli.defaults import DEFAULT_HOST, DEFAULT_PORT
from todoke.cli.options import CONFIG, Config, FormName, Json
from todoke.cli.page_import import import_form
from todoke.cli.report import report
from todoke.cli.returned import returned
from todoke.cli.sandbox import sandbox
from todoke.cli.verdict import judge
from todoke.cli.webhooks import webhooks

commands = typer.Typer(
    name="todoke",
    help="Forms for static sites that tell the truth about every mail they cause.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
commands.add_typer(aws, name="aws")


def _print_version(value: bool) -> None:
    if value:
        from todoke import __version__

        typer.echo(f"todoke {__version__}")
        raise typer.Exit


@commands.callback()
def todoke(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Forms for static sites that tell the truth about every mail they cause."""


@commands.command()
def serve(
    config: Config = CONFIG,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = DEFAULT_HOST,
    port: Annotated[
        int, typer.Option(help="The port to listen on.", min=0, max=65535)
    ] = DEFAULT_PORT,
) -> None:
    """Take submissions, send mail, and show what became of it."""
    from todoke.cli.serve import serve as run

    raise typer.Exit(run(str(config), host, port))


@commands.command()
def demo(
    port: Annotated[
        int, typer.Option(help="The port of the site; the inbox has the next.", min=0, max=65534)
    ] = (DEFAULT_PORT),
) -> None:
    """Try it: a sample site, the door, the desk, and a mail service with an inbox, all on this machine."""
    from todoke.demo import serve_demo

    serve_demo(port)


commands.command()(sandbox)


@commands.command()
def check(config: Config = CONFIG, as_json: Json = False) -> None:
    """Explain every fault of the configuration, with file, line and key. Exit 1 when there is an error."""
    from todoke.cli.check import check as run

    raise typer.Exit(run(config, as_json=as_json))


@commands.command()
def doctor(
    config: Config = CONFIG,
    seconds: Annotated[
        float, typer.Option(help="How long to look, at most.", min=1, max=600)
    ] = 10.0,
    selector: Annotated[
        list[str] | None,
        typer.Option(help="A DKIM selector of the From domain; may be repeated.", metavar="NAME"),
    ] = None,
    ask_records: Annotated[
        bool,
        typer.Option(
            "--ask-records",
            help="Ask Customers Mail Cloud's records, once: it wants few such calls.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at what the file cannot show: store, clock, DNS, mail service, webhook. Exit 1 when something is bad."""
    from todoke.cli.doctor import Wishes, doctor_command

    wishes = Wishes(seconds=seconds, selectors=tuple(selector or ()), ask_records=ask_records)
    raise typer.Exit(doctor_command(config, wishes, as_json=as_json))


@commands.command()
def status(as_json: Json = False, config: Config = CONFIG) -> None:
    """Say how it goes: is it up and ready, what came today, what waits, whether mail rests and why, who was refused.

    Reads the store, and asks the server that runs beside it. Exit 1 when somebody has to look at something."""
    from todoke.cli.status import status as run

    raise typer.Exit(run(config, as_json=as_json))


@commands.command("list")
def list_(
    form: FormName = "",
    status: Annotated[
        list[str] | None,
        typer.Option(
            help="Only those with a message of this status, such as bounced; again for another.",
            metavar="STATUS",
        ),
    ] = None,
    address: Annotated[
        str, typer.Option(help="Only those to or from this address.", metavar="ADDRESS")
    ] = "",
    words: Annotated[
        str, typer.Option(help="Only those with all of these words.", metavar="WORDS")
    ] = "",
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 50,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """List submissions, newest first, with the state of their messages."""
    from todoke.cli.submissions import list_submissions

    list_submissions(
        config,
        form=form,
        statuses=status or (),
        address=address,
        words=words,
        limit=limit,
        as_json=as_json,
    )


@commands.command()
def show(
    submission_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="The submission's id, from list, or its reference: the last six letters.",
        ),
    ],
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """Show one submission: its answers, messages, attempts and delivery events."""
    from todoke.cli.submissions import show_submission

    raise typer.Exit(show_submission(config, submission_id, as_json=as_json))


commands.command()(report)
commands.command()(export)
commands.command()(webhooks)
commands.command()(bounce)
commands.command()(returned)
commands.command("import")(import_)
commands.command("import-form")(import_form)


@commands.command()
def erase(
    submission_id: Annotated[str, typer.Option("--id", help="This submission.", metavar="ID")] = "",
    address: Annotated[
        str, typer.Option(help="All submissions of this visitor.", metavar="ADDRESS")
    ] = "",
    older_than: Annotated[
        str, typer.Option(help="All received longer ago, such as 90d.", metavar="AGE")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """Erase submissions with their files, messages and events, leaving no trace. Shows them and asks first."""
    from todoke.cli.erase import erase as run

    if [bool(submission_id), bool(address), bool(older_than)].count(True) != 1:
        raise typer.BadParameter("give exactly one of --id, --address and --older-than")
    raise typer.Exit(
        run(
            config,
            submission_id=submission_id,
            address=address,
            older_than=older_than,
            yes=yes,
            as_json=as_json,
        )
    )


@commands.command()
def reconcile(
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Ask for all days from this one on, in the service's own time zone.",
            metavar="DATE",
        ),
    ] = None,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """Ask the mail service's records for reports that its webhook lost, and for the addresses it suppresses."""
    from todoke.cli.reconcile import reconcile as run

    raise typer.Exit(run(config, since=since.date() if since else None, as_json=as_json))


@commands.command()
def suppressions(
    read: Annotated[
        bool, typer.Option("--read", help="Ask the mail service for its list first.")
    ] = False,
    lift: Annotated[
        str,
        typer.Option(help="Have mail sent to this address again. Asks first.", metavar="ADDRESS"),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """List the addresses that the mail service does not send to; lift one. Exit 1 when one is the site's own."""
    from todoke.cli.suppressions import list_suppressions

    if lift:
        from todoke.cli.lift import lift_address

        if read:
            raise typer.BadParameter("give one of --read and --lift")
        raise typer.Exit(lift_address(config, lift, yes=yes, as_json=as_json))
    raise typer.Exit(list_suppressions(config, read=read, as_json=as_json))


@commands.command()
def desk(
    person: Annotated[
        str,
        typer.Option("--for", help="As this person, to whom you give the link.", metavar="ADDRESS"),
    ] = "",
    config: Config = CONFIG,
) -> None:
    """Print a link, good once and for ten minutes, that opens the desk in a browser: as an owner, or --for somebody."""
    from todoke.cli.desk_link import print_desk_link

    print_desk_link(config, person=person)


commands.command()(judge)


@commands.command()
def lessons(
    forget: Annotated[bool, typer.Option("--forget", help="Forget all of them.")] = False,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """Say what the guard was taught at the desk, print it, or forget it."""
    from todoke.cli.lessons import lessons as run

    raise typer.Exit(run(config, forget=forget, as_json=as_json))


@commands.command()
def sessions(
    end: Annotated[
        list[str] | None,
        typer.Option(help="End this session; may be given again.", metavar="ID"),
    ] = None,
    end_all: Annotated[bool, typer.Option("--end-all", help="End all of them.")] = False,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """List who is in the desk now, and in which browser; end sessions, of somebody who must be out at once."""
    from todoke.cli.sessions import sessions as run

    raise typer.Exit(run(config, end=tuple(end or ()), end_all=end_all, as_json=as_json))


@commands.command()
def replay(
    stack: Annotated[
        str, typer.Option(help="The deployment whose dead letters these are.", metavar="NAME")
    ] = "",
    queue: Annotated[
        str, typer.Option(help="Or the address of the queue of dead letters.", metavar="URL")
    ] = "",
    to: Annotated[
        str, typer.Option(help="And that of the queue they are handed to.", metavar="URL")
    ] = "",
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 100,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Show what could not be handled on AWS (dead letters), ask, and hand it to the same code again, once."""
    from todoke.cli.replay import replay_dead_letters

    raise typer.Exit(
        replay_dead_letters(
            stack=stack, dead=queue, later=to, limit=limit, yes=yes, as_json=as_json
        )
    )


@commands.command()
def bench(
    seconds: Annotated[float, typer.Option(help="How long to submit.", min=0.5, max=600)] = 6.0,
    connections: Annotated[
        int, typer.Option(help="How many visitors at once.", min=1, max=1000)
    ] = 32,
    as_json: Json = False,
) -> None:
    """Measure accepted submissions and mails per second here, beside what raw SQLite can do."""
    from todoke.cli.bench import bench as run

    sys.exit(run(seconds, connections, as_json=as_json))
