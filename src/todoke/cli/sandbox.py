"""`todoke sandbox`: the local Customers Mail Cloud alone, for whoever develops against that service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mail_cloud_sandbox import defaults
from todoke.model.errors import ConfigError
from todoke.model.log import log_to_stderr


def sandbox(  # noqa: PLR0913, PLR0917 - each is a setting of its own
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = defaults.PORT,
    host: Annotated[
        str,
        typer.Option(help="The address to listen on. Whoever reaches it may read every mail."),
    ] = defaults.HOST,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="A name it is called by, beside its address and localhost; may be given again.",
            metavar="NAME",
        ),
    ] = None,
    data: Annotated[
        Path, typer.Option(help="The folder of its storage, made when missing.", metavar="FOLDER")
    ] = defaults.DATA,
    keep: Annotated[
        int, typer.Option(help="How many mails are kept; beyond that the oldest go.", min=1)
    ] = defaults.KEEP_MAILS,
    pace: Annotated[
        float, typer.Option(help="Seconds between the states of a mail; 0: at once.", min=0)
    ] = 1.5,
    api_user: Annotated[
        list[str] | None,
        typer.Option(
            help="Take this pair alone; may be given again. Without it any pair is taken.",
            metavar="USER:KEY",
        ),
    ] = None,
    from_domain: Annotated[
        list[str] | None,
        typer.Option(
            help="A domain whose DKIM is set up; may be given again. Without it any sender is taken.",
            metavar="DOMAIN",
        ),
    ] = None,
    composition: Annotated[
        str,
        typer.Option(
            help="The server_composition.",
            metavar="NAME",
        ),
    ] = "sandbox",
    time_zone: Annotated[
        str,
        typer.Option(
            help="The zone of times, which state none.",
            metavar="ZONE",
        ),
    ] = "Asia/Tokyo",
    block_after: Annotated[
        int,
        typer.Option(
            help="Block an address after so many hard bounces; 0: never.",
            min=0,
        ),
    ] = defaults.BLOCK_AFTER,
    webhook: Annotated[
        str, typer.Option(help="Where events are told; without it, nowhere.", metavar="URL")
    ] = "",
    webhook_key: Annotated[
        str,
        typer.Option(
            help="The api_key in each webhook call. All users of this machine see it (ps): docs/cli.md.",
            metavar="TEXT",
        ),
    ] = "",
    webhook_basic: Annotated[
        str,
        typer.Option(help="Basic authentication of webhook calls.", metavar="USER:PASSWORD"),
    ] = "",
    webhook_bearer: Annotated[
        str, typer.Option(help="The bearer token of webhook calls.", metavar="TOKEN")
    ] = "",
    webhook_json: Annotated[
        bool, typer.Option("--webhook-json", help="Tell events as JSON, not form-encoded.")
    ] = False,
    webhook_version: Annotated[
        int, typer.Option(help="The version of the webhook.", min=1, max=2)
    ] = 2,
    webhook_events: Annotated[
        str,
        typer.Option(
            help="The kinds of events to tell, such as failed,bounces; without it all but blocks.",
            metavar="LIST",
        ),
    ] = "",
    batch_seconds: Annotated[
        float, typer.Option(help="How long events are collected for one webhook call.", min=0)
    ] = 1.0,
    batch_events: Annotated[
        int, typer.Option(help="The most events in one webhook call.", min=1, max=100)
    ] = 100,
) -> None:
    """Run a local Customers Mail Cloud with an inbox, to develop and test against in any language.

    It takes mail over that service's HTTP interface, lets the recipient's name decide what becomes of it
    (hardbounce@, deferred@, silent@ ...), tells a webhook of it, and can be told to fail. Nothing leaves this machine.
    """
    from mail_cloud_sandbox.command import from_environment, kinds, pairs
    from mail_cloud_sandbox.run import CannotServe, run

    log_to_stderr(os.environ.get("TODOKE_LOG", "WARNING"))
    try:
        run(
            host,
            port,
            data,
            manual="docs/sandbox.md",
            hosts=allow_host or (),
            api_users=pairs(api_user or from_environment("--api-user").split()),
            from_domains=set(from_domain) if from_domain else None,
            keep_mails=keep,
            pace_seconds=pace,
            server_composition=composition,
            time_zone=time_zone,
            block_after=block_after,
            webhook_url=webhook or from_environment("--webhook"),
            webhook_key=webhook_key or from_environment("--webhook-key"),
            webhook_basic=webhook_basic or from_environment("--webhook-basic"),
            webhook_bearer=webhook_bearer or from_environment("--webhook-bearer"),
            webhook_json=webhook_json,
            webhook_version=webhook_version,
            webhook_events=kinds(webhook_events),
            webhook_batch_seconds=batch_seconds,
            webhook_batch_most=batch_events,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    except CannotServe as error:
        raise ConfigError(str(error)) from error
