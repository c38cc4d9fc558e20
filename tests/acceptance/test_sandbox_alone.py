"""`todoke sandbox` as a program of its own, used as its package's README says, in words that know nothing of todoke."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from support.mail.sandbox_readings import ReadingReceiver
from support.mail.sandboxes import HTTP, KEY, SEND, mail_to, post
from support.places import ROOT
from support.run.serving import TODOKE, eventually, free_port
from support.web.local_server import serving
from todoke.model.delivery import Status

pytestmark = pytest.mark.acceptance

DOCS = (ROOT / "src" / "mail_cloud_sandbox" / "README.md").read_text("utf-8")
CURLS = [block for block in re.findall(r"(?ms)^```sh\n(.*?)^```", DOCS) if "curl" in block]


@contextmanager
def alone(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A running `todoke sandbox` with its address; ended when the block ends."""
    port = free_port()
    process = subprocess.Popen(
        [TODOKE, "sandbox", "--port", str(port), "--data", folder, "--pace", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: answers(url, process), seconds=60, what="an answer of the sandbox")
        yield url, process
    finally:
        process.kill()
        process.communicate()


def answers(url: str, process: subprocess.Popen[str]) -> bool:
    """True when it serves; fails when it has ended."""
    assert process.poll() is None, process.stdout.read() if process.stdout else ""
    try:
        return HTTP.request("GET", url + "/inbox").status == 200
    except urllib3.exceptions.HTTPError:
        return False


def test_it_works_as_the_documentation_says(tmp_path: Path) -> None:
    """The curl examples run as they stand; the webhook is told with its key; Ctrl-C ends it cleanly; mails are kept."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    receiver = ReadingReceiver()
    with serving(receiver.app) as hook:
        options = ("--webhook", f"{hook}/hook", "--webhook-key", KEY, "--batch-seconds", "0")
        with alone(tmp_path / "data", *options) as (url, process):

            def run(block: str) -> str:
                script = block.replace("http://127.0.0.1:8026", url)
                done = subprocess.run(
                    ["bash", "-e", "-c", script], capture_output=True, text=True, check=True
                )
                return done.stdout

            send, order = CURLS
            assert re.fullmatch(r'\{"id":"<[^"]+@mta01\.sandbox\.smtps\.example>"\}', run(send))
            eventually(lambda: len(receiver.events) == 3, what="the events")
            assert receiver.standing_of("hardbounce@example.com").status is Status.BOUNCED
            assert {event.token for event in receiver.events} == {"my-own-mark"}
            first, last = run(order).strip().split("}{")
            assert '"fault":"busy"' in first
            assert "busy" not in last
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=30)
            assert process.returncode == 0
    for place in ("/api/v2/emails/send.json", "/inbox", "/faults", "/blocks", f"{hook}/hook"):
        assert place in told
    assert "Traceback" not in told
    with alone(tmp_path / "data") as (url, _):
        (kept,) = HTTP.request("GET", url + "/inbox.json").json()["messages"]
        assert kept["to"] == "hardbounce@example.com"


def test_it_takes_what_its_options_say(tmp_path: Path) -> None:
    """Its account is that of the options; answers are lost, connections counted, and large mails taken as elsewhere."""
    options = ("--api-user", "api@example.org:secret", "--from-domain", "example.org")
    with alone(tmp_path / "data", *options, "--block-after", "1") as (url, _):
        assert post(url + SEND, mail_to("aoi@example.com") | {"api_key": "wrong"})[0] == 401
        other = {"from": {"name": "", "address": "desk@example.com"}}
        assert post(url + SEND, mail_to("aoi@example.com") | other)[0] == 400
        with pytest.raises(urllib3.exceptions.ProtocolError):
            post(url + SEND, mail_to("timeout@example.com"))
        assert post(url + SEND, mail_to("aoi@example.com", text="x" * 9_000_000))[0] == 200
        post(url + SEND, mail_to("hardbounce@example.com"))
        assert "hardbounce@example.com" in HTTP.request("GET", url + "/blocks").data.decode()
        pools = [urllib3.connection_from_url(url, maxsize=1) for _ in range(11)]
        statuses = [p.request("POST", SEND, json=mail_to("aoi@example.com")).status for p in pools]
        assert statuses.count(429) == 2  # one connection of the pool above is open as well
        for pool in pools:
            pool.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--api-user", "nobody"], "USER:KEY"),
        (["--webhook-version", "1", "--webhook-json"], "version 1 has no JSON"),
        (["--webhook-events", "opened"], "opened"),
        (["--time-zone", "Mars/Base"], "Mars/Base"),
    ],
)
def test_wrong_options_are_one_sentence(tmp_path: Path, options: list[str], words: str) -> None:
    """Bad usage is exit 2 with the reason, and nothing is served."""
    done = subprocess.run(
        [TODOKE, "sandbox", "--data", tmp_path / "data", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
