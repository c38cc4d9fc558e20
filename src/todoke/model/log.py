"""One line of JSON for each thing worth knowing: what happened, with ids; never an address, an answer or a secret.

`get_logger(__name__).info("hook", service="smtp", new=3)`. It stands on the standard library's logging, so that
every part's lines look alike, and costs nothing to load: structlog takes a third of the whole start (it loads Rich).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

_FACTS = "facts"
"""Where a record has its facts; another package's records may have them too."""
_always: dict[str, object] = {}
SECURITY = "todoke.security"
"""The logger of what is kept for those who ask later who did what."""
_AUDITED = 0o600


class Logger:
    """Takes an event's name and its facts as keywords."""

    def __init__(self, name: str) -> None:
        self._log = logging.getLogger(name)

    def info(self, event: str, **facts: object) -> None:
        """Something happened as it should."""
        self._write(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Something went wrong, and todoke deals with it."""
        self._write(logging.WARNING, event, facts)

    def error(self, event: str, **facts: object) -> None:
        """Something went wrong that a person has to look at."""
        self._write(logging.ERROR, event, facts)

    def exception(self, event: str, **facts: object) -> None:
        """The same, with the exception that is being handled: its type and place, not its words."""
        self._write(logging.ERROR, event, {**facts, **_exception_facts()})

    def _write(self, level: int, event: str, facts: dict[str, object]) -> None:
        if self._log.isEnabledFor(level):
            self._log.log(level, "%s", event, extra={_FACTS: facts})


def get_logger(name: str) -> Logger:
    """The logger of a module."""
    return Logger(name)


def say_always(**facts: object) -> None:
    """Say these facts, and no longer the ones before, in every line of this process: the request under way, say."""
    _always.clear()
    _always.update(facts)


def log_to_stderr(level: str = "WARNING") -> None:
    """Write the events of `level` and above to stderr, readable on a terminal, JSON elsewhere."""
    handler = _Stderr()
    handler.setFormatter(_Readable() if sys.stderr.isatty() else _Lines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    root = logging.getLogger()
    logging.getLogger("todoke").setLevel(root.level)
    # What libraries say at DEBUG holds what they are given: botocore's secrets, bodies of forms.
    root.setLevel(max(root.level, logging.INFO))
    # These are few, and nobody can ask for them afterwards. Whoever wants silence on stderr has it.
    logging.getLogger(SECURITY).setLevel(logging.INFO)
    handler.setLevel(
        logging.NOTSET if level.upper() not in {"ERROR", "CRITICAL"} else level.upper()
    )


def keep_security_log(path: Path) -> None:
    """Also append the events of SECURITY to the file `path`, one JSON object a line, for its owner alone.

    It is opened for each, so that it may be moved away at any time. What cannot be written there is lost there.
    """
    logger = logging.getLogger(SECURITY)
    for before in [h for h in logger.handlers if isinstance(h, _SecurityFile)]:
        logger.removeHandler(before)
    handler = _SecurityFile(path)
    handler.setFormatter(_Lines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


class _SecurityFile(logging.Handler):
    """Appends to a file of mode 0600."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        line = (self.format(record) + "\n").encode()
        with contextlib.suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _AUDITED)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)


class _Stderr(logging.Handler):
    """Writes to what sys.stderr is at that time: it may be replaced, and what it was then is closed."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # nobody reads it any more; the work goes on
            return


class _Lines(logging.Formatter):
    """One JSON object a line. JSON escapes every control character, so a line is one event."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            # By this name, and in RFC 3339, Lambda and other collectors of logs know when it was.
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "part": record.name,
            "event": record.getMessage(),
            **_always,
            **getattr(record, _FACTS, {}),
        }
        if record.exc_info:
            said["where"] = _where(record.exc_info[1])
        return json.dumps(said, default=str)


class _Readable(logging.Formatter):
    """For a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{key}={value!r}" for key, value in getattr(record, _FACTS, {}).items())
        where = f" at {_where(record.exc_info[1])}" if record.exc_info else ""
        return f"{record.levelname.lower()}: {record.getMessage()} {facts}".rstrip() + where


def _exception_facts() -> dict[str, object]:
    error = sys.exc_info()[1]
    return {"error": type(error).__name__, "where": _where(error)} if error else {}


def _where(error: BaseException | None) -> str:
    """The exception's type and the last places it came through; its message may hold what a visitor sent."""
    if error is None:
        return ""
    places = traceback.extract_tb(error.__traceback__)[-4:]
    names = " < ".join(
        f"{place.name} {place.filename}:{place.lineno}" for place in reversed(places)
    )
    return f"{type(error).__name__}: {names}"
