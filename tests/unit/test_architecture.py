"""The shape of the house: imports point inward, libraries stay in their adapters, files stay small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "todoke"
MODULES = sorted(SOURCE.rglob("*.py"))

OUTSIDE = {
    "aws",
    "stores",
    "mailers",
    "events",
    "records",
    "facts",
    "web",
    "entry",
    "sandbox",
    "demo",
    "configuration",
    "testing",
    "bench",
}
"""What the core and the use cases must not know."""
ALLOWED = {
    "aws": {"aws"},
    "stores": {"stores"},
    "mailers": {"mailers"},
    "events": {"events"},
    "records": {"records", "events", "mailers"},
    "facts": {"facts", "mailers", "records", "stores"},
    "web": {"web"},
    "configuration": {"configuration"},
    "testing": {"testing", "stores"},
    "sandbox": {"sandbox", "web"},
    "demo": {"demo", "configuration", "entry", "sandbox", "web"},
    "entry": {"entry", "aws", "configuration", "facts", "web", "demo", "bench", "sandbox"},
    "bench": {"bench", "stores"},
}
"""Which of the outer rooms each outer room may import."""
LIBRARIES = {
    "apsw": {"stores", "sandbox"},
    "sqlite3": {"stores", "sandbox"},
    "smtplib": {"mailers"},
    "urllib3": {"aws", "mailers", "events", "records", "facts", "sandbox"},
    "botocore": {"aws", "stores", "mailers", "facts", "entry"},
    "boto3": {"bench"},
    "cryptography": {"events"},
    "dns": {"facts"},
    "mangum": {"entry"},
    "yaml": {"aws"},
    "starlette": {"web", "entry", "sandbox", "demo"},
    "uvicorn": {"entry", "bench"},
    "uvloop": {"entry", "bench"},
    "typer": {"entry"},
    "rich": {"entry"},
    "jinja2": {"web", "sandbox", ""},
}
"""Libraries, and the only rooms that may import them ("" is the core)."""
MOST_LINES = 300
"""Lines that are not blank."""


def room_of(path: Path) -> str:
    """The folder or outer file under src/todoke that `path` belongs to; "" for the core and the use cases."""
    first = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    if first == "__main__":
        return "entry"
    return first if first in OUTSIDE else ""


def imports_of(path: Path, *, outside_functions: bool = False) -> set[str]:
    """The full names that a module imports."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    found = set()
    for node in ast.walk(tree):
        if outside_functions and id(node) in inside:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def outer_rooms(names: set[str]) -> set[str]:
    """The outer rooms among imported names."""
    parts = [name.split(".") for name in names]
    return {
        part[1] for part in parts if part[0] == "todoke" and len(part) > 1 and part[1] in OUTSIDE
    }


def module_name(path: Path) -> str:
    """The path as a test's name."""
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_inward(path: Path) -> None:
    """The core knows no adapter; an adapter knows no other room; only `app.build` wires, inside a function."""
    room = room_of(path)
    is_wiring = path == SOURCE / "app.py"
    found = outer_rooms(imports_of(path, outside_functions=is_wiring))
    assert found <= ALLOWED.get(room, set())


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_libraries_stay_in_their_adapters(path: Path) -> None:
    """A library that talks to the world appears only where its adapter is."""
    top = {name.partition(".")[0] for name in imports_of(path)}
    misplaced = {name for name in top if name in LIBRARIES and room_of(path) not in LIBRARIES[name]}
    assert misplaced == set()


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_files_are_small(path: Path) -> None:
    """A file is one noun or one verb."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT / "tests"))
)
def test_tests_pass_fakes_and_patch_nothing(path: Path) -> None:
    """No test replaces a module's insides: what a unit needs is passed to it."""
    names = imports_of(path)
    assert not {name for name in names if name.startswith(("unittest.mock", "mock"))}
