"""The index of words in SQLite: it finds what the rule finds, whenever it is made, and what is erased is not in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.store.desk import Desk
from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Kind
from todoke.model.submission import Entry
from todoke.ports.archive import Count, Query
from todoke.stores.memory.store import MemoryStore
from todoke.stores.sqlite import database
from todoke.stores.sqlite.index import AT_ONCE, index_some
from todoke.stores.sqlite.store import SqliteStore

ALPHABETS = (
    "abAB é",
    "かがカガｶﾞー ",
    "山田太郎髙 ",
    "가나다 ",
    "क की ",
    "ก ข",
    "אב שָ",
    "0１9-‐",
    "🎉☎ _.",
)
PIECES = st.sampled_from(ALPHABETS).flatmap(lambda letters: st.text(letters, max_size=5))
TEXTS = st.lists(PIECES, max_size=6).map("".join)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is made."""
    return tmp_path / "data" / "todoke.db"


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    """An empty store with hands to use it."""
    with closing(SqliteStore(path)) as store:
        yield Desk(store)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=8),
    asked=st.lists(TEXTS, min_size=1, max_size=6),
    indexed=st.integers(0, 8),
    erased=st.sets(st.integers(0, 7), max_size=4),
)
def test_the_index_and_the_rule_agree(
    texts: list[str], asked: list[str], indexed: int, erased: set[int]
) -> None:
    """Of texts in many scripts, some indexed, some not yet, some erased: both find the same, in the same order."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SqliteStore(Path(folder) / "todoke.db")) as store,
    ):
        model, desk = MemoryStore(), Desk(store)
        kept = []
        for number, text in enumerate(texts):
            desk.move(seconds=1)
            submission = desk.submission(entries=(Entry("text", text),), visitor="v@x.example")
            for one in (store, model):
                one.add(submission, desk.pair(submission), None).result()
            kept.append(submission.id)
            if number == indexed:
                _index(store)
        for number in erased & set(range(len(texts))):
            assert store.erase(submission_id=kept[number]) == 1
            model.erase(submission_id=kept[number])
        for words in (*asked, *(text[1:4] for text in texts)):
            query = Query(words=words, limit=1000)
            found, expected = (
                [t.submission.id for t in one.page(query).timelines] for one in (store, model)
            )
            assert found == expected, words
            assert store.count(query) == model.count(query)
        _index(store)
        for words in (*asked, *(text[1:4] for text in texts)):
            query = Query(words=words, limit=1000)
            found, expected = (
                [t.submission.id for t in one.page(query).timelines] for one in (store, model)
            )
            assert found == expected, words
        _check(store)


def test_no_byte_of_a_term_is_left(desk: Desk, path: Path) -> None:
    """Terms share beginnings in the index's pages: not even the rest of one is left when its submission is erased."""
    kept = [_add(desk, f"common{n}stay stay 残{n}") for n in range(60)]
    gone = [_add(desk, f"common{n}zqxjv7k 龘靐{n}") for n in range(60)]
    _index(desk.store)
    corrected = desk.add_one(visitor=Address("wrong@visitor.example"))
    _index(desk.store)
    desk.finish(desk.claim(corrected.id)[0], Kind.BOUNCED)
    desk.resend(corrected.id, "zqxjv7k@visitor.example")
    secrets = (b"zqxjv7k", "龘".encode(), "靐".encode())
    assert all(_holds(path, secret) for secret in secrets)
    for id_ in (*gone, corrected.submission_id):
        assert desk.store.erase(submission_id=id_) == 1
    assert not any(_holds(path, secret) for secret in secrets)
    assert _found(desk, "stay") == _found(desk, "残") == kept[::-1]
    _check(desk.store)


def test_a_correction_comes_into_the_index_at_once(desk: Desk) -> None:
    """Whether the submission is in it already or not."""
    for is_indexed in (False, True):
        message = desk.add_one(visitor=Address(f"wrong{is_indexed}@visitor.example"))
        if is_indexed:
            _index(desk.store)
        desk.finish(desk.claim(message.id)[0], Kind.BOUNCED)
        desk.resend(message.id, f"right{is_indexed}@better.example")
        assert _found(desk, f"right{is_indexed}") == [message.submission_id]
        _index(desk.store)
        assert _found(desk, f"right{is_indexed}") == [message.submission_id]
        assert _found(desk, f"wrong{is_indexed}") == [message.submission_id]


def test_a_file_of_an_older_todoke(path: Path) -> None:
    """Words, lists and figures of what it holds are there at once, and when it is indexed still."""
    desk = Desk(SqliteStore(path))
    ids = [_add(desk, f"needle {n} 針", form="ab"[n % 2]) for n in range(AT_ONCE + 20)]
    failed = desk.timeline(ids[3]).messages[0].message.id
    desk.finish(desk.claim(failed)[0], Kind.BOUNCED)
    desk.store.close()
    _to_schema_5(path)
    with closing(SqliteStore(path)) as store:
        desk = Desk(store, now=desk.now)
        new = _add(desk, "needle new", form="a")
        for _ in range(2):
            assert _found(desk, "needle") == [new, *ids[::-1]]
            assert _found(desk, "針", form="a") == ids[-2::-2]
            assert store.count(Query(unread=True)) == Count(1), "what came before is read"
            assert store.count(Query(form="b")) == Count(len(ids) // 2)
            assert store.count(Query(attention=True)) == Count(1)
            _index(store)
        assert store.erase(submission_id=ids[0]) == 1
        assert store.count(Query(form="a")) == Count(len(ids) // 2)
        _check(store)


def test_what_is_not_indexed_is_looked_at_some_at_a_time(desk: Desk) -> None:
    """A search that finds nothing in very many that are not indexed ends early, and says how far back it looked."""
    first = _add(desk, "needle")
    futures = []
    for _ in range(1_200):
        desk.move(seconds=1)
        submission = desk.submission()
        futures.append(desk.store.add(submission, (), None))
    for future in futures:
        future.result()
    page = desk.store.page(Query(words="needle"))
    while not page.timelines:
        assert page.looked_back_to is not None
        assert desk.now > page.looked_back_to
        page = desk.store.page(Query(words="needle", before=page.next))
    assert [t.submission.id for t in page.timelines] == [first]
    _index(desk.store)
    page = desk.store.page(Query(words="needle"))
    assert [t.submission.id for t in page.timelines] == [first]
    assert page.looked_back_to is None


@pytest.mark.parametrize("words", ["needle", "針の山", "needle 針", "need"])
@pytest.mark.parametrize("every", [3, 100, 700])
def test_words_among_what_a_long_list_has(desk: Desk, words: str, every: int) -> None:
    """What is in a list and has the words is found once and in order, both ways, wherever the index of words takes over
    from the list, and while the newest are not indexed yet."""
    expected, futures = [], []
    for number in range(1_500):
        desk.move(seconds=1)
        text = "needle, 針の山" if number % every == 0 else "needy 針 needs の山"
        submission = desk.submission(entries=(Entry("text", text),), form="ab"[number % 2])
        futures.append(desk.store.add(submission, (), None))
        if "needle, " in text or words == "need":
            expected.append(submission.id)
        if number == 1_400:
            futures.pop().result()  # they are written in order
            _index(desk.store)
    futures.pop().result()
    assert _pages(desk, Query(words=words, unread=True, limit=100)) == expected[::-1]


def test_a_count_of_very_many_looks_as_far_as_it_is_asked_to(desk: Desk) -> None:
    """An export says how many it will have, where a total over a list ends with a plus."""
    futures = []
    for _ in range(2_300):
        desk.move(seconds=1)
        futures.append(desk.store.add(desk.submission(), (), None))
    futures.pop().result()
    assert desk.store.count(Query(unread=True), 100_000) == Count(2_300)
    assert desk.store.count(Query(unread=True)) == Count(1_000, is_more=True)


def _pages(desk: Desk, query: Query) -> list[str]:
    """All that is found, page by page to the oldest, and the same from there back to the newest."""
    found, last = [], ""
    page = desk.store.page(query)
    while True:
        found += [t.submission.id for t in page.timelines]
        if not page.next:
            break
        last = page.next
        page = desk.store.page(replace(query, before=last))
    back = [t.submission.id for t in page.timelines]
    while page.newer:
        page = desk.store.page(replace(query, after=page.newer))
        back = [t.submission.id for t in page.timelines] + back
    assert back == found
    return found


def _add(desk: Desk, text: str, **options: object) -> str:
    desk.move(seconds=1)
    return desk.add(entries=(Entry("text", text),), **options).submission.id


def _index(store: object) -> None:
    """Index all that is missing, as the thread would do it some seconds later."""
    assert isinstance(store, SqliteStore)
    while store._writer.submit(index_some, store._secrets).result():
        pass


def _check(store: SqliteStore) -> None:
    """Everything in the file agrees, and the index with what it was made of."""
    store.verify()
    with closing(apsw.Connection(str(store.path))) as connection:
        connection.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")


def _found(desk: Desk, words: str, form: str = "") -> list[str]:
    found: list[str] = []
    query = Query(words=words, form=form)
    while True:
        page = desk.store.page(query)
        found += [t.submission.id for t in page.timelines]
        if not page.next:
            return found
        query = replace(query, before=page.next)


def _holds(path: Path, secret: bytes) -> bool:
    return any(secret in file.read_bytes() for file in path.parent.iterdir())


def _to_schema_5(path: Path) -> None:
    """Take out of a file what came after schema 5."""
    with closing(apsw.Connection(str(path))) as connection:
        for table in (
            "words",
            "care",
            "lists",
            "unindexed",
            "long_answers",
            "allowances",
            "notices",
            "lessons",
        ):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("ALTER TABLE submissions DROP COLUMN ordinal")
        connection.execute("DELETE FROM totals WHERE name LIKE 'form %' OR name LIKE 'ordinal %'")
        connection.execute("DELETE FROM migrations WHERE version > 5")
        connection.pragma("user_version", 5)
    assert len(database.MIGRATIONS) >= 6
