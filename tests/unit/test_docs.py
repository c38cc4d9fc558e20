"""The documentation against the code: every key, variable and command is there, and every example works."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from support.places import ROOT
from todoke.configuration import check, read
from todoke.configuration.keys import ENVIRONMENT, KEYS
from todoke.services.customers_mail_cloud.events import BOUNCES, DELIVERIES
from todoke.services.table import SERVICES, chosen_in

CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
ENVIRON = {
    "TODOKE_OIDC_SECRET": "s",
    "TODOKE_CAPTCHA_SECRET": "s",
    "TODOKE_SECRET": "ab" * 32,
    "TODOKE_SMTP_PASSWORD": "password",
    "TODOKE_CMC_API_KEY": "key",
    "TODOKE_CMC_HOOK_SECRET": "0123456789abcdef0123456789abcdef",
    "TODOKE_SES_HOOK_SECRET": "0123456789abcdef0123456789abcdef",
    "TODOKE_POSTMARK_API_KEY": "key",
    "TODOKE_POSTMARK_HOOK_SECRET": "0123456789abcdef0123456789abcdef",
    "TODOKE_POSTMARK_WEBHOOK_KEY": "0123456789abcdef0123456789abcdef",
    "TODOKE_CHANNELS": "team=slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "TODOKE_WEBHOOK_SECRETS": "crm=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
NO_SECRETS = {"TODOKE_SMTP_PASSWORD": "", "TODOKE_WEBHOOK_SECRETS": "", "TODOKE_CHANNELS": ""}
EXPECTED = (
    "TODOKE_SMTP_PASSWORD is not used",
    "TODOKE_WEBHOOK_SECRETS names 'crm'",
    "TODOKE_CHANNELS names 'team'",
    "a domain that exists for examples only",
)
"""What is said of every example, because it is one."""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Contact</title>
<form action="https://forms.garden.example/f/contact" method="post" id="contact">
<label>Address <input name="email" type="email" required></label>
<label>Topic <select name="topic"><option value="visit">Visit<option value="plants">Plants</select></label>
<button>Send</button></form>"""
OTHER_FORM = '<form action="/search"><input name="q"></form>'


@dataclass(frozen=True)
class Section:
    """A heading with the examples under it."""

    heading: str
    examples: tuple[str, ...]


def sections(text: str, level: str) -> list[Section]:
    """The parts of a page whose headings begin with `level`."""
    found = []
    for part in re.split(rf"(?m)^{level} ", text)[1:]:
        heading, _, body = part.partition("\n")
        body = re.split(r"(?m)^##? ", body)[0]
        found.append(Section(heading.strip(), tuple(re.findall(r"(?ms)^```toml\n(.*?)^```", body))))
    return found


KEY_SECTIONS = [s for s in sections(CONFIGURATION, "###") if not s.heading.startswith("TODOKE")]


def code_keys() -> set[str]:
    """Every key that the code knows, as the headings write it."""
    return {f"{section}.{key}" for section, keys in KEYS.items() if section for key in keys}


def folder_with_files(folder: Path) -> Path:
    """The files that the examples name."""
    (folder / "contact.html").write_text(PAGE, "utf-8")
    (folder / "two-forms.html").write_text(PAGE + OTHER_FORM, "utf-8")
    (folder / "people.csv").write_text("address,manager\na@garden.example,b@garden.example\n")
    (folder / "mail-templates").mkdir()
    (folder / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', "utf-8")
    return folder


def whole_example() -> dict[str, Any]:
    """The short configuration at the top of the page."""
    first = re.search(r"(?ms)^```toml\n(.*?)^```", CONFIGURATION)
    assert first
    return tomllib.loads(first[1])


def merged(base: Any, addition: Any) -> Any:
    """`base` with the keys of `addition` in it; where both are not tables, the addition wins."""
    if not (isinstance(base, dict) and isinstance(addition, dict)):
        return addition
    return base | {key: merged(base.get(key), value) for key, value in addition.items()}


def as_toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{key}' = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    return f"'{value}'" if isinstance(value, str) else str(value)


def written(folder: Path, document: dict[str, Any]) -> Path:
    """The document as a file beside the files it names."""
    path = folder / "todoke.toml"
    path.write_text(
        "\n".join(f"{key} = {as_toml(value)}" for key, value in document.items()), "utf-8"
    )
    return path


def test_the_short_configuration_works(tmp_path: Path) -> None:
    """The example at the top is whole: nothing is missing, nothing doubtful but its domain."""
    path = written(folder_with_files(tmp_path), whole_example())
    assert check(path, ENVIRON | NO_SECRETS) == []


def test_each_key_has_a_heading_and_each_heading_is_a_key() -> None:
    """The reference is neither behind the code nor ahead of it."""
    assert {section.heading for section in KEY_SECTIONS} == code_keys()


def test_each_variable_has_a_heading() -> None:
    """The environment is documented as it is read."""
    headings = {s.heading for s in sections(CONFIGURATION, "###") if s.heading.startswith("TODOKE")}
    assert headings == set(ENVIRONMENT)


def named(heading: str) -> str:
    """A heading with the name that its example has."""
    named = heading.replace("webhooks.NAME", "webhooks.crm").replace(
        "channels.NAME", "channels.team"
    )
    return named.replace("NAME", "contact")


def what_is_read(folder: Path, document: dict[str, Any], heading: str) -> object:
    """The settings that a heading is about: a mail service's own, or else all."""
    for service in SERVICES.values():
        if f"{heading}.".startswith(f"mail.{service.section}."):
            return chosen_in({"mail": document["mail"] | {"service": service.name}})
    return read(written(folder, document), ENVIRON)


@pytest.mark.parametrize("section", KEY_SECTIONS, ids=lambda s: s.heading)
def test_each_key_s_example_runs_and_makes_a_difference(section: Section, tmp_path: Path) -> None:
    """The example sets its key, is read without a fault, and changes what is read."""
    (example,) = section.examples
    addition = tomllib.loads(example)
    *path, key = named(section.heading).split(".")
    table: Any = addition
    for part in path:
        table = table[part][0] if isinstance(table[part], list) else table[part]
    assert key in table
    folder = folder_with_files(tmp_path)
    base = whole_example()
    if section.heading == "forms.NAME.page" or "fields" in addition.get("forms", {}).get(
        "contact", {}
    ):
        del base["forms"]["contact"]["page"]
    before = what_is_read(folder, base, section.heading)
    document = merged(base, addition)
    page = PAGE.replace("https://forms.garden.example", document["site"]["door_url"])
    (folder / "contact.html").write_text(page, "utf-8")
    found = check(written(folder, document), ENVIRON)
    faults = [f for f in found if not any(expected in f.message for expected in EXPECTED)]
    assert faults == []
    assert what_is_read(folder, document, section.heading) != before


def test_each_dependency_has_its_reason() -> None:
    """docs/dependencies.md has a line for each dependency, also of extras, and none that is gone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *(name for extra in extras for name in extra)]
    declared = {re.split(r"[<>=]", name)[0] for name in wanted}
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    assert set(re.findall(r"(?m)^\| ([a-z][a-z0-9-]+) \| \d", text)) == declared
    groups = project["dependency-groups"]
    for name in [*groups["build"], *groups["dev"]]:
        if isinstance(name, str):
            assert re.split(r"[<>=]", name)[0] in text


def test_the_quick_start_is_a_configuration_that_works(tmp_path: Path) -> None:
    """Its page and its file are taken together without a fault."""
    text = (ROOT / "docs" / "quick-start.md").read_text("utf-8")
    page, configuration = (
        re.search(rf"(?ms)^```{kind}\n(.*?)^```", text) for kind in ("html", "toml")
    )
    assert page
    assert configuration
    (tmp_path / "contact.html").write_text(page[1], "utf-8")
    (tmp_path / "todoke.toml").write_text(configuration[1], "utf-8")
    found = check(tmp_path / "todoke.toml", ENVIRON)
    assert [f for f in found if not any(expected in f.message for expected in EXPECTED)] == []


@pytest.mark.parametrize(
    "page", sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]), ids=lambda p: p.name
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Every relative link of the documentation is a file of the repository."""
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


CLOUD = (ROOT / "docs" / "services" / "customers-mail-cloud.md").read_text("utf-8")


def test_the_service_s_configuration_works(tmp_path: Path) -> None:
    """What a site owner copies for Customers Mail Cloud is read without a fault, and is whole."""
    (example,) = re.findall(r"(?ms)^```toml\n(.*?)^```", CLOUD)
    (tmp_path / "todoke.toml").write_text(example, "utf-8")
    environ = {key: value for key, value in ENVIRON.items() if key != "TODOKE_SMTP_PASSWORD"}
    found = check(tmp_path / "todoke.toml", environ)
    assert [f for f in found if not any(expected in f.message for expected in EXPECTED)] == []
    named = set(re.findall(r"export (TODOKE_\w+)", CLOUD))
    assert named == {v for v in ENVIRONMENT if v.startswith("TODOKE_CMC_")}


def test_each_word_of_the_service_becomes_what_the_documentation_says() -> None:
    """Its table is the code's: every word, and the status that it bears."""
    rows = re.findall(r"(?m)^\| (deliveries|bounces) \| `(\w+)`[^|]*\| `(\w+)` \|", CLOUD)
    known = {"deliveries": DELIVERIES, "bounces": BOUNCES}
    told = {(event, word, meaning.kind.value) for event, t in known.items() for word, meaning in t.items()}  # fmt: skip
    assert set(rows) == told


@pytest.mark.parametrize("service", ["ses", "postmark", "smtp"])
def test_the_example_of_a_service_s_page_works(service: str, tmp_path: Path) -> None:
    """What a site owner copies is read without a fault, beside the rest of a configuration."""
    text = (ROOT / "docs" / "services" / f"{service}.md").read_text("utf-8")
    (example,) = re.findall(r"(?ms)^ *```toml\n(.*?)^ *```", text)
    document = merged(whole_example(), tomllib.loads(example))
    found = check(written(folder_with_files(tmp_path), document), ENVIRON)
    assert [f for f in found if not any(expected in f.message for expected in EXPECTED)] == []


def test_the_commands_of_the_readme_exist() -> None:
    """Each `make` target that the README names is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text("utf-8")))
    assert {name for name in named if f"\n{name}:" not in makefile} == set()


def test_the_demo_s_configuration_has_no_fault() -> None:
    """What a newcomer reads first is right, its pages and its directory too."""
    found = check(ROOT / "src" / "todoke" / "demo" / "todoke.toml", ENVIRON | NO_SECRETS)
    assert found == []


DOCUMENTS = sorted(
    [
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "src").glob("*/README.md"),
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
    ]
)
FILE = re.compile(r"`((?:[a-z0-9_.-]+/)+[a-z0-9_-]+\.(?:py|sql|yaml|css|toml|json))`")
NO_FILES = {"emails/send.json"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_that_are_named_exist(path: Path) -> None:
    """A document that names one of our files names one that is there, from the root, src, src/todoke or itself.

    Pigeon is the service of adding-a-service.md, which readers write.
    """
    named = set(FILE.findall(path.read_text("utf-8"))) - NO_FILES
    bases = (ROOT, ROOT / "src", ROOT / "src" / "todoke", path.parent)
    missing = {name for name in named if not any((base / name).exists() for base in bases)}
    assert {name for name in missing if "pigeon" not in name} == set()
