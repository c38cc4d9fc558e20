"""Permissions of todoke's own files: who is told of what, and that what todoke makes itself is right."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from todoke.cli.serve import warn_of_loose_files
from todoke.configuration import check, read
from todoke.doctor.judge import judge_store
from todoke.doctor.look_store import look_at_store
from todoke.ports.diagnosis import Verdict
from todoke.testing import FakeClock
from todoke.toml.permissions import loose_files
from todoke.wiring import build

CONFIG = """\
[site]
name = "Example"
door_url = "https://forms.example.jp"
[mail]
service = "smtp"
from = "forms@example.jp"
[forms.contact]
managers = ["manager@example.jp"]
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody reaches, as pytest's own is not, with a configuration."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "todoke.toml").write_text(CONFIG)
    (folder / "todoke.toml").chmod(0o644)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def data(place: Path) -> Path:
    """A data folder as todoke makes it."""
    settings = read(place / "todoke.toml", {"TODOKE_DATA": str(place / "data")})
    app = build(settings)
    app.mailer.close()
    app.store.close()
    return settings.data


def test_what_todoke_makes_is_for_its_owner(place: Path, data: Path) -> None:
    """Folder 0700, files 0600: nothing is said, of a configuration that all may read neither."""
    assert loose_files(data, place / "todoke.toml") == ()
    assert loose_files(place / "nothing", place / "no.toml") == ()


@pytest.mark.parametrize(
    ("name", "mode", "says"),
    [
        ("", 0o755, "can read it"),
        ("", 0o701, "can read it"),
        ("", 0o777, "can change it"),
        ("", 0o703, "can change it"),
    ],
)
def test_a_loose_folder(place: Path, data: Path, name: str, mode: int, says: str) -> None:
    """Whoever may enter finds what lies in it by name."""
    (data / name).chmod(mode)
    [found] = loose_files(data, place / "todoke.toml")
    assert str(found) == f"{data} (mode {mode:04o}): others than its owner {says}"
    assert found.mend == f"chmod go-rwx {data}"


@pytest.mark.parametrize("name", ["secret", "todoke.db"])
def test_a_loose_file_within_reach(data: Path, name: str) -> None:
    """Beside the folder's own; behind a folder that is shut nobody reaches it."""
    (data / name).chmod(0o604)
    assert loose_files(data) == ()
    data.chmod(0o711)
    assert [found.path for found in loose_files(data)] == [data, data / name]


def test_a_file_that_others_can_write_decides_who_receives_mail(place: Path) -> None:
    """todoke.toml may be read by all: no secret is in it."""
    config = place / "todoke.toml"
    config.chmod(0o646)
    [found] = loose_files(None, config)
    assert (found.path, found.mend) == (config, f"chmod go-w {config}")
    place.chmod(0o700)
    assert loose_files(None, config) == ()


def test_a_group_of_ones_own_is_nobody_else(place: Path, data: Path) -> None:
    """Many systems give each user such a group, and let it write: 0664 is no fault there."""
    (place / "todoke.toml").chmod(0o664)
    data.chmod(0o770)
    assert loose_files(data, place / "todoke.toml") == ()


def test_check_and_doctor_tell(place: Path, data: Path) -> None:
    """Each with the command that mends it; it is a warning, for todoke works."""
    config = place / "todoke.toml"
    environ = {"TODOKE_DATA": str(data), "TODOKE_SECRET": "ab" * 32}
    assert check(config, environ) == []
    data.chmod(0o755)
    config.chmod(0o666)
    found = check(config, environ)
    assert {(f.severity, f.file, f.hint) for f in found} == {
        ("warning", str(config), f"chmod go-w {config}"),
        ("warning", str(data), f"chmod go-rwx {data}"),
    }
    facts = look_at_store(read(config, environ), FakeClock()())
    [told] = [c for c in judge_store(facts) if c.name == "store.access"]
    assert (told.status, told.do) == (Verdict.WARN, f"chmod go-rwx {data}")
    data.chmod(0o700)
    facts = look_at_store(read(config, environ), FakeClock()())
    [told] = [c for c in judge_store(facts) if c.name == "store.access"]
    assert told.status is Verdict.GOOD


def test_the_start_tells_once(place: Path, data: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line of the log for all of it, and none where all is well."""
    warn_of_loose_files(data, place / "todoke.toml")
    assert caplog.records == []
    data.chmod(0o777)
    (place / "todoke.toml").chmod(0o666)
    warn_of_loose_files(data, place / "todoke.toml")
    [line] = caplog.records
    facts = line.facts  # type: ignore[attr-defined]
    assert (line.levelname, line.message) == ("WARNING", "permissions_loose")
    assert len(facts["files"]) == 2
    assert facts["do"] == f"chmod go-w {place / 'todoke.toml'}; chmod go-rwx {data}"
