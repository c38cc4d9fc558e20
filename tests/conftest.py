"""What holds for all tests: no property fails for being slow, and workers share the work sensibly.

`pytest -n auto` is the quick way to run them all; a file or a single test needs no workers.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import Producer

from support.run.session import shared_folder
from todoke.model.log import SECURITY, say_always

settings.register_profile("todoke", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("todoke")

WORKERS_OF_A_CORE = 2
"""Many tests wait for a process, a browser or an emulator."""


class Schedule(LoadScopeScheduling):
    """Hands out tests one by one in the order of their files, but those of an acceptance file to one worker together.

    Such a file starts servers, browsers and stacks once for all its tests.
    """

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        config.option.loadscopereorder = False  # the longest come first as it is
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if "/acceptance/" in file else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Schedule:
    """See Schedule."""
    return Schedule(config, log)


def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means."""
    return WORKERS_OF_A_CORE * len(os.sched_getaffinity(0))


def pytest_configure(config: pytest.Config) -> None:
    """Begin the session before any worker starts."""
    shared_folder()


@pytest.fixture
def aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials from the environment, and nothing from files or from the machine's role."""
    for variable, value in {
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "SECRET-key-93b1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }.items():
        monkeypatch.setenv(variable, value)
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """What a test made every line of this process's log say, and what it made the log leave out, ends with the test."""
    levels = {name: logging.getLogger(name).level for name in ("todoke", SECURITY)}
    yield
    say_always()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
