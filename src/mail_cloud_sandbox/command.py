"""The command line of a sandbox that is run by itself."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mail_cloud_sandbox import defaults
from mail_cloud_sandbox.behaviour import USUAL_EVENTS
from mail_cloud_sandbox.run import CannotServe, run

_DESCRIPTION = """\
Run a local Customers Mail Cloud with an inbox, to develop and test against in any language.

It takes mail over that service's HTTP interface, lets the recipient's name decide what becomes of it
(hardbounce@, deferred@, silent@ ...), tells a webhook of it, and can be told to fail. Nothing leaves this machine.
"""
_OPTIONS: Mapping[str, tuple[type, object, str, str]] = {
    "--port": (int, defaults.PORT, "N", "the port to listen on; 0 takes a free one"),
    "--host": (str, defaults.HOST, "ADDRESS", "the address to listen on; whoever reaches it may read every mail"),
    "--allow-host": (list, [], "NAME", "a name it is called by, beside its address; may be given again"),
    "--data": (Path, defaults.DATA, "FOLDER", "the folder of its storage, made when missing"),
    "--keep": (int, defaults.KEEP_MAILS, "N", "how many mails are kept; beyond that the oldest go"),
    "--pace": (float, 1.5, "SECONDS", "between the states of a mail; 0: at once"),
    "--api-user": (list, [], "USER:KEY", "take this pair alone; may be given again; without it any pair is taken"),
    "--from-domain": (list, [], "DOMAIN", "one whose DKIM is set up; may be given again; without it any sender"),
    "--composition": (str, "sandbox", "NAME", "the server_composition"),
    "--time-zone": (str, "Asia/Tokyo", "ZONE", "the zone of times, which state none"),
    "--block-after": (int, defaults.BLOCK_AFTER, "N", "block an address after so many hard bounces; 0: never"),
    "--webhook": (str, "", "URL", "where events are told; without it, nowhere"),
    "--webhook-key": (str, "", "TEXT", "the api_key in each webhook call; seen by all users of this machine (ps)"),
    "--webhook-basic": (str, "", "USER:PASSWORD", "Basic authentication of webhook calls; seen by all likewise"),
    "--webhook-bearer": (str, "", "TOKEN", "the bearer token of webhook calls; seen by all likewise"),
    "--webhook-json": (bool, False, "", "tell events as JSON, not form-encoded"),
    "--webhook-version": (int, 2, "N", "the version of the webhook, 1 or 2"),
    "--webhook-events": (str, "", "LIST", "the kinds to tell, such as failed,bounces; without it all but blocks"),
    "--batch-seconds": (float, 1.0, "SECONDS", "how long events are collected for one webhook call"),
    "--batch-events": (int, 100, "N", "the most events in one webhook call"),
}  # fmt: skip


VARIABLES: Mapping[str, str] = {
    "--api-user": "MAIL_CLOUD_SANDBOX_API_USERS",
    "--webhook": "MAIL_CLOUD_SANDBOX_WEBHOOK",
    "--webhook-key": "MAIL_CLOUD_SANDBOX_WEBHOOK_KEY",
    "--webhook-basic": "MAIL_CLOUD_SANDBOX_WEBHOOK_BASIC",
    "--webhook-bearer": "MAIL_CLOUD_SANDBOX_WEBHOOK_BEARER",
}
"""The environment variable that takes the place of an option: every user of a machine sees the options of every process
(ps), and only its own user the environment. Pairs of user and key stand there with white space between."""


def main(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C; the exit code: 0, or 2 for bad usage, with one sentence on stderr."""
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 2
    try:
        _require_in_bounds(options)
        run(
            options.host,
            options.port,
            options.data,
            hosts=options.allow_host,
            api_users=pairs(options.api_user or from_environment("--api-user").split()),
            from_domains=set(options.from_domain) or None,
            keep_mails=options.keep,
            pace_seconds=options.pace,
            server_composition=options.composition,
            time_zone=options.time_zone,
            block_after=options.block_after,
            webhook_url=options.webhook or from_environment("--webhook"),
            webhook_key=options.webhook_key or from_environment("--webhook-key"),
            webhook_basic=options.webhook_basic or from_environment("--webhook-basic"),
            webhook_bearer=options.webhook_bearer or from_environment("--webhook-bearer"),
            webhook_json=options.webhook_json,
            webhook_version=options.webhook_version,
            webhook_events=kinds(options.webhook_events),
            webhook_batch_seconds=options.batch_seconds,
            webhook_batch_most=options.batch_events,
        )
    except (ValueError, CannotServe) as error:
        sys.stderr.write(f"mail_cloud_sandbox: {error}\n")
        return 2
    return 0


def from_environment(option: str) -> str:
    """What the environment says in place of an option; "" for nothing."""
    return os.environ.get(VARIABLES[option], "").strip()


def kinds(stated: str) -> frozenset[str]:
    """The kinds of events in a list; the usual ones where it is empty."""
    return frozenset(filter(None, map(str.strip, stated.split(",")))) or USUAL_EVENTS


def pairs(stated: Sequence[str]) -> dict[str, str] | None:
    """The pairs of user and key, None for none. Raises ValueError: if one is no pair."""
    keys = {}
    for pair in stated:
        user, colon, key = pair.partition(":")
        if not (user and colon and key):
            raise ValueError("--api-user is USER:KEY, such as api@example.org:secret.")
        keys[user] = key
    return keys or None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mail_cloud_sandbox",
        usage="python -m mail_cloud_sandbox [options]",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for flag, (kind, default, metavar, explained) in _OPTIONS.items():
        if kind is bool:
            parser.add_argument(flag, action="store_true", help=explained)
        elif kind is list:
            parser.add_argument(flag, action="append", default=[], metavar=metavar, help=explained)
        else:
            parser.add_argument(flag, type=kind, default=default, metavar=metavar, help=explained)
    return parser


def _require_in_bounds(options: argparse.Namespace) -> None:
    """Raises ValueError: if a number is none that can be; what else there is, Behaviour checks."""
    if not 0 <= options.port < 65536:
        raise ValueError("--port is 0 to 65535.")
    for name in ("pace", "block_after", "batch_seconds"):
        if not getattr(options, name) >= 0:
            raise ValueError(f"--{name.replace('_', '-')} is 0 or more.")
