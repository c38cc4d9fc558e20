"""The file of the SQLite store: what lies on the disk, who may open it, and what is left in it."""

from __future__ import annotations

import base64
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from support.store.desk import START, Desk
from support.variants import replace
from todoke.model.address import Address
from todoke.model.admission import Grant
from todoke.model.care import NO_CARE
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.erased import REMEMBERED, erased_before
from todoke.model.errors import StoreCorrupt, StoreUnavailable
from todoke.model.message import Role
from todoke.model.submission import Entry, File
from todoke.ports.archive import Query
from todoke.ports.outbox import Added, Duplicate
from todoke.ports.store import Store
from todoke.ports.suppressions import Suppression
from todoke.stores.memory.store import MemoryStore
from todoke.stores.rules.erase import Condition, names_any
from todoke.stores.rules.orphans import MOST
from todoke.stores.sqlite import database, erase
from todoke.stores.sqlite.store import SqliteStore
from todoke.stores.sqlite.writer import RESTART_PAGES, Writer

PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is made."""
    return tmp_path / "data" / "todoke.db"


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    """An empty store with hands to use it."""
    with closing(SqliteStore(path)) as store:
        yield Desk(store)


@pytest.mark.parametrize("make", [SqliteStore, lambda _: MemoryStore()])
def test_of_events_for_nobody_the_newest_are_kept(
    path: Path, make: Callable[[Path], Store]
) -> None:
    """However many come, and whatever was joined or erased before: the store cannot be filled with them."""
    with closing(make(path)) as store:
        desk = Desk(store)
        for start in (0, 6_000):
            numbers = range(start, start + 6_000)
            desk.journal(*(desk.event(Kind.BOUNCED, service_id=str(n)) for n in numbers))
        assert store.counts()["orphans"] == MOST == 10_000
        assert [e.service_id for e in store.walk_orphans()] == [
            str(n) for n in range(2_000, 12_000)
        ]


class TestErased:
    def test_what_is_remembered_no_longer_is_swept(self, path: Path) -> None:
        """With what retention ends, so that the file does not grow by it."""
        with closing(SqliteStore(path)) as store:
            store.remember_erased(
                [
                    erased_before(START - timedelta(days=n), START + timedelta(days=n))
                    for n in (0, 1)
                ]
            )
            store.erase(retained_before=START + REMEMBERED)
            with closing(apsw.Connection(str(path))) as connection:
                assert list(connection.execute("SELECT count(*) FROM erased")) == [(1,)]


class TestFile:
    def test_is_private(self, desk: Desk, path: Path) -> None:
        """Nobody but the owner can read the folder and the files."""
        desk.add()
        files = list(path.parent.iterdir())
        assert {"todoke.db", "todoke.db-wal", "todoke.db-shm"} == {f.name for f in files}
        assert {0o600} == {stat.S_IMODE(f.stat().st_mode) for f in files}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_says_whose_it_is(self, path: Path) -> None:
        """The file bears our application id and the schema's version, and each migration is recorded."""
        SqliteStore(path).close()
        with closing(apsw.Connection(str(path))) as connection:
            assert connection.pragma("application_id") == database.APPLICATION_ID
            assert len(database.MIGRATIONS) == connection.pragma("user_version")
            assert connection.pragma("journal_mode") == "wal"
            versions = [v for (v,) in connection.execute("SELECT version FROM migrations")]
            assert list(range(1, len(database.MIGRATIONS) + 1)) == versions

    def test_an_older_file_is_brought_to_the_newest_schema(self, path: Path) -> None:
        """A store of schema 1 keeps what it holds, and has what came since."""
        desk = Desk(SqliteStore(path))
        kept = desk.add()
        repeat = desk.repeat("k", "a" * 64)
        desk.add_with(repeat)
        desk.store.close()
        with closing(apsw.Connection(str(path))) as connection:
            connection.execute("UPDATE repeats SET key = ?, fingerprint = ?", ("k" * 64, "a" * 64))
            for table in (
                "marks",
                "suppressions",
                "suppression_lists",
                "erased",
                "sessions",
                "acts",
                "allowances",
                "notices",
                "lessons",
                "words",
                "unindexed",
                "care",
                "lists",
                "long_answers",
            ):
                connection.execute(f"DROP TABLE {table}")
            connection.execute("ALTER TABLE submissions DROP COLUMN ordinal")
            connection.execute(
                "DELETE FROM totals WHERE name = 'to_index' OR name LIKE 'form %' OR name LIKE 'ordinal %'"
            )
            connection.execute("DELETE FROM migrations WHERE version > 1")
            connection.pragma("user_version", 1)
        with closing(SqliteStore(path)) as store:
            there = store.timeline(kept.submission.id)
            assert there
            assert there.care.read_at, "nobody finds what came before unread"
            assert replace(there, care=NO_CARE) == replace(kept, ordinal=None)
            store.put_mark("x", START)
            store.put_suppressions("post", [], START)
            store.remember_erased([erased_before(START, START)])
            assert len(store.erased(START)) == 1
            assert store.mark("x") == START
            again = Desk(store).add_with(repeat)
            assert isinstance(again, Duplicate)
            assert again.same_content
            assert Desk(store, now=START + timedelta(days=1)).add().ordinal == 3
            store.verify()

    def test_durable_and_forgetting(self, path: Path) -> None:
        """A commit is synced, what is deleted is overwritten, checkpoints are left to the writer, nothing is mapped."""
        with closing(database.open_writer(path)) as connection:
            names = ("synchronous", "secure_delete", "foreign_keys", "wal_autocheckpoint")
            assert [connection.pragma(n) for n in names] == [2, 1, 1, 0]
            assert connection.pragma("mmap_size") == 0
            assert connection.pragma("writable_schema") == 0

    def test_is_whole_after_close(self, path: Path) -> None:
        """A closed store is one file, without -wal and -shm, and it comes back with all its data."""
        desk = Desk(SqliteStore(path))
        timeline = desk.add()
        desk.store.close()
        assert [path] == list(path.parent.iterdir())
        with closing(SqliteStore(path)) as again:
            assert timeline == again.timeline(timeline.submission.id)
            again.verify()

    def test_places_are_not_taken_twice_after_a_restart(self, path: Path) -> None:
        """Submissions of the very same moment are kept before and after a restart, and in groups."""
        for _ in range(3):
            with closing(SqliteStore(path)) as store:
                desk = Desk(store)
                desk.numbers = iter(range(store.counts()["submissions"] * 10, 10**9))
                futures = [store.add(desk.submission(), (), None) for _ in range(300)]
                assert all(isinstance(f.result(), Added) for f in futures)
        with closing(SqliteStore(path)) as store:
            assert store.counts()["submissions"] == 900
            assert len(store.page(Query(limit=1000)).timelines) == 900

    def test_a_killed_migration_leaves_nothing(self, path: Path) -> None:
        """A file that was made and not migrated is taken as new."""
        path.parent.mkdir()
        path.touch()
        with closing(SqliteStore(path)) as store:
            assert store.counts()["submissions"] == 0

    def test_two_may_make_it_at_once(self, path: Path) -> None:
        """Processes that open a new store together end up with one schema."""
        barrier = threading.Barrier(4)
        stores: list[SqliteStore] = []

        def open_it() -> None:
            barrier.wait()
            stores.append(SqliteStore(path))

        threads = [threading.Thread(target=open_it) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(stores) == 4
        for store in stores:
            store.close()


class TestRefused:
    def test_not_a_database(self, path: Path) -> None:
        """A file that is something else is left as it is."""
        path.parent.mkdir()
        path.write_bytes(b"Dear diary, " * 1000)
        with pytest.raises(StoreCorrupt, match="not a todoke store"):
            SqliteStore(path)
        assert path.read_bytes() == b"Dear diary, " * 1000

    @pytest.mark.parametrize("mark", [0, 4711])
    def test_another_programs_database(self, path: Path, mark: int) -> None:
        """A database of another program is refused, with an application id or without."""
        path.parent.mkdir()
        with closing(apsw.Connection(str(path))) as connection:
            connection.execute("CREATE TABLE songs (title TEXT)")
            connection.pragma("application_id", mark)
        with pytest.raises(StoreCorrupt, match="folder of its own"):
            SqliteStore(path)

    def test_a_newer_schema(self, path: Path) -> None:
        """A file of a newer todoke is refused, unchanged, with a sentence that says what to do."""
        SqliteStore(path).close()
        with closing(apsw.Connection(str(path))) as connection:
            connection.pragma("user_version", 99)
        with pytest.raises(StoreCorrupt, match=r"newer todoke \(schema 99"):
            SqliteStore(path)

    def test_a_damaged_header(self, path: Path) -> None:
        """A file whose beginning is lost is refused."""
        SqliteStore(path).close()
        path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
        with pytest.raises(StoreCorrupt):
            SqliteStore(path)

    def test_damaged_pages(self, path: Path) -> None:
        """Damage inside is found by verify, by a read and by a write that meet it."""
        desk = Desk(SqliteStore(path))
        ids = [desk.add().submission.id for _ in range(200)]
        desk.store.close()
        _damage(path, "submissions")
        with closing(SqliteStore(path)) as store:
            with pytest.raises(StoreCorrupt):
                store.verify()
            with pytest.raises(StoreCorrupt):
                store.timeline(ids[0])
            with pytest.raises(StoreCorrupt):
                store.add(Desk(store).submission(), (), None).result()

    def test_damaged_figures(self, path: Path) -> None:
        """Damage that is met at the start stops it."""
        SqliteStore(path).close()
        _damage(path, "totals")
        with pytest.raises(StoreCorrupt):
            SqliteStore(path)

    def test_cannot_be_opened(self, tmp_path: Path) -> None:
        """A path that is a folder, or lies in a file, is no store now."""
        (tmp_path / "file").touch()
        for path in (tmp_path, tmp_path / "file" / "todoke.db"):
            with pytest.raises(StoreUnavailable):
                SqliteStore(path)


class TestSecondProcess:
    def test_reads_and_writes_beside_us(self, desk: Desk, path: Path) -> None:
        """A command may list, add a code and erase while we serve; both see what the other did."""
        mine = desk.add()
        script = f"""
from datetime import UTC, datetime, timedelta
from pathlib import Path
from todoke.model.admission import Grant
from todoke.ports.archive import Query
from todoke.stores.sqlite.store import SqliteStore
store = SqliteStore(Path({str(path)!r}))
assert len(store.page(Query()).timelines) == 1
store.put_code("hash", datetime(2099, 1, 1, tzinfo=UTC), Grant())
assert store.erase(submission_id={mine.submission.id!r}) == 1
store.close()
"""
        subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
        assert desk.store.timeline(mine.submission.id) is None
        assert desk.store.take_code("hash", START) == Grant()
        desk.add()
        desk.store.verify()  # type: ignore[attr-defined]

    def test_two_writers_lose_nothing(self, path: Path) -> None:
        """Two stores on one file may write at once, also for the same moments."""
        stores = [SqliteStore(path), SqliteStore(path)]
        desks = [Desk(s) for s in stores]
        desks[1].numbers = iter(range(10**9, 2 * 10**9))
        futures: list[Future[object]] = []
        for _ in range(300):
            futures += [d.store.add(d.submission(), (), None) for d in desks]  # type: ignore[misc]
        assert all(isinstance(f.result(), Added) for f in futures)
        assert [s.counts()["submissions"] for s in stores] == [600, 600]
        assert len(stores[0].page(Query(limit=1000)).timelines) == 600
        for store in stores:
            store.close()

    def test_a_lock_held_too_long_is_unavailable(self, desk: Desk, path: Path) -> None:
        """Where another program holds the file, a write fails as unavailable and works again afterwards."""
        writer = desk.store._writer  # type: ignore[attr-defined]
        writer._connection.set_busy_timeout(50)
        with closing(apsw.Connection(str(path))) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable):
                desk.add()
            other.execute("ROLLBACK")
        desk.add()


def hold(writer: Writer) -> tuple[Future[object], threading.Event]:
    """Keep the writer busy with a write of its own, until the event is set; returns once it is at it."""
    begun, gate = threading.Event(), threading.Event()

    def wait(_: apsw.Connection, requests: Sequence[object]) -> list[bool]:
        begun.set()
        return [gate.wait(60) for _ in requests]

    held = writer.submit(wait, None)
    assert begun.wait(60)
    return held, gate


class TestGroups:
    def test_many_share_a_commit(self, desk: Desk, path: Path) -> None:
        """What waits while the writer is busy is one transaction."""
        writer = desk.store._writer  # type: ignore[attr-defined]
        held, gate = hold(writer)
        commits: list[int] = []
        writer._connection.set_wal_hook(lambda *_: commits.append(1) or apsw.SQLITE_OK)
        futures = [desk.store.add(desk.submission(), (), None) for _ in range(200)]
        gate.set()
        assert held.result()
        assert all(isinstance(f.result(), Added) for f in futures)
        assert len(commits) == 1

    def test_a_poisoned_write_fails_alone(self, desk: Desk) -> None:
        """One that cannot be stored does not take the others of its group with it."""
        writer = desk.store._writer  # type: ignore[attr-defined]
        known = desk.add().submission
        _, gate = hold(writer)
        futures = [desk.store.add(desk.submission(), (), None) for _ in range(20)]
        poisoned = desk.store.add(replace(known, form="again"), (), None)
        futures += [desk.store.add(desk.submission(), (), None) for _ in range(20)]
        gate.set()
        assert all(isinstance(f.result(), Added) for f in futures)
        with pytest.raises(apsw.ConstraintError):
            poisoned.result()
        assert desk.store.counts()["submissions"] == 41

    def test_a_cancelled_write_is_not_done(self, desk: Desk) -> None:
        """A caller who is gone before the write began leaves nothing; the rest goes on."""
        writer = desk.store._writer  # type: ignore[attr-defined]
        _, gate = hold(writer)
        kept, gone = (desk.store.add(desk.submission(), (), None) for _ in range(2))
        assert gone.cancel()
        gate.set()
        assert isinstance(kept.result(), Added)
        assert desk.store.counts()["submissions"] == 1

    def test_the_wal_stays_bounded(self, desk: Desk, path: Path) -> None:
        """The WAL does not grow without end, however much is written and read."""
        big = (Entry("text", "x" * 30_000),)
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                desk.store.page(Query(limit=3))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        longest = 0
        for _ in range(60):
            futures = [desk.store.add(desk.submission(entries=big), (), None) for _ in range(30)]
            for future in futures:
                future.result()
            longest = max(longest, path.with_name("todoke.db-wal").stat().st_size)
        stop.set()
        for reader in readers:
            reader.join()
        assert longest < 2 * RESTART_PAGES * PAGE
        assert desk.store.counts()["submissions"] == 1800

    def test_closing_twice_and_writing_after(self, path: Path) -> None:
        """A closed writer takes no more."""
        writer = Writer(path)
        writer.start()
        writer.close()
        writer.close()
        with pytest.raises(StoreUnavailable):
            writer.submit(lambda *_: [None], None)


class TestTraces:
    @pytest.mark.parametrize("reading", [False, True])
    def test_no_byte_is_left(self, desk: Desk, path: Path, *, reading: bool) -> None:
        """After an erasure no word of the erased is in any of the files, also while others read; the rest is there."""
        kept = [self._live(desk, f"kept{n}") for n in range(12)]
        gone = [self._live(desk, f"gone{n}") for n in range(12)]
        for n in range(12):
            desk.journal(
                desk.event(Kind.BOUNCED, service_id=f"x{n}", raw=b"to <gone%d@v.example>" % n)
            )
        stop = threading.Event()

        def read() -> None:
            while reading and not stop.is_set():
                desk.store.page(Query(limit=5))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            assert self._traces(path, b"gone")
            for n in range(6):
                assert desk.store.erase(submission_id=gone[n]) == 1
            for n in range(6, 12):
                assert desk.store.erase(address=f"GONE{n}@v.example") == 1
            assert self._traces(path, b"gone") == []
        finally:
            stop.set()
            reader.join()
        assert self._traces(path, b"kept")
        for id_ in kept:
            told = desk.timeline(id_)
            assert len(told.messages) == 2
            assert b"kept" in desk.store.file(id_, 2).content  # type: ignore[union-attr]

    def test_what_a_crash_left_is_scrubbed_at_the_next_start(self, path: Path) -> None:
        """Rows that were deleted when the process died leave no trace once the store is opened again."""
        desk = Desk(SqliteStore(path))
        ids = [self._live(desk, f"gone{n}") for n in range(30)]
        desk.store.close()
        writer = Writer(path)
        writer.start()
        for id_ in ids:
            writer.submit(erase.erase, Condition(submission_id=id_)).result()
        writer.close()
        SqliteStore(path).close()
        assert self._traces(path, b"gone") == []

    @pytest.mark.parametrize("listed_again", [True, False])
    def test_no_byte_of_a_suppression_is_left(
        self, desk: Desk, path: Path, *, listed_again: bool
    ) -> None:
        """An erased address is in no file, whether the service still lists it or had taken it off its list before."""
        kept = [Suppression(address=f"kept{n}@v.example", reason="2") for n in range(300)]
        gone = [Suppression(address=f"gone{n}@v.example", reason="gone") for n in range(3)]
        desk.store.put_suppressions("post", [*kept, *gone], START)
        self._live(desk, "kept")
        if not listed_again:
            desk.store.put_suppressions("post", kept, desk.move(days=1))
        assert self._traces(path, b"gone")
        for n in range(3):
            desk.store.erase(address=f"gone{n}@v.example")
        assert self._traces(path, b"gone") == []
        assert len(desk.store.suppressions()[0].suppressions) == 300

    def _live(self, desk: Desk, word: str) -> str:
        """A submission with a whole life that has `word` everywhere."""
        file = File(name=f"{word}.txt", media_type="text/plain", content=word.encode() * 3000)
        submission = desk.submission(
            visitor=Address(f"{word}@v.example"),
            entries=(
                Entry(f"{word}-field", f"{word}-text " * 50),
                Entry("long", f"{word}, too " * 4_000),
                Entry("f", file),
                Entry("r", "", word.encode()),
            ),
        )
        desk.add(
            submission,
            desk.message(submission, recipient=Address(f"{word}@v.example")),
            desk.message(submission, Role.NOTIFICATION),
        )
        for claim in desk.claim():
            desk.finish(claim, Kind.ACCEPTED, service_id=f"{word}-{claim.message.id}")
            desk.journal(
                desk.event(
                    Kind.DEFERRED,
                    token=claim.attempt.token,
                    recipient=Address(f"{word}@v.example"),
                    diagnostic=f"{word} is busy",
                    raw=word.encode() * 100,
                )
            )
        desk.move(seconds=1)
        message = desk.timeline(submission.id).messages[0].message
        desk.resend(message.id, f"{word}.right@v.example")
        desk.finish(desk.claim_one(), Kind.ACCEPTED)
        return submission.id

    def _traces(self, path: Path, word: bytes) -> list[str]:
        """The files that hold a word, as it is or in base64 at any of its three places."""
        spellings = [word, word.upper(), base64.b64encode(word * 9)[8:24]]
        # By another process: closing a file here would drop the locks this process has on it.
        contents = {
            f.name: subprocess.run(["cat", f], capture_output=True, check=True).stdout
            for f in path.parent.iterdir()
        }
        return [name for name, text in contents.items() if any(s in text for s in spellings)]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"to":"\\"aya..h\\"@docomo.ne.jp"}',
        b'550 5.1.1 <"Aya..h"@docomo.ne.jp>: no',
        b"aya..h@docomo.ne.jp",
        b"To: <aya..h@DOCOMO.ne.jp>",
    ],
)
def test_evidence_may_quote_a_local_part(raw: bytes) -> None:
    """An erased mailbox is found however the evidence spells it."""
    event = DeliveryEvent(kind=Kind.OTHER, at=START, received_at=START, service="smtp", raw=raw)
    assert names_any(event, {"aya..h@docomo.ne.jp"})
    assert not names_any(event, {"h@docomo.ne.jp", "aya@docomo.ne.jp"})


def test_long_evidence_is_searched_once() -> None:
    """Evidence that is nearly an address is read once for addresses: a search that begins at each letter hangs."""
    raw = b"a." * 200_000 + b" <gone@v.example>"
    event = DeliveryEvent(kind=Kind.OTHER, at=START, received_at=START, service="smtp", raw=raw)
    assert names_any(event, {"gone@v.example"})
    assert not names_any(event, {"kept@v.example"})


def _damage(path: Path, table: str) -> None:
    """Overwrite all pages of a table."""
    with closing(apsw.Connection(str(path))) as connection:
        pages = [
            row[0]
            for row in connection.execute("SELECT pageno FROM dbstat WHERE name = ?", (table,))
        ]
    content = bytearray(path.read_bytes())
    for page in pages:
        content[(page - 1) * PAGE : page * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)
