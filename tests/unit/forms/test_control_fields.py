"""Which fields steer, and that nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.forms.aliases import NAMES, Sense, names_of, senses
from todoke.forms.control_fields import (
    control_fault,
    is_control_name,
    is_control_of,
    split_controls,
)
from todoke.model.form import Confirmation, ControlKind, Field, Form
from todoke.model.submission import Entry, EntryList, File

ANY = Form(name="any")
KNOWN = ("_next", "_language", "_idempotency", "_charset_", "_CHARSET_")
TRAPS = ("_gotcha", "_honey", "_honeypot")


def named(entries: EntryList) -> list[str]:
    return [entry.name for entry in entries]


def test_known_names_steer_and_are_no_answers() -> None:
    """They are kept apart in the order they came; the others stay answers."""
    entries = tuple(Entry(name, "x") for name in ("a", *KNOWN, "b"))
    answers, controls = split_controls(ANY, entries)
    assert (named(answers), named(controls)) == (["a", "b"], list(KNOWN))


@given(st.text(max_size=9).map("_{}".format) | st.sampled_from(["_Next", "_replyto", "_csrf"]))
def test_every_other_name_is_an_answer(name: str) -> None:
    """A name that begins with an underscore is as good as any."""
    entries = (Entry(name, "x"),)
    answers, controls = split_controls(ANY, entries)
    assert is_control_name(name) or (answers, controls) == (entries, ())


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_nothing_when_empty_and_kept_when_filled_in(name: str) -> None:
    """Whoever filled it in, the manager sees it, and nothing is thrown away."""
    assert split_controls(ANY, (Entry(name, ""), Entry("a", "1")))[0] == (Entry("a", "1"),)
    assert split_controls(ANY, (Entry(name, "spam"),))[0] == (Entry(name, "spam"),)


@pytest.mark.parametrize("name", ["_next", "_language", "_idempotency", "_charset_"])
def test_what_a_visitor_fills_in_is_an_answer_whatever_its_name(name: str) -> None:
    """A hidden control steers; one that is shown is kept, too, and the site owner is told."""
    shown, hidden = (Field(name=name, kind=k) for k in (ControlKind.TEXT, ControlKind.HIDDEN))
    entries = (Entry(name, "typed"),)
    assert split_controls(Form(name="f", fields=(shown,)), entries) == (entries, entries)
    assert split_controls(Form(name="f", fields=(hidden,)), entries) == ((), entries)
    assert f'"{name}" is shown' in control_fault(shown)
    assert not control_fault(hidden)


@given(
    st.sampled_from(NAMES),
    st.lists(
        st.tuples(
            st.sampled_from(sorted({name for d in NAMES for name in senses(d)})) | st.text(),
            st.text(),
        )
    ),
)
def test_in_a_dialect_only_its_own_names_steer(dialect: str, pairs: list[tuple[str, str]]) -> None:
    """All else stays an answer, in its order; a trap that is filled in does, too."""
    form = Form(name="any", dialect=dialect, confirmation=Confirmation(field=""))
    entries = tuple(Entry(name, value) for name, value in pairs)
    answers, controls = split_controls(form, entries)
    known = senses(dialect)
    steering = {n for n, s in known.items() if s not in {Sense.SUBJECT, Sense.REPLY_TO, Sense.TRAP}}
    kept = [e for e in entries if e.name not in known and not is_control_name(e.name)]
    assert [e for e in answers if e.name not in known and e.name not in TRAPS] == kept
    assert not steering.intersection(named(answers))
    traps = names_of(dialect, Sense.TRAP)
    assert [e for e in answers if e.name in traps] == [
        e for e in entries if e.name in traps and e.value
    ]
    ours = {e.value for e in entries if known.get(e.name) is Sense.NEXT}
    assert {e.value for e in controls if e.name == "_next"} == ours
    assert {is_control_of(form, name) for name in steering} == {True}


def test_a_file_never_steers() -> None:
    """Not even by the name of a control field."""
    entry = Entry("_next", File(name="a.txt", media_type="text/plain", content=b"x"))
    assert split_controls(ANY, (entry,)) == ((entry,), ())
