"""Learning: what people say of submissions becomes a filter, of hashed words, that is one signal among others."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.forms.suspicion.circumstances import UNKNOWN, Circumstances
from todoke.forms.suspicion.filter import LEAST_LESSONS, MOST_WORDS, WordFilter, filter_of, words_of
from todoke.model.address import Address
from todoke.model.errors import StoreUnavailable
from todoke.model.form import Form, Site
from todoke.model.json_text import to_json
from todoke.model.lesson import Lesson
from todoke.model.signal import LEARNED, LEAST_THRESHOLD
from todoke.model.submission import Entry, Submission
from todoke.stores.memory.store import MemoryStore
from todoke.walk.guard import ASK_EVERY_SECONDS, Guard
from todoke.walk.learn import Teacher

NOW = datetime(2026, 11, 30, tzinfo=UTC)
SECRET = b"s" * 32
FORM = Form(name="contact")
FAKED = Circumstances(has_browsers_fields=False)
OFFER = "第一面のSEO対策と被リンクを格安でご提案 cheap backlinks https://rank.example/offer"
QUESTION = "庭のあじさいの剪定はいつがよいでしょうか about my garden https://www.flowers.example/"


def submission(number: int, text: str) -> Submission:
    entries = (
        Entry("email", f"stranger{number}@mail.example"),
        Entry("message", f"{text} {number}"),
    )
    return Submission(
        id=f"id{number}", form="contact", received_at=NOW, entries=entries, language="ja",
        visitor=Address("stranger@mail.example"), token_hash="",
    )  # fmt: skip


def taught(store: MemoryStore, spam: int = LEAST_LESSONS, honest: int = LEAST_LESSONS) -> Teacher:
    """A teacher that knows what was said of so many."""
    teacher = Teacher(SECRET)
    for number in range(spam):
        teacher.teach(store, FORM, submission(number, OFFER), NOW, is_spam=True)
    for number in range(honest):
        teacher.teach(store, FORM, submission(1_000 + number, QUESTION), NOW, is_spam=False)
    teacher.refresh(store)
    return teacher


def test_words() -> None:
    """Of Latin text its words, of Japanese each two characters, of a link its host; each once."""
    found = words_of(
        ["Cheap SEO, cheap!", "庭木の HTTPS://www.Rank.example/a?b=c d https://b.example"]
    )
    assert found == ("cheap", "seo", "//rank.example", "//b.example", "庭木", "木の")
    assert words_of(["", "a 1", "庭"]) == ()


@given(st.lists(st.text(max_size=400), max_size=5))
def test_words_of_any_text_are_bounded(texts: list[str]) -> None:
    """However long: no more than so many, none of them twice, none longer than a host may be."""
    found = words_of([*texts, "語" * 500, " ".join(f"word{n}" for n in range(500))])
    assert len(found) == len(set(found)) <= MOST_WORDS


def test_what_was_marked_is_recognised() -> None:
    """Another offer like those, and not another question."""
    teacher = taught(MemoryStore())
    assert teacher.is_spam([f"{OFFER} 99"])
    assert not teacher.is_spam([f"{QUESTION} 99"])
    assert not teacher.is_spam(["Something that nobody ever said here"])
    assert not teacher.is_spam([])


@pytest.mark.parametrize(
    ("spam", "honest"), [(LEAST_LESSONS - 1, 50), (50, LEAST_LESSONS - 1), (0, 0)]
)
def test_nothing_is_concluded_of_little(spam: int, honest: int) -> None:
    """Before there are enough of both kinds."""
    assert not taught(MemoryStore(), spam, honest).is_spam([OFFER])


def test_who_thinks_better_of_it_is_heard() -> None:
    """What was spam and is none speaks for its words."""
    store = MemoryStore()
    teacher = taught(store)
    for number in range(LEAST_LESSONS):
        teacher.teach(store, FORM, submission(number, OFFER), NOW, is_spam=False)
    teacher.refresh(store)
    assert not teacher.is_spam([OFFER])
    assert (teacher.filter.spams, teacher.filter.honests) == (0, 2 * LEAST_LESSONS)


def test_no_text_and_no_address_is_kept() -> None:
    """Nothing of what was written stands in a lesson, and the same words are others for another site."""
    store = MemoryStore()
    taught(store)
    kept = to_json(list(store.lessons()))
    for word in (*words_of([OFFER, QUESTION]), "stranger", "mail.example", "id0", "contact"):
        assert word not in kept
    ours, theirs = Teacher(SECRET), Teacher(b"t" * 32)
    assert ours.hash_of("cheap") != theirs.hash_of("cheap")
    assert words_of(["stranger7 mail.example"])[0] not in kept
    hashes = {word for one in store.lessons() for word in one.words}
    assert ours.hash_of("cheap") in hashes
    assert ours.hash_of("mail") not in hashes


def test_it_says_which_words_spoke() -> None:
    """While the submission is there; the words of both kinds do not."""
    teacher = taught(MemoryStore())
    said = teacher.spoke(FORM, submission(99, f"{OFFER} about the garden"))
    assert said
    assert set(said) <= set(words_of([OFFER]))
    assert Teacher(SECRET).spoke(FORM, submission(99, OFFER)) == ()


@given(st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from("abcdef"), unique=True))))
def test_the_filter_depends_on_the_set_of_lessons_alone(said: list[tuple[bool, list[str]]]) -> None:
    """In whatever order they were given."""
    lessons = [
        Lesson(id=str(n), at=NOW, is_spam=is_spam, words=tuple(words))
        for n, (is_spam, words) in enumerate(said)
    ]
    assert filter_of(lessons) == filter_of(lessons[::-1])
    assert filter_of(lessons).spams + filter_of(lessons).honests == len(lessons)


def test_a_word_that_both_say_tells_nothing() -> None:
    """As one that nobody said."""
    known = WordFilter({"both": 10, "spam": 10}, {"both": 10}, 10, 10)
    assert known.tells("both") == known.tells("unknown") == 0
    assert known.tells("spam") > 2


class AskedStore(MemoryStore):
    """Notes that it was asked, and can be told to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.was_asked = threading.Event()
        self.fails = False

    def lessons(self) -> list[Lesson]:
        """See Lessons."""
        self.asked.append(threading.current_thread().name)
        self.was_asked.set()
        if self.fails:
            raise StoreUnavailable
        return list(super().lessons())


def wait_for_lessons() -> None:
    """Until no guard reads them."""
    for thread in threading.enumerate():
        if thread.name == "lessons":
            thread.join(5)


def test_the_door_reads_them_beside_the_request() -> None:
    """Where something is suspicious, once a minute; what was learned counts from the next one on, never alone."""
    store = AskedStore()
    taught(store)
    store.asked.clear()
    now = [0.0]
    teacher = Teacher(SECRET)
    guard = Guard(Site(name="Site"), LEAST_THRESHOLD, teacher, store, lambda: now[0])
    numbers = itertools.count()

    def signals(known: Circumstances, text: str = OFFER) -> tuple[str, ...]:
        return guard.signals(FORM, (Entry("message", f"{text} {next(numbers)}"),), known)

    assert signals(UNKNOWN) == ()
    assert store.asked == []
    for _ in range(2):
        signals(FAKED)
        wait_for_lessons()
    assert store.asked == ["lessons"]
    assert signals(FAKED) == ("disguised", "learned")
    assert signals(UNKNOWN) == ()
    assert signals(FAKED, QUESTION) == ()
    now[0] += ASK_EVERY_SECONDS
    store.fails = True
    assert signals(FAKED) == ("disguised", "learned")
    wait_for_lessons()
    assert store.asked == ["lessons"] * 2
    assert signals(FAKED) == ("disguised", "learned")
    assert LEARNED.weight < LEAST_THRESHOLD
