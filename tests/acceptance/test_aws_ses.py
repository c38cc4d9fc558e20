"""A site that mails through Amazon SES, on the emulated AWS: ministack's SES takes the mails, and we are SNS.

What ministack lacks is SES's events. The tests write them from what SES was given, sign them as SNS does and bring them
to the gateway; the certificate is fetched by the product's own code, over TLS, from a host on loopback that bears SNS's
name (sns_host.py).
"""

from __future__ import annotations

import email
import email.policy
import html
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from support.aws.site import (
    HOOK_SECRET,
    OFFICE,
    PAGE,
    SECRETS,
    SENDER,
    Cloud,
    configuration,
    put_secrets,
)
from support.aws.stack import deploy, ministack, package
from support.mail.ses_server import SUPPRESSED, Request, SesScript, ses_server
from support.mail.sns_host import CERTIFICATE, TOPIC, SnsHost, sns_host
from support.run.serving import eventually

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

OURS = {"TODOKE_SECRET": SECRETS["TODOKE_SECRET"], "TODOKE_SES_HOOK_SECRET": HOOK_SECRET}
IDENTITY = "hoshino-paper.example"
SET = "todoke"
SES = """
[mail.ses]
configuration_set = "{set}"
topics = ["{topic}"]
endpoint = "{endpoint}"
timeout = "10s"
"""


@dataclass
class Relay(SesScript):
    """Notes what SES is given, and lets ministack's SES answer."""

    url: str = ""

    def answer_to(self, request: Request) -> Any:
        """What ministack says; of the suppression list, which it has none of, what our SES does."""
        if request.path.startswith(SUPPRESSED):
            return super().answer_to(request)
        headers = {k: v for k, v in request.headers.items() if k not in {"host", "content-length"}}
        answer = urllib3.request(
            request.method,
            self.url + request.path,
            body=request.body,
            headers=headers,
            timeout=30,
            retries=False,
        )
        error = {"x-amzn-errortype": answer.headers.get("x-amzn-errortype", "")}
        return answer.status, answer.data, error if answer.status >= 400 else {}


@dataclass(frozen=True)
class Site(Cloud):
    """A deployed stack, what SES was given, and SNS."""

    relay: Relay
    sns: SnsHost
    content: bytes

    def mails(self, to: str) -> list[dict[str, Any]]:
        """The SendEmail calls for an address."""
        found = [request.json for request in self.relay.sent]
        return [call for call in found if call["Destination"]["ToAddresses"] == [to]]

    def wait_for_mail(self, to: str, nth: int = 1) -> dict[str, Any]:
        """The newest mail for an address, once there are so many; the `mail` object that SES tells of it."""
        eventually(lambda: len(self.mails(to)) >= nth, seconds=60, what=f"mail {nth} for {to}")
        call = self.mails(to)[-1]
        tags = {tag["Name"]: [tag["Value"]] for tag in call["EmailTags"]}
        return {
            "timestamp": "2026-05-06T07:00:00.000Z",
            "messageId": "not-ours-to-know",
            "source": call["FromEmailAddress"],
            "destination": [to],
            "tags": {"ses:configuration-set": [call["ConfigurationSetName"]]} | tags,
        }

    def call(self, envelope: dict[str, Any], secret: str = HOOK_SECRET) -> int:
        """Bring a message of SNS to the webhook; the answer's status."""
        return urllib3.request(
            "POST",
            f"{self.api}/hooks/ses/{secret}",
            body=json.dumps(envelope, indent=2).encode(),
            headers={"content-type": "text/plain; charset=UTF-8"},
            timeout=30,
            retries=False,
        ).status

    def event(self, kind: str, mail: dict[str, Any], **details: Any) -> dict[str, Any]:
        """What SES publishes of a mail."""
        return {"eventType": kind, "mail": mail, kind[0].lower() + kind[1:]: details}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One stack for all tests, with a verified domain and the secrets that SES needs: no key that sends mail."""
    folder = tmp_path_factory.mktemp("ses")
    relay = Relay()
    with sns_host(folder) as sns, ministack(folder, **sns.environ) as aws, ses_server(relay) as url:
        relay.url = aws.url
        put_secrets(aws, OURS)
        aws.client("sesv2").create_email_identity(EmailIdentity=IDENTITY)
        table = SES.format(set=SET, topic=TOPIC, endpoint=url)
        files = {"todoke.toml": configuration("ses", table).encode(), "site/contact.html": PAGE}
        content = package(files, service="ses")
        identity = f"arn:aws:ses:us-east-1:000000000000:identity/{IDENTITY}"
        outputs = deploy(
            aws,
            content,
            SiteDelivery="none",
            SesIdentityArn=identity,
            SesConfigurationSet=SET,
        )
        yield Site(aws, outputs, relay, sns, content)


def delivered(to: str) -> dict[str, Any]:
    """The details of a Delivery."""
    return {"recipients": [to], "smtpResponse": "250 2.0.0 ok"}


def returned(to: str) -> dict[str, Any]:
    """The details of a Bounce for good."""
    return {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": to,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
        ],
    }


def test_a_receipt_goes_to_delivered(site: Site) -> None:
    """SES takes both mails; its events come through SNS with either version of the signature."""
    before = len(site.mails(OFFICE))
    told = site.post("aoi@example.com")
    confirmation = site.wait_for_mail("aoi@example.com")
    notification = site.wait_for_mail(OFFICE, before + 1)
    eventually(
        lambda: set(site.receipt(told).values()) == {"accepted"}, seconds=60, what="both taken"
    )
    listed = urllib3.request("GET", f"{site.aws.url}/_ministack/ses/messages").json()
    [taken] = listed["messages"].values()
    assert sorted(m["To"] for m in taken) == [["aoi@example.com"], [OFFICE]]
    assert all(SENDER in m["Source"] for m in taken)
    for mail, version in ((confirmation, "1"), (notification, "2")):
        [to] = mail["destination"]
        event = site.event("Delivery", mail, **delivered(to))
        assert site.call(site.sns.envelope(event, version)) == 200
    assert site.receipt(told) == {"confirmation": "delivered", "notification": "delivered"}
    assert site.sns.asked.count(CERTIFICATE) >= 1


def test_a_returned_mail_alerts_the_manager_once_however_often_it_is_told(site: Site) -> None:
    """The same notification three times: one journal entry, one alert, which SES takes as well."""
    before = len(site.mails(OFFICE))
    told = site.post("gone@example.com")
    mail = site.wait_for_mail("gone@example.com")
    site.wait_for_mail(OFFICE, before + 1)
    bounce = site.sns.envelope(site.event("Bounce", mail, **returned("gone@example.com")))
    assert [site.call(bounce) for _ in range(3)] == [200, 200, 200]
    assert site.receipt(told)["confirmation"] == "failed"
    alert = site.wait_for_mail(OFFICE, before + 2)
    late = site.event("Delivery", mail, **delivered("gone@example.com"))
    assert site.call(site.sns.envelope(late)) == 200
    assert site.receipt(told)["confirmation"] == "failed"
    assert site.call(bounce) == 200
    assert site.call(site.sns.envelope(site.event("Delivery", alert, **delivered(OFFICE)))) == 200
    site.invoke("Sweep", {})
    assert len(site.mails(OFFICE)) == before + 2
    assert len(site.mails("gone@example.com")) == 1


def test_what_is_not_ours_is_refused_and_changes_nothing(site: Site) -> None:
    """Another signature, another topic, another secret, a certificate elsewhere: 401 or 404, and no host is asked."""
    told = site.post("steady@example.com")
    mail = site.wait_for_mail("steady@example.com")
    eventually(lambda: site.receipt(told)["confirmation"] == "accepted", seconds=60, what="taken")
    event = site.event("Bounce", mail, **returned("steady@example.com"))
    good = site.sns.envelope(event)
    other = site.sns.envelope(event, MessageId="another")
    theirs = site.sns.envelope(event, TopicArn=TOPIC.replace("123456789012", "999999999999"))
    elsewhere = site.sns.envelope(event, SigningCertURL="https://sns.us-east-1.evil.example/x.pem")
    old = site.sns.envelope(event, Timestamp="2026-05-06T07:08:09.000Z")
    asked = list(site.sns.asked)
    assert site.call(good | {"Signature": other["Signature"]}) == 401
    assert site.call(good | {"Message": good["Message"].replace("5.1.1", "5.1.2")}) == 401
    assert site.call(theirs) == 401
    assert site.call(site.sns.confirmation(TopicArn=theirs["TopicArn"])) == 401
    assert site.call(elsewhere) == 401
    assert site.call(old) == 401
    assert site.call(good, secret="f" * 32) == 404
    assert set(site.sns.asked[len(asked) :]) <= {CERTIFICATE}
    assert site.receipt(told)["confirmation"] == "accepted"
    assert site.call(good) == 200
    assert site.receipt(told)["confirmation"] == "failed"


def test_a_subscription_to_our_topic_is_confirmed(site: Site) -> None:
    """With SNS's own host, whatever address the message names."""
    asked = len(site.sns.asked)
    assert site.call(site.sns.confirmation(SubscribeURL="https://evil.example/?a=b")) == 200
    [path] = [path for path in site.sns.asked[asked:] if path != CERTIFICATE]
    assert path.startswith("/?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A")
    assert path.endswith("&Token=2336412f37")


class Visitor:
    """Somebody at the desk, without scripts: a cookie, and the forms of its pages."""

    def __init__(self, site: Site, person: str) -> None:
        self.site, self.cookies = site, dict[str, str]()
        before = len(site.mails(person))
        self.post("/desk/ask", address=person)
        site.wait_for_mail(person, before + 1)
        mime = [r for r in site.relay.sent if r.json["Destination"]["ToAddresses"] == [person]][-1]
        text = email.message_from_bytes(mime.mime, policy=email.policy.default)
        body = text.get_body(("plain",))
        assert body is not None
        code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", body.get_content())
        assert code
        assert self.post("/desk/enter", code=code[0]).status == 303

    def get(self, path: str) -> str:
        """A page's text."""
        answer = self._ask("GET", path.partition("#")[0], None)
        assert answer.status == 200, answer.data
        return html.unescape(answer.data.decode())

    def press(self, path: str, page: str) -> str:
        """Press the button of a page that posts there; where it leads."""
        token = re.search(r'name="token" value="([^"]+)"', self.get(page))
        assert token
        answer = self.post(path, token=token[1])
        assert answer.status == 303, answer.data
        return answer.headers["location"]

    def post(self, path: str, **fields: str) -> urllib3.BaseHTTPResponse:
        """Send a form."""
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None) -> urllib3.BaseHTTPResponse:
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "sec-fetch-site": "same-origin",
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        answer = urllib3.request(
            method,
            self.site.api + path,
            body=body,
            headers=headers,
            timeout=60,
            retries=False,
            redirect=False,
        )
        for cookie in answer.headers.getlist("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


def test_what_the_desk_asks_of_ses_is_done_by_the_sender(site: Site) -> None:
    """A test mail, the suppression list read, and an address lifted; the page shows what came of each."""
    gone = "gone/o'hara+1@example.com"
    site.relay.suppressed = {
        gone: ("BOUNCE", 1_770_000_000.0),
        "stays@example.com": ("COMPLAINT", 0),
    }
    owner = Visitor(site, OFFICE)
    look = owner.press("/desk/settings/test", "/desk/settings")
    before = len(site.mails(OFFICE))
    eventually(
        lambda: "The mail service took the test mail." in owner.get(look),
        seconds=60,
        what="the test mail's answer",
    )
    assert len(site.mails(OFFICE)) <= before + 1
    mail = site.wait_for_mail(OFFICE)
    assert mail["tags"]["todoke-attempt"] == [look.partition("test=")[2].partition("#")[0]]
    assert site.call(site.sns.envelope(site.event("Delivery", mail, **delivered(OFFICE)))) == 200
    assert "The recipient's mail server accepted it" in owner.get(look)

    read = "/desk/suppressions/read"
    eventually(  # the sweep may have asked within the minute
        lambda: "done=read-asked" in owner.press(read, "/desk/suppressions"),
        seconds=90,
        what="a list that is asked for",
    )
    eventually(lambda: gone in owner.get("/desk/suppressions"), seconds=60, what="the list")
    page = owner.get("/desk/suppressions")
    way = re.findall(r'href="([^"]+/lift)"', page)
    assert len(way) == 2
    [ours] = [path for path in way if gone in owner.get(path)]
    assert "done=lift-asked" in owner.press(ours, ours)
    eventually(lambda: gone not in owner.get("/desk/suppressions"), seconds=60, what="the lifting")
    assert set(site.relay.suppressed) == {"stays@example.com"}
    assert "stays@example.com" in owner.get("/desk/suppressions")


def test_the_package_brings_what_verifies_signatures(site: Site, tmp_path: Path) -> None:
    """For SES alone; with nothing else to import from, it reads an event as the function does."""
    with zipfile.ZipFile(io.BytesIO(site.content)) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "event.json").write_text(json.dumps(site.sns.envelope("x")))
    code = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
import cryptography, todoke.services.ses.sns as sns
from pathlib import Path
from datetime import UTC, datetime
assert cryptography.__file__.startswith({str(tmp_path)!r})
envelope = sns.parse(Path({str(tmp_path)!r}, "event.json").read_bytes())
certificate = {site.sns.certificate!r}
sns.Verifier([{TOPIC!r}], lambda url: certificate).verify(envelope, datetime.now(UTC))
"""
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
    with zipfile.ZipFile(io.BytesIO(package({}))) as archive:
        assert not [name for name in archive.namelist() if name.startswith("cryptography/")]


def test_the_functions_are_set_as_the_template_says(site: Site) -> None:
    """Timeouts, calls, and no secret in a variable; nothing that the functions wrote holds a secret or an address."""
    lambdas = site.aws.client("lambda")
    found = {
        name: lambdas.get_function_configuration(FunctionName=site.function(name))
        for name in ("Web", "Sender", "Sweep")
    }
    assert {n: f["Timeout"] for n, f in found.items()} == {"Web": 29, "Sender": 300, "Sweep": 280}
    calls = lambdas.get_function_event_invoke_config(
        FunctionName=site.function("Sweep"), Qualifier="live"
    )
    assert calls["MaximumRetryAttempts"] == 0
    assert calls["MaximumEventAgeInSeconds"] == 60
    for function in found.values():
        variables = function["Environment"]["Variables"]
        assert not set(OURS) & set(variables)
        assert not set(OURS.values()) & set(variables.values())
    written = site.logs()
    assert "subscription_confirmed" in written
    for private in (*OURS.values(), "@example.com", "Good morning"):
        assert private not in written
