"""The present time, as a use case asks for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""The present time: aware, UTC."""
