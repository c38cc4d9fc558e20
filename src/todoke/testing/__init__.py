"""Fakes for the ports, for the tests of todoke and of what is built on it. They pass the same contract suite."""

from todoke.stores.memory.store import MemoryStore
from todoke.testing.bucket import MemoryBucket
from todoke.testing.captcha import FakeCaptcha
from todoke.testing.courier import FakeCourier
from todoke.testing.events import FakeEvents
from todoke.testing.peers import FakeClock, FakeMailer, FakeRecords, FakeSuppressions

__all__ = [
    "FakeCaptcha",
    "FakeClock",
    "FakeCourier",
    "FakeEvents",
    "FakeMailer",
    "FakeRecords",
    "FakeSuppressions",
    "MemoryBucket",
    "MemoryStore",
]
