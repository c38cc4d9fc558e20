"""Lambda's Runtime API on loopback, and the real runtime client (awslambdaric) as its only caller.

The interface is AWS's 2018-06-01: the client asks for the next invocation and posts a response, an error, or that it
could not start. An environment that does not answer by its deadline is killed, as Lambda does.
"""

from __future__ import annotations

import http.server
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came of an invocation, and its payload. `kind` is response, error, init_error, timeout or exit."""

    kind: str
    payload: Any = None
    seconds: float = 0.0


@dataclass
class Environment:
    """One execution environment: started when it is made.

    `init_seconds` is how long until it asked for work, `init_cpu_seconds` the processor time it took for that.
    """

    handler: str
    environ: Mapping[str, str]
    folder: Path
    python: str = sys.executable
    log: bytes = b""
    init_seconds: float = 0.0
    init_cpu_seconds: float = 0.0
    _work: queue.SimpleQueue[tuple[str, bytes, float]] = field(default_factory=queue.SimpleQueue)
    _answers: queue.SimpleQueue[Answer] = field(default_factory=queue.SimpleQueue)
    _ready: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Environment:
        server = _Server(("127.0.0.1", 0), _handler_of(self))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._server = server
        name = self.handler.rpartition(".")[2]
        own = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "test",
            "LAMBDA_TASK_ROOT": str(self.folder),
            "PATH": os.environ["PATH"],
        }
        self._log = (self.folder / f"{name}.log").open("w+b")
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            [self.python, "-m", "awslambdaric", self.handler],
            cwd=self.folder,
            env={**own, **self.environ},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._server.shutdown()
        self._server.server_close()
        self._log.seek(0)
        self.log = self._log.read()
        self._log.close()

    def wait_until_ready(self, seconds: float = 60) -> Answer | None:
        """None once the environment asked for its first invocation; what ended it, if it did not come so far."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._ready.wait(0.005):
                return None
            if not self._answers.empty():
                return self._answers.get()
            if self._process.poll() is not None:
                time.sleep(0.1)
                return self._answers.get() if not self._answers.empty() else Answer("exit")
        raise AssertionError("the environment neither started nor ended")

    def freeze(self) -> None:
        """Let it stand still, as something does that no time limit of its own can end."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """End it as AWS ends an environment: at once."""
        self._process.kill()

    def invoke(self, event: object, *, timeout_seconds: float = 30.0) -> Answer:
        """One invocation: what came of it."""
        began = time.perf_counter()
        deadline = time.time() + timeout_seconds
        self._work.put(
            ("8476a536-e9f4-11e8-9739-2dfe598c3fcd", json.dumps(event).encode(), deadline)
        )
        while time.time() < deadline:
            try:
                answer = self._answers.get(timeout=0.05)
            except queue.Empty:
                if self._process.poll() is not None:
                    return Answer("exit")
            else:
                return Answer(answer.kind, answer.payload, time.perf_counter() - began)
        self._process.kill()
        return Answer("timeout")


def _cpu_seconds(pid: int) -> float:
    """The processor time of all threads of a process so far (Linux)."""
    stats = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(stat.read_text().split()[0]) for stat in stats) / 1e9


class _Server(http.server.ThreadingHTTPServer):
    """Says nothing of a client that was killed."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """The connection is gone."""


def _handler_of(environment: Environment) -> type[http.server.BaseHTTPRequestHandler]:
    class RuntimeApi(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """GET .../invocation/next: give work, when there is some."""
            if not environment._ready.is_set():
                environment.init_seconds = time.perf_counter() - environment._began
                environment.init_cpu_seconds = _cpu_seconds(environment._process.pid)
                environment._ready.set()
            name, body, deadline = environment._work.get()
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", name)
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000)))
            self.send_header(
                "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:0:function:f"
            )
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            """POST .../response, .../error, .../init/error: what came of it."""
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            kind = "init_error" if "/init/" in self.path else self.path.rpartition("/")[2]
            environment._answers.put(Answer(kind, json.loads(body or b"null")))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return RuntimeApi
