"""A small server on loopback that speaks the part of the SES API v2 that todoke uses, and answers as it is told."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from support.mail.mails import settings
from support.variants import replace
from todoke.model.address import Address
from todoke.model.settings import Settings
from todoke.services.ses.settings import SesSettings

SEND = "/v2/email/outbound-emails"
ACCOUNT = "/v2/email/account"
SUPPRESSED = "/v2/email/suppression/addresses"


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def mime(self) -> bytes:
        """The raw message of a SendEmail."""
        return base64.b64decode(self.json["Content"]["Raw"]["Data"], validate=True)


@dataclass
class SesScript:
    """`answers` to SendEmail in turn: (status, body), (status, body, headers), "drop" or "hang"; then success.

    `facts` are the answers to everything else, by path; what is not there is a 404 as SES gives it. `suppressed` is the
    account's list: an address's reason, and since when in seconds since 1970. It is told `page` entries at a time.
    """

    answers: list[Any] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    suppressed: dict[str, tuple[str, float]] = field(default_factory=dict)
    page: int = 50
    requests: list[Request] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def sent(self) -> list[Request]:
        """The SendEmail calls."""
        return [r for r in self.requests if r.path == SEND]

    def answer_to(self, request: Request) -> Any:
        """What to say."""
        if request.path == SEND:
            return self.answers.pop(0) if self.answers else (200, {"MessageId": "0102-ses-1"})
        path, _, query = request.path.partition("?")
        if path == SUPPRESSED and request.path not in self.facts:
            return self._listed(parse_qs(query))
        if request.method == "DELETE" and request.path not in self.facts:
            entry = self.suppressed.pop(unquote(path.removeprefix(f"{SUPPRESSED}/")), None)
            return (200, {}) if entry else error(404, "NotFoundException", "There is none.")
        return self.facts.get(request.path, error(404, "NotFoundException", "There is none."))

    def _listed(self, asked: dict[str, list[str]]) -> Any:
        start = int(asked.get("NextToken", ["0"])[0])
        end = start + min(self.page, int(asked["PageSize"][0]))
        rows = [
            {"EmailAddress": address, "Reason": reason, "LastUpdateTime": at}
            for address, (reason, at) in sorted(self.suppressed.items())[start:end]
        ]
        more = {"NextToken": str(end)} if end < len(self.suppressed) else {}
        return 200, {"SuppressedDestinationSummaries": rows, **more}


def error(status: int, code: str, message: str = "", **headers: str) -> Any:
    """An error as the API tells it."""
    return status, {"message": message}, {"x-amzn-ErrorType": code, **headers}


@contextmanager
def ses_server(script: SesScript) -> Iterator[str]:
    """Serve `script`; gives the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_DELETE(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("content-length", "0"))))

        def _answer(self, body: bytes) -> None:
            headers = {k.lower(): v for k, v in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            script.requests.append(request)
            said = script.answer_to(request)
            if said == "drop":
                self.close_connection = True
                return
            if said == "hang":
                script.ended.wait(20)
                self.close_connection = True
                return
            status, content, *more = said
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            fields = {"Content-Length": str(len(data))} | (more[0] if more else {})
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        script.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def ses_settings(url: str, *, sender: str = "", **changes: Any) -> Settings:
    """Settings that send through SES at `url`; `changes` are SesSettings' own fields."""
    ses = replace(SesSettings(region="eu-west-1", endpoint=url, timeout_seconds=5.0), **changes)
    usual = settings()
    box = replace(usual.mail.sender, address=Address(sender) or usual.mail.sender.address)
    return replace(usual, mail=replace(usual.mail, service="ses", own=ses, sender=box))
