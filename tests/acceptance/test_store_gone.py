"""`todoke serve` while its database is deleted or replaced: it accepts nothing more, says so, and loses nothing."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

from support.run.serving import JSON, Load, Served, eventually, free_port, post_json, serve

pytestmark = pytest.mark.acceptance

CONFIGURATION = """
[site]
name = "Minato Garden"
url = "http://127.0.0.1:{port}"
door_url = "http://127.0.0.1:{port}"
[mail]
service = "smtp"
from = "Garden <forms@garden.example>"
[mail.smtp]
host = "127.0.0.1"
port = 9
security = "none"
[forms.contact]
managers = ["office@garden.example"]
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """todoke whose mail server is never there."""
    port = free_port()
    with serve(tmp_path / "site", CONFIGURATION.format(port=port), port=port) as running:
        yield running


@pytest.fixture
def http() -> urllib3.PoolManager:
    """A client that asks once."""
    return urllib3.PoolManager(retries=False, timeout=10)


def delete_folder(data: Path) -> None:
    """As `git clean -fdx` and `rsync --delete` do. The copy may be there before the folder is empty."""
    shutil.rmtree(data, ignore_errors=True)


def delete_file(data: Path) -> None:
    """The database and its log."""
    for end in ("", "-wal", "-shm"):
        (data / f"todoke.db{end}").unlink()


def move_a_backup_over(data: Path) -> None:
    """As someone who restores a backup and forgets to stop todoke."""
    (data.parent / "backup.db").replace(data / "todoke.db")


FAULTS = (delete_folder, delete_file, move_a_backup_over)


def ids_in(served: Served) -> set[str]:
    """The submissions that are there."""
    return {
        json.loads(line)["id"]
        for line in served.command("list", "--json", "--limit", "9999").splitlines()
    }


def use_copy(data: Path, copy: Path) -> None:
    """What docs/store.md says to do with a rescued copy."""
    for end in ("", "-wal", "-shm"):
        (data / f"todoke.db{end}").unlink(missing_ok=True)
    copy.rename(data / "todoke.db")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_accepted_is_found_again(
    served: Served, http: urllib3.PoolManager, fault: Callable[[Path], None], end: signal.Signals
) -> None:
    """While it is posted to, the files go: from then on 503, and each 200 is in the copy, links and secret too."""
    data = served.folder / "data"
    served.command("export", "--format", "backup", "-o", str(served.folder / "unused"))
    shutil.copy(data / "todoke.db", data.parent / "backup.db")
    secret = (data / "secret").read_text()
    load = Load(f"{served.url}/f/contact").start()
    eventually(lambda: len(load.accepted) > 50, what="50 submissions")
    fault(data)
    eventually(lambda: load.refused > 20, what="refusals")
    load.stop()

    refused = http.request(
        "POST", f"{served.url}/f/contact", fields={"email": "x@example.net"}, headers=JSON
    )
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert http.request("GET", f"{served.url}/healthz").status == 503
    errors = [line for line in served.log.read_text().splitlines() if "store_gone" in line]
    assert len(errors) == 1, served.log.read_text()
    told = json.loads(errors[0])
    assert told["level"] == "error"
    copy = Path(told["saved_in"])

    code = served.kill(end)
    if end == signal.SIGINT:
        last = served.log.read_text().splitlines()[-1]
        assert code == 1
        assert str(copy) in last
        assert "nothing is lost" not in last
    use_copy(data, copy)
    served.start()
    assert (data / "secret").read_text() == secret
    assert set(load.accepted) - ids_in(served) == set()
    for link in list(load.links.values())[:3]:
        path = re.sub(r"^https?://[^/]+", "", link)
        assert http.request("GET", f"{served.url}{path}").status == 200
    assert http.request("GET", f"{served.url}/healthz").status == 200
    post_json(http, f"{served.url}/f/contact", {"email": "again@example.net"})


def test_a_start_beside_a_rescued_copy_says_so(served: Served, http: urllib3.PoolManager) -> None:
    """A new, empty store does not hide that what was accepted before lies beside it."""
    post_json(http, f"{served.url}/f/contact", {"email": "a@example.net"})
    data = served.folder / "data"
    delete_folder(data)
    eventually(lambda: list(data.glob("todoke.db.rescued-*")), what="a copy")
    served.stop()
    served.log.write_text("")
    served.start()
    eventually(lambda: "store_rescued_before" in served.log.read_text(), what="a word of the copy")


def test_a_clean_end_says_that_nothing_is_lost(served: Served, http: urllib3.PoolManager) -> None:
    """Where nothing happened the last words are as they were, and the exit code is 0."""
    post_json(http, f"{served.url}/f/contact", {"email": "a@example.net"})
    assert served.stop() == 0
    assert "todoke has stopped; nothing is lost." in served.log.read_text()


def test_a_second_server_is_refused_whatever_becomes_of_the_lock_file(served: Served) -> None:
    """Two senders on one store are told apart by the folder too: the lock's file may be deleted."""
    lock = served.folder / "data" / "serving.lock"
    eventually(lambda: lock.exists() and lock.read_text(), what="its lock")
    lock.unlink()
    second = Served(folder=served.folder, port=free_port())
    second.start(wait=False)
    assert second.process
    assert second.process.wait(30) == 2
    assert "serves the data" in served.log.read_text()
