"""[webhooks.NAME] and its secrets: what is read, and which faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read
from todoke.model.errors import ConfigError
from todoke.model.notice import NoticeType
from todoke.model.webhook import ALL_TYPES, Webhook

FILE = """\
[site]
name = "Example Site"
url = "https://example.org"
door_url = "https://door.example.org"
alert_to = "b@example.net"
[mail]
service = "smtp"
from = "Example Site <desk@example.org>"
[mail.smtp]
host = "127.0.0.1"
port = 25
[forms.contact]
managers = ["a@example.org"]
"""
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENVIRON = {"TODOKE_SECRET": "ab" * 32, "TODOKE_WEBHOOK_SECRETS": f"crm={KEY}"}
URL = 'url = "https://crm.example.com/hook/?key=1"'


def written(folder: Path, text: str, name: str = "crm") -> Path:
    """The file with such a webhook."""
    path = folder / "todoke.toml"
    path.write_text(FILE + f"[webhooks.{name}]\n{text}\n")
    return path


def crm(folder: Path, text: str, secrets: str = f"crm={KEY}") -> Webhook:
    """The webhook that is read."""
    environ = ENVIRON | {"TODOKE_WEBHOOK_SECRETS": secrets}
    return read(written(folder, text), environ).webhooks["crm"]


def faults(folder: Path, text: str, secrets: str = f"crm={KEY}", name: str = "crm") -> list[str]:
    """What is told of it."""
    environ = ENVIRON | {"TODOKE_WEBHOOK_SECRETS": secrets}
    found = map(str, check(written(folder, text, name), environ))
    return [one for one in found if "webhooks" in one.lower() or "WEBHOOK" in one]


def test_a_webhook(tmp_path: Path) -> None:
    """Its whole address, and by default all that happens, in all forms, without answers."""
    found = crm(tmp_path, URL)
    assert found.url == "https://crm.example.com/hook/?key=1"
    assert (found.types, found.forms, found.answers) == (ALL_TYPES, frozenset(), False)
    assert (found.allow_private, found.any_port) == (False, False)
    assert [len(key) for key in found.keys] == [24]
    assert "example" not in repr(found)


def test_what_it_listens_to(tmp_path: Path) -> None:
    """Events and forms that are named, and no others."""
    found = crm(
        tmp_path, f'{URL}\nevents = ["message.failed"]\nforms = ["contact"]\nanswers = true'
    )
    assert found.listens(NoticeType.FAILED, "contact")
    assert not found.listens(NoticeType.FAILED, "other")
    assert not found.listens(NoticeType.ACCEPTED, "contact")
    assert found.answers


def test_several_keys(tmp_path: Path) -> None:
    """While one takes the place of the other; each webhook has its own."""
    other = "whsec_" + "QUJD" * 10
    found = crm(tmp_path, URL, f"crm={KEY},{other}")
    assert [len(key) for key in found.keys] == [24, 30]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "webhooks.crm.url: is missing"),
        ('url = "crm.example.com"', "is no address to post to"),
        ('url = "https://u:p@crm.example.com/"', "is no address to post to"),
        ('url = "ftp://crm.example.com/"', "is no address to post to"),
        ('url = "https://crm.example.com:8443/"', "has port 8443"),
        ('url = "https://10.0.0.1/"', "not in the public internet"),
        ('url = "https://0x7f.1/"', "not in the public internet"),
        ('url = "https://2130706433/"', "not in the public internet"),
        ('url = "https://localhost/"', "not in the public internet"),
        ('url = "https://nas.local/"', "not in the public internet"),
        ('url = "http://[::ffff:127.0.0.1]/"', "not in the public internet"),
        ('url = "http://crm.example.com/"', "is not https"),
        (f'{URL}\nevents = ["message.sent"]', "webhooks.crm.events: names 'message.sent'"),
        (f"{URL}\nevents = []", "names nothing"),
        (f'{URL}\nforms = ["other"]', "webhooks.crm.forms: names 'other'"),
        (f'{URL}\nsecret = "whsec_x"', "set TODOKE_WEBHOOK_SECRETS in the environment"),
    ],
)
def test_faults(tmp_path: Path, text: str, said: str) -> None:
    """Each is told, with its key."""
    (found,) = faults(tmp_path, text)
    assert said in found


def test_a_receiver_of_one_s_own(tmp_path: Path) -> None:
    """It is allowed by saying so."""
    text = 'url = "http://127.0.0.1:5678/hook"\nallow_private = true\nany_port = true'
    assert faults(tmp_path, text) == []


@pytest.mark.parametrize(
    "secrets",
    [
        "crm=short",
        "crm=whsec_QUJD",
        "crm=",
        "crm=whsec_" + "QUJD" * 30,
        KEY,
        f"crm={KEY},x!",
        f"{KEY}=",
    ],
)
def test_secrets_that_are_none(tmp_path: Path, secrets: str) -> None:
    """They are told without being shown."""
    (found,) = faults(tmp_path, URL, secrets)
    assert "TODOKE_WEBHOOK_SECRETS has a" in found
    assert not any(part in found for part in ("QUJD", "MfKQ", "short"))


def test_a_secret_of_nobody_s(tmp_path: Path) -> None:
    """It is probably a slip of the name."""
    (found,) = faults(tmp_path, URL, f"crm={KEY} cmr={KEY}")
    assert "names 'cmr'" in found


def test_serving_needs_a_secret_and_reading_none(tmp_path: Path) -> None:
    """As with the mail service's."""
    environ = {**ENVIRON, "TODOKE_WEBHOOK_SECRETS": ""}
    path = written(tmp_path, URL)
    with pytest.raises(ConfigError, match="has no secret"):
        read(path, environ)
    assert read(path, environ, serving=False).webhooks["crm"].keys == ()


def test_names(tmp_path: Path) -> None:
    """They stand in logs and in the environment."""
    assert "no name for a webhook" in faults(tmp_path, URL, "", '"C R M"')[0]


def test_no_more_than_eight(tmp_path: Path) -> None:
    """A write of a table has room for no more."""
    path = tmp_path / "todoke.toml"
    path.write_text(FILE + "".join(f"[webhooks.w{n}]\n{URL}\n" for n in range(9)))
    found = [str(f) for f in check(path, ENVIRON | {"TODOKE_WEBHOOK_SECRETS": ""})]
    assert any("there may be 8" in one for one in found)
