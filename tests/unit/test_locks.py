"""The locks hold every dependency at a version that pyproject.toml allows, with hashes, and agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from todoke.aws.deploy.locked import LOCK, Pin, pins

ROOT = Path(__file__).parents[2]
LOCKS = {path.stem: path for path in sorted((ROOT / "locks").glob("*.txt"))} | {"lambda": LOCK}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def read(name: str) -> dict[str, Pin]:
    return pins(LOCKS[name].read_text("utf-8"))


def asked(*, extras: bool, groups: tuple[str, ...]) -> list[Requirement]:
    """What pyproject.toml asks for."""
    project = PROJECT["project"]
    lines = list(project["dependencies"])
    if extras:
        lines += [line for extra in project["optional-dependencies"].values() for line in extra]
    for group in groups:
        lines += [line for line in PROJECT["dependency-groups"][group] if isinstance(line, str)]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize(
    ("name", "extras", "groups"),
    [("dev", True, ("build", "dev")), ("run", True, ()), ("demo", False, ("build",))],
)
def test_what_is_asked_for_is_locked(name: str, extras: bool, groups: tuple[str, ...]) -> None:
    """A dependency that is added or raised needs `make lock`; else it would be installed from nowhere."""
    locked = read(name)
    for requirement in asked(extras=extras, groups=groups):
        pin = locked.get(re.sub(r"[-_.]+", "-", requirement.name).lower())
        assert pin, f"{requirement} is not in locks/{name}.txt: run `make lock`."
        assert pin.version in requirement.specifier, f"{requirement}: run `make lock`."


@pytest.mark.parametrize("name", LOCKS)
def test_each_entry_has_hashes(name: str) -> None:
    """And no line of a lock escapes its reading: each version in it is an entry; none names a place to fetch from."""
    text = LOCKS[name].read_text("utf-8")
    locked = read(name)
    assert len(locked) == len(re.findall(r"^[^ #].*==", text, re.MULTILINE)) > 20
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", pin.text) for pin in locked.values())
    assert "//" not in text


@pytest.mark.parametrize("name", [name for name in LOCKS if name != "dev"])
def test_what_is_tested_is_what_runs(name: str) -> None:
    """The demo, the wheel and Lambda get the versions, and the files, that the tests run with."""
    tested = read("dev")
    for pin in read(name).values():
        assert tested[pin.name].version == pin.version
        files = set(re.findall(r"sha256:\w+", pin.text))
        assert files <= set(re.findall(r"sha256:\w+", tested[pin.name].text))
