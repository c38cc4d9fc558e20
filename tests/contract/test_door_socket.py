"""The door at a real socket: what a server makes of a request before the door sees it."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from starlette.applications import Starlette

from support.web.doors import OPEN_FORM, kept, make_app, served
from todoke.model.form import Limits
from todoke.walk.app import App
from todoke.web.door import door


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Content-Length: 3", b"303"),
        ("Content-Length: -3", b"400"),
        ("Content-Length: 3\r\nContent-Length: 4", b"400"),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", b"400"),
        ("Content-Length: 3, 3", b"400"),
        ("Content-Length: 0x3", b"400"),
        ("Content-Length: 9999999999", b"413"),
        ("Content-Length: 3\r\nContent-Encoding: br", b"415"),
        ("Content-Length: 9", b"408"),
        ("Transfer-Encoding: gzip, chunked", b"415"),
        ("Transfer-Encoding: identity, chunked", b"415"),
    ],
)
def test_lengths_that_lie_are_refused(head: str, status: bytes) -> None:
    """At the socket: nothing is kept unless the body's length is stated once and truly (GHSA-v9pg-7xvm-68hf)."""
    app = make_app(replace(OPEN_FORM, limits=Limits(seconds=0.1)))
    lines = [
        "POST /f/any HTTP/1.1",
        "Host: x",
        "Content-Type: application/x-www-form-urlencoded",
        head,
    ]
    body = "3\r\na=1\r\n0\r\n\r\n" if head.startswith("Transfer") else "a=1"
    request = "\r\n".join([*lines, "", body])
    assert _first_line(app, request.encode()) == b"HTTP/1.1 " + status
    assert len(kept(app)) == (status == b"303")


def _first_line(app: App, request: bytes) -> bytes:
    with (
        served(Starlette(routes=door.routes(app))) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
    ):
        connection.sendall(request)
        return connection.recv(12)
