"""Who may ask the sandbox: programs and its own pages, and no page of another site."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mail_cloud_sandbox.guard import Guard
from support.mail.sandboxes import HTTP, SEND, mail_to, sandbox

OWN = "127.0.0.1:8026"


def asked(method: str = "GET", *, host: str = OWN, shared: bool = False, **headers: str) -> int:
    """The status of a request through the guard; 200 where it passes."""
    said = {"host": host} | {name.replace("_", "-"): text for name, text in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in said.items()],
    }
    statuses: list[int] = []

    async def passed(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def note(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    guard = Guard(passed, ["Mail.Example.test"], is_shared=shared)
    asyncio.run(guard(scope, None, note))  # type: ignore[arg-type]
    return statuses[0]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        OWN,
        "[::1]:8026",
        "192.168.1.5:8026",
        "localhost:8026",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "mail.example.test:8026",
        "mail.example.test.",
    ],
)
def test_its_own_names(host: str) -> None:
    """Addresses, which no page of the web can have for a name; localhost; what it is told to be called."""
    assert asked(host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "rebind.example",
        "rebind.example:8026",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "xmail.example.test",
        "127.0.0.1@evil.example",
        "sandbox",
        "[::1",
        "a b",
        "\xff.example",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_name_of_somebody_else(host: str, method: str) -> None:
    """That is how a page of the web reads an inbox (DNS rebinding): nothing is read, nothing is changed."""
    assert asked(method, host=host) == 421


def test_a_name_without_a_dot_where_others_reach_it() -> None:
    """A container's, such as http://sandbox:8026; no page of the web has one."""
    assert asked(host="sandbox:8026", shared=True) == 200
    assert asked(host="evil.example", shared=True) == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a program
        ({"sec_fetch_site": "same-origin", "origin": f"http://{OWN}"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"origin": f"http://{OWN}"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site", "origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"http://{OWN}.evil.example"}, 403),
    ],
)
def test_who_may_change_anything(headers: dict[str, str], status: int) -> None:
    """A program, or a page of the sandbox's own; to read is no harm, for no page can read the answer."""
    assert asked("POST", **headers) == status
    assert asked("DELETE", **headers) == status
    assert asked("GET", **headers) == 200


def test_a_web_page_sends_no_mail(tmp_path: Path) -> None:
    """A form or a fetch without cors reaches the interface, too: nothing is taken, and nothing is in the inbox."""
    with sandbox(tmp_path) as url:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Host": "rebind.example:8026"}):
            mail = mail_to("a@example.com")
            answer = HTTP.request("POST", url + SEND, json=mail, headers=headers)
            assert answer.status in {403, 421}
        assert HTTP.request("GET", f"{url}/inbox.json").json()["messages"] == []
        told = HTTP.request("GET", f"{url}/inbox", headers={"Host": "rebind.example"})
        assert (told.status, "--allow-host rebind.example" in told.data.decode()) == (421, True)


def test_its_files_are_its_owners_alone(tmp_path: Path) -> None:
    """The folder that it makes, and each file, also those that a sandbox of before made for everybody."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "sandbox.sqlite3").touch(0o644)
    for folder in (tmp_path / "new", tmp_path / "old"):
        with sandbox(folder) as url:
            HTTP.request("POST", url + SEND, json=mail_to("a@example.com"))
            files = list(folder.iterdir())
            assert len(files) == 3
            assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
