"""A site moves from one machine to AWS and back: no link breaks, no report is lost, no mail leaves twice.

`todoke serve` with the sandbox, the real template on ministack, and the commands that docs/aws.md names.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from mail_cloud_sandbox.app import build as build_sandbox
from support.aws.site import PAGE, SECRETS, door_by_path, put_secrets
from support.aws.stack import REGION, deploy, ministack, package
from support.run.serving import TODOKE, eventually, free_port, serve
from support.web.local_server import serving
from todoke.model.address import Address

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

HOOK = f"hooks/customers-mail-cloud/{SECRETS['TODOKE_CMC_HOOK_SECRET']}"
MANAGER = Address("office@hoshino-paper.example")
CONFIGURATION = f"""
[site]
name = "Hoshino Paper"
time_zone = "Asia/Tokyo"
url = "http://127.0.0.1/"
{{door_url}}

[mail]
service = "customers-mail-cloud"
from = "Hoshino Paper <forms@hoshino-paper.example>"

[mail.customers_mail_cloud]
url = "{{sandbox}}"
api_user = "forms@hoshino-paper.example"
timeout = "5s"

[forms.contact]
page = "contact.html"
managers = ["{MANAGER}"]
"""
DELIVERED = {"confirmation": "delivered", "notification": "delivered"}


def ask(method: str, url: str, body: Mapping[str, str] | None = None) -> Any:
    """The JSON that a place answers."""
    answer = urllib3.request(
        method,
        url,
        body=urlencode(body) if body else None,
        headers={
            "accept": "application/json",
            **({"content-type": "application/x-www-form-urlencoded"} if body else {}),
        },
        timeout=30,
        retries=False,
    )
    assert answer.status == 200, answer.data
    return answer.json()


def post(place: str, address: str) -> str:
    """Send the form; the receipt's token."""
    fields = {"name": "A", "email": address, "topic": "other", "message": "Good morning"}
    return str(ask("POST", f"{place}/f/contact", fields)["status_url"]).rpartition("/")[2]


def states(place: str, token: str) -> dict[str, str]:
    """The state of each message on a receipt, by role."""
    return {m["role"]: m["status"] for m in ask("GET", f"{place}/s/{token}")["messages"]}


def receipts(place: str, tokens: Mapping[str, str]) -> dict[str, Any]:
    """All that the receipts say, in one place."""
    return {name: ask("GET", f"{place}/s/{token}") for name, token in tokens.items()}


def command(folder: Path, *words: str, **environ: str) -> str:
    """What a command prints in a folder."""
    done = subprocess.run(
        [str(TODOKE), *words],
        cwd=folder,
        env=os.environ | SECRETS | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_and_back_again(tmp_path: Path) -> None:
    """What was delivered stays so, a bounce that comes after the move is heard, and what waited leaves from AWS."""
    spool, port = tmp_path / "sandbox", free_port()
    sandbox = f"http://127.0.0.1:{port}"
    home = f"http://127.0.0.1:{(home_port := free_port())}"
    at_home = CONFIGURATION.format(door_url=f'door_url = "{home}"', sandbox=sandbox)
    tokens: dict[str, str] = {}
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "contact.html").write_bytes(PAGE)
    with serve(tmp_path / "home", at_home, port=home_port, **SECRETS) as served:
        told_home = build_sandbox(spool, webhook_url=f"{home}/{HOOK}", pace_seconds=1.5)
        with serving(told_home, port):
            tokens["delivered"] = post(home, "aoi@example.com")
            tokens["returned later"] = post(home, "late-bounce@example.com")
            for token in tokens.values():
                eventually(lambda t=token: states(home, t) == DELIVERED, what="deliveries")
        tokens["waiting"] = post(home, "ren@example.com")  # the mail service is down
        eventually(
            lambda: set(states(home, tokens["waiting"]).values()) <= {"deferred", "queued"},
            what="a mail that waits",
        )
        before = receipts(home, {"delivered": tokens["delivered"]})
        served.stop()
    command(tmp_path / "home", "export", "--format", "backup", "-o", "moving.backup")

    with ministack(tmp_path) as aws:
        put_secrets(aws, SECRETS)
        away = CONFIGURATION.format(door_url="", sandbox=sandbox)
        outputs = deploy(aws, package({"todoke.toml": away.encode(), "contact.html": PAGE}))
        cloud = door_by_path(aws, outputs)
        in_table = {
            "TODOKE_TABLE": outputs["TableName"],
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        told_cloud = build_sandbox(spool, webhook_url=f"{cloud}/{HOOK}", pace_seconds=0.5)
        with serving(told_cloud, port):
            told = command(tmp_path / "home", "import", "moving.backup", "--json", **in_table)
            counted = json.loads(told)
            assert (counted["new"], counted["different"], counted["unplaced"]) == (3, 0, 0)
            assert receipts(cloud, {"delivered": tokens["delivered"]}) == before
            eventually(
                lambda: states(cloud, tokens["returned later"])["confirmation"] == "failed",
                seconds=120,
                what="the bounce of a mail that the machine had handed over",
            )
            eventually(
                lambda: states(cloud, tokens["waiting"]) == DELIVERED,
                seconds=120,
                what="the mail that waited, from AWS",
            )
            tokens["new"] = post(cloud, "mio@example.com")
            eventually(
                lambda: states(cloud, tokens["new"]) == DELIVERED, seconds=90, what="deliveries"
            )
            for address in ("aoi", "late-bounce", "ren", "mio"):
                inbox = ask("GET", f"{sandbox}/inbox.json?to={address}@example.com")
                assert len(inbox["messages"]) == 1, address
        on_aws = receipts(cloud, tokens)
        command(tmp_path / "home", "export", "--format", "backup", "-o", "back.backup", **in_table)

    back_home = {"TODOKE_DATA": str(tmp_path / "home" / "back")}
    told = command(tmp_path / "home", "import", "back.backup", "--json", **back_home)
    assert json.loads(told)["new"] == 4
    with serve(tmp_path / "home", at_home, port=home_port, **SECRETS, **back_home):
        assert receipts(home, tokens) == on_aws
