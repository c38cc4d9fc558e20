"""Fakes for the ports, for the tests of todoke and of what is built on it. They pass the same contract suite."""

from todoke.testing.bucket import MemoryBucket
from todoke.testing.peers import FakeClock, FakeMailer, FakeRecords
from todoke.testing.store import MemoryStore

__all__ = ["FakeClock", "FakeMailer", "FakeRecords", "MemoryBucket", "MemoryStore"]
