"""The wheel that is built from this tree is whole: what is installed from it runs as the tree does."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import urllib3

import todoke
from support.run.serving import eventually, post_json
from todoke.aws.deploy.locked import pins

pytestmark = pytest.mark.acceptance

SOURCE = Path(todoke.__file__).parent
PACKAGES = ("todoke", "stack_review", "mail_cloud_sandbox")


def run(*words: str | Path) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(
        list(map(str, words)),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_runs_from_the_wheel(tmp_path: Path) -> None:
    """Each file of the packages is in it; with what the lock names, by hash, and nothing else installed, pages,
    translations, mails and the sandbox work; and its bill of materials tells all that is there."""
    root = SOURCE.parents[1]
    built = tmp_path / "built"
    subprocess.run([root / "scripts" / "wheel", built], check=True, timeout=240)
    (wheel,) = built.glob("todoke-*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    files = (p for name in PACKAGES for p in (SOURCE.parent / name).rglob("*") if p.is_file())
    wanted = (p for p in files if p.suffix not in {".pyc", ".pot"})
    assert {str(p.relative_to(SOURCE.parent)) for p in wanted} <= packed
    *locked, own = (built / "requirements.txt").read_text("utf-8").splitlines()
    assert own == (
        f"./deploy/{wheel.name} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
    )
    assert locked == (root / "locks" / "run.txt").read_text("utf-8").splitlines()
    python = built / "environment" / "bin" / "python"
    assert str(built) in run(python, "-c", "import todoke; print(todoke.__file__)")
    for name in PACKAGES[1:]:
        assert f"python -m {name}" in run(python, "-m", name, "--help")
    _judge_materials(json.loads(next(built.glob("*.cdx.json")).read_text("utf-8")))
    environ = {"TODOKE_DATA": str(tmp_path / "data")}
    process = subprocess.Popen(
        [python, "-m", "todoke", "demo", "--port", "0"],
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


def _judge_materials(bill: dict[str, Any]) -> None:
    locked = pins((SOURCE.parents[1] / "locks" / "run.txt").read_text("utf-8"))
    listed = {re.sub(r"[-_.]+", "-", one["name"]).lower(): one for one in bill["components"]}
    assert listed.keys() <= locked.keys()
    assert {"starlette", "apsw", "botocore", "dnspython", "anyio"} <= listed.keys()
    assert all(one["version"] == locked[name].version for name, one in listed.items())
    assert all(one["licenses"] and one["purl"] for one in listed.values())
    assert bill["metadata"]["component"]["name"] == "todoke"


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
