"""Forms of which a failed mail would be told to nobody are noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check

FILE = """\
[site]
name = "Example Site"
url = "https://example.org"
door_url = "https://door.example.org"
{alert_to}

[mail]
service = "smtp"
from = "Example Site <desk@example.org>"

[mail.smtp]
host = "127.0.0.1"
port = 25

[forms.contact]
title = "Contact"
page = "page.html"
managers = {managers}
"""


@pytest.mark.parametrize(
    ("managers", "alert_to", "is_noted"),
    [
        ('["a@example.org"]', "", True),
        ('["a@example.org"]', 'alert_to = ["A@EXAMPLE.ORG"]', True),
        ('["a@example.org"]', 'alert_to = ["b@example.net"]', False),
        ('["a@example.org", "b@example.org"]', "", False),
    ],
)
def test_a_lone_manager_is_noted(
    tmp_path: Path, managers: str, alert_to: str, is_noted: bool
) -> None:
    """Whoever else is in alert_to is told; a second manager, too."""
    (tmp_path / "page.html").write_text(
        '<form method="post"><input name="email" type="email"><input name="message"></form>'
    )
    path = tmp_path / "todoke.toml"
    path.write_text(FILE.format(managers=managers, alert_to=alert_to))
    found = [str(finding) for finding in check(path, {}, notes=True)]
    assert not [one for one in found if one.startswith("error")]
    assert any("only manager of contact" in one for one in found) is is_noted
