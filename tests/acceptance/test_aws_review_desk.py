"""What looks suspicious, on the emulated AWS with the rights of each role in force: kept, and let go at the desk.

The same as test_review.py tells of one machine: the real functions, the table, the stream and the sweep's notices.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from playwright.sync_api import Browser, expect

from mail_cloud_sandbox.app import build as build_sandbox
from support.aws.site import (
    HOOK_SECRET,
    OFFICE,
    PAGE,
    SECRETS,
    Cloud,
    configuration_on_sandbox,
    door_by_path,
    put_secrets,
)
from support.aws.stack import REGION, deploy, ministack, package
from support.run.serving import TODOKE, eventually, free_port
from support.web.desk_story import Place, Visitor
from support.web.local_server import serving
from support.web.receivers import Receiver, receiver

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOK = """
[webhooks.crm]
url = "{url}"
events = ["submission.accepted"]
allow_private = true
any_port = true
"""
IN_REVIEW = {"confirmation": "in_review", "notification": "in_review"}
DELIVERED = {"confirmation": "delivered", "notification": "delivered"}


@dataclass(frozen=True)
class Garden:
    """A deployed stack, what its manager sees, and the program that is told of its submissions."""

    cloud: Cloud
    place: Place
    crm: Receiver

    def told_of(self) -> list[str]:
        """The ids of the submissions that the program was told of, after the sweep that tells it."""
        self.cloud.invoke("Sweep", {})
        return [notice["data"]["submission"]["id"] for notice in self.crm.told]

    def suspect(self, address: str) -> dict[str, Any]:
        """What a program sends that fills in a trap."""
        fields = {"name": "E", "email": address, "topic": "other", "message": "Cheap [url=x]"}
        answer = urllib3.request(
            "POST",
            f"{self.cloud.api}/f/contact",
            body=urlencode({**fields, "_gotcha": "yes"}),
            headers={
                "accept": "application/json",
                "content-type": "application/x-www-form-urlencoded",
            },
            timeout=30,
            retries=False,
        )
        assert answer.status == 200, answer.data
        told: dict[str, Any] = answer.json()
        return told

    def delivered(self, told: Mapping[str, Any]) -> None:
        """Wait until both mails of it are."""
        eventually(
            lambda: self.cloud.receipt(told) == DELIVERED, seconds=90, what="both deliveries"
        )

    def command(self, *words: str) -> str:
        """What a command prints that looks into the table."""
        environ = {
            "TODOKE_TABLE": self.cloud.outputs["TableName"],
            "AWS_ENDPOINT_URL": self.cloud.aws.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        done = subprocess.run(
            [str(TODOKE), *words],
            cwd=self.place.folder,
            env=os.environ | SECRETS | environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Garden]:
    """A stack with one webhook; ministack judges every call of a function by its role."""
    folder, port = tmp_path_factory.mktemp("garden"), free_port()
    sandbox = f"http://127.0.0.1:{port}"
    with ministack(folder, AUTH="true") as aws, receiver() as crm:
        put_secrets(aws, SECRETS | {"TODOKE_WEBHOOK_SECRETS": f"crm={KEY}"}, manager=True)
        text = configuration_on_sandbox(sandbox, site=aws.url) + WEBHOOK.format(url=crm.url)
        files = {"todoke.toml": text.encode(), "site/contact.html": PAGE}
        outputs = deploy(aws, package(files), SiteDelivery="none", SecretsFrom="secrets-manager")
        (folder / "site").mkdir()
        (folder / "site" / "contact.html").write_bytes(PAGE)
        door = f'[site]\ndoor_url = "{outputs["DoorUrl"]}"'  # which the functions are told
        (folder / "todoke.toml").write_text(text.replace("[site]", door))
        hook = f"{door_by_path(aws, outputs)}/hooks/customers-mail-cloud/{HOOK_SECRET}"
        place = Place(folder, outputs["DoorUrl"], sandbox, {}, "", looks_back=True, seconds=90)
        with serving(build_sandbox(folder / "mail", webhook_url=hook, pace_seconds=0.2), port):
            yield Garden(Cloud(aws, outputs), place, crm)


def test_it_waits_until_somebody_says_what_it_is(garden: Garden, browser: Browser) -> None:
    """Nobody is mailed or told of it before; then of the one that is none, and never of the one that is."""
    cloud, place = garden.cloud, garden.place
    honest = cloud.post("aoi@example.com")
    kept, spam = garden.suspect("ren@example.com"), garden.suspect("eve@example.com")
    garden.delivered(honest)
    assert garden.told_of() == [honest["id"]]
    assert [cloud.receipt(told) for told in (kept, spam)] == [IN_REVIEW] * 2

    office = Visitor(browser, place, "en")
    office.enter(OFFICE)
    office.goto("/desk?view=review")
    rows = office.page.locator(".inbox li")
    expect(rows.locator(f"a[href*='{kept['id']}']").first).to_be_visible()
    expect(rows.locator(f"a[href*='{honest['id']}']")).to_have_count(0)
    office.goto(f"/desk/{kept['id']}")
    expect(office.page.get_by_role("heading", name="Is this spam?")).to_be_visible()
    assert place.mails("ren@example.com") == []
    office.press("Not spam: send its mails")
    office.said("It is no spam.")
    garden.delivered(kept)
    office.goto(f"/desk/{spam['id']}")
    office.press("Spam")
    office.said("Kept as spam.")

    assert sorted(garden.told_of()) == sorted([honest["id"], kept["id"]])
    assert cloud.receipt(spam) == IN_REVIEW
    assert [len(place.mails(f"{name}@example.com")) for name in ("aoi", "ren", "eve")] == [1, 1, 0]
    lines = garden.command("export", "--format", "json").splitlines()
    verdicts = {one["id"]: one["care"]["verdict"] for one in map(json.loads, lines)}
    assert (verdicts[kept["id"]], verdicts[spam["id"]]) == ("honest", "spam")
    assert garden.command("lessons").startswith("1 marked as spam, 1 as none")

    garden.command("judge", spam["id"], "--not-spam")
    garden.delivered(spam)
    assert garden.command("lessons").startswith("0 marked as spam, 2 as none")
    assert sorted(garden.told_of()) == sorted(told["id"] for told in (honest, kept, spam))
    office.context.close()


def test_no_log_holds_what_was_kept(garden: Garden) -> None:
    """Neither an address, nor an answer, nor the webhook's key."""
    written = garden.cloud.logs()
    assert "swept" in written
    for private in ("@example.com", "Cheap", KEY, *SECRETS.values()):
        assert private not in written
