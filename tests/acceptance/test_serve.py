"""`todoke serve` and `todoke demo` as processes: they start, answer, end cleanly, and find their data again."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from support.web.local_server import serving
from todoke.bench.server import TodokeServer
from todoke.server.protocol import BoundedProtocol

pytestmark = pytest.mark.acceptance
NOBODY_PORT = 9


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TodokeServer]:
    """A server whose mail service is never there."""
    with TodokeServer(tmp_path, NOBODY_PORT) as running:
        yield running


def exchange(port: int, request: bytes) -> bytes:
    """Send bytes and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        ("Host: x\r\n", b"404"),
        ("Host: x\r\nHost: y\r\n", b"400"),
        ("", b"400"),
        ("Host: x/y\r\n", b"400"),
    ],
)
def test_a_request_names_one_host(server: TodokeServer, hosts: str, status: bytes) -> None:
    """At the socket: whoever reads the other of two Host fields would act for another site (RFC 9112 3.2)."""
    request = f"GET /s/token/ HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n"
    assert exchange(server.port, request.encode())[9:12] == status


def submit(port: int, address: str) -> dict[str, object]:
    """Post the form of the benchmark's configuration."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/f/contact",
        data=f"name=Hanako&email={address}&message=Hello".encode(),
        headers={"Accept": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_a_head_that_is_too_large_is_refused(server: TodokeServer) -> None:
    """Header fields without end are answered with 400 and the connection is closed."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * 100_000
    assert exchange(server.port, head).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("endless", [b"X-T: " + b"a" * 8_000 + b"\r\n", b"X-T: " + b"a" * 65_536])
def test_trailers_without_end_are_refused(server: TodokeServer, endless: bytes) -> None:
    """Fields after a chunked body end the request before they fill the memory: the rest passes by, and 400 is seen."""
    head = b"POST /f/contact HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = exchange(server.port, head + b"3\r\na=1\r\n0\r\n" + endless * 1_000)
    assert answer.startswith(b"HTTP/1.1 400")


async def tell_fields(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads the body and then says which header fields it sees."""
    if scope["type"] == "http":
        while (await receive())["more_body"]:
            pass
        seen = b" ".join(name for name, _ in scope["headers"])
        await PlainTextResponse(seen)(scope, receive, send)


def test_trailers_are_no_header_fields() -> None:
    """What comes after the body cannot pass for what a proxy said before it."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"3\r\na=1\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
    with serving(tell_fields, http=BoundedProtocol, lifespan="off") as url:
        answer = exchange(int(url.rpartition(":")[2]), head + body)
    assert answer.endswith(b"\r\n\r\nhost connection transfer-encoding")


def test_many_requests_on_one_connection_are_answered(server: TodokeServer) -> None:
    """The bound on heads counts each request alone."""
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 30_000 + b"\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert exchange(server.port, one * 4 + last).count(b"HTTP/1.1 200") == 5


def test_answers_do_not_tell_what_serves(server: TodokeServer) -> None:
    """There is no Server header."""
    answer = exchange(server.port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"\r\nserver:" not in answer.lower()


def test_an_open_receipt_does_not_hold_up_the_end(server: TodokeServer) -> None:
    """A page that listens for events is let go when the server ends; what was accepted is there afterwards."""
    found = submit(server.port, "hanako@bench.example")
    path = re.sub(r"^https?://[^/]+", "", str(found["status_url"])) + "/events"
    opened = threading.Event()

    def listen() -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(
                f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n".encode()
            )
            assert connection.recv(15) == b"HTTP/1.1 200 OK"
            opened.set()
            while connection.recv(65536):
                pass

    listener = threading.Thread(target=listen)
    listener.start()
    assert opened.wait(10)
    assert server.stop() < 8
    listener.join(10)
    assert not listener.is_alive()
    environ = {**os.environ, "TODOKE_DATA": str(server.data)}
    listed = subprocess.run(
        [sys.executable, "-m", "todoke", "list", "--json"],
        env=environ,
        cwd=server.data,
        check=True,
        capture_output=True,
    )
    assert json.loads(listed.stdout)["id"] == found["id"]


def test_a_port_in_use_is_one_sentence(server: TodokeServer, tmp_path: Path) -> None:
    """The second server on a port says so and exits with 2."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "todoke",
            "serve",
            "--config",
            tmp_path / "todoke.toml",
            "--port",
            str(server.port),
        ],
        env={**os.environ, "TODOKE_DATA": str(tmp_path / "other")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"todoke: Port {server.port} on 127.0.0.1 cannot be used: address already in use."
    )


def test_the_demo_shows_a_mail_that_fails_and_ends_with_a_goodbye(tmp_path: Path) -> None:
    """Its addresses answer, the walk goes over the local mail service, and Ctrl-C ends it with exit 0."""
    process = subprocess.Popen(
        [sys.executable, "-m", "todoke", "demo", "--port", "0"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("TODOKE_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        text = ""
        while "Ctrl-C stops it" not in text:
            text += process.stdout.readline()
        site, inbox = re.search(r"Sample site +(\S+)/\n", text), re.search(r"Inbox +(\S+)/ ", text)
        assert site
        assert inbox
        with urllib.request.urlopen(f"{site[1]}/contact.html", timeout=10) as page:
            assert b'action="/f/contact"' in page.read()
        request = urllib.request.Request(
            f"{site[1]}/f/contact",
            data=b"name=Ren&email=hardbounce%40example.com&topic=order&message=Hello+there",
            headers={"Accept": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            receipt = json.load(answer)["status_url"]
        assert "failed" in states_until_final(receipt)
        with urllib.request.urlopen(f"{inbox[1]}/inbox.json", timeout=10) as mails:
            assert b"hardbounce@example.com" in mails.read()
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Goodbye" in err


def states_until_final(receipt: str) -> set[str]:
    """Ask the receipt until nothing more is expected; the last states."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        request = urllib.request.Request(receipt, headers={"Accept": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = json.load(answer)
        if found["final"]:
            return {message["status"] for message in found["messages"]}
        time.sleep(0.2)
    raise AssertionError("the receipt never came to an end")
