"""Run the real product for acceptance tests: `todoke serve` as a child process, and an SMTP sink to send to."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import urllib3

TODOKE = Path(sys.executable).parent / "todoke"


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(found: Callable[[], object], *, seconds: float = 30, what: str = "it") -> object:
    """Ask again and again until `found` gives something true; fail when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


@dataclass
class Served:
    """A running `todoke serve` with its folder; `kill` ends it as a power cut would, `start` begins it again."""

    folder: Path
    port: int
    environ: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it wrote to standard output and error."""
        return self.folder / "serve.log"

    def start(self, *, wait: bool = True) -> Served:
        """Begin serving; returns when it answers."""
        environ = os.environ | {"TODOKE_DATA": str(self.folder / "data")} | self.environ
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.prefix,
                    str(TODOKE),
                    "serve",
                    "--config",
                    str(self.folder / "todoke.toml"),
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(self.port),
                ],
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            eventually(self.answers, seconds=60, what=f"an answer from todoke ({self.log})")
        return self

    def answers(self) -> bool:
        """True when it takes connections; fails when the process has ended."""
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"todoke ended: {self.log.read_text()[-2000:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Signal the whole process group and wait for the end."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        return self.process.wait(30)

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does."""
        return self.kill(signal.SIGINT)

    def command(self, *words: str) -> str:
        """What another `todoke` command prints for the same data."""
        environ = os.environ | {"TODOKE_DATA": str(self.folder / "data")} | self.environ
        done = subprocess.run(
            [str(TODOKE), *words, "--config", str(self.folder / "todoke.toml")],
            env=environ,
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextlib.contextmanager
def serve(
    folder: Path,
    configuration: str,
    *,
    port: int | None = None,
    prefix: tuple[str, ...] = (),
    **environ: str,
) -> Iterator[Served]:
    """`todoke serve` with this todoke.toml, ended when the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "todoke.toml").write_text(configuration)
    served = Served(folder=folder, port=port or free_port(), environ=environ, prefix=prefix)
    try:
        yield served.start()
    finally:
        if served.process and served.process.poll() is None:
            served.kill()


def post_json(http: urllib3.PoolManager, url: str, fields: dict[str, str]) -> dict[str, object]:
    """Post a form as a script does and read the JSON answer; fails unless it was accepted."""
    answer = http.request("POST", url, fields=fields, encode_multipart=False, headers=JSON)
    assert answer.status == 200, answer.data
    return answer.json()


JSON = {"Accept": "application/json"}


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""


class Load:
    """Posts submissions from several threads and keeps the ledger of accepted ones, and of their receipts' paths."""

    def __init__(self, url: str, *, domain: str = "example.net", connections: int = 4) -> None:
        self.accepted: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.refused = 0
        self._url = url
        self._domain = domain
        self._stop = threading.Event()
        self._numbers = iter(range(10**9))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._post) for _ in range(connections)]

    def start(self) -> Load:
        """Begin posting."""
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Post no more, and wait for the answers under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _post(self) -> None:
        http = urllib3.PoolManager(retries=False, timeout=5)
        while not self._stop.is_set():
            with self._lock:
                visitor = f"v{next(self._numbers)}@{self._domain}"
            fields = {"email": visitor, "message": "x" * 200}
            try:
                answer = http.request(
                    "POST", self._url, fields=fields, encode_multipart=False, headers=JSON
                )
            except urllib3.exceptions.HTTPError:
                time.sleep(0.02)
                continue
            if answer.status == 200:
                told = answer.json()
                self.accepted[told["id"]] = visitor
                self.links[visitor] = "/s/" + told["status_url"].partition("/s/")[2]
            else:
                self.refused += 1
            time.sleep(0.01)


class Sink:
    """An SMTP server that keeps what it takes; `answer` may give another reply for a recipient's RCPT or data.

    Plain sockets and threads: small, quick, and with no opinion of its own.
    """

    def __init__(
        self,
        answer: Callable[[str, str], str] = lambda _stage, _recipient: "",
        port: int = 0,
        delay_seconds: float = 0,
    ) -> None:
        self._answer = answer
        self._delay = delay_seconds
        self._server = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port = int(self._server.getsockname()[1])
        self.mails: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def to(self, recipient: str) -> list[EmailMessage]:
        """The mails taken for this recipient, parsed."""
        return [
            message_from_bytes(data, policy=policy.default)  # type: ignore[misc]
            for address, data in list(self.mails)
            if address == recipient
        ]

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            say = lambda text: connection.sendall(text.encode() + b"\r\n")  # noqa: E731
            say("220 sink.test ESMTP")
            recipient = ""
            while line := lines.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    say("250-sink.test\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 SIZE 20000000")
                elif verb == b"RCPT":
                    recipient = line.decode().partition("<")[2].partition(">")[0]
                    say(self._answer("rcpt", recipient) or "250 2.1.5 Ok")
                elif verb == b"DATA":
                    say("354 go on")
                    self._take(lines, recipient, say)
                elif verb == b"QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 2.0.0 Ok")

    def _take(self, lines: object, recipient: str, say: Callable[[str], None]) -> None:
        data = bytearray()
        for line in lines:  # type: ignore[attr-defined]
            if line == b".\r\n":
                break
            data += line.removeprefix(b".") if line.startswith(b"..") else line
        else:
            return
        reply = self._answer("data", recipient) or "250 2.0.0 Ok: queued"
        if reply.startswith("2") or reply == "drop":
            with self._lock:
                self.mails.append((recipient, bytes(data)))
        if reply == "drop":
            raise OSError("the answer is lost")
        time.sleep(self._delay)
        say(reply)
