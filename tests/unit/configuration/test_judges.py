"""Nothing is kept for review where nobody would look at it: a filter loses nothing in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read

FILE = """\
[site]
name = "Example Site"
url = "https://example.org"
door_url = "https://door.example.org"
{site}
[mail]
service = "smtp"
from = "Example Site <desk@example.org>"
[mail.smtp]
host = "127.0.0.1"
port = 25
[desk]
{desk}
[forms.contact]
managers = ["a@example.org"]
[forms.open]
managers = ["a@example.org"]
review = false
"""
ENVIRON = {"TODOKE_SECRET": "ab" * 32}
ALERT_TO = 'alert_to = "b@example.net"'


def read_with(folder: Path, site: str, desk: str) -> tuple[bool, list[str]]:
    """Whether the form keeps things for review, and what is told of it."""
    path = folder / "todoke.toml"
    path.write_text(FILE.format(site=site, desk=desk))
    told = [str(one) for one in check(path, ENVIRON) if "kept for review" in one.message]
    settings = read(path, ENVIRON)
    assert not settings.forms["open"].review
    return settings.forms["contact"].review, told


@pytest.mark.parametrize(
    ("site", "desk"),
    [
        ("", ""),
        (ALERT_TO, "managers_enter = false"),
        ("", 'managers_enter = false\nowners = ["o@example.org"]'),
        ("", 'managers_enter = false\nmanagers = {"m@example.org" = "contact"}'),
        ("", 'managers_enter = false\nmanagers = {"m@example.org" = "*"}'),
    ],
)
def test_somebody_may_judge(tmp_path: Path, site: str, desk: str) -> None:
    """A manager, an owner, or whoever is told of faults."""
    assert read_with(tmp_path, site, desk) == (True, [])


@pytest.mark.parametrize(
    "desk",
    [
        "managers_enter = false",
        'managers_enter = false\nreaders = {"r@example.org" = "contact"}',
        'managers_enter = false\nmanagers = {"m@example.org" = "open"}',
    ],
)
def test_nobody_may(tmp_path: Path, desk: str) -> None:
    """Then all is sent as ever, and the file's reader is told why."""
    is_kept, told = read_with(tmp_path, "", desk)
    assert not is_kept
    [said] = told
    assert "review of contact, so nothing is kept" in said
