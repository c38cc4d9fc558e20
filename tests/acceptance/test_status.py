"""What the owner of a running todoke sees of it: with the command, and over HTTP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from support.run.serving import TODOKE, Served, serve

pytestmark = pytest.mark.acceptance
CONFIG = """\
[site]
name = "Garden"
url = "https://www.garden.example"
door_url = "https://forms.garden.example"
[mail]
service = "smtp"
from = "forms@garden.example"
[mail.smtp]
host = "127.0.0.1"
port = 9
security = "none"
[forms.contact]
managers = ["office@garden.example"]
fields = [
  {name = "email", type = "email"},
  {name = "topic", type = "select", options = ["visit"]},
]
"""
TOKEN = "kikyo-0123456789-token"
http = urllib3.PoolManager(retries=False)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A todoke whose mail service is not there."""
    with serve(tmp_path, CONFIG, TODOKE_METRICS_TOKEN=TOKEN) as running:
        yield running


def status(served: Served, **environ: str) -> tuple[int, dict[str, Any]]:
    """The exit code of `todoke status --json` beside it, and what it prints."""
    done = subprocess.run(
        [TODOKE, "status", "--json", "--config", str(served.folder / "todoke.toml")],
        env={"TODOKE_DATA": str(served.folder / "data"), **environ},
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, json.loads(done.stdout)


def test_the_owner_learns_of_it_all_with_one_command(served: Served) -> None:
    """What is kept and waits, why mail rests, who was refused and for what; no value, and no token is needed."""
    door = f"{served.url}/f/contact"
    fields = {"email": "aya@visitor.example", "topic": "visit"}
    for sent in (fields, fields | {"email": "b@visitor.example"}, fields | {"topic": "katsura"}):
        http.request("POST", door, fields=sent, encode_multipart=False)
    code, told = status(served)
    assert (code, told["faults"], told["served"], told["address"]) == (
        1,
        ["all mail rests"],
        True,
        served.url,
    )
    assert (told["today"]["submissions"], told["waiting"]) == (2, 4)
    server = told["server"]
    assert (server["ready"], server["accepted"]) == (True, 2)
    assert server["mail_rests"]["reason"] == "timed_out"
    assert "Connection refused" in server["mail_rests"]["words"]
    assert server["refused"] == [{"form": "contact", "status": 422, "code": "invalid", "times": 1}]
    assert server["latest_refused"][0]["fields"] == {"topic": "unknown_option"}
    assert "katsura" not in json.dumps(told)
    assert served.stop() == 0
    code, told = status(served)
    assert (code, told["faults"], told["server"]) == (1, ["nobody serves it"], None)
    assert (told["today"]["submissions"], told["waiting"]) == (2, 4)


def test_figures_are_for_who_has_the_token(served: Served) -> None:
    """The door's address is public and no proxy is known, so that one may look like a neighbour."""
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert http.request("GET", f"{served.url}/metrics").status == 401
    found = http.request("GET", f"{served.url}/metrics", headers=bearer)
    assert (found.status, b"\ntodoke_store_up 1\n" in found.data) == (200, True)
    assert b"todoke_store_commit_seconds_count" in found.data
    assert http.request("GET", f"{served.url}/readyz").status == 200
