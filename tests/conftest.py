"""What holds for all tests: no property fails for being slow, since timings belong in benchmarks."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from support.run.session import shared_folder

settings.register_profile("todoke", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("todoke")


def pytest_configure(config: pytest.Config) -> None:
    """Begin the session before any worker starts."""
    shared_folder()
