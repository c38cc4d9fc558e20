"""What is fetched for the functions' package is what was locked."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from todoke.aws.deploy.locked import Pin
from todoke.aws.deploy.package import PackageError, _install, requirements


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
