"""uvicorn, set up for this application: one process, one loop, one or more servers, and a clean end.

Nothing here knows of forms or mail. Limits on a request's body are the door's (web/http/errors.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todoke.model.errors import ConfigError
from todoke.server.crowd import Crowd
from todoke.server.protocol import BoundedProtocol
from todoke.walk.tally import Counted, Tally

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 30
FINISH_WITHIN_SECONDS = 10
MOST_CONNECTIONS = 4000
OWN_FILES = 200
STREAMS_END_WITH = "/events"
"""Paths of answers that never end by themselves (server-sent events)."""

# It warns of each request that cannot be read; a stranger could fill the log.
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


class Server(uvicorn.Server):
    """One listening address. `finish` ends it: requests under way are answered, endless answers are ended.

    `tally` counts the connections that had to be ended.
    """

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        *,
        trusted_proxies: int = 0,
        tally: Tally | None = None,
    ) -> None:
        self._closing = asyncio.Event()
        self._listener = listener
        most = _most_connections()
        crowd = Crowd(most, ended=partial((tally or Tally()).count, Counted.CONNECTIONS_ENDED))
        protocol = partial(BoundedProtocol, crowd=crowd, trusted_proxies=trusted_proxies)
        super().__init__(
            uvicorn.Config(
                _ending_streams(app, self._closing),
                http=protocol,  # type: ignore[arg-type]
                loop="uvloop",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                limit_concurrency=most
                + BACKLOG,  # who is one too many for the crowd may still be about to end
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=FINISH_WITHIN_SECONDS,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `run_servers`, which may have several servers to end."""
        yield

    async def serve_until_finished(self) -> None:
        """Serve until `finish` is called."""
        await self.serve(sockets=[self._listener])

    def finish(self) -> None:
        """Take no more connections, answer what is under way, and come to an end."""
        self._closing.set()
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigError: if the port is taken or the host is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(_cannot_listen(host, port, error)) from error
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    """What is wrong with the host, or else with the port, and how to choose another one."""
    why = (error.strerror or str(error)).lower()
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: {why}. Choose another one with --host."
    return f"Port {port} on {host} cannot be used: {why}. Choose another one with --port."


def run_servers(servers: Sequence[Server], ready: Callable[[], Any] = lambda: None) -> None:
    """Run `servers` until Ctrl-C or SIGTERM; a second one hurries.

    They end in their order, each wholly before the next. `ready` is called once all of them answer.
    """
    uvloop.run(_run(servers, ready))


async def _run(servers: Sequence[Server], ready: Callable[[], Any]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            for server in servers:
                server.force_exit = True
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    tasks = [asyncio.create_task(server.serve_until_finished()) for server in servers]
    watch = asyncio.create_task(_started(servers, ready))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        watch.cancel()
        stopped.cancel()
        for server, task in zip(servers, tasks, strict=True):
            server.finish()
            await task


async def _started(servers: Sequence[Server], ready: Callable[[], Any]) -> None:
    while not all(server.started for server in servers):  # noqa: ASYNC110 uvicorn has no event for it
        await asyncio.sleep(0.002)
    ready()
    settle_memory()


def settle_memory() -> None:
    """Tell the collector that what is loaded now stays, and to look less often: requests make little garbage."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def _ending_streams(app: ASGIApp, closing: asyncio.Event) -> ASGIApp:
    """`app`, whose endless answers see the client leave as soon as `closing` is set, so that the end need not wait."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].rstrip("/").endswith(STREAMS_END_WITH):
            receive = _until(receive, closing)
        await app(scope, receive, send)

    return wrapped


def _until(receive: Receive, closing: asyncio.Event) -> Receive:
    async def until() -> Message:
        message = asyncio.ensure_future(receive())
        closed = asyncio.create_task(closing.wait())
        try:
            await asyncio.wait((message, closed), return_when=asyncio.FIRST_COMPLETED)
            return message.result() if message.done() else {"type": "http.disconnect"}
        finally:
            message.cancel()
            closed.cancel()

    return until


def _most_connections() -> int:
    """As many connections as the process may have files open, less some for itself, up to our own limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + BACKLOG + OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST_CONNECTIONS
    return max(100, min(MOST_CONNECTIONS, (soft - OWN_FILES) * 2 // 3))
