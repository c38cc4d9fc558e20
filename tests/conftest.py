"""What holds for all tests: no property has a deadline, since timings belong in benchmarks."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("todoke", deadline=None)
settings.load_profile("todoke")
