"""The functions in Lambda's own runtime client (awslambdaric): starts, answers, errors, timeouts, starts that fail."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
import urllib3

from mail_cloud_sandbox.app import build as build_sandbox
from support.aws.lambda_events import http_event, queue_record
from support.aws.lambda_runtime import Environment
from support.run.serving import eventually
from support.web.local_server import serving
from todoke.model.address import Address
from todoke.model.delivery import Kind
from todoke.model.message import MessageTimeline
from todoke.ports.archive import Query
from todoke.stores.sqlite.store import SqliteStore

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

CONFIGURATION = """
[site]
name = "Hoshino Paper"
time_zone = "Asia/Tokyo"
url = "https://www.hoshino-paper.example"

[mail]
service = "customers-mail-cloud"
from = "Hoshino Paper <forms@hoshino-paper.example>"

[mail.customers_mail_cloud]
url = "http://127.0.0.1:9"
api_user = "forms"

[forms.contact]
managers = ["office@hoshino-paper.example"]
"""
OFFICE = Address("office@hoshino-paper.example")
SECRETS = {
    "TODOKE_SECRET": "ab" * 32,
    "TODOKE_CMC_HOOK_SECRET": "0123456789abcdef0123456789abcdef",
    "TODOKE_CMC_API_KEY": "a-key-that-nobody-may-see",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package's root."""
    (tmp_path / "todoke.toml").write_text(CONFIGURATION)
    return tmp_path


def variables(folder: Path, **more: str) -> Mapping[str, str]:
    """The environment of a function whose store is a file."""
    return {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "TODOKE_DATA": str(folder / "data"),
        "TODOKE_DOOR_URL": "https://door.example.org",
        **SECRETS,
        **more,
    }


def test_web_takes_a_form_and_logs_json_with_the_request_s_id(folder: Path) -> None:
    """A form is stored and its receipt is answered, by the runtime client that AWS runs."""
    with Environment("todoke.aws.functions.web", variables(folder), folder) as function:
        assert function.wait_until_ready() is None
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        body = b"email=aoi%40example.net&message=hello"
        event = http_event("POST", "/f/contact", body=body, headers=headers)
        told = function.invoke(event)
        assert (told.kind, told.payload["statusCode"]) == ("response", 200)
        path = json.loads(told.payload["body"])["status_url"].removeprefix(
            "https://door.example.org"
        )
        assert function.invoke(http_event("GET", path)).payload["statusCode"] == 200
        hook = http_event(
            "POST", f"/hooks/customers-mail-cloud/{SECRETS['TODOKE_CMC_HOOK_SECRET']}", body=b"x=1"
        )
        assert function.invoke(hook).payload["statusCode"] in {200, 400}
    lines = [json.loads(line) for line in function.log.splitlines() if line.startswith(b"{")]
    assert any(line.get("request_id") == "8476a536-e9f4-11e8-9739-2dfe598c3fcd" for line in lines)
    for secret in (*SECRETS.values(), path.removeprefix("/s/"), "aoi@example.net"):
        assert secret.encode() not in function.log


def test_a_missing_secret_is_an_init_error_that_names_it(folder: Path) -> None:
    """The deployment fails where it can be read: which secret, and where to put it; no other secret is told."""
    environ = variables(folder, TODOKE_CMC_HOOK_SECRET="")
    with Environment("todoke.aws.functions.web", environ, folder) as function:
        answer = function.wait_until_ready()
    assert answer is not None
    assert answer.kind == "init_error"
    assert answer.payload["errorType"] == "ConfigError"
    assert "TODOKE_CMC_HOOK_SECRET is missing" in answer.payload["errorMessage"]
    assert SECRETS["TODOKE_SECRET"].encode() not in function.log


def test_a_faulty_configuration_is_an_init_error_with_file_line_and_key(folder: Path) -> None:
    """The same words as `todoke check`."""
    (folder / "todoke.toml").write_text(CONFIGURATION.replace("managers", "mangers"))
    with Environment("todoke.aws.functions.web", variables(folder), folder) as function:
        answer = function.wait_until_ready()
    assert answer is not None
    assert answer.kind == "init_error"
    assert "todoke.toml" in answer.payload["errorMessage"]
    assert "mangers" in answer.payload["errorMessage"]


@pytest.mark.parametrize(
    ("function", "change", "words"),
    [
        ("sender", {"TODOKE_CMC_API_KEY": ""}, "TODOKE_CMC_API_KEY is missing"),
        ("sweep", {"TODOKE_SECRET": ""}, "TODOKE_SECRET is missing"),
        ("web", {"TODOKE_SECRET": "0123-too-short"}, "TODOKE_SECRET"),
        ("sender", {"timeout": "5m"}, "is too long: a mail may take 610 s"),
    ],
)
def test_a_start_that_fails_says_what_to_do_and_no_secret(
    folder: Path, function: str, change: Mapping[str, str], words: str
) -> None:
    """In each function: a secret that is missing or malformed, a time limit beyond the function's own."""
    write_configuration(folder, "http://127.0.0.1:9", change.get("timeout", "30s"))
    environ = variables(folder, **change)
    with Environment(f"todoke.aws.functions.{function}", environ, folder) as started:
        answer = started.wait_until_ready()
    assert answer is not None
    assert answer.kind == "init_error"
    assert answer.payload["errorType"] == "ConfigError"
    assert words in answer.payload["errorMessage"]
    for secret in filter(None, (*SECRETS.values(), change.get("TODOKE_SECRET"))):
        assert secret.encode() not in started.log
        assert secret not in json.dumps(answer.payload)


def test_a_name_that_is_no_function_is_an_init_error(folder: Path) -> None:
    """A typing mistake in the template shows at once."""
    with Environment("todoke.aws.functions.wep", variables(folder), folder) as function:
        answer = function.wait_until_ready()
    assert answer is not None
    assert answer.kind == "init_error"


def test_an_error_is_told_by_its_type_alone_and_the_next_event_is_handled(folder: Path) -> None:
    """The runtime logs an error's text, so it holds nothing; the environment lives on."""
    with Environment("todoke.aws.functions.web", variables(folder), folder) as function:
        assert function.wait_until_ready() is None
        answer = function.invoke({"visitor": "aoi@example.net"})
        assert answer.kind == "error"
        assert answer.payload["errorType"] == "FunctionFailed"
        assert function.invoke(http_event("GET", "/healthz")).payload["statusCode"] == 200
    assert b"aoi@example.net" not in function.log


FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


def post(folder: Path, *addresses: str) -> list[str]:
    """Send the form through the function `web`; the paths of the receipts."""
    with Environment("todoke.aws.functions.web", variables(folder), folder) as web:
        assert web.wait_until_ready() is None
        bodies = [urlencode({"email": address, "a": "b"}).encode() for address in addresses]
        events = [http_event("POST", "/f/contact", body=b, headers=FORM) for b in bodies]
        told = [json.loads(web.invoke(event).payload["body"]) for event in events]
    return [t["status_url"].removeprefix("https://door.example.org") for t in told]


def receipts(folder: Path, paths: list[str]) -> list[dict[str, str]]:
    """What each receipt says of its messages, by role."""
    with Environment("todoke.aws.functions.web", variables(folder), folder) as web:
        assert web.wait_until_ready() is None
        events = [http_event("GET", p, headers={"accept": "application/json"}) for p in paths]
        told = [json.loads(web.invoke(event).payload["body"]) for event in events]
    return [{m["role"]: m["status"] for m in t["messages"]} for t in told]


@contextmanager
def hanging(folder: Path, *, timeout: str = "1s") -> Iterator[socket.socket]:
    """A mail service that takes every connection and never says a word; todoke.toml names it."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        silent.settimeout(60)
        write_configuration(folder, f"http://127.0.0.1:{silent.getsockname()[1]}", timeout)
        yield silent


def accept_mail(silent: socket.socket) -> socket.socket:
    """The first connection that a mail comes through; others (the sweep asks for records too) are closed."""
    while True:
        connection, _ = silent.accept()
        if b"/emails/send" in connection.recv(65536).partition(b"\r\n")[0]:
            return connection
        connection.close()


def write_configuration(folder: Path, url: str, timeout: str) -> None:
    """todoke.toml with this mail service; leases end as soon as an invocation's length allows."""
    text = CONFIGURATION.replace(
        'url = "http://127.0.0.1:9"', f'url = "{url}"\ntimeout = "{timeout}"'
    )
    (folder / "todoke.toml").write_text(text.replace("[mail]", '[mail]\nlease = "10s"'))


@pytest.mark.parametrize(
    ("function", "event", "answer"),
    [
        ("sweep", {}, "messages"),
        ("sender", {"Records": [queue_record("{}")]}, "batchItemFailures"),
    ],
)
def test_a_service_that_hangs_is_left_in_time(
    folder: Path, function: str, event: object, answer: str
) -> None:
    """The function answers before its deadline with some mails tried and the others due, and says so of each."""
    with hanging(folder):
        paths = post(folder, *(f"v{n}@example.net" for n in range(4)))
        with Environment(f"todoke.aws.functions.{function}", variables(folder), folder) as running:
            assert running.wait_until_ready() is None
            told = running.invoke(event, timeout_seconds=17)
    assert told.kind == "response"
    assert answer in told.payload
    found = Counter(status for receipt in receipts(folder, paths) for status in receipt.values())
    assert set(found) == {"unknown", "queued"}, found
    assert b"@example.net" not in running.log


@pytest.mark.parametrize(
    ("function", "event"), [("sweep", {}), ("sender", {"Records": [queue_record("{}")]})]
)
def test_killed_at_its_deadline_nothing_is_lost(folder: Path, function: str, event: object) -> None:
    """What stood still in a hand-over is killed; after the lease the sweep takes it up, and the journal says why.

    Both mails arrive, each once, for the service had not taken the one that was in hand.
    """
    with hanging(folder) as silent:
        [path] = post(folder, "aoi@example.net")
        with Environment(f"todoke.aws.functions.{function}", variables(folder), folder) as running:
            assert running.wait_until_ready() is None
            with ThreadPoolExecutor() as pool:
                invoked = pool.submit(running.invoke, event, timeout_seconds=15)
                connection = accept_mail(silent)
                running.freeze()
                assert invoked.result().kind == "timeout"
                connection.close()
    assert set(receipts(folder, [path])[0].values()) == {"queued"}
    with serving(build_sandbox(folder / "sandbox")) as url:
        write_configuration(folder, url, "1s")
        with Environment("todoke.aws.functions.sweep", variables(folder), folder) as sweep:
            assert sweep.wait_until_ready() is None

            def all_left() -> bool:
                assert sweep.invoke({}, timeout_seconds=60).kind == "response"
                return set(receipts(folder, [path])[0].values()) == {"accepted"}

            eventually(all_left, seconds=60, what="both mails after the lease")
        inbox = urllib3.request("GET", f"{url}/inbox.json").json()["messages"]
    assert sorted(mail["to"] for mail in inbox) == ["aoi@example.net", OFFICE]
    kinds = [[e.kind for e in a.events] for m in messages(folder) for a in m.attempts]
    # Both were claimed by the round that was killed.
    assert sorted(kinds) == [[Kind.ACCEPTED]] * 2 + [[Kind.INTERRUPTED]] * 2


def messages(folder: Path) -> Sequence[MessageTimeline]:
    """The messages of the one submission, with all that became of them."""
    store = SqliteStore(folder / "data" / "todoke.db")
    try:
        [timeline] = store.page(Query()).timelines
    finally:
        store.close()
    return timeline.messages
