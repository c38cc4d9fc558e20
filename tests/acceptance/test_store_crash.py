"""Kill the store's process, fail its disk, fill it: what was answered as Added is there, what was refused is not.

The short form runs in `make test`; TODOKE_CRASH_KILLS and TODOKE_CRASH_POINTS give the long one (scripts/crash).
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.places import ROOT
from support.store.desk import Desk
from todoke.model.errors import StoreUnavailable
from todoke.model.submission import Entry
from todoke.ports.outbox import Added
from todoke.stores.sqlite.store import SqliteStore

pytestmark = [pytest.mark.acceptance, pytest.mark.crash, pytest.mark.timeout(0)]

TESTS = ROOT / "tests"
KILLS = int(os.environ.get("TODOKE_CRASH_KILLS", "0"))
POINTS = int(os.environ.get("TODOKE_CRASH_POINTS", "0"))
SYNC_POINTS = range(1, POINTS + 1) if POINTS else (1, 2, 3, 4, 6, 9, 20)
FAULTY_POINTS = range(1, POINTS + 1, 3) if POINTS else (7, 40)


def _can_trace() -> bool:
    """Whether strace is there and may trace (in some containers it may not)."""
    strace = shutil.which("strace")
    return (
        bool(strace)
        and not subprocess.run([strace, "-qq", "true"], capture_output=True, check=False).returncode
    )


needs_strace = pytest.mark.skipif(not _can_trace(), reason="strace is not there or may not trace")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills need POSIX")
def test_kills_at_random_moments(tmp_path: Path) -> None:
    """However often the process is killed, every submission that it said was added is there, whole."""
    path = tmp_path / "todoke.db"
    chance = random.Random(4711)
    told: list[str] = []
    kills = KILLS or 6
    for number in range(kills):
        child = _start(path, count=100_000, window=chance.choice([1, 8, 64]))
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(chance.uniform(0, 0.25))
        child.kill()
        told += [first, *child.stdout.read().splitlines(keepends=True)]
        child.stdout.close()
        child.wait()
        if number % 25 == 24 or number == kills - 1:
            kept = _judge(path, told)
            _progress(f"{number + 1} kills, {kept} accepted, 0 lost")


@needs_strace
def test_kills_at_sync_points(tmp_path: Path) -> None:
    """Killed at the k-th sync to the disk, for each k, it has all that it said was added."""
    accepted = 0
    for point in SYNC_POINTS:
        folder = tmp_path / str(point)
        told = _trace(folder, f"fdatasync:signal=KILL:when={point}", count=point + 5, window=1)
        assert "." not in told, "the child was killed"
        accepted += _judge(folder / "todoke.db", told)
        if point % 50 == 0 or point == SYNC_POINTS[-1]:
            _progress(f"killed up to sync {point}, {accepted} accepted, 0 lost")
        shutil.rmtree(folder)


@needs_strace
@pytest.mark.parametrize("calls", ["fdatasync", "pwrite64,fdatasync,ftruncate"])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("lasts", [1, 12])
def test_no_early_yes(tmp_path: Path, calls: str, error: str, lasts: int) -> None:
    """When the k-th write or sync fails, nothing is answered as added that is not there, nothing refused is kept,
    and the process goes on by itself once the disk works again."""
    for point in FAULTY_POINTS:
        folder = tmp_path / str(point)
        fault = f"{calls}:error={error}:when={point}..{point + lasts - 1}"
        told = _trace(folder, fault, count=8 * (point + lasts) + 40, window=4)
        assert told[-1] == ".", "it came to its end"
        assert told[-2].startswith("+"), "it had recovered by then"
        _judge(folder / "todoke.db", told)
        shutil.rmtree(folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB."""
    mount = tmp_path / "small"
    mount.mkdir()
    order = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(mount)]
    if os.getuid() != 0 or subprocess.run(order, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can only be mounted by root")
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


def test_disk_full(small_disk: Path) -> None:
    """On a full disk writes are refused and reads go on; with room again all works at once, without a restart."""
    path = small_disk / "data" / "todoke.db"
    desk = Desk(SqliteStore(path))
    kept, refused = _fill(desk)
    assert kept
    assert refused
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="full"):
            _add(desk)
    assert all(desk.store.timeline(id_) for id_ in kept)
    assert not any(desk.store.timeline(id_) for id_ in refused)
    with pytest.raises(StoreUnavailable):
        desk.store.erase(submission_id=kept[0])
    assert desk.store.timeline(kept[0])

    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    kept += [_add(desk) for _ in range(20)]
    assert desk.claim()
    assert desk.store.erase(submission_id=kept.pop()) == 1
    desk.store.close()
    with closing(SqliteStore(path)) as store:
        store.verify()
        assert all(store.timeline(id_) for id_ in kept)
        assert not any(store.timeline(id_) for id_ in refused)
        assert len(kept) == store.counts()["submissions"]


def test_no_room_to_scrub(small_disk: Path) -> None:
    """Where there is no room to write the file anew, an erasure says that traces remain; the next one removes them."""
    path = small_disk / "data" / "todoke.db"
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    desk = Desk(SqliteStore(path))
    ids = [_add(desk) for _ in range(200)]
    desk.store.close()
    desk.store = SqliteStore(path)
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    filler.write_bytes(b"\0" * (free - path.stat().st_size))
    with pytest.raises(StoreUnavailable, match="traces of it remain"):
        desk.store.erase(submission_id=ids[7])
    assert desk.store.timeline(ids[7]) is None
    filler.unlink()
    assert desk.store.erase(submission_id=ids[7]) == 0
    content = subprocess.run(["cat", path, f"{path}-wal"], capture_output=True, check=True).stdout
    assert ids[7].encode() not in content
    assert ids[8].encode() in content
    desk.store.close()


def _add(desk: Desk) -> str:
    """Add a submission of three kilobytes."""
    submission = desk.submission(entries=(Entry("text", "x" * 3000),))
    answer = desk.store.add(submission, desk.pair(submission), None).result()
    assert answer == Added(submission.id)
    return submission.id


def _fill(desk: Desk) -> tuple[list[str], list[str]]:
    """Add until the disk is full: whose ids were accepted, and whose refused."""
    kept: list[str] = []
    refused: list[str] = []
    while len(refused) < 20:
        try:
            kept.append(_add(desk))
        except StoreUnavailable:
            refused.append(f"s{next(desk.numbers) - 3:025}")
    return kept, refused


def _start(
    path: Path, *, count: int, window: int, trace: list[str] | None = None
) -> subprocess.Popen[str]:
    """Start the child that adds."""
    child = [
        sys.executable,
        str(TESTS / "support" / "store" / "child.py"),
        str(path),
        str(count),
        str(window),
    ]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    order = [*(trace or []), *child]
    return subprocess.Popen(order, stdout=subprocess.PIPE, text=True, env=environment)


def _trace(folder: Path, fault: str, *, count: int, window: int) -> list[str]:
    """Run the child with a fault injected into its system calls on the store's files; the lines it wrote."""
    path = folder / "todoke.db"
    folder.mkdir()
    files = [path, Path(f"{path}-wal"), Path(f"{path}-shm")]
    calls = fault.partition(":")[0]
    trace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        os.devnull,
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={fault}",
    ]
    trace += [word for file in files for word in ("-P", str(file))]
    child = _start(path, count=count, window=window, trace=trace)
    return child.communicate(timeout=120)[0].splitlines()


def _judge(path: Path, told: list[str]) -> int:
    """Check that the file is sound, holds all that was added, whole, and nothing refused; how many were added."""
    lines = [line for line in told if line.endswith("\n") or "\n" not in "".join(told)]
    added = [line.split()[1] for line in lines if line.startswith("+")]
    refused = [line.split()[1] for line in lines if line.startswith("-")]
    with closing(SqliteStore(path)) as store:
        store.verify()
        for id_ in added:
            timeline = store.timeline(id_)
            assert timeline is not None, f"{id_} was accepted and is lost"
            name, text = (e.value for e in timeline.submission.entries)
            assert text == name * 40  # type: ignore[operator]
            assert len(timeline.messages) == 2
        assert not [id_ for id_ in refused if store.timeline(id_)]
    return len(added)


def _progress(line: str) -> None:
    """Tell the person who runs the long form how far it is."""
    if KILLS or POINTS:
        print(line, file=sys.__stderr__, flush=True)
