"""What holds for all tests: no property fails for being slow, since timings belong in benchmarks."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("todoke", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("todoke")
