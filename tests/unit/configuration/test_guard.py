"""[guard], and the forms that ask for what it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read
from todoke.model.captcha import PROVIDERS
from todoke.model.dns_list import DnsList
from todoke.model.errors import ConfigError
from todoke.model.settings import Secret

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
[guard]
{guard}
[forms.contact]
managers = ["a@example.org"]
{form}
"""
ENVIRON = {"TODOKE_SECRET": "ab" * 32, "TODOKE_CAPTCHA_SECRET": "the-secret"}


def written(folder: Path, guard: str = "", form: str = "") -> Path:
    """The file with these keys."""
    path = folder / "todoke.toml"
    path.write_text(FILE.format(guard=guard, form=form))
    return path


def faults(folder: Path, guard: str = "", form: str = "", **environ: str) -> list[str]:
    """What is told of them."""
    found = check(written(folder, guard, form), ENVIRON | environ)
    return [str(one) for one in found if "a domain that exists" not in one.message]


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_captcha(tmp_path: Path, name: str) -> None:
    """Whose it is, which form asks for one, and the secret, which shows nowhere."""
    path = written(tmp_path, f'captcha = "{name}"', "captcha = true")
    settings = read(path, ENVIRON)
    assert settings.guard.captcha == PROVIDERS[name]
    assert settings.forms["contact"].captcha
    assert settings.captcha_secret == Secret("the-secret")
    assert "the-secret" not in repr(settings)
    assert check(path, ENVIRON) == []


def test_by_default_none(tmp_path: Path) -> None:
    """Nobody is asked for anything."""
    settings = read(written(tmp_path), {"TODOKE_SECRET": "ab" * 32})
    assert settings.guard.captcha is None
    assert not settings.forms["contact"].captcha


def test_a_provider_that_is_none(tmp_path: Path) -> None:
    """Those that there are, are told."""
    (fault,) = faults(tmp_path, 'captcha = "turnstyle"')
    assert "turnstile" in fault


def test_a_form_that_asks_in_vain(tmp_path: Path) -> None:
    """Of nobody, or where nobody looks at what came of it."""
    (fault,) = faults(tmp_path, "", "captcha = true")
    assert "forms.contact.captcha" in fault
    assert 'captcha = "turnstile"' in fault
    (fault,) = faults(tmp_path, 'review = false\ncaptcha = "turnstile"', "captcha = true")
    assert "nobody looks at" in fault


def test_the_secret_is_missing(tmp_path: Path) -> None:
    """Where forms are taken; to look at what is stored, none is needed. In the file it is in the wrong place."""
    guard = 'captcha = "turnstile"'
    (fault,) = faults(tmp_path, guard, "captcha = true", TODOKE_CAPTCHA_SECRET="")
    assert "TODOKE_CAPTCHA_SECRET is missing" in fault
    environ = {"TODOKE_SECRET": "ab" * 32}
    with pytest.raises(ConfigError, match="TODOKE_CAPTCHA_SECRET"):
        read(written(tmp_path, guard, "captcha = true"), environ)
    assert not read(tmp_path / "todoke.toml", environ, serving=False).captcha_secret
    (fault,) = faults(tmp_path, f'{guard}\ncaptcha_secret = "hidden"')
    assert "TODOKE_CAPTCHA_SECRET" in fault
    assert "hidden" not in fault


def test_dns_lists(tmp_path: Path) -> None:
    """Each once, as it is written last; by default none."""
    lists = 'dns_lists = ["bl.example.org", "zen.example.net=127.0.0.[2..3]", "bl.example.org=127.0.0.2"]'
    assert read(written(tmp_path, lists), ENVIRON).guard.dns_lists == (
        DnsList("bl.example.org", frozenset({"127.0.0.2"})),
        DnsList("zen.example.net", frozenset({"127.0.0.2", "127.0.0.3"})),
    )
    assert check(tmp_path / "todoke.toml", ENVIRON) == []
    assert read(written(tmp_path), ENVIRON).guard.dns_lists == ()


def test_lists_that_are_none(tmp_path: Path) -> None:
    """What is no list is not told again, for it may hold somebody's key; nor is a list with homes in it."""
    (fault,) = faults(tmp_path, 'dns_lists = ["bl.example.org", "my key"]')
    assert "number 2" in fault
    assert "my key" not in fault
    (fault,) = faults(tmp_path, 'dns_lists = "thekey.zen.dq.example.net"')
    assert "ordinary homes" in fault
    assert "thekey" not in fault
    many = ", ".join(f'"l{number}.example.org"' for number in range(5))
    (fault,) = faults(tmp_path, f"dns_lists = [{many}]")
    assert "names 5 lists" in fault


@pytest.mark.parametrize(
    ("value", "asks", "when_busy"),
    [("true", True, False), ("false", False, False), ('"when_busy"', True, True)],
)
def test_when_work_is_asked_for(tmp_path: Path, value: str, asks: bool, when_busy: bool) -> None:
    """Always, never, or only while many send the form; by default never."""
    form = read(written(tmp_path, "", f"proof_of_work = {value}"), ENVIRON).forms["contact"]
    assert (form.proof_of_work, form.work_when_busy) == (asks, when_busy)
    default = read(written(tmp_path), ENVIRON).forms["contact"]
    assert (default.proof_of_work, default.work_when_busy) == (False, False)


@pytest.mark.parametrize("value", ['"always"', "1", '"true"', "[]"])
def test_work_that_is_asked_for_otherwise(tmp_path: Path, value: str) -> None:
    """It is a fault, by name."""
    (fault,) = faults(tmp_path, "", f"proof_of_work = {value}")
    assert "proof_of_work" in fault
