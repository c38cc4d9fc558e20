"""Serve a sandbox on this machine until Ctrl-C or SIGTERM, and say where everything is."""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from mail_cloud_sandbox.app import build
from mail_cloud_sandbox.database import Database

KEEP_ALIVE_SECONDS = 30
FINISH_WITHIN_SECONDS = 10
BACKLOG = 2048

_WELCOME = """\

  A Customers Mail Cloud of your own. Nothing sent to it leaves this machine.

  Send mail       POST {url}/api/v2/emails/send.json
  Its records     POST {url}/transaction/v2/...   deliveries, bounces, blocks, statistics
  Inbox           {url}/inbox    every mail, and what became of it
  Faults          {url}/faults   make it busy, slow, forgetful
  Blocked         {url}/blocks   addresses it will not send to
  Webhook         {webhook}

  Write to hardbounce@, deferred@, silent@ ... of any domain to choose what happens; {manual} has the list.
  Everything is kept in {data}. Ctrl-C stops it.
"""


class CannotServe(Exception):
    """The port is taken, the host is no address of this machine, or the folder no storage; it says what to do."""


def run(
    host: str,
    port: int,
    data: Path,
    *,
    hosts: Collection[str] = (),
    manual: str = "its README.md",
    **settings: Any,
) -> None:
    """Serve a sandbox with its storage in `data`; `settings` are those of behaviour.Behaviour. Port 0 is a free one.

    `hosts` are names that it is called by beside its address and localhost; `manual` is where a reader finds the rest.
    Raises ValueError: if the settings are none; CannotServe.
    """
    is_local = host in {"127.0.0.1", "::1", "localhost"}
    app = build(data, hosts=[*hosts, host], is_shared=not is_local, **settings)
    _require_storage(data)

    def welcome() -> None:
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}"
        webhook = settings.get("webhook_url") or "none: nobody is told (--webhook URL)"
        _say(_WELCOME.format(url=url, webhook=webhook, data=data, manual=manual))
        if not is_local:
            _say("  Attention: others may reach it, and it asks nobody for a password.\n\n")

    with _listening(host, port) as listener:
        _Server(app, ready=welcome).run(sockets=[listener])
    _say(f"\nGoodbye. What was sent is kept in {data}.\n")


class _Server(uvicorn.Server):
    """uvicorn, which tells when it answers, and whose end by a signal is an end like any other."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None]) -> None:
        self._ready = ready
        super().__init__(
            uvicorn.Config(
                app,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=FINISH_WITHIN_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End at the first signal, in a hurry at the second; it is not raised again afterwards."""
        signals = (signal.SIGINT, signal.SIGTERM)
        former = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)


def _require_storage(data: Path) -> None:
    """Raises CannotServe: if nothing can be kept in the folder."""
    try:
        Database(data).close()
    except (OSError, sqlite3.Error) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise CannotServe(
            f"Nothing can be kept in {data}: {why}. Choose another folder with --data."
        ) from error


def _listening(host: str, port: int) -> socket.socket:
    """A listening socket. Raises CannotServe."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotServe(_cannot_listen(host, port, error)) from error
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    """What is wrong with the host, or else with the port, and how to choose another one."""
    why = (error.strerror or str(error)).lower()
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: {why}. Choose another one with --host."
    return f"Port {port} on {host} cannot be used: {why}. Choose another one with --port."


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
