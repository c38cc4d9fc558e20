"""What is committed into files that are gone or replaced is never called accepted, and is saved beside their path."""

from __future__ import annotations

import logging
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from support.places import ROOT
from support.store.desk import Desk
from todoke.model.errors import ConfigError, StoreEmptied, StoreGone, StoreUnavailable
from todoke.ports.archive import Query
from todoke.stores.sqlite.held import Held
from todoke.stores.sqlite.rescue import rescued_copies
from todoke.stores.sqlite.store import SqliteStore

Fault = Callable[[Path], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is made."""
    return tmp_path / "data" / "todoke.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """An empty store."""
    with closing(SqliteStore(path)) as opened:
        yield opened


def beside(path: Path, end: str) -> Path:
    """The -wal or the -shm of a database."""
    return path.with_name(path.name + end)


def swap_in_a_backup(path: Path) -> None:
    """As `mv backup.db data/todoke.db` does."""
    backup = path.with_name("backup.db")
    SqliteStore(backup).close()
    backup.replace(path)


def swap_the_folder(path: Path) -> None:
    """As a deploy does that puts a new folder in place of the old one."""
    path.parent.rename(path.parent.with_name("before"))
    SqliteStore(path).close()


def swap_the_log(path: Path) -> None:
    """As a process does that finds no -wal."""
    beside(path, "-wal").unlink()
    beside(path, "-wal").touch()


def swap_the_index(path: Path) -> None:
    """The same of the -shm."""
    beside(path, "-shm").unlink()
    beside(path, "-shm").touch()


GONE: dict[str, Fault] = {
    "file deleted": lambda path: path.unlink(),
    "folder deleted": lambda path: shutil.rmtree(path.parent),
    "folder renamed": lambda path: path.parent.rename(path.parent.with_name("before")),
    "folder replaced": swap_the_folder,
    "file renamed": lambda path: path.rename(path.with_name("before.db")),
    "backup moved over it": swap_in_a_backup,
    "log replaced": swap_the_log,
    "index replaced": swap_the_index,
}
ONLY_A_LOG: dict[str, Fault] = {
    "log deleted": lambda path: beside(path, "-wal").unlink(),
    "index deleted": lambda path: beside(path, "-shm").unlink(),
}
FAULTS = GONE | ONLY_A_LOG


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_accepted_and_nothing_is_lost(
    store: SqliteStore, path: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """After each fault writes and reads fail as unavailable, one line at error says so, and all is saved."""
    desk = Desk(store)
    kept = [desk.add().submission.id for _ in range(5)]
    FAULTS[fault](path)
    for _ in range(3):
        with pytest.raises(StoreGone):
            desk.add()
        with pytest.raises(StoreUnavailable):
            desk.claim()
        with pytest.raises(StoreUnavailable):
            store.next_due()
        with pytest.raises(StoreUnavailable):
            store.page(Query())
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in errors] == ["store_gone"]
    store.close()
    assert store.loss
    assert store.loss.saved
    with closing(SqliteStore(store.loss.saved)) as saved:
        assert [t.submission.id for t in saved.page(Query()).timelines] == kept[::-1]
        assert saved.counts()["due"] == 10
        saved.verify()


@pytest.mark.parametrize("fault", GONE)
def test_the_copy_lies_beside_the_path_and_is_private(
    store: SqliteStore, path: Path, fault: str
) -> None:
    """A copy has the database's name and the time, in a folder that is made anew, and nobody else can read it."""
    Desk(store).add()
    GONE[fault](path)
    with pytest.raises(StoreGone):
        Desk(store).add()
    (copy,) = rescued_copies(path)
    assert store.loss
    assert store.loss.saved == copy
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


@pytest.mark.parametrize("fault", ONLY_A_LOG)
def test_a_deleted_log_is_copied_into_the_database(
    store: SqliteStore, path: Path, fault: str
) -> None:
    """Where the database itself is in its place, it has all by itself before the first write is refused."""
    kept = Desk(store).add().submission.id
    ONLY_A_LOG[fault](path)
    with pytest.raises(StoreGone):
        Desk(store).add()
    assert store.loss
    assert store.loss.saved == path
    copy = path.with_name("as-after-a-kill.db")
    with closing(apsw.Connection(f"file:{path}?immutable=1", flags=_READ)) as alone:  # no log
        alone.execute("VACUUM INTO ?", (str(copy),))
    with closing(SqliteStore(copy)) as saved:
        assert saved.timeline(kept)


_READ = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


def test_a_new_store_at_the_path_is_not_touched(store: SqliteStore, path: Path) -> None:
    """Closing a store whose files are gone leaves another's files at their names alone, its -wal too."""
    Desk(store).add()
    shutil.rmtree(path.parent)
    with closing(SqliteStore(path)) as new:
        kept = Desk(new).add()
        with pytest.raises(StoreGone):
            Desk(store).add()
        store.close()
        assert beside(path, "-wal").exists()
        assert new.timeline(kept.submission.id) == kept
        new.verify()


def test_the_very_same_files_may_come_back(store: SqliteStore, path: Path) -> None:
    """A folder that is moved away and back is the one that is open: the work goes on, and a new loss is a new one."""
    desk = Desk(store)
    desk.add()
    away = path.parent.with_name("away")
    for _ in range(2):
        path.parent.rename(away)
        with pytest.raises(StoreGone):
            desk.add()
        assert store.loss
        assert store.loss.saved
        copy = store.loss.saved
        copy.rename(copy.parent.with_name("copy.db"))
        path.parent.rmdir()
        away.rename(path.parent)
        desk.add()
        assert store.loss is None
    assert store.counts()["submissions"] == 3


def test_a_copy_that_failed_is_tried_again(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where no copy can be written the error says so, and at the end it is tried once more."""
    store = SqliteStore(path)
    kept = Desk(store).add().submission.id
    shutil.rmtree(path.parent)
    path.parent.touch()
    with pytest.raises(StoreGone):
        Desk(store).add()
    assert store.loss
    assert store.loss.saved is None
    assert "not_saved" in caplog.records[-1].facts  # type: ignore[attr-defined]
    path.parent.unlink()
    store.close()
    assert store.loss.saved
    with closing(SqliteStore(store.loss.saved)) as saved:
        assert saved.timeline(kept)


def test_a_copy_that_is_deleted_too_is_made_again(store: SqliteStore, path: Path) -> None:
    """What deletes the folder may be slow and meet the copy: the next look finds that, and another is made."""
    kept = Desk(store).add().submission.id
    for _ in range(2):
        shutil.rmtree(path.parent)
        with pytest.raises(StoreGone):
            Desk(store).add()
    (copy,) = rescued_copies(path)
    with closing(SqliteStore(copy)) as saved:
        assert saved.timeline(kept)


@pytest.mark.parametrize("end", ["", "-wal"])
def test_a_file_that_is_emptied_takes_no_more(store: SqliteStore, path: Path, end: str) -> None:
    """What another program cut to nothing is not written to, and not trusted again when something is copied into it."""
    desk = Desk(store)
    for _ in range(3):
        desk.add()
    emptied = beside(path, end) if end else path
    emptied.write_bytes(b"")
    for content in (b"", b"x" * 100_000):
        emptied.write_bytes(content)
        with pytest.raises(StoreEmptied, match="emptied by another program"):
            desk.add()
        with pytest.raises(StoreUnavailable):
            store.next_due()
    assert store.loss


def test_a_log_that_another_process_emptied_rightly_is_no_fault(
    store: SqliteStore, path: Path
) -> None:
    """A command beside us copies the log into the database and empties it: the work goes on."""
    desk = Desk(store)
    desk.add()
    for _ in range(3):
        with closing(SqliteStore(path)):
            pass
        assert beside(path, "-wal").stat().st_size == 0
        desk.add()
    assert store.counts()["submissions"] == 4
    assert store.loss is None
    store.verify()


def test_found_when_nobody_writes(store: SqliteStore, path: Path) -> None:
    """A look at the health of the store is enough for the copy to be made."""
    shutil.rmtree(path.parent)
    with pytest.raises(StoreUnavailable):
        store.next_due()
    store.close()
    assert rescued_copies(path)


def test_found_when_it_is_closed(path: Path) -> None:
    """Files that are gone since the last write are found at the end at the latest."""
    store = SqliteStore(path)
    kept = Desk(store).add().submission.id
    path.unlink()
    store.close()
    assert store.loss
    assert store.loss.saved
    with closing(SqliteStore(store.loss.saved)) as saved:
        assert saved.timeline(kept)


def test_a_connection_that_is_opened_anew_takes_no_other_file(
    store: SqliteStore, path: Path
) -> None:
    """When the writer gives its connection up, neither a new file nor another's takes the place of the old one."""
    Desk(store).add()
    writer = store._writer
    assert writer._connection
    writer._connection.close(True)
    writer._connection = None
    path.unlink()
    with pytest.raises(StoreGone):
        Desk(store).add()
    assert not path.exists()


def test_a_look_that_is_denied_is_no_loss(store: SqliteStore, path: Path) -> None:
    """A name that cannot be looked at now makes writes fail, and says nothing of what became of the files."""
    writer = store._writer
    assert writer._held
    known = writer._held
    too_long = (str(path.with_name("x" * 300)), *known.names[1:])
    writer._held = Held(too_long, known.files)
    with pytest.raises(StoreUnavailable) as failed:
        Desk(store).add()
    assert not isinstance(failed.value, StoreGone)
    writer._held = known
    Desk(store).add()
    assert store.loss is None


def test_a_symbolic_link_is_the_file_that_it_leads_to(store: SqliteStore, path: Path) -> None:
    """Who opens the database by a symbolic link uses the same -wal, and sees and writes the same."""
    link = path.parent.parent / "link.db"
    link.symlink_to(path)
    with closing(SqliteStore(link)) as other:
        Desk(other).add()
        assert store.counts()["submissions"] == 1
    assert not beside(link, "-wal").exists()
    desk = Desk(store)
    desk.numbers = iter(range(10, 99))
    desk.add()
    store.verify()


def test_a_symbolic_link_that_leads_elsewhere_is_found(path: Path) -> None:
    """A store that was opened by a link is gone when the link leads to another file."""
    SqliteStore(path).close()
    other = path.with_name("other.db")
    SqliteStore(other).close()
    link = path.parent.parent / "link.db"
    link.symlink_to(path)
    with closing(SqliteStore(link)) as store:
        Desk(store).add()
        link.unlink()
        link.symlink_to(other)
        with pytest.raises(StoreGone):
            Desk(store).add()


def test_a_hard_link_is_refused(path: Path) -> None:
    """A database with two names would have two logs, and the one would damage the other: it is not opened."""
    SqliteStore(path).close()
    path.with_name("second.db").hardlink_to(path)
    with pytest.raises(ConfigError, match="2 names"):
        SqliteStore(path)
    path.with_name("second.db").unlink()
    SqliteStore(path).close()


def test_a_copy_while_it_is_written(store: SqliteStore, path: Path) -> None:
    """A copy as docs/store.md tells to make it, while todoke writes, is whole and has all from before it began."""
    desk = Desk(store)
    before = [desk.add().submission.id for _ in range(50)]
    copies = []
    for number in range(3):
        futures = [store.add(desk.submission(), (), None) for _ in range(200)]
        copies.append(path.with_name(f"copy{number}.db"))
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as other:
            other.execute("VACUUM INTO ?", (str(copies[-1]),))
        for future in futures:
            future.result()
    for copy in copies:
        with closing(SqliteStore(copy)) as opened:
            opened.verify()
            assert all(opened.timeline(id_) for id_ in before)


def test_no_file_of_the_store_is_opened(path: Path) -> None:
    """Python opens none of the three files once they are there: closing one would drop SQLite's locks on it."""
    script = f"""
import os, sys
sys.path[:0] = {sys.path!r}
opened = []
def note(event, args):
    if event == "open" and not args[2] & os.O_EXCL:  # that one opens nothing that is there
        opened.append(str(args[0]))
sys.addaudithook(note)
from pathlib import Path
from support.store.desk import Desk
from todoke.model.errors import StoreGone
from todoke.stores.sqlite.lock import begin_serving, is_served
from todoke.stores.sqlite.store import SqliteStore
path = Path({str(path)!r})
SqliteStore(path).close()
opened.clear()
store = SqliteStore(path)
begin_serving(store)
is_served(path.parent)
for _ in range(20):
    Desk(store).store.counts()
Desk(store).add()
path.unlink()
try:
    Desk(store).add()
except StoreGone:
    pass
store.close()
assert store.loss.saved
names = {{str(path), str(path) + "-wal", str(path) + "-shm"}}
assert opened and not names & set(opened), opened
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_nothing_forks() -> None:
    """A connection must not be carried across a fork; todoke starts no process once its store is open."""
    forks = ("os.fork", "multiprocessing", "ProcessPoolExecutor")
    text = {p: p.read_text("utf-8") for p in (ROOT / "src" / "todoke").rglob("*.py")}
    assert [p for p, code in text.items() if any(word in code for word in forks)] == []
