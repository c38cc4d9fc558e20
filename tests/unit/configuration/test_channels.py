"""[channels.NAME] and where they are: what is read, and which faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read
from todoke.model.errors import ConfigError
from todoke.model.notice import NoticeType
from todoke.model.webhook import TYPES_OF_CHANNELS, Webhook

FILE = """\
[site]
name = "Example Site"
url = "https://example.org"
door_url = "https://door.example.org"
language = "ja"
[mail]
service = "smtp"
from = "Example Site <desk@example.org>"
[mail.smtp]
host = "127.0.0.1"
port = 25
[forms.contact]
managers = ["a@example.org"]
"""
URL = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
ENVIRON = {"TODOKE_SECRET": "ab" * 32, "TODOKE_CHANNELS": f"team={URL}"}


def written(folder: Path, text: str, name: str = "team") -> Path:
    """The file with such a channel."""
    path = folder / "todoke.toml"
    path.write_text(FILE + f"[channels.{name}]\n{text}\n")
    return path


def team(folder: Path, text: str = "") -> Webhook:
    """The channel that is read."""
    return read(written(folder, text), ENVIRON).webhooks["team"]


def faults(folder: Path, text: str = "", urls: str = f"team={URL}", name: str = "team") -> str:
    """What is told of it."""
    environ = ENVIRON | {"TODOKE_CHANNELS": urls}
    return "\n".join(map(str, check(written(folder, text, name), environ)))


def test_a_channel(tmp_path: Path) -> None:
    """By default it is told what somebody has to act on, of all forms, in the site's language."""
    found = team(tmp_path)
    assert found.url == URL
    assert found.is_channel
    assert found.is_ready
    assert (found.types, found.forms, found.language) == (TYPES_OF_CHANNELS, frozenset(), "ja")
    assert NoticeType.ACCEPTED not in found.types


def test_what_it_is_told_can_be_chosen(tmp_path: Path) -> None:
    """Of a form alone; that all mail rests is of no form, and told in any case."""
    found = team(
        tmp_path,
        'events = ["mail.rests", "submission.accepted"]\nforms = ["contact"]\nlanguage = "en"',
    )
    assert found.listens(NoticeType.ACCEPTED, "contact")
    assert not found.listens(NoticeType.ACCEPTED, "other")
    assert found.listens(NoticeType.RESTS, "")
    assert found.language == "en"


@pytest.mark.parametrize(
    ("text", "urls", "said"),
    [
        ('events = ["mail.rest"]', f"team={URL}", "mail.rests"),
        ('forms = ["kontact"]', f"team={URL}", "contact"),
        ('language = "fr"', f"team={URL}", "language"),
        ('url = "slack://x"', f"team={URL}", "TODOKE_CHANNELS"),
        ("", URL, "without a name"),
        ("", "team=hello", "no address of Apprise"),
        ("", f"team={URL} boss={URL}", "no [channels.boss]"),
    ],
)
def test_faults(tmp_path: Path, text: str, urls: str, said: str) -> None:
    """Each is told, with what is meant; no address, which is a secret, is."""
    told = faults(tmp_path, text, urls)
    assert said in told
    assert "T1JJ3T3L2" not in told
    assert "hello" not in told


def test_names(tmp_path: Path) -> None:
    """They are of few letters, and no webhook's."""
    assert "is no name for a channel" in faults(tmp_path, name="Team_1")
    text = '[webhooks.team]\nurl = "https://crm.example.com/"'
    assert "the name of a webhook" in faults(tmp_path, text)


def test_where_it_is_must_be_known_to_serve(tmp_path: Path) -> None:
    """And not to look at the data."""
    path = written(tmp_path, "")
    environ = {"TODOKE_SECRET": "ab" * 32}
    with pytest.raises(ConfigError, match="TODOKE_CHANNELS"):
        read(path, environ)
    assert not read(path, environ, serving=False).webhooks["team"].is_ready


def test_on_aws_they_are_left_out(tmp_path: Path) -> None:
    """With a warning: forms are taken all the same."""
    environ = ENVIRON | {"TODOKE_TABLE": "todoke"}
    assert read(written(tmp_path, ""), environ).webhooks == {}
    assert "not told on AWS" in "\n".join(map(str, check(written(tmp_path, ""), environ)))
