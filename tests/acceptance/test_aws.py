"""The whole of todoke on AWS, as ministack emulates it: template, functions, gateway, stream, queues and Chromium.

A visitor fills in the form on the page that S3 serves, the sender hands the mails to the sandbox, and its webhook comes
back through the gateway. Then everything is brought again, poisoned, killed and throttled.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from playwright.sync_api import Browser, Page, expect

from aws_stack import REGION, Ministack, deploy, ministack
from browsing import chromium
from lambda_events import records_of
from local_server import serving
from serving import TODOKE, eventually, free_port
from todoke.demo import HERE as DEMO
from todoke.sandbox.app import build as build_sandbox

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

HOOK_SECRET = "0123456789abcdef0123456789abcdef"
SECRETS = {
    "TODOKE_SECRET": "ab" * 32,
    "TODOKE_CMC_HOOK_SECRET": HOOK_SECRET,
    "TODOKE_CMC_API_KEY": "any-key",
}
ARRIVED = "Accepted by the mail server"
CONFIGURATION = """
[site]
name = "Hoshino Paper"
url = "{site}"
alert_to = ["office@hoshino-paper.example"]

[mail]
service = "customers-mail-cloud"
from = "Hoshino Paper <forms@hoshino-paper.example>"

[mail.customers_mail_cloud]
url = "{sandbox}"
api_user = "forms@hoshino-paper.example"
timeout = "10s"

[forms.contact]
page = "site/contact.html"
managers = ["office@hoshino-paper.example"]
"""
CONTENT_TYPES = {".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Cloud:
    """A deployed stack, the sandbox, and short ways to ask both."""

    aws: Ministack
    outputs: Mapping[str, str]
    sandbox: str

    @property
    def page_url(self) -> str:
        """The form's page, as S3 serves it."""
        return f"{self.aws.url}/{self.outputs['SiteBucket']}/contact.html"

    def function(self, name: str) -> str:
        """The physical name of a function of the stack."""
        found = self.aws.client("cloudformation").describe_stack_resource(
            StackName="forms", LogicalResourceId=name
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def invoke(self, name: str, event: object) -> Any:
        """Call a function as its mapping does; its answer."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.function(name), Payload=json.dumps(event).encode()
        )
        told = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, told
        return told

    def post(self, address: str, message: str = "Good morning") -> dict[str, Any]:
        """Send the form as a script does."""
        fields = {"name": "A", "email": address, "topic": "other", "message": message}
        answer = urllib3.request(
            "POST",
            f"{self.api}/f/contact",
            body=urlencode(fields),
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

    @property
    def api(self) -> str:
        """The gateway by a path, for what cannot look up its host name."""
        name = self.outputs["ApiEndpoint"].partition("//")[2].partition(".")[0]
        return f"{self.aws.url}/_aws/execute-api/{name}/$default"

    def receipt(self, told: Mapping[str, Any]) -> dict[str, str]:
        """The status of each message on the receipt, by role."""
        path = str(told["status_url"]).partition("/s/")[2]
        answer = urllib3.request(
            "GET",
            f"{self.api}/s/{path}",
            headers={"accept": "application/json"},
            timeout=30,
            retries=False,
        )
        assert answer.status == 200, answer.data
        return {m["role"]: m["status"] for m in answer.json()["messages"]}

    def mails(self, to: str) -> list[str]:
        """The ids of the mails that the sandbox took for an address."""
        answer = urllib3.request("GET", f"{self.sandbox}/inbox.json?to={to}", timeout=30)
        return [m["id"] for m in answer.json()["messages"] if m["to"] == to]

    def stream_records(self) -> list[dict[str, Any]]:
        """Every record of the table's stream so far, as Lambda hands it to a function."""
        return records_of(self.aws.client("dynamodbstreams"), self.outputs["StreamArn"])

    def waiting(self, queue: str) -> list[str]:
        """The bodies that lie in a queue, hidden or not."""
        answer = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[queue],
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )
        return [name for name, n in answer["Attributes"].items() for _ in range(int(n))]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One stack for all tests: deployed as on AWS, with the site put into its bucket."""
    folder = tmp_path_factory.mktemp("cloud")
    with ministack(folder) as aws:
        for name, value in SECRETS.items():
            aws.client("ssm").put_parameter(
                Name=f"/todoke/production/{name}", Value=value, Type="SecureString"
            )
        port = free_port()
        sandbox = f"http://127.0.0.1:{port}"
        text = CONFIGURATION.format(site=aws.url, sandbox=sandbox)
        page = (DEMO / "site" / "contact.html").read_bytes()
        files = {"todoke.toml": text.encode(), "site/contact.html": page}
        outputs = deploy(
            aws, files, SiteDelivery="website", AlarmAddress="owner@hoshino-paper.example"
        )
        made = Cloud(aws, outputs, sandbox)
        _put_site(made)
        hook = f"{made.api}/hooks/customers-mail-cloud/{HOOK_SECRET}"
        app = build_sandbox(folder / "sandbox", webhook_url=hook, pace_seconds=0.5)
        with serving(app, port):
            yield made
    assert aws.process.poll() is not None


def _put_site(cloud: Cloud) -> None:
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with chromium() as browser:
        yield browser


def fill(page: Page, cloud: Cloud, address: str) -> None:
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
    [("aoi@example.com", ARRIVED), ("hardbounce@example.com", "Not delivered")],
)
def test_a_visitor_s_receipt_goes_to_delivered_and_to_returned(
    cloud: Cloud, browser: Browser, address: str, said: str
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


def test_records_that_come_again_send_nothing_again(cloud: Cloud) -> None:
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
    before = len(cloud.mails("office@hoshino-paper.example"))
    for times in range(1, 6):
        for start in range(0, len(records), 10):
            batch = records[start : start + 10] * times
            assert cloud.invoke("Sender", {"Records": batch}) == {"batchItemFailures": []}
    assert [len(cloud.mails(f"again{n}@example.com")) for n in range(3)] == [1, 1, 1]
    assert len(cloud.mails("office@hoshino-paper.example")) == before


def test_poison_lies_with_the_dead_letters_and_is_replayed(cloud: Cloud) -> None:
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
    command = [str(TODOKE), "replay", "--stack", "forms", "--yes", "--json"]
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


def test_a_mail_that_the_service_defers_comes_back_through_the_queue(cloud: Cloud) -> None:
    """The address is refused for good: the visitor's mail is rejected, and the manager's alert leaves by itself."""
    told = cloud.post("refuse@example.com")
    eventually(
        lambda: cloud.receipt(told).get("confirmation") == "rejected", seconds=90, what="rejected"
    )


def test_no_log_holds_an_address_an_answer_or_a_secret(cloud: Cloud) -> None:
    """All that the functions wrote in this whole run."""
    logs = cloud.aws.client("logs")
    written = ""
    for group in logs.describe_log_groups()["logGroups"]:
        answer = logs.filter_log_events(logGroupName=group["logGroupName"])
        written += "\n".join(event["message"] for event in answer["events"])
    assert "swept" in written or "hook" in written
    for private in ("@example.com", "washi", "Good morning", *SECRETS.values()):
        assert private not in written
