"""The table of mail services: what each row must have, and that nothing outside the room knows a service by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from support.mail import event_sources, list_stages
from support.mail.mails import settings
from support.places import ROOT
from support.variants import replace
from todoke.aws.functions.secrets import NEEDED
from todoke.configuration import check
from todoke.configuration.keys import ENVIRONMENT, KEYS, SECRETS
from todoke.model.errors import ConfigError
from todoke.model.settings import ServiceSettings
from todoke.ports.diagnosis import Consultation
from todoke.services.service import Service
from todoke.services.table import SERVICES, TOKENED, chosen_in, service_named
from todoke.walk.app import utc_now
from todoke.wiring import build

ROOM = ROOT / "src" / "todoke" / "services"
ALWAYS = {"__init__", "settings", "mailer", "doctor", "service"}
"""What each service's folder has."""
CORNERS = {
    "smtp": {"answers", "login", "open", "pool", "session", "talk"},
    "customers_mail_cloud": {"client", "events", "lists", "records", "suppressions"},
    "postmark": {"client", "events", "answers", "facts", "suppressions"},
    "ses": {"client", "events", "answers", "facts", "sns", "sns_fetch", "suppressions"},
}
"""What else: events and records where it has them, a client, and what only this service needs."""
SHARED = {"__init__", "service", "table", "meaning"}
MAY_NAME_ONE = {
    "stores/dynamodb/codec.py",  # the dictionary of a wire format
    "demo/__init__.py",  # its mail service is the sandbox
    "cli/sandbox.py",
    "cli/commands.py",  # the help of --ask-records
}
MOST_NAMES = 10
"""So many parameters one call of Parameter Store gives."""
EVERYTHING: dict[str, dict[str, Any]] = {
    "smtp": {"user": "u"},
    "ses": {
        "configuration_set": "todoke",
        "topics": ["arn:aws:sns:eu-west-1:123456789012:events"],
    },
}
"""Settings with which a service does all that it can; by default those are its own defaults."""


def whole(service: Service[Any]) -> ServiceSettings:
    """The service's settings with which it does all that it can."""
    document = {
        "mail": {
            "service": service.name,
            service.section: EVERYTHING.get(service.name, {}),
        }
    }
    _, own = chosen_in(document) or pytest.fail("it is not in the table")
    return own


each = pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.name)


@each
def test_a_row_has_a_folder_with_the_same_names_for_the_same_roles(service: Service[Any]) -> None:
    """So that who knows one service finds the way in all."""
    files = {path.stem for path in (ROOM / service.section).glob("*.py")}
    assert files == ALWAYS | CORNERS.get(service.section, set())
    assert ("events" in files) == any(secret.opens_hook for secret in service.secrets)
    assert service.name == service.section.replace("_", "-")


def test_a_folder_has_a_row() -> None:
    """Nothing lies there unused."""
    folders = {path.parent.name for path in ROOM.glob("*/*.py")}
    assert folders - {"http"} == {service.section for service in SERVICES.values()}
    assert {path.stem for path in ROOM.glob("*.py")} == SHARED


@each
def test_a_row_has_a_page_and_a_line_in_the_readme(service: Service[Any]) -> None:
    """With the address of its hook and each of its secrets."""
    page = ROOT / "docs" / "services" / f"{service.name}.md"
    text = page.read_text("utf-8")
    assert text.startswith(f"# {service.title}\n")
    assert f"](docs/services/{service.name}.md)" in (ROOT / "README.md").read_text("utf-8")
    for secret in service.secrets:
        assert secret.variable in text
    assert (f"/hooks/{service.name}/" in text) == any(s.opens_hook for s in service.secrets)


@each
def test_keys_and_secrets_are_known_to_the_configuration(service: Service[Any]) -> None:
    """The reference has a heading for each of both, which another test holds (test_docs.py)."""
    assert service.section in KEYS["mail"]
    assert KEYS[f"mail.{service.section}"] == service.keys
    for secret in service.secrets:
        assert SECRETS[f"mail.{service.section}", secret.key] == secret.variable
        assert secret.variable in ENVIRONMENT
        assert secret.key not in service.keys


@each
def test_secrets_are_known_to_lambda(service: Service[Any]) -> None:
    """Who takes events never reads what sends, and the other way round; the name says which it is."""
    for secret in service.secrets:
        readers = {name for name, names in NEEDED.items() if secret.variable in names}
        assert readers == ({"web"} if secret.opens_hook else {"sender", "sweep"})
        is_named_so = secret.variable.endswith(("_HOOK_SECRET", "_WEBHOOK_KEY"))
        assert is_named_so is secret.opens_hook
    assert all(len(names) <= MOST_NAMES for names in NEEDED.values())


@each
def test_a_hook_has_a_lock_that_a_secret_opens(service: Service[Any]) -> None:
    """Events are taken only with a secret that is needed; without one nothing opens the hook."""
    own = whole(service)
    source = service.open_events(own)
    assert (source is not None) == any(s.opens_hook and s.is_needed(own) for s in service.secrets)
    assert (source is not None) == (service.name in event_sources.SERVICES)  # the contract suite's
    if source is not None:
        assert source.name == service.name
        assert service.hook_steps
        assert not own.lock.secret.matches("")


@each
def test_what_is_opened_bears_the_service_s_name(service: Service[Any], tmp_path: Path) -> None:
    """Attempts, events and records are joined by it; what it proves is said once."""
    own = whole(service)
    usual = settings(data=tmp_path)
    site = replace(usual, mail=replace(usual.mail, service=service.name, own=own))
    app = build(site)
    assert app.mailer.name == service.name
    assert app.mailer.ceiling is own.ceiling
    assert set(app.sources) <= {service.name}
    assert app.records is None or app.records.name == service.name
    assert (app.suppressions is not None) == (
        service.name in list_stages.STAGES
    )  # the contract suite's
    assert app.suppressions is None or app.suppressions.name == service.name
    assert service.lifts == bool(app.suppressions and app.suppressions.lifts)
    assert (service.name in TOKENED) == service.tells_tokens
    assert own.slowest_seconds > own.timeout_seconds > 0
    _, there = chosen_in({"mail": {"service": service.name}}, on_aws=True) or pytest.fail("none")
    assert there.fits_function
    doctor = service.open_doctor(Consultation(settings=site, seconds=1.0, clock=utc_now))
    assert doctor.url == "" or doctor.url.startswith("https://")
    app.mailer.close()
    app.store.close()


def test_settings_of_another_service_are_refused() -> None:
    """An adapter never runs on what it does not know."""
    with pytest.raises(TypeError, match="SmtpSettings"):
        settings().mail.own_as(type(whole(SERVICES["ses"])))


def test_a_service_that_is_not_there(tmp_path: Path) -> None:
    """The file and the line are named, and all services that there are."""
    path = tmp_path / "todoke.toml"
    path.write_text('[site]\nname = "x"\n\n[mail]\nservice = "pigeon"\nfrom = "a@b.example"\n')
    [fault] = [str(one) for one in check(path, {}) if one.key == "mail.service"]
    assert fault.startswith(f"{path}:5: mail.service: is 'pigeon'.")
    assert all(name in fault for name in SERVICES)
    with pytest.raises(ConfigError, match="'pigeon'") as caught:
        service_named("pigeon")
    assert all(name in str(caught.value) for name in SERVICES)
    assert chosen_in({"mail": {"service": "pigeon"}}) is None


def test_nobody_else_knows_a_service_by_name() -> None:
    """What differs between services is asked of the table, and no `else` stands for one of them."""
    words = "|".join(
        re.escape(word)
        for service in SERVICES.values()
        for word in (service.name, service.section, service.title)
        if service.name != "smtp"  # the word of a protocol, too
    )
    pattern = re.compile(rf"\b(?:{words})\b|\bSES\b")
    source = ROOT / "src" / "todoke"
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if not path.is_relative_to(ROOM) and pattern.search(path.read_text("utf-8"))
    }
    assert found == MAY_NAME_ONE
