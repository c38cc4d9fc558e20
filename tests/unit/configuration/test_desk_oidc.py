"""[desk.oidc]: a provider by which people may enter the desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import ERROR, check, read
from todoke.model.errors import ConfigError
from todoke.model.oidc import OidcSettings

SITE = """
[site]
name = "Example"
door_url = "https://forms.example.jp"
[mail]
service = "smtp"
from = "forms@example.jp"
[forms.contact]
managers = ["manager@example.jp"]
"""
OIDC = """
[desk.oidc]
issuer = "https://login.example.jp/"
client_id = "forms"
"""
SECRETS = {"TODOKE_SECRET": "ab" * 32, "TODOKE_OIDC_SECRET": "s&cret"}


def written(folder: Path, text: str) -> Path:
    """A configuration file."""
    path = folder / "todoke.toml"
    path.write_text(SITE + text)
    return path


def test_is_read_with_what_is_usual(tmp_path: Path) -> None:
    """Its button says the host, and no address is taken on trust."""
    settings = read(written(tmp_path, OIDC), SECRETS)
    assert settings.desk.oidc == OidcSettings(
        issuer="https://login.example.jp", client_id="forms", name="login.example.jp"
    )
    assert settings.oidc_secret.reveal() == "s&cret"
    assert "s&cret" not in repr(settings)
    assert read(written(tmp_path, ""), SECRETS).desk.oidc is None


def test_says_all_that_may_be_said(tmp_path: Path) -> None:
    """The name of the button, that there is no other way, and the one thing that risks something."""
    more = OIDC + 'name = "Work"\ntrust_unstated_addresses = true\nonly = true\n'
    oidc = read(written(tmp_path, more), SECRETS).desk.oidc
    assert oidc is not None
    assert (oidc.name, oidc.trusts_unstated, oidc.is_only) == ("Work", True, True)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[desk.oidc]\nclient_id = "forms"', "desk.oidc.issuer"),
        ('[desk.oidc]\nissuer = "https://login.example.jp"', "desk.oidc.client_id"),
        ('[desk.oidc]\nissuer = "http://login.example.jp"\nclient_id = "x"', "desk.oidc.issuer"),
        ('[desk.oidc]\nissuer = "login.example.jp"\nclient_id = "x"', "desk.oidc.issuer"),
        (OIDC + 'client_secret = "s"', "desk.oidc.client_secret"),
        (OIDC + "trust_unverified = true", "desk.oidc.trust_unverified"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, key: str) -> None:
    """By their key; a secret does not belong in the file."""
    found = check(written(tmp_path, text), SECRETS)
    assert key in {finding.key for finding in found if finding.severity == ERROR}


def test_without_its_secret_nothing_is_served(tmp_path: Path) -> None:
    """Said by the variable's name; commands that serve nothing do without."""
    path = written(tmp_path, OIDC)
    bare = {"TODOKE_SECRET": "ab" * 32}
    with pytest.raises(ConfigError, match="TODOKE_OIDC_SECRET"):
        read(path, bare)
    assert read(path, bare, serving=False).desk.oidc is not None
