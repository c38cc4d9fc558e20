"""The real `todoke serve` as a child process, on a new database, sending to an SMTP sink."""

from __future__ import annotations

import compileall
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import todoke

HOST = "127.0.0.1"
START_WITHIN_SECONDS = 20.0

SITE = """\
[site]
name = "Bench"
url = "http://{host}:{port}"
door_url = "http://{host}:{port}"
[mail]
service = "smtp"
from = "Bench <forms@bench.example>"
[mail.smtp]
host = "{host}"
port = {smtp_port}
security = "none"
"""
"""A site and its mail; each benchmark has forms of its own."""
_CONFIG = (
    SITE
    + """\
[forms.contact]
managers = ["manager@bench.example"]
fields = [
  {{name = "name", required = true, maxlength = 80}},
  {{name = "email", type = "email", required = true}},
  {{name = "message", type = "textarea", required = true, maxlength = 2000}},
]
"""
)


def compile_package() -> None:
    """Write bytecode, as installing a package does; in a working copy a start would else compile every file."""
    compileall.compile_dir(str(Path(todoke.__file__).parent), quiet=2)


class TodokeServer:
    """A server in `folder`, from entering the context (its first answer) to leaving it (a clean end)."""

    def __init__(self, folder: Path, smtp_port: int, config: str = _CONFIG) -> None:
        self.port = free_port()
        self.data = folder / "data"
        self.start_ms = 0.0
        self.config = folder / "todoke.toml"
        self.config.write_text(config.format(host=HOST, port=self.port, smtp_port=smtp_port))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> TodokeServer:
        started = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 our own program
            [
                sys.executable,
                "-m",
                "todoke",
                "serve",
                "--config",
                self.config,
                "--port",
                str(self.port),
            ],
            env={**os.environ, "TODOKE_DATA": str(self.data)},
            stderr=subprocess.DEVNULL,
        )
        self._await_answer(started)
        self.start_ms = (time.perf_counter() - started) * 1000
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> float:
        """Ask it to end, as Ctrl-C does; how many seconds that took."""
        if self._process is None:
            return 0.0
        started = time.perf_counter()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        return time.perf_counter() - started

    def pss_mb(self) -> float:
        """Its memory now: the proportional set size, which counts shared pages once (Linux)."""
        if self._process is None:
            return 0.0
        for line in Path(f"/proc/{self._process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu_seconds(self) -> float:
        """The processor time it has used."""
        if self._process is None:
            return 0.0
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _await_answer(self, started: float) -> None:
        request = f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
        while time.perf_counter() - started < START_WITHIN_SECONDS:
            try:
                with socket.create_connection((HOST, self.port), timeout=5) as connection:
                    connection.sendall(request)
                    if connection.recv(100).startswith(b"HTTP/1.1 200"):
                        return
            except OSError:
                time.sleep(0.001)
        self.stop()
        raise RuntimeError("todoke serve did not answer")


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
