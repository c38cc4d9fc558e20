"""The beginnings of long answers: short, and enough for a line of a list and for whoever looks for words."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from todoke.model.search import LOOKED_INTO, terms_of
from todoke.model.submission import Entry, File
from todoke.ports.archive import BRIEF
from todoke.stores.rules.values import beginnings

LENGTHS = st.sampled_from([0, 3, BRIEF, BRIEF + 1, LOOKED_INTO - 9, LOOKED_INTO, 3 * LOOKED_INTO])
ANSWERS = st.lists(
    st.builds(
        lambda text, length: (text * length)[:length], st.text(min_size=1, max_size=5), LENGTHS
    ),
    max_size=6,
)


@given(answers=ANSWERS, hidden=st.sets(st.integers(0, 5)))
def test_words_are_found_as_in_the_whole(answers: list[str], hidden: set[int]) -> None:
    """Whatever the lengths, what is looked into is the same, and secrets are in neither."""
    entries = tuple(Entry(str(n), text) for n, text in enumerate(answers))
    names = {str(n) for n in hidden}
    kept = beginnings(entries, names)
    for number, (entry, before) in enumerate(zip(kept, entries, strict=True)):
        assert (
            entry.value == "" if number in hidden else entry.value[:BRIEF] == before.value[:BRIEF]
        )
    whole, brief = ([e.value for e in es if e.name not in names] for es in (entries, kept))
    assert terms_of(brief) == terms_of(whole)


@given(count=st.integers(1, 200))
def test_are_short(count: int) -> None:
    """Many long answers under long names come to little more than what is looked into."""
    entries = tuple(Entry("n" * 8_000, "x" * 30_000, b"x") for _ in range(count))
    kept = beginnings(entries, ())
    assert sum(len(e.name) + len(e.value) for e in kept) <= 2 * LOOKED_INTO + 200 * 2 * BRIEF
    assert all(e.raw is None for e in kept)


def test_a_file_is_its_name() -> None:
    """A file stays, for rows count them."""
    entry = Entry("cv", File(name="cv.pdf", media_type="application/pdf", content=b""))
    assert beginnings((entry,), ()) == (entry,)
