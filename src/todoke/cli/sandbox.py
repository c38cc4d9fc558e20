"""`todoke sandbox`: the local Customers Mail Cloud alone, for whoever develops against that service."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from todoke.cli.defaults import DEFAULT_HOST

DEFAULT_PORT = 8026
DEFAULT_DATA = "./sandbox-data"
BLOCK_AFTER = 5

_WELCOME = """\

  A Customers Mail Cloud of your own. Nothing sent to it leaves this machine.

  Send mail       POST {url}/api/v2/emails/send.json
  Its records     POST {url}/transaction/v2/...   deliveries, bounces, blocks, statistics
  Inbox           {url}/inbox    every mail, and what became of it
  Faults          {url}/faults   make it busy, slow, forgetful
  Blocked         {url}/blocks   addresses it will not send to
  Webhook         {webhook}

  Write to hardbounce@, deferred@, silent@ ... of any domain to choose what happens; docs/sandbox.md has the list.
  Everything is kept in {data}. Ctrl-C stops it.
"""


def sandbox(  # noqa: PLR0913, PLR0917 - each is a setting of its own
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = DEFAULT_PORT,
    host: Annotated[
        str,
        typer.Option(help="The address to listen on. Whoever reaches it may read every mail."),
    ] = DEFAULT_HOST,
    data: Annotated[
        Path, typer.Option(help="The folder of its storage, made when missing.", metavar="FOLDER")
    ] = Path(DEFAULT_DATA),
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
    ] = BLOCK_AFTER,
    webhook: Annotated[
        str, typer.Option(help="Where events are told; without it, nowhere.", metavar="URL")
    ] = "",
    webhook_key: Annotated[
        str, typer.Option(help="The api_key in each webhook call.", metavar="TEXT")
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
    try:
        run(
            host,
            port,
            data,
            api_users=_pairs(api_user or ()),
            from_domains=set(from_domain) if from_domain else None,
            pace_seconds=pace,
            server_composition=composition,
            time_zone=time_zone,
            block_after=block_after,
            webhook_url=webhook,
            webhook_key=webhook_key,
            webhook_basic=webhook_basic,
            webhook_bearer=webhook_bearer,
            webhook_json=webhook_json,
            webhook_version=webhook_version,
            webhook_events=_kinds(webhook_events),
            webhook_batch_seconds=batch_seconds,
            webhook_batch_most=batch_events,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def run(host: str, port: int, data: Path, **settings: Any) -> None:
    """Serve a sandbox with these settings until Ctrl-C.

    Raises ValueError: if the settings are none. ConfigError: if the port is taken.
    """
    from mail_cloud_sandbox.app import build
    from todoke.model.log import log_to_stderr
    from todoke.server.run import Server, listen, run_servers

    log_to_stderr(os.environ.get("TODOKE_LOG", "WARNING"))
    app = build(data, **settings)
    with listen(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}"
        run_servers(
            [Server(app, listener)],
            ready=lambda: _welcome(url, host, data, settings["webhook_url"]),
        )
    _say(f"\nGoodbye. What was sent is kept in {data}.\n")


def _welcome(url: str, host: str, data: Path, webhook_url: str) -> None:
    webhook = webhook_url or "none: nobody is told (--webhook URL)"
    _say(_WELCOME.format(url=url, webhook=webhook, data=data))
    if host not in {"127.0.0.1", "::1", "localhost"}:
        _say("  Attention: others may reach it, and it asks nobody for a password.\n\n")


def _kinds(stated: str) -> frozenset[str]:
    """The kinds of events in a list; the usual ones where it is empty."""
    from mail_cloud_sandbox.behaviour import USUAL_EVENTS

    return frozenset(filter(None, map(str.strip, stated.split(",")))) or USUAL_EVENTS


def _pairs(stated: Sequence[str]) -> dict[str, str] | None:
    """The pairs of user and key. Raises ValueError: if one is no pair."""
    pairs = {}
    for pair in stated:
        user, colon, key = pair.partition(":")
        if not (user and colon and key):
            raise ValueError("--api-user is USER:KEY, such as api@example.org:secret.")
        pairs[user] = key
    return pairs or None


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
