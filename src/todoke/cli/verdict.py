"""`todoke judge` as Typer shows it."""

from __future__ import annotations

from typing import Annotated

import typer

from todoke.cli.options import CONFIG, Config, FormName, Json


def judge(
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Submissions, by id, reference or its beginning.", metavar="[ID]..."),
    ] = None,
    spam: Annotated[bool, typer.Option("--spam", help="They are spam: no mail leaves.")] = False,
    not_spam: Annotated[
        bool, typer.Option("--not-spam", help="They are none: their mails are sent.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="All that wait, in place of naming them.")
    ] = False,
    form: FormName = "",
    limit: Annotated[
        int, typer.Option(help="How many to list, or with --all to judge.", min=1)
    ] = 50,
    as_json: Json = False,
    config: Config = CONFIG,
) -> None:
    """List what is kept for review and why; or say that submissions are spam, or none. Exit 1 when one is not there."""
    from todoke.cli.judge import judge as run
    from todoke.cli.judge import judge_all, list_waiting
    from todoke.model.care import SpamVerdict

    is_named = bool(ids) or every
    if not is_named and not (spam or not_spam):
        raise typer.Exit(list_waiting(config, form=form, limit=limit, as_json=as_json))
    if spam == not_spam or bool(ids) == every or (ids and form):
        raise typer.BadParameter("give submissions or --all, and one of --spam and --not-spam")
    verdict = SpamVerdict.SPAM if spam else SpamVerdict.HONEST
    if every:
        raise typer.Exit(judge_all(config, verdict, form=form, limit=limit, as_json=as_json))
    raise typer.Exit(run(config, ids or (), verdict, as_json=as_json))
