"""A site on the emulated AWS: what its owner writes and sets, and short ways to ask the stack that came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

from support.aws.lambda_events import records_of
from support.aws.stack import Ministack
from todoke.demo import HERE as DEMO
from todoke.model.address import Address

STACK = "forms"
SECRETS_PATH = "/todoke/production"
HOOK_SECRET = "0123456789abcdef0123456789abcdef"
SECRETS = {
    "TODOKE_SECRET": "ab" * 32,
    "TODOKE_CMC_HOOK_SECRET": HOOK_SECRET,
    "TODOKE_CMC_API_KEY": "any-key",
}
OFFICE = Address("office@hoshino-paper.example")
SENDER = Address("forms@hoshino-paper.example")
PAGE = (DEMO / "site" / "contact.html").read_bytes()
_CONFIGURATION = """
[site]
name = "Hoshino Paper"
time_zone = "Asia/Tokyo"
url = "{site}"
alert_to = ["{office}"]

[mail]
service = "{service}"
from = "Hoshino Paper <{sender}>"

{mail}

[forms.contact]
page = "site/contact.html"
managers = ["{office}"]
"""
_SANDBOX = """
[mail.customers_mail_cloud]
url = "{url}"
api_user = "{sender}"
timeout = "10s"
"""


def configuration(service: str, mail: str, *, site: str = "") -> str:
    """todoke.toml of a site with one form, whose mail service has this table."""
    return _CONFIGURATION.format(
        site=site or "https://www.hoshino-paper.example",
        office=OFFICE,
        sender=SENDER,
        service=service,
        mail=mail,
    )


def configuration_on_sandbox(sandbox: str, *, site: str = "") -> str:
    """todoke.toml of a site whose mails go to a local Customers Mail Cloud."""
    table = _SANDBOX.format(url=sandbox, sender=SENDER)
    return configuration("customers-mail-cloud", table, site=site)


def put_secrets(aws: Ministack, secrets: Mapping[str, str], *, manager: bool = False) -> None:
    """Put secrets where the functions read them: into Parameter Store, or into Secrets Manager."""
    for name, value in secrets.items():
        path = f"{SECRETS_PATH}/{name}"
        if manager:
            aws.client("secretsmanager").create_secret(Name=path, SecretString=value)
        else:
            aws.client("ssm").put_parameter(Name=path, Value=value, Type="SecureString")


def door_by_path(aws: Ministack, outputs: Mapping[str, str]) -> str:
    """The gateway by a path, for what cannot look up its host name."""
    name = outputs["ApiEndpoint"].partition("//")[2].partition(".")[0]
    return f"{aws.url}/_aws/execute-api/{name}/$default"


@dataclass(frozen=True)
class Cloud:
    """A deployed stack, and short ways to ask it."""

    aws: Ministack
    outputs: Mapping[str, str]

    @property
    def api(self) -> str:
        """The gateway."""
        return door_by_path(self.aws, self.outputs)

    def function(self, name: str) -> str:
        """The physical name of a function of the stack."""
        found = self.aws.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=name
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

    def logs(self) -> str:
        """All that the functions wrote so far."""
        client = self.aws.client("logs")
        return "\n".join(
            event["message"]
            for group in client.describe_log_groups()["logGroups"]
            for event in client.filter_log_events(logGroupName=group["logGroupName"])["events"]
        )
