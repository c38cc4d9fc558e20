"""What the file says of a form's mails: the subject, the files they carry, the receipt's link, the accent."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read
from todoke.model.settings import Settings
from todoke.toml.findings import Finding

SECRET = {"TODOKE_SECRET": "ab" * 32}
SITE = """\
[site]
name = "Example"
url = "https://www.example.jp"
door_url = "https://forms.example.jp"
time_zone = "Asia/Tokyo"
{site}
[mail]
service = "smtp"
from = "Example <forms@example.jp>"
[forms.contact]
managers = ["manager@example.jp"]
{form}
[[forms.contact.fields]]
name = "email"
type = "email"
[[forms.contact.fields]]
name = "pass"
type = "password"
"""
FILE = """
[[forms.contact.fields]]
name = "photo"
type = "file"
accept = [".png"]
"""


def write(folder: Path, form: str, site: str = "", more: str = "") -> Path:
    """A configuration with these lines."""
    path = folder / "todoke.toml"
    path.write_text(SITE.format(form=form, site=site) + more, "utf-8")
    return path


def settings(folder: Path, form: str, site: str = "", more: str = "") -> Settings:
    """What it says."""
    return read(write(folder, form, site, more), SECRET)


def findings(folder: Path, form: str, site: str = "", more: str = "", **env: str) -> list[Finding]:
    """What is wrong with it."""
    return check(write(folder, form, site, more), {**SECRET, **env})


def test_they_are_read(tmp_path: Path) -> None:
    """Each from its key; by default our subject, no files, no link."""
    usual = settings(tmp_path, "").forms["contact"]
    assert (usual.subject, usual.attach, usual.confirmation.receipt_link) == ("", 0, False)
    lines = 'subject = "{form}: {email}"\nattach = "2MB"\nconfirmation = {receipt_link = true}'
    form = settings(tmp_path, lines, more=FILE).forms["contact"]
    assert form.subject == "{form}: {email}"
    assert form.attach == 2 * 1024**2
    assert form.confirmation.receipt_link
    assert settings(tmp_path, "", 'accent = "#AbC"').site.accent == "#aabbcc"


@pytest.mark.parametrize(
    ("form", "more", "severity", "words"),
    [
        ('subject = "{pass}"', "", "error", "which is a secret and in no mail"),
        ('subject = "{photo}"', FILE, "error", "which is a file"),
        ('subject = "{emial}"', "", "error", "the form has no such field"),
        ('subject = "{email"', "", "error", "a brace that belongs to no placeholder"),
        (r'subject = "a\nBcc: x@y.test"', "", "error", "line break"),
        ('attach = "2MB"', "", "warning", "the form has no field for files"),
        ('attach = "2 gigabytes"', FILE, "error", "is '2 gigabytes'"),
        ('attach = "30MB"', FILE, "error", 'from 1 byte to "20MB"'),
    ],
)
def test_faults_are_named(tmp_path: Path, form: str, more: str, severity: str, words: str) -> None:
    """With the line of the key."""
    (found,) = findings(tmp_path, form, more=more)
    assert words in found.message
    assert (found.severity, found.line) == (severity, 12)


def test_a_function_has_not_the_memory_for_much(tmp_path: Path) -> None:
    """With a table in DynamoDB, mails are composed by a function of AWS."""
    for size, is_fault in (("5MB", False), ("6MB", True)):
        found = findings(tmp_path, f'attach = "{size}"', more=FILE, TODOKE_TABLE="forms")
        assert any("memory" in f.message for f in found) == is_fault
        assert not findings(tmp_path, f'attach = "{size}"', more=FILE)


def test_an_accent_is_a_colour(tmp_path: Path) -> None:
    """Nothing else gets into a style."""
    (found,) = findings(tmp_path, "", 'accent = "red;background:url(x)"')
    assert "no colour" in found.message
