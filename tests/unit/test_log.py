"""The log: one JSON object a line, with facts and without words of visitors."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from todoke.log import get_logger, log_to


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged during a test; pytest's own handlers are put back."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers = []
    stream = io.StringIO()
    log_to(stream, "info")
    yield stream
    root.handlers = before
    root.setLevel(level)


def test_an_event_is_one_line_of_json(written: io.StringIO) -> None:
    """Facts are fields; a line break in one of them cannot begin another line."""
    get_logger("todoke.part").info("hook", service="smtp\n{}", new=3)
    (line,) = written.getvalue().splitlines()
    found = json.loads(line)
    assert (found["event"], found["service"], found["new"]) == ("hook", "smtp\n{}", 3)
    assert (found["part"], found["level"]) == ("todoke.part", "info")


def test_an_exception_is_told_without_its_words(written: io.StringIO) -> None:
    """The type and the place are logged; the message, which may hold an answer, is not."""
    try:
        int("hanako@example.jp")
    except ValueError:
        get_logger("todoke.part").exception("failed")
        logging.getLogger("other").error("failed too", exc_info=True)
    assert written.getvalue().count("ValueError") == 3
    assert "hanako" not in written.getvalue()


def test_what_is_below_the_level_is_not_written(written: io.StringIO) -> None:
    """A level that is off costs nothing and writes nothing."""
    logging.getLogger("todoke.quiet").setLevel("ERROR")
    get_logger("todoke.quiet").warning("unseen")
    assert written.getvalue() == ""
