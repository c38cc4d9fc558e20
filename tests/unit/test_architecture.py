"""The shape of the house: folders have ranks, imports only go down, nothing runs in circles, a name means one thing."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from support.places import ROOT

SOURCE = ROOT / "src"
MODULES = sorted(SOURCE.rglob("*.py"))

FLOORS = (
    ("stack_review", "stack_review/judges", "mail_cloud_sandbox"),
    ("todoke/model", "todoke/model/answers"),
    ("todoke/ports", "todoke/toml", "todoke/forms/pattern"),
    ("todoke/forms", "todoke/report", "todoke/returned"),
    ("todoke/forms/page", "todoke/forms/suspicion", "todoke/mail"),
    ("todoke/walk", "todoke/walk/notices", "todoke/walk/send", "todoke/walk/uploads"),
    ("todoke/stores", "todoke/stores/rules"),
    ("todoke/stores/sqlite", "todoke/stores/dynamodb", "todoke/stores/memory"),
    ("todoke/services/http", "todoke/services/service.py", "todoke/services/meaning.py"),
    (
        "todoke/services/customers_mail_cloud",
        "todoke/services/postmark",
        "todoke/services/ses",
        "todoke/services/smtp",
        "todoke/captcha",
        "todoke/identity",
        "todoke/webhooks",
    ),
    ("todoke/services",),
    ("todoke/testing",),
    ("todoke/wiring.py",),
    ("todoke/configuration", "todoke/doctor"),
    ("todoke/web/pages",),
    ("todoke/web/http",),
    ("todoke/web/dialects",),
    ("todoke/web/door", "todoke/web/desk", "todoke/web"),
    ("todoke/server",),
    ("todoke/aws", "todoke/aws/functions", "todoke/aws/deploy", "todoke/demo", "todoke/bench"),
    ("todoke/cli",),
    ("todoke/__main__.py",),
)
"""From the ground up. A module imports its own folder and lower floors: no neighbour on its floor, nothing above."""
ONE_ROOM = (
    {"stack_review", "stack_review/judges"},
    {"todoke/model", "todoke/model/answers"},
    {"todoke/walk", "todoke/walk/notices", "todoke/walk/send", "todoke/walk/uploads"},
)
"""Folders that are one room with its corners: there the files alone may not run in circles."""
RANK = {place: rank for rank, places in enumerate(FLOORS) for place in places}

LIBRARIES = {
    "apsw": {"todoke/stores/sqlite"},
    "sqlite3": {"todoke/stores/sqlite", "mail_cloud_sandbox"},
    "smtplib": {"todoke/services/smtp"},
    "urllib3": {
        "todoke/services",
        "todoke/webhooks",
        "todoke/identity",
        "todoke/aws/deploy",
        "mail_cloud_sandbox",
    },
    "botocore": {
        "todoke/aws",
        "todoke/stores/dynamodb",
        "todoke/services/ses",
        "todoke/cli",
        "stack_review",
    },
    "boto3": set(),
    "cryptography": {"todoke/services/ses"},
    "jwt": {"todoke/identity"},
    "dns": {"todoke/doctor"},
    "mangum": {"todoke/aws/functions"},
    "yaml": {"stack_review"},
    "starlette": {
        "todoke/web",
        "todoke/server",
        "todoke/aws/functions",
        "todoke/demo",
        "mail_cloud_sandbox",
    },
    "uvicorn": {"todoke/server", "todoke/bench", "todoke/cli", "mail_cloud_sandbox"},
    "uvloop": {"todoke/server", "todoke/bench", "todoke/cli"},
    "typer": {"todoke/cli"},
    "rich": {"todoke/cli"},
    "jinja2": {"todoke/web/pages", "todoke/mail", "mail_cloud_sandbox"},
}
"""Libraries, and the only folders (with what lies in them) that may import them."""
MOST_LINES = 300
"""Lines that are not blank."""
MOST_METHODS = 8
"""Of a Protocol: a use case names the port that it needs, not all that a store can do."""


def name_of(path: Path) -> str:
    """The module's full name."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


NAMES = {name_of(path): path for path in MODULES}


def folder_of(path: Path) -> str:
    """The folder of a module below src; one at the top of todoke, or with a rank of its own, stands for itself."""
    place = path.relative_to(SOURCE)
    if place.as_posix() in RANK:
        return place.as_posix()
    folder = place.parent.as_posix()
    return place.as_posix() if folder == "todoke" and place.name != "__init__.py" else folder


def imports_of(path: Path) -> Iterator[str]:
    """The full names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports here are absolute"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in NAMES else str(node.module)


@cache
def arrows() -> dict[str, set[str]]:
    """Every module's imports of ours."""
    return {name: {x for x in imports_of(path) if x in NAMES} for name, path in NAMES.items()}


def shown(path: Path) -> str:
    """The path as a test's name."""
    return str(path.relative_to(SOURCE))


def may_import(path: Path, imported: str) -> bool:
    """Whether an import goes down, or stays in its room. `todoke` itself is a name and a version: the ground."""
    if imported == "todoke":
        return True
    here, there = folder_of(path), folder_of(NAMES[imported])
    is_home = here == there or any({here, there} <= room for room in ONE_ROOM)
    return is_home or RANK[there] < RANK[here]


def test_every_folder_has_a_rank() -> None:
    """A new folder has to say where in the house it stands, and one that is gone leaves no name behind."""
    assert {folder_of(path) for path in MODULES} - {"todoke"} == set(RANK)


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_imports_go_down(path: Path) -> None:
    """Also those inside functions: what is loaded late is needed all the same."""
    found = {x for x in arrows()[name_of(path)] if not may_import(path, x)}
    assert found == set()


@pytest.mark.parametrize("package", ["stack_review", "mail_cloud_sandbox"])
def test_a_package_of_its_own_knows_nothing_of_todoke(package: str) -> None:
    """Nor of the other one: each can be used alone."""
    names = {x for path in (SOURCE / package).rglob("*.py") for x in imports_of(path)}
    ours = {
        x for x in names if x.partition(".")[0] in {"todoke", "stack_review", "mail_cloud_sandbox"}
    }
    assert {x for x in ours if x.partition(".")[0] != package} == set()
    texts = [
        path for path in (SOURCE / package).rglob("*") if path.suffix not in {"", ".pyc", ".mo"}
    ]
    assert [path.name for path in texts if "todoke" in path.read_text("utf-8").lower()] == []


@pytest.mark.parametrize("package", ["stack_review", "mail_cloud_sandbox"])
def test_a_package_of_its_own_names_the_libraries_it_needs(package: str) -> None:
    """In its README, by their names on PyPI."""
    told = (SOURCE / package / "README.md").read_text("utf-8")
    names = {x for path in (SOURCE / package).rglob("*.py") for x in imports_of(path)}
    top = {x.partition(".")[0] for x in names} - set(sys.stdlib_module_names) - {package}
    on_pypi = {"yaml": "pyyaml"}
    # jinja2 brings markupsafe.
    assert {x for x in top - {"markupsafe"} if f"**{on_pypi.get(x, x)}**" not in told} == set()


def test_nothing_runs_in_a_circle() -> None:
    """No module reaches itself through its imports, not even inside a room."""
    left = {name: imported - {name} for name, imported in arrows().items()}
    while leaves := {name for name, arrows in left.items() if not arrows}:
        left = {name: arrows - leaves for name, arrows in left.items() if name not in leaves}
    assert left == {}


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    """Each public class with the package that it is in."""
    for path in MODULES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield path.relative_to(SOURCE).parts[0], node


def test_no_two_classes_share_a_name() -> None:
    """One word, one meaning, in each package."""
    seen: dict[tuple[str, str], int] = defaultdict(int)
    for package, node in classes():
        seen[package, node.name] += 1
    assert [name for name, count in seen.items() if count > 1] == []


def test_ports_are_small() -> None:
    """No Protocol has more methods of its own than a reader can hold in mind."""
    protocols = {
        node.name: node
        for _, node in classes()
        if any(ast.unparse(base).partition("[")[0] == "Protocol" for base in node.bases)
    }

    def methods(name: str) -> int:
        node = protocols[name]
        return sum(isinstance(x, ast.FunctionDef | ast.AsyncFunctionDef) for x in node.body)

    assert {name: methods(name) for name in protocols if methods(name) > MOST_METHODS} == {}


def test_no_module_is_called_by_a_gerund() -> None:
    """A file is a noun or a verb of the walk."""
    nouns = {"finding", "meaning", "testing", "wiring"}
    found = {name.rpartition(".")[2] for name in NAMES if name.endswith("ing")}
    assert found <= nouns


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_libraries_stay_in_their_adapters(path: Path) -> None:
    """A library that talks to the world appears only where its adapter is."""
    top = {name.partition(".")[0] for name in imports_of(path)} & set(LIBRARIES)
    place = folder_of(path)
    misplaced = {
        name
        for name in top
        if not any(place == home or place.startswith(f"{home}/") for home in LIBRARIES[name])
    }
    assert misplaced == set()


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_files_are_small(path: Path) -> None:
    """A file is one noun or one verb."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT / "tests"))
)
def test_tests_pass_fakes_and_patch_nothing(path: Path) -> None:
    """No test replaces a module's insides: what a unit needs is passed to it."""
    names = set(imports_of(path))
    assert not {name for name in names if name.startswith(("unittest.mock", "mock"))}
