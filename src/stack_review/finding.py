"""One thing a person has to judge before a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs. `danger` and `risk` need acceptance; a `note` does not."""

    DANGER = "danger"
    RISK = "risk"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


class Topic(StrEnum):
    """What a finding is about."""

    DATA = "data"
    AVAILABILITY = "availability"
    SECURITY = "security"
    COST = "cost"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """What may go wrong with one resource: what changes, what may happen, and what to do about it."""

    severity: Severity
    topic: Topic
    resource: str
    type: str
    change: str
    sentence: str
    advice: str
