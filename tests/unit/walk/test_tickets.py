"""Tickets: only we can write one, it says what it was written with, and it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.variants import replace
from todoke.model.submission import Entry, File
from todoke.walk.uploads.tickets import PREFIX, Ticket, are_in, read_ticket, write_ticket

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = b"s" * 32
TICKET = Ticket(
    form="jobs",
    field="cv",
    key="incoming/06h0e",
    name="履歴書.pdf",
    media_type="application/pdf",
    size=12_000_000,
    expires_at=int((NOW + timedelta(hours=24)).timestamp()),
)
TEXT = write_ticket(SECRET, TICKET)


@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=300), size=st.integers(1, 10**9)
)
def test_what_is_written_is_read(name: str, size: int) -> None:
    """Any name comes back as it was, from plain ASCII that every encoding of a form can carry."""
    ticket = replace(TICKET, name=name, size=size)
    text = write_ticket(SECRET, ticket)
    assert text.isascii()
    assert " " not in text
    assert read_ticket(SECRET, text, NOW) == ticket


@given(at=st.integers(0, len(TEXT) - 1), letter=st.sampled_from("AZaz09-_.=/"))
def test_a_changed_letter_is_a_forgery(at: int, letter: str) -> None:
    """Whichever it is; the last of the signature, too."""
    changed = TEXT[:at] + letter + TEXT[at + 1 :]
    assert (read_ticket(SECRET, changed, NOW) is not None) == (changed == TEXT)


@pytest.mark.parametrize(
    "text", ["", PREFIX, PREFIX + ".", TEXT[:-1], TEXT + "A", PREFIX + "é." + "A" * 32, TEXT * 40]
)
def test_what_is_no_ticket_is_none(text: str) -> None:
    """Cut, lengthened, empty, not ASCII, or endless."""
    assert read_ticket(SECRET, text, NOW) is None


def test_another_secret_reads_nothing() -> None:
    """What one site wrote is nothing to another."""
    assert read_ticket(b"t" * 32, TEXT, NOW) is None


def test_it_ends() -> None:
    """Good until its moment, and no longer."""
    end = datetime.fromtimestamp(TICKET.expires_at, UTC)
    assert read_ticket(SECRET, TEXT, end - timedelta(microseconds=1)) == TICKET
    assert read_ticket(SECRET, TEXT, end) is None


def test_the_quick_look_sees_tickets_in_texts_only() -> None:
    """The door asks it of every form."""
    file = File(name=TEXT, media_type="", content=b"")
    assert are_in((Entry("a", "x"), Entry("cv", TEXT)))
    assert not are_in((Entry("a", "x"), Entry("cv", file), Entry("b", f" {TEXT}")))
