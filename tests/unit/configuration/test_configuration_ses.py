"""[mail.ses]: what is read, and that each fault is named with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read
from todoke.model.settings import Secret
from todoke.services.ses.settings import SesSettings

TOPIC = "arn:aws:sns:eu-central-1:123456789012:ses-events"
GOOD = f"""\
[site]
name = "Example"
url = "https://www.example.jp"
door_url = "https://forms.example.jp"
[mail]
service = "ses"
from = "forms@example.jp"
[mail.ses]
region = "eu-central-1"
configuration_set = "todoke"
topics = ["{TOPIC}"]
[forms.contact]
managers = ["manager@example.jp"]
"""
ENVIRON = {"TODOKE_SECRET": "ab" * 32, "TODOKE_SES_HOOK_SECRET": "0123456789abcdef0123456789abcdef"}


def faults_of(folder: Path, text: str, environ: dict[str, str]) -> list[str]:
    """The findings as `severity line key: message hint`."""
    path = folder / "todoke.toml"
    path.write_text(text, "utf-8")
    return [f"{f.severity} {f.line} {f.key}: {f.message} {f.hint}" for f in check(path, environ)]


def test_a_whole_table_is_read(tmp_path: Path) -> None:
    """Without a fault, and with the secret from the environment."""
    assert faults_of(tmp_path, GOOD, ENVIRON) == []
    settings = read(tmp_path / "todoke.toml", ENVIRON)
    assert settings.mail.service == "ses"
    assert settings.mail.own == SesSettings(
        region="eu-central-1",
        configuration_set="todoke",
        topics=(TOPIC,),
        hook_secret=Secret(ENVIRON["TODOKE_SES_HOOK_SECRET"]),
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"eu-central-1"', '"Frankfurt"', "error 9 mail.ses.region: is 'Frankfurt'"),
        ('region = "eu-central-1"', "", "warning 8 mail.ses.region: is missing"),
        ('"eu-central-1"', '"us-east-1"', "warning 11 mail.ses.topics: has one in eu-central-1"),
        ('"todoke"', '"to doke"', "error 10 mail.ses.configuration_set: is 'to doke'"),
        ('configuration_set = "todoke"', "", "warning 8 mail.ses.configuration_set: is missing"),
        (f'topics = ["{TOPIC}"]', "", "warning 8 mail.ses.topics: is missing"),
        (":sns:", ":sqs:", "error 11 mail.ses.topics[1]: 'arn:aws:sqs"),
        (f'["{TOPIC}"]', f'"{TOPIC}:0b4f"', "error 11 mail.ses.topics: 'arn:aws:sns"),
        ("ses-events", "events.fifo", "error 11 mail.ses.topics[1]: 'arn:aws:sns"),
        ("ses-events", "events\\n", "error 11 mail.ses.topics[1]: 'arn:aws:sns"),
        ("[forms", "raw_delivery = true\n[forms", "warning 12 mail.ses.raw_delivery: is true"),
        ("[forms", "raw_delivery = 1\n[forms", "error 12 mail.ses.raw_delivery: must be true or"),
        ("[forms", 'endpoint = "http://x.test"\n[forms', "error 12 mail.ses.endpoint: sends"),
        ("[forms", 'timeout = "1h"\n[forms', "error 12 mail.ses.timeout: is"),
        ("[forms", 'hook_secret = "x"\n[forms', "error 12 mail.ses.hook_secret: is a secret"),
        ("[forms", 'secret_access_key = "x"\n[forms', "error 12 mail.ses.secret_access_key: is a"),
        ("[forms", 'colour = "x"\n[forms', "error 12 mail.ses.colour: is not a setting"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """With its line and key, and no other fault beside it that is an error."""
    assert old in GOOD
    found = faults_of(tmp_path, GOOD.replace(old, new, 1), ENVIRON)
    assert any(f.startswith(fault) for f in found), found


@pytest.mark.parametrize("secret", ["", "short"])
def test_events_need_a_secret_path(tmp_path: Path, secret: str) -> None:
    """Where there are topics; without, nothing comes in, and nothing is needed."""
    environ = ENVIRON | {"TODOKE_SES_HOOK_SECRET": secret}
    (found,) = faults_of(tmp_path, GOOD, environ)
    assert "TODOKE_SES_HOOK_SECRET" in found
    without = faults_of(tmp_path, GOOD.replace(f'topics = ["{TOPIC}"]', ""), environ)
    assert not any("TODOKE_SES_HOOK_SECRET" in f for f in without)


def test_the_environment_may_name_the_region(tmp_path: Path) -> None:
    """As for every program that uses AWS."""
    text = GOOD.replace('region = "eu-central-1"\n', "")
    assert faults_of(tmp_path, text, ENVIRON | {"AWS_REGION": "eu-central-1"}) == []


def test_another_service_s_table_asks_for_nothing(tmp_path: Path) -> None:
    """A table that is not used may be incomplete."""
    text = GOOD.replace('"ses"', '"smtp"').replace(f'topics = ["{TOPIC}"]', "")
    assert faults_of(tmp_path, text, {"TODOKE_SECRET": "ab" * 32}) == []
