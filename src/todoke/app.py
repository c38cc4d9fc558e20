"""The application: settings and the ports they chose. `build` is the one place where objects are wired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from todoke.ports import Clock, EventSource, Mailer, Store
from todoke.settings import Settings


def utc_now() -> datetime:
    """The present time, aware."""
    return datetime.now(UTC)


def _nobody_listens() -> None:
    """Stand in for a hint that nobody takes: the sweep finds the work all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the use cases run on. `hint` wakes the sender; it may be lost, doubled, early or late."""

    settings: Settings
    store: Store
    mailer: Mailer
    sources: Mapping[str, EventSource] = field(default_factory=dict)
    clock: Clock = utc_now
    hint: Callable[[], None] = _nobody_listens
