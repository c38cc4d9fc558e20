"""Backups: all that a store keeps in one file, and that file into another store, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.store.desk import SECRET, START, Desk, nothing_follows
from support.variants import replace
from todoke.model import ids
from todoke.model.delivery import DeliveryEvent, Kind, Permanence, Reason
from todoke.model.erased import Erased, erased_mailbox
from todoke.model.kept import Kept, KeptAttempt, KeptMessage, Repeat, Restored
from todoke.model.submission import Entry, File
from todoke.ports.store import Store
from todoke.ports.suppressions import Suppression
from todoke.testing import MemoryStore
from todoke.walk import backup
from todoke.walk.past import Past

TEXT = st.text(max_size=8)
"""Lone surrogates among them: JSON can bring them into an answer."""
ANY_TEXT = TEXT | st.just("\ud83d alone")
TIMES = st.integers(min_value=0, max_value=10**12).map(lambda n: START + timedelta(microseconds=n))
EVENTS = st.builds(
    DeliveryEvent,
    kind=st.sampled_from(Kind),
    at=TIMES,
    received_at=TIMES,
    service=st.just("post"),
    token=TEXT,
    service_id=TEXT,
    recipient=TEXT,
    permanence=st.sampled_from(Permanence),
    reason=st.none() | st.sampled_from(Reason),
    diagnostic=ANY_TEXT,
    raw=st.binary(max_size=20),
)
FILES = st.builds(File, name=ANY_TEXT, media_type=TEXT, content=st.binary(max_size=50))
ENTRIES = st.builds(Entry, ANY_TEXT, ANY_TEXT | FILES, st.none() | st.binary(max_size=5))


@st.composite
def kepts(draw: st.DrawFn) -> Kept:
    """A submission as a store may keep it."""
    desk = Desk(MemoryStore(), now=draw(TIMES))
    submission = desk.submission(
        entries=tuple(draw(st.lists(ENTRIES, max_size=4))),
        retain_until=draw(st.none() | TIMES),
        signals=tuple(draw(st.lists(TEXT, max_size=2))),
    )
    desk.store.add(submission, desk.pair(submission), None).result()
    claims = desk.claim()
    messages = []
    for claim in claims:
        events = sorted(draw(st.lists(EVENTS, max_size=3)), key=lambda e: e.received_at)
        messages.append(
            KeptMessage(
                message=claim.message,
                attempts=(KeptAttempt(attempt=claim.attempt, events=tuple(events)),),
                due_at=draw(st.none() | TIMES),
                lease_until=draw(st.none() | TIMES),
                resend_asked_at=draw(st.none() | TIMES),
                corrections=draw(st.integers(0, 3)),
            )
        )
    repeat = draw(st.none() | st.builds(Repeat, TIMES, st.just("0123456789abcdef")))
    return Kept(submission=submission, messages=tuple(messages), repeat=repeat)


def written(store: Store) -> str:
    """A store's backup."""
    out = io.StringIO()
    assert len(list(backup.write(store, SECRET, START, out))) == store.counts()["submissions"]
    return out.getvalue()


def sieve(*erased: Erased, allowed: tuple[str, ...] = ()) -> backup.Sieve:
    """What holds back who was erased, on the day before all that these tests keep."""
    return backup.Sieve(Past(erased, SECRET, allowed), START - timedelta(days=1))


def restored(text: str, store: Store, *erased: Erased) -> backup.Restoration:
    """Restore a backup, after looking at it."""
    contents = backup.verify(backup.lines_of(io.StringIO(text, newline="")), SECRET)
    lines = io.StringIO(text, newline="")
    return backup.restore(store, lines, contents, nothing_follows, lambda _: None, sieve(*erased))


@given(st.lists(kepts(), max_size=3), st.lists(EVENTS, max_size=3))
def test_what_is_written_is_read(several: list[Kept], orphans: list[DeliveryEvent]) -> None:
    """A store restored from a backup writes the same backup, byte for byte, whatever was in it."""
    store, other = MemoryStore(), MemoryStore()
    for kept in several:
        store.restore(kept).result()
    store.journal([replace(e, token="", service_id="") for e in orphans], nothing_follows)
    text = written(store)
    restored(text, other)
    assert list(other.walk()) == list(store.walk())
    assert written(other) == text


def full() -> MemoryStore:
    """A store with some of everything."""
    desk = Desk(MemoryStore())
    file = File(name="a.bin", media_type="application/octet-stream", content=bytes(range(256)))
    desk.add(entries=(Entry("f", file),))
    desk.move(seconds=1)
    desk.add(form="leave")
    for claim in desk.claim(limit=3):
        desk.finish(claim, Kind.ACCEPTED, service_id=claim.message.id)
    desk.journal(desk.event(Kind.BOUNCED, service_id="nobody's"))
    desk.store.put_mark("heard post", desk.now)
    lists = [Suppression(address="gone@visitor.example", reason="hard bounce")]
    desk.store.put_suppressions("post", lists, desk.now)
    desk.store.remember_erased([erased_mailbox(SECRET, "else@visitor.example", desk.now)])
    assert isinstance(desk.store, MemoryStore)
    return desk.store


def test_a_line_is_an_object_with_its_kind() -> None:
    """Anybody can read it, and it says who wrote it and what is in it, but not the secret."""
    text = written(full())
    kinds = [json.loads(line)["kind"] for line in text.splitlines()]
    assert kinds == [
        "backup",
        "submission",
        "submission",
        "orphan",
        "mark",
        "suppressions",
        "erased",
        "end",
    ]
    head = json.loads(text.splitlines()[0])
    assert (head["version"], head["written_at"]) == (3, "2026-03-04T05:06:07.000089Z")
    assert head["secret"] == ids.secret_name(SECRET) != ids.secret_name(b"t" * 32)
    assert SECRET.hex() not in text
    assert SECRET.decode() not in text


def test_its_contents_are_told() -> None:
    """How many submissions of each form."""
    contents = backup.verify(io.StringIO(written(full()), newline=""), SECRET)
    assert contents.forms == {"contact": 1, "leave": 1}


def test_marks_and_lists_that_are_newer_here_stay() -> None:
    """A backup does not set the clock of what is known back; what is older here is replaced."""
    text = written(full())
    newer, older = MemoryStore(), MemoryStore()
    for store, at in (
        (newer, START + timedelta(days=1)),
        (older, START - timedelta(days=1)),
    ):
        store.put_mark("heard post", at)
        store.put_suppressions("post", [], at)
        restored(text, store)
    assert newer.marks() == {"heard post": START + timedelta(days=1)}
    assert older.marks() == {"heard post": START + timedelta(seconds=1)}
    assert newer.suppressions()[0].suppressions == ()
    assert older.suppressions() == full().suppressions()


def test_the_outcome_tells_what_was_left() -> None:
    """Each submission has its word; what went on here is named and left."""
    text, store = written(full()), MemoryStore()
    outcome = restored(text, store)
    assert outcome.words == {Restored.NEW: 2}
    assert (outcome.left, outcome.orphans, outcome.joined) == ((), 1, 0)
    (claim,) = Desk(store, now=START + timedelta(minutes=1)).claim()
    again = restored(text, store)
    assert again.words == {Restored.SAME: 1, Restored.DIFFERENT: 1}
    assert again.left == (claim.message.submission_id,)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda lines: [], "The file is empty"),
        (lambda lines: lines[:3], "ends after line 3, in the middle"),
        (lambda lines: [*lines[:2], *lines[3:]], "do not add up"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "do not add up"),
        (lambda lines: [*lines, lines[1]], "Line 9: something follows"),
        (lambda lines: [lines[0], *lines], "Line 2: another backup begins"),
        (lambda lines: lines[1:], "Line 1: a backup begins otherwise"),
        (lambda lines: [lines[0], lines[1][:50], *lines[2:]], "Line 2: it is no line"),
        (lambda lines: [lines[0].replace('"version":3', '"version":4'), *lines[1:]], "version 4"),
        (lambda lines: [*lines[:3], lines[3].replace("nobody", "someone"), *lines[4:]], "add up"),
        (
            lambda lines: [x.replace('"content":"AAEC', '"content":"AAED') for x in lines],
            "Line 2: the content",
        ),
        (
            lambda lines: [x.replace('"number":1', '"number":2') for x in lines],
            "Line 2: attempts of",
        ),
        (lambda lines: ["id,received_at\n"], "Line 1: it is no line of a backup"),
    ],
)
def test_a_damaged_file_is_found_before_anything_is_kept(damage: object, told: str) -> None:
    """Cut, changed, added to, or nothing of ours: where and what is said."""
    lines = written(full()).splitlines(keepends=True)
    with pytest.raises(backup.DamagedBackup, match=told):
        backup.verify(damage(lines), SECRET)  # type: ignore[operator]


def forged(lines: list[str], **end: object) -> list[str]:
    """Another recipient for what waits, with a checksum that adds up, as whoever can reach the file would do."""
    changed = [line.replace("manager@site.example", "attacker@evil.example") for line in lines[:-1]]
    assert changed != lines[:-1]
    digest = hashlib.sha256("".join(changed).encode()).hexdigest()
    told = json.loads(lines[-1]) | {"sha256": digest} | end
    return [*changed, json.dumps(told) + "\n"]


def test_a_file_that_was_changed_without_the_secret_is_refused() -> None:
    """A checksum anybody can compute; the HMAC nobody without the secret."""
    lines = written(full()).splitlines(keepends=True)
    assert backup.verify(lines, SECRET).is_authentic
    with pytest.raises(backup.DamagedBackup, match="HMAC is wrong"):
        backup.verify(forged(lines), SECRET)


def test_what_is_not_signed_is_not_taken_for_authentic() -> None:
    """The HMAC left out, as an early todoke did or as an attacker would; or one of a secret that is not here."""
    lines = written(full()).splitlines(keepends=True)
    assert not backup.verify(forged(lines, hmac=""), SECRET).is_authentic
    early = [lines[0].replace('"version":3', '"version":1'), *lines[1:]]
    assert not backup.verify(forged(early, hmac=""), SECRET).is_authentic
    assert not backup.verify(lines, b"another secret of thirty-two byte").is_authentic
    assert not backup.verify(lines, b"").is_authentic


def test_what_is_restored_is_what_was_verified() -> None:
    """A file that is swapped between the two readings is found at the line where it differs, which is not kept."""
    lines = written(full()).splitlines(keepends=True)
    contents = backup.verify(lines, SECRET)
    store = MemoryStore()
    with pytest.raises(backup.DamagedBackup, match="Line 2: the file was changed"):
        backup.restore(store, forged(lines), contents, nothing_follows, lambda _: None, sieve())
    longer = [*lines, lines[1]]
    with pytest.raises(backup.DamagedBackup, match="Line 9: the file was changed"):
        backup.restore(MemoryStore(), longer, contents, nothing_follows, lambda _: None, sieve())
    assert store.counts()["submissions"] == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"kind":"orphan","event":' + "[" * 200_000, "Line 2: it is no line of a backup"),
        ('{"kind":"mark","name":' + '{"a":' * 40_000, "Line 2: it is no line of a backup"),
        ('{"kind":"mark","name":' + "9" * 100_000 + "}", "Line 2: it is no line of a backup"),
        ('{"kind":"mark","name":"' + "a" * 300_000, "Line 2: it is longer than any"),
        ("a" * 1_000_000, "Line 2: it is no line of a backup: it begins otherwise."),
        ("\n", "Line 2: it is no line of a backup: it begins otherwise."),
    ],
)
def test_a_line_without_an_end_is_a_fault_with_its_number(line: str, told: str) -> None:
    """Nested or long beyond any measure: it is told where, and no more of it is read."""
    head, rest = written(full()).split("\n", 1)
    file = io.StringIO(f"{head}\n{line}\n{rest}", newline="")
    with pytest.raises(backup.DamagedBackup, match=re.escape(told)):
        backup.verify(backup.lines_of(file, longest=250_000), SECRET)
    assert file.tell() < len(head) + 300_000
