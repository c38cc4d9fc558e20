"""A page of ours brings a proof of work along in Chromium: unseen, in a worker of our own, under the strict policy."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request, expect

from support.run.serving import Sink, free_port, serve

pytestmark = pytest.mark.acceptance

CONFIGURATION = """
[site]
name = "Hoshino Paper"
url = "http://127.0.0.1:{door}/"
door_url = "http://127.0.0.1:{door}/"

[mail]
service = "smtp"
from = "Desk <desk@example.org>"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[forms.contact]
proof_of_work = true
fields = [
    {{name = "email", type = "email", label = "Mail address", required = true}},
    {{name = "message", type = "textarea", label = "Message"}},
]
"""


def test_the_work_is_done_while_the_form_is_filled_in(tmp_path: Path, browser: Browser) -> None:
    """The form is sent with a solved challenge, or without JavaScript with none; both are stored, no cookie is set."""
    sink, door = Sink(lambda _stage, _recipient: ""), free_port()
    with serve(tmp_path, CONFIGURATION.format(door=door, port=sink.port), port=door) as served:
        for scripts in (True, False):
            context = browser.new_context(java_script_enabled=scripts)
            page = context.new_page()
            said: list[str] = []
            posted: list[str] = []

            def hear(message: ConsoleMessage, said: list[str] = said) -> None:
                said.append(message.text)

            def see(request: Request, posted: list[str] = posted) -> None:
                posted.extend([request.post_data or ""] if request.method == "POST" else [])

            page.on("console", hear)
            page.on("request", see)
            page.goto(f"{served.url}/f/contact")
            page.locator("[name=email]").fill("ann@example.net")
            if scripts:
                field = page.locator("[name=altcha]")
                expect(field).to_have_value(re.compile(".+"), timeout=30_000)
            page.locator("[name=message]").fill(f"Scripts: {scripts}")
            page.get_by_role("button", name="Submit").click()
            expect(page.locator(".kept h1")).to_be_visible()
            assert said == []
            assert context.cookies() == []
            [proof] = parse_qs(posted[0]).get("altcha", [""])
            if scripts:
                told = json.loads(b64decode(proof))
                prefix = told["challenge"]["parameters"]["keyPrefix"]
                assert told["solution"]["derivedKey"].startswith(prefix)
            else:
                assert proof == ""
            context.close()
        shown = served.command("list", "--json")
        assert len(shown.splitlines()) == 2
        assert "altcha" not in shown
    sink.close()
