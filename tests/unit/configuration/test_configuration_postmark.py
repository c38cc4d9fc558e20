"""[mail.postmark]: what is read, and that each fault is named with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read
from todoke.model.settings import Secret
from todoke.services.postmark.settings import TEST_TOKEN, PostmarkSettings

GOOD = """\
[site]
name = "Garden"
url = "https://garden.jp"
door_url = "https://forms.garden.jp"
[mail]
service = "postmark"
from = "desk@garden.jp"
[mail.postmark]
message_stream = "forms"
tag = "contact"
timeout = "10s"
[forms.contact]
managers = ["m@garden.jp"]
"""
SECRETS = {
    "TODOKE_SECRET": "ab" * 32,
    "TODOKE_POSTMARK_API_KEY": "token",
    "TODOKE_POSTMARK_HOOK_SECRET": "h" * 32,
    "TODOKE_POSTMARK_WEBHOOK_KEY": "k" * 32,
}


def faults(folder: Path, text: str, environ: dict[str, str]) -> list[str]:
    """Each fault as severity, line, key and words."""
    path = folder / "todoke.toml"
    path.write_text(text)
    return [f"{f.severity} {f.line} {f.key}: {f.message}" for f in check(path, environ)]


def test_a_whole_table_is_read(tmp_path: Path) -> None:
    """With the secrets of the environment, and no fault."""
    assert faults(tmp_path, GOOD, SECRETS) == []
    settings = read(tmp_path / "todoke.toml", SECRETS)
    assert settings.mail.own == PostmarkSettings(
        api_key=Secret("token"),
        hook_secret=Secret("h" * 32),
        webhook_key=Secret("k" * 32),
        message_stream="forms",
        tag="contact",
        timeout_seconds=10.0,
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"forms"', '"My forms"', "error 9 mail.postmark.message_stream: is 'My forms'"),
        ('tag = "contact"', "tag = 1", "error 10 mail.postmark.tag: must be text"),
        ('"10s"', '"1h"', "error 11 mail.postmark.timeout: is"),
        ("[forms", "webhook = false\n[forms", "warning 12 mail.postmark.webhook: is false"),
        ("[forms", 'url = "http://x.test"\n[forms', "error 12 mail.postmark.url: sends"),
        ("[forms", 'api_key = "x"\n[forms', "error 12 mail.postmark.api_key: is a secret"),
        ("[forms", 'webhook_key = "x"\n[forms', "error 12 mail.postmark.webhook_key: is a secret"),
        ("[forms", 'colour = "x"\n[forms', "error 12 mail.postmark.colour: is not a setting"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """With line and key, one each."""
    (found,) = faults(tmp_path, GOOD.replace(old, new, 1), SECRETS)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TODOKE_POSTMARK_API_KEY": ""}, "error 8 mail.postmark: has no server token."),
        (
            {"TODOKE_POSTMARK_API_KEY": "to\rken"},
            "error 8 mail.postmark: has a key in TODOKE_POSTMARK_API_KEY",
        ),
        ({"TODOKE_POSTMARK_API_KEY": TEST_TOKEN}, "warning 8 mail.postmark: has the test token"),
        ({"TODOKE_POSTMARK_HOOK_SECRET": "short"}, "error 8 mail.postmark: has no webhook secret"),
        ({"TODOKE_POSTMARK_WEBHOOK_KEY": ""}, "error 8 mail.postmark: has no password of 22"),
    ],
)
def test_secrets_that_are_missing_are_named(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    """And the test token, with which nothing is sent."""
    (found,) = faults(tmp_path, GOOD, SECRETS | changes)
    assert found.startswith(words)


def test_another_service_needs_none_of_them(tmp_path: Path) -> None:
    """What the file states is judged all the same."""
    smtp = GOOD.replace('service = "postmark"', 'service = "smtp"')
    environ = {"TODOKE_SECRET": "ab" * 32}
    assert faults(tmp_path, smtp, environ) == []
    assert faults(tmp_path, smtp.replace('"10s"', '"1h"'), environ)
