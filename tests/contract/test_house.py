"""The figures that docs/architecture.md tells can be measured by anyone."""

from __future__ import annotations

import re
import subprocess
import sys

from support.places import ROOT


def test_the_house_can_be_measured() -> None:
    """The structure has no circle, and both ways are walked to their end."""
    command = [sys.executable, str(ROOT / "bench" / "house.py")]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert re.findall(r"modules in circles +(\d+)", told) == ["0", "0", "0"]
    address, event = re.findall(r"(?m)^one \w+, .*: (\d+) files, \d+ stays$", told)
    assert int(address) <= 32
    assert int(event) <= 26
