"""Kill the real process at random moments and at sync points: what was accepted is there, and its mails go out.

The short form runs in `make test`; `make crash` sets TODOKE_CRASH_KILLS and TODOKE_CRASH_POINTS for the long one.
The ledger of what was accepted is kept here, outside the program.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
import urllib3

from support.run.serving import JSON, Load, Served, Sink, eventually, serve
from todoke.model.address import Address

pytestmark = [pytest.mark.acceptance, pytest.mark.crash]

MANAGER = Address("manager@example.org")
CONFIGURATION = """
[site]
name = "Crash test"
url = "http://127.0.0.1/"
door_url = "http://127.0.0.1/"

[mail]
service = "smtp"
from = "Desk <desk@example.org>"
concurrency = {concurrency}

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[forms.contact]
managers = ["manager@example.org"]
"""


def stored(served: Served) -> set[str]:
    """The ids in the store's file, read by SQLite itself, after its integrity check."""
    database = apsw.Connection(
        str(served.folder / "data" / "todoke.db"), flags=apsw.SQLITE_OPEN_READWRITE
    )
    database.set_busy_timeout(30_000)  # the product writes meanwhile
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    ids = {row[0] for row in database.execute("SELECT id FROM submissions")}
    database.close()
    return ids


def mailed_to(sink: Sink) -> Counter[str]:
    """How often each recipient was mailed."""
    return Counter(recipient for recipient, _ in list(sink.mails))


def judge(served: Served, load: Load, sink: Sink, *, kills: int, concurrency: int) -> None:
    """Nothing accepted is missing, each mail went out, and duplicates are bounded and share a Message-ID."""
    assert len(load.accepted) > 0
    missing = set(load.accepted) - stored(served)
    assert not missing, f"{len(missing)} of {len(load.accepted)} accepted submissions are lost"
    visitors = set(load.accepted.values())
    drain(sink, until=lambda: _are_told(sink, visitors))
    assert _are_told(sink, visitors), (
        f"{len(visitors - set(mailed_to(sink)))} of {len(visitors)} visitors have no confirmation, "
        f"{len(visitors) - len(_ids(sink, MANAGER))} submissions no notification"
    )
    mails = len(sink.mails)
    different = len({_message_id(data) for _, data in sink.mails})
    duplicates = mails - different
    print(
        f"{kills} kills: {len(load.accepted)} accepted, 0 lost, {mails} mails, "
        f"{duplicates} duplicates (at most {kills * concurrency} may be)"
    )
    assert duplicates <= kills * concurrency


def drain(sink: Sink, *, until: Callable[[], bool], quiet_seconds: float = 60) -> None:
    """Wait until it is done or no mail has come for a while: a backlog takes as long as it takes."""
    count, since = -1, time.monotonic()
    while time.monotonic() - since < quiet_seconds and not until():
        if len(sink.mails) != count:
            count, since = len(sink.mails), time.monotonic()
        time.sleep(max(0.1, count / 20_000))  # to look through many mails takes time too


def _are_told(sink: Sink, visitors: set[str]) -> bool:
    return visitors <= set(mailed_to(sink)) and len(_ids(sink, MANAGER)) >= len(visitors)


def _message_id(data: bytes) -> bytes:
    head = data.partition(b"\r\n\r\n")[0]
    return next(line for line in head.split(b"\r\n") if line.lower().startswith(b"message-id:"))


def _ids(sink: Sink, recipient: str) -> set[bytes]:
    return {_message_id(data) for address, data in list(sink.mails) if address == recipient}


def test_killed_at_random_moments_under_load_nothing_is_lost(tmp_path):
    """Every accepted submission is there and every mail goes out at least once, however often it is killed."""
    kills = int(os.environ.get("TODOKE_CRASH_KILLS", "4"))
    seed = int(os.environ.get("TODOKE_CRASH_SEED", str(random.randrange(10**6))))
    moments = random.Random(seed)
    sink = Sink(delay_seconds=0.005)
    with serve(tmp_path, CONFIGURATION.format(port=sink.port, concurrency=4)) as served:
        load = Load(f"{served.url}/f/contact").start()
        try:
            for number in range(kills):
                time.sleep(moments.uniform(0.1, 1.0))
                served.kill()
                served.start()
                if number % 50 == 49:
                    print(
                        f"seed {seed}: {number + 1} kills, {len(load.accepted)} accepted",
                        flush=True,
                    )
        finally:
            load.stop()
        judge(served, load, sink, kills=kills, concurrency=4)
    sink.close()


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_killed_at_a_sync_point_nothing_is_lost(tmp_path):
    """The same when the process dies exactly at the k-th fdatasync, before or after it reached the disk."""
    points = range(1, int(os.environ.get("TODOKE_CRASH_POINTS", "0")) + 1) or (4, 13, 40)
    sink = Sink()
    configuration = CONFIGURATION.format(port=sink.port, concurrency=4)
    with serve(tmp_path, configuration) as served:
        load = Load(f"{served.url}/f/contact").start()
        try:
            for k in points:
                served.kill()
                served.prefix = _strace(tmp_path, k)
                served.start(wait=False)
                assert served.process is not None
                served.process.wait(60)
                served.kill()
            served.prefix = ()
            served.start()
        finally:
            load.stop()
        judge(served, load, sink, kills=len(points) * 2, concurrency=4)
    sink.close()


def _strace(folder: Path, k: int) -> tuple[str, ...]:
    inject = f"inject=fdatasync,fsync:signal=KILL:when={k}"
    return (
        "strace",
        "-f",
        "-qq",
        "-o",
        str(folder / "strace.log"),
        "-e",
        "trace=fdatasync,fsync",
        "-e",
        inject,
    )


def _mount_small(folder: Path) -> bool:
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def test_a_full_disk_is_answered_with_503_and_it_recovers_without_a_restart(tmp_path):
    """No answer says yes that is not kept; when there is space again, it works again."""
    data = tmp_path / "data"
    if not _mount_small(data):
        pytest.skip("mounting a tmpfs needs root")
    sink = Sink()
    try:
        with serve(tmp_path, CONFIGURATION.format(port=sink.port, concurrency=2)) as served:
            _fill_and_recover(served, data, sink)
    finally:
        subprocess.run(["umount", "-l", str(data)], check=True)
        sink.close()


def _fill_and_recover(served: Served, data: Path, sink: Sink) -> None:
    http = urllib3.PoolManager(retries=False, timeout=10)
    load = Load(f"{served.url}/f/contact")

    def post() -> int:
        visitor = f"d{len(load.accepted)}-{time.monotonic_ns()}@example.net"
        fields = {"email": visitor, "message": "y" * 4000}
        url = f"{served.url}/f/contact"
        answer = http.request("POST", url, fields=fields, encode_multipart=False, headers=JSON)
        if answer.status == 200:
            load.accepted[answer.json()["id"]] = visitor
        else:
            assert answer.status == 503, answer.data
            assert int(answer.headers["Retry-After"]) > 0
        return answer.status

    ballast = data / "ballast"
    assert post() == 200
    ballast.write_bytes(b"b" * _free(data))
    # Not in a row: a checkpoint may make room for a few more, and what these were promised is looked at in the end.
    answers: Counter[int] = Counter()
    eventually(lambda: answers.update([post()]) or answers[503] >= 5, seconds=60, what="five 503s")
    ballast.unlink()
    eventually(lambda: post() == 200, seconds=60, what="an accepted submission once there is space")
    judge(served, load, sink, kills=0, concurrency=2)


def _free(folder: Path) -> int:
    usage = os.statvfs(folder)
    return max(0, usage.f_bavail * usage.f_frsize - 64 * 1024)
