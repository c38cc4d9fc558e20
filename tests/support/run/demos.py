"""Run `todoke demo` as a newcomer does, for the tests that walk through it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from support.run.serving import TODOKE, text_of


@dataclass
class Demo:
    """A running `todoke demo` with its data in a folder, and the addresses and commands that it printed."""

    folder: Path
    printed: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    def start(self) -> Demo:
        """Begin, and read the addresses."""
        self.process = subprocess.Popen(
            [str(TODOKE), "demo", "--port", "0"],
            cwd=self.folder,
            env=_environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        text = ""
        while "Ctrl-C stops it" not in text:
            line = self.process.stdout.readline()
            assert line, self.process.communicate()
            text += line
        self.commands = re.findall(r"`([^`]+)`", text)
        self.printed = dict(re.findall(r"^  (\S+(?: \S+)*) {2,}(http\S+)", text, re.MULTILINE))
        return self

    def stop(self) -> None:
        """Ctrl-C; it must say goodbye and exit with 0."""
        assert self.process
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=30)
        assert (self.process.returncode, "Goodbye" in err) == (0, True), err

    def command(self, *words: str) -> list[str]:
        """The lines that another command prints for the same data."""
        environ = _environ() | {"TODOKE_DATA": str(self.folder / "demo-data")}
        done = subprocess.run(
            [str(TODOKE), *words],
            cwd=self.folder,
            env=environ,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.splitlines()

    def mails(self, to: str, about: str = "") -> list[EmailMessage]:
        """The mails in the inbox for an address, with `about` in their text."""
        inbox = self.printed["Inbox"].rstrip("/")
        found: list[EmailMessage] = []
        for listed in json.loads(_read(f"{inbox}/inbox.json?to={to}"))["messages"]:
            source = _read(f"{inbox}/inbox/{listed['id']}/source.eml")
            mail: EmailMessage = message_from_bytes(source, policy=policy.default)  # type: ignore[assignment]
            if listed["to"] == to and about in text_of(mail):
                found.append(mail)
        return found

    def webhook_log(self, to: str) -> list[list[dict[str, int]]]:
        """Of each mail to an address, the newest first: what the webhook did with each of its events so far."""
        inbox = self.printed["Inbox"].rstrip("/")
        logs: list[list[dict[str, int]]] = []
        for listed in json.loads(_read(f"{inbox}/inbox.json?to={to}"))["messages"]:
            log = json.loads(_read(f"{inbox}/inbox/{listed['id']}.json"))["log"]
            logs.append([step["webhook"] for step in log if step["event_type"]])
        return logs


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TODOKE_")}


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        content: bytes = answer.read()
        return content


@contextlib.contextmanager
def demo_in(folder: Path) -> Iterator[Demo]:
    """A demo that runs until the block ends."""
    running = Demo(folder).start()
    try:
        yield running
    finally:
        if running.process and running.process.poll() is None:
            running.stop()
