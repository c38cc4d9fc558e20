"""The wheel that is built from this tree is whole: what is installed from it runs as the tree does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import urllib3

import todoke
from support.run.serving import eventually, post_json

pytestmark = pytest.mark.acceptance

SOURCE = Path(todoke.__file__).parent
PACKAGES = ("todoke", "stack_review", "mail_cloud_sandbox")


def run(*words: str | Path, **environ: str) -> str:
    """What a Python command prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        env=os.environ | environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_runs_from_the_wheel(tmp_path: Path) -> None:
    """Each file of the packages is in it, and pages, translations, mails and the sandbox work without the tree."""
    root = SOURCE.parents[1]
    run("-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, root)
    (wheel,) = tmp_path.glob("todoke-*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    files = (p for name in PACKAGES for p in (SOURCE.parent / name).rglob("*") if p.is_file())
    wanted = (p for p in files if p.suffix not in {".pyc", ".pot"})
    assert {str(p.relative_to(SOURCE.parent)) for p in wanted} <= packed
    installed = tmp_path / "installed"
    run("-m", "pip", "install", "--quiet", "--no-deps", "--target", installed, wheel)
    environ = {"PYTHONPATH": str(installed), "TODOKE_DATA": str(tmp_path / "data")}
    assert str(installed) in run("-c", "import todoke; print(todoke.__file__)", **environ)
    for name in PACKAGES[1:]:
        assert f"python -m {name}" in run("-m", name, "--help", **environ)
    process = subprocess.Popen(
        [sys.executable, "-m", "todoke", "demo", "--port", "0"],
        env=os.environ | environ,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        text = ""
        while "Ctrl-C stops it" not in text:
            line = process.stdout.readline()
            assert line, process.communicate()
            text += line
        site = re.search(r"Sample site +(\S+)/\n", text)
        assert site
        _walk(site[1])
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said


def _walk(site: str) -> None:
    http = urllib3.PoolManager(retries=False, timeout=10)
    for path in ("/", "/leave.html", "/style.css", "/f/leave"):
        assert http.request("GET", site + path).status == 200, path
    fields = {"name": "A", "email": "a@example.com", "topic": "order", "message": "Hello there"}
    told = post_json(http, f"{site}/f/contact", fields | {"_language": "ja"})
    receipt = str(told["status_url"])
    page = http.request("GET", receipt)
    assert b'lang="ja"' in page.data
    linked = re.findall(r'(?:href|src)="(/[^"]*\.(?:css|js|svg)[^"]*)"', page.data.decode())
    assert len(linked) >= 3
    for path in linked:
        assert http.request("GET", site + path).status == 200, path

    def delivered() -> bool:
        found = http.request("GET", receipt, headers={"Accept": "application/json"}).json()
        return {message["status"] for message in found["messages"]} == {"delivered"}

    eventually(delivered, what="both mails")
