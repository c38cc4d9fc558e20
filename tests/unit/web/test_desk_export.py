"""What leaves the desk as files: who gets what, in which form, and what is remembered of it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator, Sequence
from threading import Event
from urllib.parse import quote

import openpyxl
import pytest
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.types import Message

from support.variants import replace
from support.web.desk import opened, page_token
from support.web.stories import (
    ANSWERS,
    CONTACT,
    NOW,
    Answer,
    call,
    make_app,
    make_message,
    make_timeline,
    post,
    stored,
)
from todoke.model.act import Act, Deed
from todoke.model.address import Address
from todoke.model.care import Remark
from todoke.model.errors import StoreUnavailable
from todoke.model.form import Form, Managers
from todoke.model.person import DeskSettings, Person, Rank
from todoke.model.submission import Entry, File
from todoke.ports.archive import Count, Page, Query
from todoke.report.formats import FILES, Selection
from todoke.testing import MemoryStore
from todoke.walk.admit import begin, leave
from todoke.web.desk import desk
from todoke.web.desk.download import (
    MOST_OPEN,
    Download,
    DownloadProgress,
    TooManyOpen,
    TooMuch,
    Turns,
    send,
)
from todoke.web.desk.export import SessionEnded, export_all, export_one, show_progress, while_in
from todoke.web.desk.room import Desk
from todoke.web.desk.submissions import show_list

AOI, KEN, READER = "aoi@shop.example", "ken@shop.example", "reads@shop.example"
FORMS = {
    "contact": replace(CONTACT, managers=Managers(fixed=(Address(AOI),))),
    "leave": Form(name="leave", managers=Managers(fixed=(Address(KEN),))),
}
DESK = DeskSettings(
    owners=(Address("owner@shop.example"),), readers={Address(READER): frozenset({"contact"})}
)
FORMULA = '=HYPERLINK("http://evil.example")'


def shop() -> MemoryStore:
    """Two submissions of contact, one of leave."""
    store = stored(
        make_timeline(make_message("bounced"), entries=(*ANSWERS, Entry("topic", FORMULA))),
        make_timeline(make_message("delivered", submission_id="s2"), id_="s2"),
        make_timeline(id_="s3", form="leave", entries=(Entry("why", "secret leave"),)),
    )
    one = Remark(id="r1", by=AOI, at=make_timeline().submission.received_at, text="She called.")
    store.take_care("s1", lambda care: care.remark(one).assign(AOI).star(on=True))
    return store


class Visit:
    """Somebody at the desk."""

    def __init__(self, store: MemoryStore, person: str = AOI, *, most_bytes: int = 0) -> None:
        self.app = make_app(store, forms=FORMS, desk=DESK)
        self.asgi, self.cookie = opened(self.app, person)
        if most_bytes:
            self.asgi = Starlette(
                routes=desk.routes(self.app, answer_after=0, most_bytes=most_bytes)
            )

    def get(self, path: str) -> Answer:
        """A page or a file."""
        return call(self.asgi, path, headers=self.cookie)

    def export(self, kind: str, **asked: str) -> Answer:
        """Press a button of the page of exports."""
        fields = {"token": page_token(self.asgi, self.cookie), "format": kind}
        fields |= {f"list-{name}": value for name, value in asked.items()}
        body = "&".join(f"{n}={quote(v)}" for n, v in fields.items())
        return post(self.asgi, "/desk/export", body, **self.cookie)


def rows(answer: Answer) -> list[dict[str, str]]:
    """The table of a CSV."""
    assert answer.body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))


def test_csv() -> None:
    """With a byte order mark for Excel, notes and all, and no formula."""
    answer = Visit(shop()).export("csv")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.search(r"''todoke-\d{4}-\d\d-\d\d\.csv$", answer.headers["content-disposition"])
    assert answer.headers["cache-control"] == "no-store"
    found = {row["id"]: row for row in rows(answer)}
    assert sorted(found) == ["s1", "s2"]
    assert found["s1"]["topic"] == f"paper\n'{FORMULA}"
    assert (found["s1"]["assignee"], found["s1"]["starred"]) == (AOI, "yes")
    assert found["s1"]["notes"].endswith(f"{AOI}: She called.")


def test_json_lines() -> None:
    """One object a line."""
    lines = Visit(shop()).export("jsonl").text.splitlines()
    records = [json.loads(line) for line in lines]
    assert [r["id"] for r in records] == ["s2", "s1"]
    assert records[1]["care"]["remarks"][0]["text"] == "She called."


def test_workbook() -> None:
    """A ZIP with a sheet in it, in which the formula is text."""
    answer = Visit(shop()).export("xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.body))["todoke"]
    heading, *others = ([cell.value or "" for cell in row] for row in sheet.iter_rows())
    found = [dict(zip(map(str, heading), row, strict=True)) for row in others]
    assert [row["id"] for row in found] == ["s2", "s1"]
    assert found[1]["topic"] == f"paper\n{FORMULA}"
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}


def test_files() -> None:
    """A folder for each submission that has some."""
    answer = Visit(shop()).export("zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        assert sorted(packed.namelist()) == ["2026-11-23 s1/wall.jpg", "2026-11-23 s2/wall.jpg"]


@pytest.mark.parametrize(
    ("person", "ids"),
    [
        ("owner@shop.example", ["s1", "s2", "s3"]),
        (AOI, ["s1", "s2"]),
        (READER, ["s1", "s2"]),
        (KEN, ["s3"]),
    ],
)
def test_each_exports_what_they_see(person: str, ids: list[str]) -> None:
    """In every format; asking for another's form gives nothing."""
    visit = Visit(shop(), person)
    assert sorted(r["id"] for r in rows(visit.export("csv"))) == ids
    assert sorted(json.loads(x)["id"] for x in visit.export("jsonl").text.splitlines()) == ids
    assert f'<b class="figure">{len(ids)}</b>' in visit.get("/desk/export").text
    theirs = visit.export("jsonl", form="leave").text
    assert ("secret leave" in theirs) is ("s3" in ids)


def test_of_a_filter() -> None:
    """What the list shows for it, and the page says how many that are; it goes along in the form."""
    visit = Visit(shop())
    page = visit.get("/desk/export?status=bounced&words=kozo").text
    assert '<b class="figure">1</b>' in page
    assert '<input type="hidden" name="list-words" value="kozo">' in page
    assert [r["id"] for r in rows(visit.export("csv", status="bounced", words="kozo"))] == ["s1"]


def test_the_trail_has_no_word_that_was_looked_for() -> None:
    """The format, how many, the form, and that words were asked for."""
    visit = Visit(shop(), "owner@shop.example")
    visit.export("csv", words="Hana", form="contact", address="hana@example.com")
    visit.get("/desk/s1/json")
    acts = visit.app.trail.acts(before="", limit=2).acts
    assert [(a.deed, a.submission, a.detail) for a in acts] == [
        ("exported", "s1", "json"),
        ("exported", "", "csv 2 form=contact address words"),
    ]


def test_one_as_json() -> None:
    """All that is known of it, with the evidence; a reader gets it, who sees it anyway."""
    answer = Visit(shop(), READER).get("/desk/s1/json")
    record = json.loads(answer.body)
    assert record["messages"][0]["attempts"][0]["events"][-1]["kind"] == "bounced"
    assert "attachment" in answer.headers["content-disposition"]
    assert Visit(shop(), KEN).get("/desk/s1/json").status == 404


def test_files_of_one() -> None:
    """As a ZIP without folders; 404 where there are none."""
    visit = Visit(shop(), "owner@shop.example")
    with zipfile.ZipFile(io.BytesIO(visit.get("/desk/s1/files").body)) as packed:
        assert packed.namelist() == ["wall.jpg"]
    assert visit.get("/desk/s3/files").status == 404
    assert visit.app.trail.acts(before="", limit=1).acts[0].detail == "all"


def test_half_a_character_breaks_no_export() -> None:
    """JSON brings lone surrogates: escaped in JSON, a question mark in tables."""
    store = stored(make_timeline(entries=(Entry("a\ud800", "b\udfff"),)))
    visit = Visit(store)
    assert json.loads(visit.export("jsonl").text)["entries"][0]["value"] == "b\udfff"
    assert "b?" in visit.export("csv").text
    assert visit.export("xlsx").status == 200


def test_another_format_is_none() -> None:
    """Nor is none."""
    assert Visit(shop()).export("exe").status == 404
    assert Visit(shop()).export("").status == 404


def test_where_answers_are_bounded() -> None:
    """On AWS Lambda: what fits is sent whole, what does not is refused before a byte of it, with what to do."""
    visit = Visit(shop(), most_bytes=6_000)
    assert "6 MB" in visit.get("/desk/export").text
    for kind in ("csv", "xlsx"):
        whole = visit.export(kind)
        assert (whole.status, whole.headers["content-length"]) == (200, str(len(whole.body)))
    large = stored(
        make_timeline(entries=(Entry("f", File(name="x", media_type="", content=b"x" * 7_000)),))
    )
    visit = Visit(large, most_bytes=6_000)
    for answer in (visit.export("zip"), visit.get("/desk/s1/files")):
        assert answer.status == 413
        assert "todoke export" in answer.text
        assert "content-disposition" not in answer.headers
    assert "one by one" in answer.text
    assert {act.deed for act in visit.app.trail.acts().acts} == {"entered"}


def test_where_answers_are_bounded_a_search_for_files_is_too() -> None:
    """Nothing is written as long as none is found: it is given up when its time is over, and not sent as if whole."""
    progress = DownloadProgress(of=Count(1))
    selection = Selection(Endless(), Visit(shop()).app.settings, Query(), NOW, progress.watch)
    download = Download("x.zip", "application/zip", FILES.write(selection), progress)
    with pytest.raises(TooMuch):
        asyncio.run(send(download, Turns(within=0.1), AOI, 6_000))


def test_many_at_once_wait_for_their_turn() -> None:
    """No more than three are written at a time, so that visitors' forms find a thread; all come in the end."""
    writing, most = 0, 0

    def parts() -> Iterator[bytes]:
        nonlocal writing, most
        writing += 1
        most = max(most, writing)
        time.sleep(0.01)
        writing -= 1
        yield b"ab"

    async def read(turns: Turns, whose: str) -> bytes:
        answer = await send(Download("x", "text/plain", parts()), turns, whose)
        assert isinstance(answer, StreamingResponse)
        return b"".join([bytes(part) async for part in answer.body_iterator])

    async def all_of_them() -> list[bytes]:
        turns = Turns()
        return await asyncio.gather(*(read(turns, str(n)) for n in range(12)))

    assert asyncio.run(all_of_them()) == [b"ab"] * 12
    assert 1 < most <= 3


def test_who_reads_slowly_keeps_nobody_waiting() -> None:
    """A file that nobody takes holds no turn; one person has two such open, and no third until one is gone."""
    taken = asyncio.Event()

    async def take_little(message: Message) -> None:
        if message.get("body"):
            taken.set()
            await asyncio.Event().wait()

    async def go_away_never() -> Message:
        await asyncio.Event().wait()
        return {}

    async def all_of_them() -> bytes:
        turns = Turns()
        scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
        slow = []
        for _ in range(MOST_OPEN):
            taken.clear()
            large = Download("x", "text/plain", (b"x" * 100_000 for _ in range(1_000)))
            answer = await send(large, turns, AOI)
            slow.append(asyncio.create_task(answer(scope, go_away_never, take_little)))
            await taken.wait()
        with pytest.raises(TooManyOpen):
            await send(Download("x", "text/plain", iter([b"a"])), turns, AOI)
        other = await send(Download("x", "text/plain", iter([b"a"])), turns, KEN)
        assert isinstance(other, StreamingResponse)
        got = b"".join([bytes(part) async for part in other.body_iterator])
        slow[0].cancel()
        await asyncio.gather(slow[0], return_exceptions=True)
        third = Download("x", "text/plain", iter([b"a"]))
        assert await send(third, turns, AOI)
        turns.close(third, AOI)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert AOI not in turns.open
        return got

    assert asyncio.run(all_of_them()) == b"a"


class Endless(MemoryStore):
    """Page after page, none with a file."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read = Event()

    def page(self, query: Query) -> Page:
        """See Archive."""
        self.is_read.set()
        return replace(super().page(replace(query, before="")), next="more")


def test_what_nobody_reads_any_more_is_not_written_on() -> None:
    """The thread ends with its page of submissions, though it has written nothing yet, and its turn is free."""
    store = Endless()
    progress = DownloadProgress(of=Count(1))
    selection = Selection(store, Visit(shop()).app.settings, Query(), NOW, progress.watch)
    turns = Turns(asyncio.Semaphore(1))

    async def leave_soon() -> Message:
        assert await asyncio.to_thread(store.is_read.wait, 60)
        return {"type": "http.disconnect"}

    async def take(_: Message) -> None:
        return

    async def all_of_them() -> None:
        download = Download("x.zip", "application/zip", FILES.write(selection), progress)
        answer = await send(download, turns, AOI)
        assert turns.open[AOI] == [download]
        await answer({"type": "http", "asgi": {"spec_version": "2.3"}}, leave_soon, take)
        assert AOI not in turns.open
        assert not turns.writing.locked()

    asyncio.run(all_of_them())


def test_the_first_part_leaves_at_once() -> None:
    """However long the second takes: the browser shows the file. Later parts are of some size."""

    async def first_two() -> list[bytes]:
        parts = iter([b"a", *[b"x" * 1_000] * 200])
        answer = await send(Download("x", "text/plain", parts), Turns(), AOI)
        assert isinstance(answer, StreamingResponse)
        body = aiter(answer.body_iterator)
        return [bytes(await anext(body)), bytes(await anext(body))]

    first, second = asyncio.run(first_two())
    assert first == b"a"
    assert len(second) >= 65_536


def test_how_far_the_files_are_is_told() -> None:
    """Those of this person, in the reader's language; of how many, unless there are more than were counted."""
    visit = Visit(shop())
    turns = Turns()
    assert visit.get("/desk/export/progress").body == b'{"files":[]}'
    room = Desk(visit.app, turns=turns)
    visit.asgi = Starlette(routes=[room.page("/desk/export/progress", show_progress)])
    for name, count in (("a.csv", Count(20_000)), ("b.csv", Count(10_000, is_more=True))):
        download = Download(name, "text/csv", iter(()), DownloadProgress(of=count))
        download.progress.watch(12_000)
        turns.open.setdefault(Address(AOI).key, []).append(download)
    other = Download("c.csv", "text/csv", iter(()), DownloadProgress(of=Count(1)))
    turns.open[Address(KEN).key] = [other]
    assert json.loads(visit.get("/desk/export/progress").body)["files"] == [
        {
            "name": "a.csv",
            "written": 12_000,
            "of": 20_000,
            "text": "12,000 of 20,000 submissions",
        },
        {"name": "b.csv", "written": 12_000, "of": 0, "text": "12,000 of 10,000+ submissions"},
    ]


def open_files(number: int) -> list[Download]:
    """So many that nobody has read to their end."""
    return [Download("x", "text/plain", iter(())) for _ in range(number)]


def test_somebody_with_many_files_open_is_told() -> None:
    """429, with what to do; nothing left, so the trail has nothing of it."""
    visit = Visit(shop())
    turns = Turns(open={Address(AOI).key: open_files(MOST_OPEN)})
    app = visit.app
    room = Desk(app, turns=turns)
    visit.asgi = Starlette(
        routes=[
            *(room.page("/desk", show_list), room.change("/desk/export", export_all)),
            room.page("/desk/{id}/json", export_one),
        ]
    )
    for answer in (visit.export("csv"), visit.get("/desk/s1/json")):
        assert answer.status == 429
        assert "Please wait for the files" in answer.text
    assert {act.deed for act in app.trail.acts().acts} == {"entered"}


def test_an_ended_session_ends_what_it_reads() -> None:
    """The file is cut off, not rounded off: nobody takes it for whole. Until then it goes on."""
    app = Visit(shop()).app
    stay = begin(app, Person(address=Address(AOI), rank=Rank.MANAGER), "")
    parts = while_in(app, stay, iter([b"a", b"b", b"c"]), every=0.0)
    assert [next(parts), next(parts)] == [b"a", b"b"]
    leave(app, stay)
    with pytest.raises(SessionEnded):
        next(parts)


class Forgetful(MemoryStore):
    """A store whose trail cannot be written to any more."""

    def put_acts(self, acts: Sequence[Act]) -> None:
        """Fail where somebody exports."""
        if any(act.deed is Deed.EXPORTED for act in acts):
            raise StoreUnavailable
        super().put_acts(acts)


def test_what_cannot_be_noted_does_not_leave() -> None:
    """503, and it does not count as open."""
    visit = Visit(Forgetful())
    for _ in range(MOST_OPEN + 1):
        assert visit.export("csv").status == 503


def test_the_trail_names_no_form_that_is_none() -> None:
    """Else anybody writes there what they like."""
    visit = Visit(shop())
    visit.export("csv", form="Hana Suzuki called")
    assert visit.app.trail.acts(before="", limit=1).acts[0].detail == "csv 0 form"
