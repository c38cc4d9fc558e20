"""A sandbox over real HTTP with a receiver for its webhook, and hands to use both, in the service's own words."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

import urllib3
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mail_cloud_sandbox.app import build
from support.web.local_server import serving

KEY = "hook-key"
TOKEN = "0123456789abcdefghijklmnop"
SEND = "/api/v2/emails/send.json"
HTTP = urllib3.PoolManager(retries=False, timeout=10)


@dataclass(frozen=True)
class Call:
    """A call of the webhook as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def items(self) -> list[dict[str, str]]:
        """The events in it, in either encoding and version."""
        if self.headers["content-type"] == "application/json":
            event = json.loads(self.body)["event"]
        else:
            event = json.loads(parse_qs(self.body.decode(), strict_parsing=True)["event"][0])
        return [item for items in event.values() for item in items]


class Receiver:
    """A webhook's receiver: keeps the calls, and refuses the first `failing` of them."""

    def __init__(self, failing: int = 0) -> None:
        self.calls: list[Call] = []
        self.refused: list[bytes] = []
        self.failing = failing
        self.lock = threading.Lock()
        self.app = Starlette(routes=[Route("/hook", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        """Take one call."""
        body = await request.body()
        with self.lock:
            if self.failing:
                self.failing -= 1
                self.refused.append(body)
                return Response("no", 503)
            self.calls.append(Call(dict(request.headers), body))
        return Response("ok")

    @property
    def told(self) -> list[dict[str, str]]:
        """Every event told so far, as the service writes it."""
        return [item for call in list(self.calls) for item in call.items]

    def statuses_of(self, recipient: str) -> list[str]:
        """The statuses told of a recipient, sorted: they may come in any order."""
        mine = [i for i in self.told if i.get("to", i.get("envelopeTo")) == recipient]
        return sorted(item["status"] for item in mine)


@contextlib.contextmanager
def sandbox(data: Path, receiver: Receiver | None = None, **more: object) -> Iterator[str]:
    """A sandbox without any pace, telling `receiver`."""
    fast = {"pace_seconds": 0.0, "webhook_batch_seconds": 0.0, "webhook_key": KEY, **more}
    with contextlib.ExitStack() as stack:
        if receiver:
            fast["webhook_url"] = stack.enter_context(serving(receiver.app)) + "/hook"
        yield stack.enter_context(serving(build(data, **fast)))


def mail_to(*recipients: str, **more: object) -> dict[str, object]:
    """The parameters of a mail."""
    return {
        "api_user": "api@example.org",
        "api_key": "secret",
        "to": [{"name": "", "address": recipient} for recipient in recipients],
        "from": {"name": "Example desk", "address": "desk@example.org"},
        "subject": "We have your message",
        "text": "Thank you.",
        "headers": [{"name": "X-Api-Data", "value": TOKEN}],
        **more,
    }


def post(url: str, parameters: object) -> tuple[int, dict]:
    """Send parameters as JSON; status and answer."""
    answer = HTTP.request("POST", url, json=parameters)
    return answer.status, json.loads(answer.data) if answer.data else {}


def faults(answer: tuple[int, dict]) -> tuple[int, set[tuple[str, str]]]:
    """Status, and code and field of each error."""
    status, body = answer
    assert all(set(e) == {"code", "field", "message"} and e["message"] for e in body["errors"])
    return status, {(e["code"], e["field"]) for e in body["errors"]}
