"""Hands for the sandbox's inbox: send a mail into it, and see what is wrong with a page of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import urllib3
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from urllib3.fields import RequestField

from support.mail.sandboxes import HTTP, SEND

File = tuple[str, bytes, str]
"""A file's name, its content, its media type."""


def send(url: str, recipient: str, files: Sequence[File] = (), **more: object) -> str:
    """Send a mail; the id of its copy in the inbox."""
    parameters: dict[str, object] = {
        "api_user": "api@example.org",
        "api_key": "secret",
        "to": recipient,
        "from": {"name": "Example desk", "address": "desk@example.org"},
        "subject": "お問い合わせを受け付けました / We have your message",
        "text": "See https://example.org/s/abc?x=1&y=2.\n\n<script>alert(1)</script>",
        **more,
    }
    if files:
        fields: dict[str, object] = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in parameters.items()
        }
        fields |= {"attachments": str(len(files))}
        fields |= {f"attachment{n}": file for n, file in enumerate(files, 1)}
        answer = HTTP.request("POST", url + SEND, fields=fields)
    else:
        answer = HTTP.request("POST", url + SEND, json=parameters)
    assert answer.status == 200, answer.data
    found = listed(url)[0]["id"]
    assert isinstance(found, str)
    return found


def send_inline(url: str, html: str, files: Sequence[tuple[str, bytes]]) -> str:
    """Send a mail with images, each with the Content-ID that its part states; the id of its copy in the inbox."""
    parameters = {
        "api_user": "api@example.org",
        "api_key": "secret",
        "to": "aoi@example.com",
        "from": json.dumps({"name": "", "address": "desk@example.org"}),
        "subject": "s",
        "text": "t",
        "html": html,
        "attachments": str(len(files)),
    }
    parts = [RequestField(name, value) for name, value in parameters.items()]
    for part in parts:
        part.make_multipart()
    for n, (stated, content) in enumerate(files, 1):
        file = RequestField(f"attachment{n}", content, f"{n}.png", {"Content-ID": stated})
        file.make_multipart(content_type="image/png")
        parts.append(file)
    answer = HTTP.request("POST", url + SEND, fields=parts)
    assert answer.status == 200, answer.data
    return str(listed(url)[0]["id"])


def listed(url: str, query: str = "") -> list[dict[str, object]]:
    """The newest mails that a query finds."""
    answer = HTTP.request("GET", f"{url}/inbox.json", fields={"q": query} if query else {})
    found = json.loads(answer.data)["messages"]
    assert isinstance(found, list)
    return found


def get(url: str) -> urllib3.BaseHTTPResponse:
    """What an address answers, without following it anywhere."""
    return HTTP.request("GET", url, redirect=False)


def faults(page: Page) -> list[str]:
    """What axe finds wrong in our own part of the page, and whether it is wider than the screen."""
    found = Axe().run(page, context={"exclude": ["iframe"]}).response["violations"]
    wrong = [f"{v['id']}: {v['nodes'][0]['html']}" for v in found]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("wider than the screen")
    return wrong
