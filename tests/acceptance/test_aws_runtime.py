"""The functions in Lambda's own runtime client (awslambdaric): starts, answers, errors, timeouts, starts that fail."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lambda_events import http_event
from lambda_runtime import Environment

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

CONFIGURATION = """
[site]
name = "Hoshino Paper"
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
    with Environment("todoke.entry.aws.web", variables(folder), folder) as function:
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
    with Environment("todoke.entry.aws.web", environ, folder) as function:
        answer = function.wait_until_ready()
    assert answer is not None
    assert answer.kind == "init_error"
    assert answer.payload["errorType"] == "ConfigError"
    assert "TODOKE_CMC_HOOK_SECRET is missing" in answer.payload["errorMessage"]
    assert SECRETS["TODOKE_SECRET"].encode() not in function.log


def test_a_faulty_configuration_is_an_init_error_with_file_line_and_key(folder: Path) -> None:
    """The same words as `todoke check`."""
    (folder / "todoke.toml").write_text(CONFIGURATION.replace("managers", "mangers"))
    with Environment("todoke.entry.aws.web", variables(folder), folder) as function:
        answer = function.wait_until_ready()
    assert answer is not None
    assert answer.kind == "init_error"
    assert "todoke.toml" in answer.payload["errorMessage"]
    assert "mangers" in answer.payload["errorMessage"]


def test_a_name_that_is_no_function_is_an_init_error(folder: Path) -> None:
    """A typing mistake in the template shows at once."""
    with Environment("todoke.entry.aws.wep", variables(folder), folder) as function:
        answer = function.wait_until_ready()
    assert answer is not None
    assert answer.kind == "init_error"


def test_an_error_is_told_by_its_type_alone_and_the_next_event_is_handled(folder: Path) -> None:
    """The runtime logs an error's text, so it holds nothing; the environment lives on."""
    with Environment("todoke.entry.aws.web", variables(folder), folder) as function:
        assert function.wait_until_ready() is None
        answer = function.invoke({"visitor": "aoi@example.net"})
        assert answer.kind == "error"
        assert answer.payload["errorType"] == "FunctionFailed"
        assert function.invoke(http_event("GET", "/healthz")).payload["statusCode"] == 200
    assert b"aoi@example.net" not in function.log


def test_killed_while_the_mail_service_hangs_nothing_is_lost(folder: Path) -> None:
    """The sweep's function dies in the middle of a hand-over: the submission and both its mails are still there."""
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (folder / "todoke.toml").write_text(CONFIGURATION.replace("http://127.0.0.1:9", url))
        with Environment("todoke.entry.aws.web", variables(folder), folder) as web:
            assert web.wait_until_ready() is None
            body = b"email=aoi%40example.net&a=b"
            event = http_event("POST", "/f/contact", body=body, headers=headers)
            told = json.loads(web.invoke(event).payload["body"])
        with Environment("todoke.entry.aws.sweep", variables(folder), folder) as sweep:
            assert sweep.wait_until_ready() is None
            with ThreadPoolExecutor() as pool:
                running = pool.submit(sweep.invoke, {}, timeout_seconds=280)
                silent.settimeout(60)
                connection, _ = silent.accept()
                sweep.kill()
                assert running.result().kind == "exit"
                connection.close()
    with Environment("todoke.entry.aws.web", variables(folder), folder) as web:
        assert web.wait_until_ready() is None
        path = told["status_url"].removeprefix("https://door.example.org")
        event = http_event("GET", path, headers={"accept": "application/json"})
        receipt = json.loads(web.invoke(event).payload["body"])
    assert {m["role"] for m in receipt["messages"]} == {"confirmation", "notification"}
