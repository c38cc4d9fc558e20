"""The rotation of the security log that docs/operating.md shows, done by logrotate."""

from __future__ import annotations

import getpass
import grp
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.places import ROOT
from todoke.model.log import SECURITY, get_logger, keep_security_log

LOGROTATE = shutil.which("logrotate", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.mark.skipif(LOGROTATE is None, reason="logrotate is not installed")
def test_the_security_log_is_rotated_and_goes_on(tmp_path: Path) -> None:
    """What was written is kept in a file of mode 0600 beside it, and the next event makes a new one, of 0600 too."""
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    found = re.search(
        r"^/var/lib/todoke/security\.log \{\n.*?^\}\n", page, re.DOTALL | re.MULTILINE
    )
    assert found
    path, rules = tmp_path / "security.log", tmp_path / "rules"
    me = f"su {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name}"
    rules.write_text(
        found[0].replace("/var/lib/todoke", str(tmp_path)).replace("su todoke todoke", me)
    )
    rules.chmod(0o644)
    tmp_path.chmod(0o700)
    keep_security_log(path)
    for event in ("before", "after", "later"):
        get_logger(SECURITY).info(event)
        if event != "later":
            command = [str(LOGROTATE), "--force", "--state", str(tmp_path / "state"), str(rules)]
            subprocess.run(command, check=True, capture_output=True)
    kept = sorted(file for file in tmp_path.iterdir() if file.name.startswith("security.log"))
    assert [file.name for file in kept] == ["security.log", "security.log.1", "security.log.2.gz"]
    assert [file.stat().st_mode & 0o777 for file in kept] == [0o600] * 3
    assert [json.loads(file.read_text())["event"] for file in kept[:2]] == ["later", "after"]
