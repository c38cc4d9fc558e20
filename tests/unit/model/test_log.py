"""The log: one JSON object a line, with facts and without words of visitors."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from todoke.model.log import SECURITY, get_logger, keep_security_log, log_to_stderr

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def written(capsys: Captured) -> Iterator[Captured]:
    """What is logged during a test; pytest's own handlers are put back."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers = []
    log_to_stderr("info")
    yield capsys
    root.handlers = before
    root.setLevel(level)


def test_debug_is_for_todoke_alone(written: Captured) -> None:
    """Libraries say at DEBUG what they were given: secrets, bodies, addresses."""
    log_to_stderr("debug")
    logging.getLogger("botocore.parsers").debug("Response body: SECRET")
    logging.getLogger("urllib3").info("said at info")
    logging.getLogger("todoke.web.door").debug("ours")
    log_to_stderr("error")
    logging.getLogger("todoke.web.door").warning("too quiet")
    err = written.readouterr().err
    assert "SECRET" not in err
    assert "too quiet" not in err
    assert "ours" in err
    assert "said at info" in err


def test_the_security_log_is_a_file_for_its_owner(tmp_path: Path, written: Captured) -> None:
    """A line of JSON for each event, also while the rest of the log is quiet, and again after it was moved away."""
    path = tmp_path / "security.log"
    log_to_stderr("ERROR")
    try:
        keep_security_log(tmp_path / "before")
        keep_security_log(path)
        get_logger(SECURITY).info("desk_entered", session="a")
        path.rename(tmp_path / "moved")
        get_logger(SECURITY).warning("desk_code_refused", code="b\n")
        keep_security_log(tmp_path / "no" / "such" / "folder")
        get_logger(SECURITY).info("lost")
    finally:
        for handler in list(logging.getLogger(SECURITY).handlers):
            logging.getLogger(SECURITY).removeHandler(handler)
    [first] = (tmp_path / "moved").read_text().splitlines()
    [second] = path.read_text().splitlines()
    assert (
        json.loads(first).items()
        >= {"event": "desk_entered", "part": SECURITY, "session": "a"}.items()
    )
    assert json.loads(second)["code"] == "b\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "before").exists()
    assert written.readouterr().err == ""


def test_an_event_is_one_line_of_json(written: Captured) -> None:
    """Facts are fields; a line break in one of them cannot begin another line."""
    get_logger("todoke.part").info("hook", service="smtp\n{}", new=3)
    (line,) = written.readouterr().err.splitlines()
    found = json.loads(line)
    assert (found["event"], found["service"], found["new"]) == ("hook", "smtp\n{}", 3)
    assert (found["part"], found["level"]) == ("todoke.part", "info")
    assert datetime.fromisoformat(found["timestamp"]).tzinfo is UTC


def test_an_exception_is_told_without_its_words(written: Captured) -> None:
    """The type and the place are logged; the message, which may hold an answer, is not."""
    try:
        int("hanako@example.jp")
    except ValueError:
        get_logger("todoke.part").exception("failed")
        logging.getLogger("other").error("failed too", exc_info=True)
    lines = written.readouterr().err
    assert lines.count("ValueError") == 3
    assert "hanako" not in lines


def test_what_is_below_the_level_is_not_written(written: Captured) -> None:
    """A level that is off costs nothing and writes nothing."""
    logging.getLogger("todoke.quiet").setLevel("ERROR")
    get_logger("todoke.quiet").warning("unseen")
    assert written.readouterr().err == ""


def test_a_line_goes_to_what_stderr_is_when_it_is_written(
    written: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that was replaced is not written to; one that is closed is no reason to stop, nor to complain."""
    later = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", later)
        get_logger("todoke.part").warning("late")
        assert json.loads(later.getvalue())["event"] == "late"
        later.close()
        get_logger("todoke.part").warning("too late")
    assert written.readouterr().err == ""
