"""What each runtime dependency costs: milliseconds to import it (alone, over bare Python) and megabytes on disk.

python bench/dependencies.py
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

IMPORTS = {
    "botocore": "botocore.session, botocore.config",
    "cryptography": "cryptography.x509",
    "dnspython": "dns.resolver",
    "can-ada": "can_ada",
    "email-validator": "email_validator",
    "jinja2": "jinja2.sandbox",
    "python-multipart": "python_multipart",
    "rich": "rich.console, rich.table",
    "selectolax": "selectolax.lexbor",
    "starlette": "starlette.applications",
}
RUNS = 15


def milliseconds(statement: str) -> float:
    """The least time of some runs: the one that was disturbed least."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(time.perf_counter() - started)
    return min(times) * 1000


def megabytes(name: str) -> float:
    """The size of what the package installs."""
    files = importlib.metadata.files(name) or []
    paths = [Path(str(file.locate())) for file in files]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def main() -> None:
    """Print a line of Markdown for each."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    bare = milliseconds("pass")
    print(f"Bare Python takes {bare:.0f} ms.")
    extras = project["optional-dependencies"].values()
    for requirement in [*project["dependencies"], *(name for extra in extras for name in extra)]:
        name = re.split(r"[<>=]", requirement)[0]
        module = IMPORTS.get(name, name)
        print(f"| {name} | {milliseconds(f'import {module}') - bare:.0f} | {megabytes(name):.1f} |")


if __name__ == "__main__":
    main()
