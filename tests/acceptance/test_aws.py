"""The whole of todoke on AWS, as ministack emulates it: template, functions, gateway, stream, queues and Chromium.

A visitor fills in the form on the page that S3 serves, the sender hands the mails to the sandbox, and its webhook comes
back through the gateway. Then everything is brought again, poisoned, killed and throttled.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import urllib3
from playwright.sync_api import Browser, Page, expect

from mail_cloud_sandbox.app import build as build_sandbox
from support.aws.site import (
    HOOK_SECRET,
    OFFICE,
    PAGE,
    SECRETS,
    STACK,
    Cloud,
    configuration_on_sandbox,
    put_secrets,
)
from support.aws.stack import REGION, deploy, ministack, package
from support.run.serving import TODOKE, eventually, free_port
from support.web.local_server import serving
from todoke.demo import HERE as DEMO

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

ARRIVED = "Accepted by the mail server"
CONTENT_TYPES = {".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Site(Cloud):
    """A deployed stack, and the sandbox that it mails through."""

    sandbox: str

    @property
    def page_url(self) -> str:
        """The form's page, as S3 serves it."""
        return f"{self.aws.url}/{self.outputs['SiteBucket']}/contact.html"

    def mails(self, to: str) -> list[str]:
        """The ids of the mails that the sandbox took for an address."""
        answer = urllib3.request("GET", f"{self.sandbox}/inbox.json?to={to}", timeout=30)
        return [m["id"] for m in answer.json()["messages"] if m["to"] == to]

    def code(self, before: set[str]) -> str:
        """The code in a newer mail to the office than those; "" while there is none."""
        for id_ in set(self.mails(OFFICE)) - before:
            mail = urllib3.request("GET", f"{self.sandbox}/inbox/{id_}.json", timeout=30)
            if found := re.search(r"#code=([0-9A-Z-]{11})", mail.data.decode()):
                return found[1]
        return ""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One stack for all tests: deployed as on AWS, with the site put into its bucket."""
    folder = tmp_path_factory.mktemp("cloud")
    with ministack(folder) as aws:
        put_secrets(aws, SECRETS)
        port = free_port()
        sandbox = f"http://127.0.0.1:{port}"
        text = configuration_on_sandbox(sandbox, site=aws.url)
        content = package({"todoke.toml": text.encode(), "site/contact.html": PAGE})
        wanted = {"SiteDelivery": "website", "AlarmAddress": str(OFFICE), "Dashboard": "yes"}
        # Without the alarm of floods: ministack has no metric math.
        outputs = deploy(aws, content, **wanted, RefusedPercent="0", RequestsExpected="0")
        made = Site(aws, outputs, sandbox)
        _put_site(made)
        hook = f"{made.api}/hooks/customers-mail-cloud/{HOOK_SECRET}"
        app = build_sandbox(folder / "sandbox", webhook_url=hook, pace_seconds=0.5)
        with serving(app, port):
            yield made
    assert aws.process.poll() is not None


def _put_site(cloud: Site) -> None:
    """Put the demo's site into the bucket, its form posting to the gateway."""
    for path in sorted((DEMO / "site").iterdir()):
        if path.suffix not in CONTENT_TYPES:
            continue
        content = path.read_bytes().replace(
            b'action="/f/', f'action="{cloud.outputs["DoorUrl"]}/f/'.encode()
        )
        cloud.aws.client("s3").put_object(
            Bucket=cloud.outputs["SiteBucket"],
            Key=path.name,
            Body=content,
            ContentType=CONTENT_TYPES[path.suffix],
        )


def fill(page: Page, cloud: Site, address: str) -> None:
    """Fill in the form as a visitor does, and submit it."""
    page.goto(cloud.page_url)
    page.get_by_label("Your name").fill("Aoi")
    page.get_by_label("Mail address").fill(address)
    page.get_by_label("What is it about?").select_option("samples")
    page.get_by_label("Your message").fill("Do you have washi paper in A3?")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"{cloud.outputs['DoorUrl']}/s/*", timeout=60_000)


@pytest.mark.parametrize(
    ("address", "said"),
    [("aoi@example.com", ARRIVED), ("hardbounce@example.com", "was not delivered")],
)
def test_a_visitor_s_receipt_goes_to_delivered_and_to_returned(
    cloud: Site, browser: Browser, address: str, said: str
) -> None:
    """From the page in S3 through the gateway, the stream, the mail service and its webhook, and it polls by itself."""
    page = browser.new_page()
    streams: list[str] = []
    page.on("request", lambda r: streams.append(r.url) if r.url.endswith("/events") else None)
    fill(page, cloud, address)
    expect(page.get_by_role("heading", name="We have your message")).to_be_visible()
    mail = page.locator("section.message").filter(has_text="Confirmation to you")
    expect(mail.locator(".said")).to_contain_text(said, timeout=90_000)
    assert streams == []
    assert len(cloud.mails(address)) == 1
    page.close()


def test_the_dashboard_is_there_with_the_stack_s_own_names(cloud: Site) -> None:
    """CloudWatch has it as JSON, each name filled in."""
    client = cloud.aws.client("cloudwatch")
    [entry] = client.list_dashboards()["DashboardEntries"]
    body = client.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"]
    assert len(json.loads(body)["widgets"]) == 6
    assert '["todoke/forms","Accepted"]' in body
    assert "$" not in body


def test_a_manager_comes_into_the_desk(cloud: Site, browser: Browser) -> None:
    """`web` may mail nothing, so `sender` mails the link; what was asked for is seen, and after leaving nothing is."""
    told = cloud.post("desk@example.com", "Seen at the desk")
    id_ = str(told["id"])
    page = browser.new_page()
    page.goto(f"{cloud.outputs['DoorUrl']}/desk/{id_}")
    page.get_by_label("Your mail address").fill(OFFICE)
    before = set(cloud.mails(OFFICE))
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    code = eventually(lambda: cloud.code(before), seconds=60, what="the mail with a code")
    page.get_by_label("Code from the mail").fill(str(code))
    page.get_by_role("button", name="Enter").click()
    expect(page).to_have_url(f"{cloud.outputs['DoorUrl']}/desk/{id_}")
    expect(page.get_by_text("Seen at the desk", exact=True)).to_be_visible()
    page.get_by_role("button", name="Leave the desk").click()
    expect(page.get_by_role("heading", name="You have left the desk")).to_be_visible()
    page.goto(f"{cloud.outputs['DoorUrl']}/desk/{id_}")
    expect(page.get_by_role("heading", name="Enter the desk")).to_be_visible()
    page.close()


def test_records_that_come_again_send_nothing_again(cloud: Site) -> None:
    """Every record of the stream is brought 1 to 5 times more, alone and in batches: each mail stays one."""
    told = [cloud.post(f"again{n}@example.com") for n in range(3)]
    for submission in told:
        eventually(
            lambda s=submission: set(cloud.receipt(s).values()) == {"delivered"},
            seconds=90,
            what="both deliveries",
        )
    records = cloud.stream_records()
    assert len(records) >= len(told)
    before = len(cloud.mails(OFFICE))
    for times in range(1, 6):
        for start in range(0, len(records), 10):
            batch = records[start : start + 10] * times
            assert cloud.invoke("Sender", {"Records": batch}) == {"batchItemFailures": []}
    assert [len(cloud.mails(f"again{n}@example.com")) for n in range(3)] == [1, 1, 1]
    assert len(cloud.mails(OFFICE)) == before


def test_poison_lies_with_the_dead_letters_and_is_replayed(cloud: Site) -> None:
    """One record of a batch cannot be read: the others are handled, `todoke replay` shows it, and it is gone once."""
    told = cloud.post("beside-poison@example.com")
    records = [r for r in cloud.stream_records() if "h" in r["dynamodb"].get("NewImage", {})]
    poison = json.loads(json.dumps(records[-1]))
    poison["dynamodb"]["NewImage"]["b"] = {"B": base64.b64encode(b"\xff poison").decode()}
    answer = cloud.invoke("Sender", {"Records": [*records[-2:], poison]})
    assert answer == {"batchItemFailures": []}
    eventually(lambda: cloud.waiting("DeadLettersQueue"), what="a dead letter")
    environ = os.environ | {
        "AWS_ENDPOINT_URL": cloud.aws.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    command = [str(TODOKE), "replay", "--stack", STACK, "--yes", "--json"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [letter] = [json.loads(line) for line in done.stdout.splitlines()]
    assert (letter["kind"], letter["replayed"]) == ("hint", True)
    assert "cannot be read" in letter["fault"]
    assert cloud.waiting("DeadLettersQueue") == []
    again = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stdout) == (1, "")
    eventually(lambda: cloud.waiting("LaterQueue") == [], what="the sender's turn")
    eventually(
        lambda: set(cloud.receipt(told).values()) == {"delivered"}, seconds=90, what="deliveries"
    )
    assert len(cloud.mails("beside-poison@example.com")) == 1


def test_a_mail_that_the_service_defers_comes_back_through_the_queue(cloud: Site) -> None:
    """The address is refused for good: the visitor's mail is rejected, and the manager's alert leaves by itself."""
    told = cloud.post("refuse@example.com")
    eventually(
        lambda: cloud.receipt(told).get("confirmation") == "failed", seconds=90, what="failed"
    )


def test_after_an_outage_the_sweep_s_hints_make_all_leave_once(cloud: Site) -> None:
    """Nothing called the sender for a while: the sweep hands over a handful, and the queue brings the rest to it."""
    lambdas = cloud.aws.client("lambda")
    mappings = lambdas.list_event_source_mappings()["EventSourceMappings"]
    for mapping in mappings:
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    addresses = [f"patient{n}@example.com" for n in range(8)]
    told = [cloud.post(address) for address in addresses]
    assert [cloud.receipt(t)["confirmation"] for t in told] == ["queued"] * 8
    swept = cloud.invoke("Sweep", {})
    assert (swept["messages"], swept["hinted"]) == (4, 12)
    [queued] = [m for m in mappings if ":sqs:" in m["EventSourceArn"]]
    lambdas.update_event_source_mapping(UUID=queued["UUID"], Enabled=True)
    eventually(
        lambda: all(set(cloud.receipt(t).values()) == {"delivered"} for t in told),
        seconds=90,
        what="all deliveries",
    )
    for mapping in mappings:
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    assert [len(cloud.mails(address)) for address in addresses] == [1] * 8


def test_no_log_holds_an_address_an_answer_or_a_secret(cloud: Site) -> None:
    """All that the functions wrote in this whole run."""
    written = cloud.logs()
    assert "swept" in written or "hook" in written
    for private in ("@example.com", "washi", "Good morning", *SECRETS.values()):
        assert private not in written
