"""`python -m mail_cloud_sandbox`: it serves with nothing beside it but its libraries, and says what is wrong."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import mail_cloud_sandbox
from mail_cloud_sandbox.command import main
from mail_cloud_sandbox.log import Readable, facts
from support.mail.sandboxes import HTTP, KEY, SEND, Receiver, mail_to, post
from support.web.local_server import serving, wait_for

PACKAGE = Path(mail_cloud_sandbox.__file__).parent
OTHERS = (
    "todoke", "stack_review", "apsw", "email_validator", "httptools", "rich", "typer", "uvloop",
)  # fmt: skip
"""What may be installed here, and is not among its libraries."""


@contextmanager
def alone(
    folder: Path, *options: str, **variables: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The package's folder, copied and run by itself: its address, and the process, which is ended afterwards."""
    place = folder / "alone"
    shutil.copytree(PACKAGE, place / "mail_cloud_sandbox")
    program = (
        f"import runpy, sys; sys.path[:0] = [{str(place)!r}, {sysconfig.get_path('purelib')!r}];"
        f" sys.modules.update(dict.fromkeys({OTHERS!r}));"
        " runpy.run_module('mail_cloud_sandbox', run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", program, "--port", "0", "--pace", "0"]
    process = subprocess.Popen(
        [*command, "--data", str(folder / "data"), "--batch-seconds", "0", *options],
        cwd=folder,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        shown = ""
        while "Ctrl-C stops it" not in shown:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            shown += line
        assert "its README.md has the list" in shown
        yield shown.split("POST ")[1].split(SEND)[0], process
    finally:
        process.kill()
        process.communicate()


def test_it_works_alone(tmp_path: Path) -> None:
    """It takes a mail, tells its webhook, shows the mail on its pages, and ends at Ctrl-C; nobody sees a secret."""
    receiver = Receiver()
    with serving(receiver.app) as hook:
        secrets = {
            "MAIL_CLOUD_SANDBOX_WEBHOOK": f"{hook}/hook",
            "MAIL_CLOUD_SANDBOX_WEBHOOK_KEY": KEY,
            "MAIL_CLOUD_SANDBOX_API_USERS": "x@example.org:k api@example.org:secret",
        }
        with alone(tmp_path, **secrets) as (url, process):
            seen = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
            assert not any(secret in seen for secret in secrets.values())
            assert post(url + SEND, mail_to("a@example.com", api_key="wrong"))[0] == 401
            assert post(url + SEND, mail_to("hardbounce@example.com"))[0] == 200
            wait_for(lambda: len(receiver.told) == 3)
            for place in ("/inbox", "/faults", "/blocks", "/static/inbox.css"):
                assert HTTP.request("GET", url + place).status == 200
            process.send_signal(signal.SIGINT)
            said, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, "")
    assert "Goodbye." in said
    assert receiver.statuses_of("hardbounce@example.com") == ["2", "failed", "queued"]


def test_a_webhook_that_takes_nothing_is_one_line_without_address_or_secret(tmp_path: Path) -> None:
    """What kind of events, how many, and what was answered."""
    receiver = Receiver(failing=1)
    with serving(receiver.app) as hook:
        options = ("--webhook", f"{hook}/hook", "--webhook-key", KEY)
        with alone(tmp_path, *options) as (url, process):
            post(url + SEND, mail_to("aoi@example.com"))
            wait_for(lambda: len(receiver.told) == 2)
            process.send_signal(signal.SIGTERM)
            _, complaints = process.communicate(timeout=30)
    line, *rest = complaints.splitlines()
    assert line.startswith("warning: webhook not taken event_type='deliveries' events=")
    assert line.endswith("status=503")
    assert rest == []


def test_a_line_says_no_word_of_an_exception() -> None:
    """It may hold what was sent: its type is among the facts."""
    record = logging.LogRecord("part", logging.ERROR, "", 0, "storage failed", (), None)
    record.__dict__ |= facts(error="OperationalError")
    record.exc_info = (ValueError, ValueError("aoi@example.com"), None)
    assert Readable().format(record) == "error: storage failed error='OperationalError'"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--api-user", "nobody"], "--api-user is USER:KEY"),
        (["--webhook-version", "1", "--webhook-json"], "version 1 has no JSON"),
        (["--webhook-events", "opened"], "opened"),
        (["--time-zone", "Mars/Base"], "Mars/Base"),
        (["--port", "70000"], "--port is 0 to 65535"),
        (["--pace", "-1"], "--pace is 0 or more"),
        (["--batch-events", "101"], "1 to 100"),
        (["--host", "192.0.2.1"], "192.0.2.1 is no address of this machine"),
    ],
)
def test_wrong_options_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    """Exit 2, on stderr, and nothing is served."""
    assert main(["--port", "0", "--data", str(tmp_path), *options]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("mail_cloud_sandbox: ")
    assert words in err


def test_a_port_that_is_taken_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what helps."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["--port", port, "--data", str(tmp_path)]) == 2
    assert "Choose another one with --port." in capsys.readouterr().err


def test_a_folder_that_keeps_nothing_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in its place, or a storage that is none."""
    (tmp_path / "file").write_text("")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "sandbox.sqlite3").write_text("no database " * 100)
    for name in ("file", "other"):
        assert main(["--port", "0", "--data", str(tmp_path / name)]) == 2
        err = capsys.readouterr().err
        assert err.startswith(f"mail_cloud_sandbox: Nothing can be kept in {tmp_path / name}: ")
        assert err.count("\n") == 1
