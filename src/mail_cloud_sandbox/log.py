"""What the sandbox logs: an event's name, and its facts in the record's `facts`; never an address or a secret."""

from __future__ import annotations

import logging

FACTS = "facts"
"""The name under which a record has its facts, as `extra` of the standard library's logging."""


def facts(**named: object) -> dict[str, dict[str, object]]:
    """Facts as `extra` takes them."""
    return {FACTS: named}


class Readable(logging.Formatter):
    """One line for a person; of an exception its type alone, for its words may hold what was sent."""

    def format(self, record: logging.LogRecord) -> str:
        """The level, the event, its facts."""
        named = getattr(record, FACTS, {})
        said = " ".join(f"{key}={value!r}" for key, value in named.items())
        return f"{record.levelname.lower()}: {record.getMessage()} {said}".rstrip()


def log_to_stderr(level: str = "WARNING") -> None:
    """Write the events of `level` and above to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(Readable())
    logging.basicConfig(level=level, handlers=[handler], force=True)
