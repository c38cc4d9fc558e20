"""What is fetched for the functions' package is what was locked."""

from __future__ import annotations

import hashlib
import os
import runpy
import zipfile
from pathlib import Path

import pytest

from support.places import ROOT
from todoke.aws.deploy.locked import LOCK, Pin
from todoke.aws.deploy.package import PackageError, _install, requirements

ASK_FOR_WHEELS = runpy.run_path(str(ROOT / "scripts" / "lambda-wheels"))["main"]


def wheel(folder: Path, pin: Pin) -> Path:
    """A wheel of somebody else's making, under the right name and version."""
    about = f"webencodings-{pin.version}.dist-info"
    path = folder / f"webencodings-{pin.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("webencodings/__init__.py", "evil = True")
        archive.writestr(f"{about}/METADATA", f"Name: webencodings\nVersion: {pin.version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return path


def test_a_file_that_is_not_the_locked_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an index offers under the right name and version; nothing of it is unpacked."""
    (pin,) = (pin for pin in requirements(service="smtp") if pin.name == "webencodings")
    offered = wheel(tmp_path, pin)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(PackageError, match="HASHES"):
        _install([pin], target)
    assert list(target.iterdir()) == []
    own = f"webencodings=={pin.version} --hash=sha256:{hashlib.sha256(offered.read_bytes()).hexdigest()}"
    _install([Pin(pin.name, pin.version, own, frozenset())], target)
    assert (target / "webencodings/__init__.py").read_text() == "evil = True"


def offered(folder: Path, name: str, tag: str) -> str:
    """A wheel for this tag in the folder, and its line in a lock."""
    about = f"{name}-1.dist-info"
    path = folder / f"{name}-1-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        archive.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{about}/RECORD", "")
    return f"{name}==1 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.mark.parametrize(
    ("tag", "is_there"),
    [
        ("cp313-cp313-manylinux_2_28_aarch64", True),
        ("cp39-abi3-manylinux2014_aarch64", True),
        ("py3-none-any", True),
        ("cp313-cp313-manylinux_2_28_x86_64", False),
        ("cp312-cp312-manylinux_2_28_aarch64", False),
        ("cp313-cp313-manylinux_2_39_aarch64", False),
    ],
)
def test_what_has_no_wheel_for_the_functions_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tag: str,
    is_there: bool,
) -> None:
    """A package that only other machines or other Pythons have would stop a deployment."""
    for variable, value in {
        "NO_INDEX": "1",
        "FIND_LINKS": str(tmp_path),
        "CONFIG_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(f"PIP_{variable}", value)
    lock = tmp_path / "lock.txt"
    lock.write_text(offered(tmp_path, "one", "py3-none-any") + offered(tmp_path, "two", tag))
    assert ASK_FOR_WHEELS(lock) == int(not is_there)
    assert ("two 1 has no wheel" in capsys.readouterr().err) == (not is_there)


def test_without_an_index_nothing_is_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then nobody could be asked, and that is what is said."""
    for variable, value in {"NO_INDEX": "1", "FIND_LINKS": "", "CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(f"PIP_{variable}", value)
    assert ASK_FOR_WHEELS(LOCK) == 0
    assert "no index can be reached" in capsys.readouterr().err
