"""The desk's list: what it shows, what can be asked of it, and the marks that are put on it."""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
import tracemalloc
from datetime import timedelta
from urllib.parse import quote

import pytest
from starlette.applications import Starlette

from support.variants import replace
from support.web.desk import opened, page_token
from support.web.stories import (
    EVENTS,
    NOW,
    ask,
    call,
    fill,
    make_app,
    make_message,
    make_timeline,
    post,
    stored,
)
from todoke.model.act import Deed
from todoke.model.address import Address
from todoke.model.form import Form, Managers
from todoke.model.message import Role, Timeline
from todoke.model.person import DeskSettings
from todoke.model.submission import Entry
from todoke.ports.archive import Page, Query
from todoke.testing import FakeClock, MemoryStore
from todoke.walk.app import App

AOI, KEN, READER = (Address(f"{n}@shop.example") for n in ("aoi", "ken", "reads"))
FORMS = {
    "contact": Form(name="contact", title="Contact us", managers=Managers(fixed=(AOI,))),
    "leave": Form(name="leave", title="Leave", managers=Managers(fixed=(KEN,))),
}
DESK = DeskSettings(
    owners=(Address("owner@shop.example"),), readers={READER: frozenset({"contact"})}
)


def full() -> MemoryStore:
    """A store with one submission in each state."""
    return stored(*(told(status, status) for status in EVENTS), told("s1", "bounced"))


def told(id_: str, status: str = "delivered", form: str = "contact", **changes: object) -> Timeline:
    """A submission with one message."""
    return make_timeline(make_message(status, submission_id=id_), id_=id_, form=form, **changes)


def many(number: int) -> MemoryStore:
    """So many submissions, an hour apart, the newest first in their names."""
    return stored(
        *(
            make_timeline(id_=f"s{n:03}", received_at=NOW - timedelta(hours=n))
            for n in range(number)
        )
    )


def office() -> App:
    """Some of each form, for people who see one of them."""
    return make_app(
        stored(told("s1", "bounced"), told("s2"), told("s3", "bounced", "leave")),
        forms=FORMS,
        desk=DESK,
    )


class Visit:
    """Somebody at the desk."""

    def __init__(self, app: App, person: str = "") -> None:
        self.app = app
        self.asgi: Starlette
        self.asgi, self.cookie = opened(app, person)

    def page(self, query: str = "", **headers: str) -> str:
        """The list as it is asked for."""
        answer = call(self.asgi, f"/desk?{query}", headers={**self.cookie, **headers})
        assert answer.status == 200
        return answer.text

    def rows(self, query: str = "") -> list[str]:
        """The ids of its rows."""
        return ids_in(self.page(query))

    def mark(self, fields: str) -> tuple[int, str]:
        """Put a mark; the status, and where it leads."""
        token = page_token(self.asgi, self.cookie)
        answer = post(self.asgi, "/desk/marks", f"token={token}&{fields}", **self.cookie)
        return answer.status, answer.headers.get("location", "")

    def news(self, query: str) -> tuple[int, bool]:
        """How many came since, and whether there are more."""
        answer = call(self.asgi, f"/desk/news?{query}", headers=self.cookie)
        found = json.loads(answer.body)
        return found["new"], found["more"]


def ids_in(page: str) -> list[str]:
    """The ids of the rows of a page."""
    return re.findall(r'<li id="r([^"]+)"', page)


def link(page: str, rel: str) -> str:
    """What stands in a link's address after the question mark."""
    found = re.search(rf'rel="{rel}" href="/desk\?([^"]*)"', page)
    assert found
    return html.unescape(found[1])


def test_a_row_says_who_wrote_what_and_how_the_mails_fare() -> None:
    """In words where not all is well; with one tick where it is."""
    visit = Visit(make_app(full()))
    page = visit.page()
    assert page.count("<bdi>Hana Suzuki</bdi>") == len(EVENTS) + 1
    assert page.count('<p class="text">Do you have kozo paper? In large sheets, please.</p>') > 1
    assert page.count('<svg role="img" aria-labelledby="w">') == 1
    assert page.count('<span id="w">All mails were accepted</span>') == 1
    assert page.count("<b>Bounced</b> · confirmation") == 2
    assert "<b>Not known</b> · confirmation" in page
    assert ">06:32</time>" in page


def test_a_form_is_named_where_there_are_several() -> None:
    """Whoever sees one form knows which; the number within it is told in any case."""
    assert '<p class="form"><span>Leave</span> 1</p>' in Visit(office()).page()
    one = Visit(office(), AOI).page()
    assert "<span>Contact" not in one
    assert '<p class="form">2</p>' in one
    assert '<select id="form"' not in one


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {*EVENTS, "s1"}),
        ("form=contact", {*EVENTS, "s1"}),
        ("form=none", set()),
        ("status=bounced", {"bounced", "s1"}),
        ("status=not_delivered", {"bounced", "s1", "failed", "rejected"}),
        ("status=unknown", {"unknown"}),
        ("status=nonsense", {*EVENTS, "s1"}),
        ("address=hana%40example.com", {*EVENTS, "s1"}),
        ("address=nobody%40example.com", set()),
        ("words=kozo+paper", {*EVENTS, "s1"}),
        ("words=washi", set()),
        ("view=attention", {"bounced", "s1", "failed", "rejected"}),
        ("view=unread", {*EVENTS, "s1"} - {"in_review"}),
        ("view=review", {"in_review"}),
        ("view=spam", set()),
        ("view=nonsense", {*EVENTS, "s1"}),
        ("starred=yes", set()),
        ("work=done", set()),
        ("work=open", {*EVENTS, "s1"}),
        ("assignee=aoi%40shop.example", set()),
        ("since=2026-11-23", {*EVENTS, "s1"}),
        ("since=2026-11-24", set()),
        ("until=2026-11-23", {*EVENTS, "s1"}),
        ("until=2026-11-22", set()),
        ("since=9999-12-31&until=0001-01-01", {*EVENTS, "s1"}),
        ("since=yesterday", {*EVENTS, "s1"}),
    ],
)
def test_the_list_is_filtered(query: str, found: set[str]) -> None:
    """Each part of the address narrows it; what has no meaning narrows nothing."""
    assert set(Visit(make_app(full())).rows(query)) == found


def test_what_is_asked_is_told_and_can_be_taken_back() -> None:
    """Each as a link to the list without it."""
    visit = Visit(make_app(full()))
    page = visit.page("status=bounced&words=kozo&since=2026-11-01")
    chips = re.findall(r'class="chip" href="([^"]*)"><span>([^<]*)<', page)
    assert [(html.unescape(where), words) for where, words in chips] == [
        ("/desk?status=bounced&since=2026-11-01", "Search: kozo"),
        ("/desk?words=kozo&since=2026-11-01", "Status: Bounced"),
        ("/desk?words=kozo&status=bounced", "From 1 November 2026"),
    ]
    assert "2 submissions" in page
    assert 'href="/desk/s1"' in page
    spoken = visit.page("since=2026-11-01", **{"accept-language": "ja"})
    assert "2026年11月1日から" in spoken


def test_the_list_goes_on_both_ways() -> None:
    """It keeps the filter, and shows each submission once."""
    visit = Visit(make_app(many(120)))
    first = visit.page("form=contact")
    assert "120 submissions" in first
    assert 'rel="prev"' not in first
    second = visit.page(link(first, "next"))
    third = visit.page(link(second, "next"))
    assert 'rel="next"' not in third
    pages = [ids_in(page) for page in (first, second, third)]
    assert [len(ids) for ids in pages] == [50, 50, 20]
    assert [*pages[0], *pages[1], *pages[2]] == [f"s{n:03}" for n in range(120)]
    assert "form=contact" in link(second, "next")
    assert ids_in(visit.page(link(third, "prev"))) == pages[1]
    assert ids_in(visit.page(link(second, "prev"))) == pages[0]


def test_a_cursor_that_is_none_is_no_fault_of_ours() -> None:
    """It is answered as a request that cannot be done."""
    visit = Visit(make_app(many(3)))
    assert call(visit.asgi, "/desk?before=x", headers=visit.cookie).status == 400
    assert visit.rows("before=%00") == visit.rows()


def test_totals_are_bounded() -> None:
    """What is counted as it changes is told whole; what has to be looked for, up to a thousand."""
    assert "1,101 submissions" in Visit(make_app(store := many(1_101))).page()
    assert "1,000+ submissions" in Visit(make_app(store)).page("view=unread")
    assert '<span class="count">99+</span>' in Visit(make_app(store)).page()


def test_an_empty_list_says_what_to_do() -> None:
    """Which is something else for each reason of it."""
    visit = Visit(make_app(stored()))
    assert "Nothing has been sent yet." in visit.page()
    assert "Nothing needs attention" in visit.page("view=attention")
    assert "All is read." in visit.page("view=unread")
    page = visit.page("words=x")
    assert "Nothing that is stored fits." in page
    assert "Show everything" in page


def test_a_store_that_looked_at_a_bounded_number_says_so() -> None:
    """What it may have left out is told with how far back it looked, and looked for at a click."""

    class Bounded(MemoryStore):
        def page(self, query: Query) -> Page:
            return Page(next="further", looked_back_to=NOW - timedelta(days=30))

    page = Visit(make_app(Bounded())).page("words=kozo")
    assert "Looked through what was received since" in page
    assert 'datetime="2026-10-24T06:34:00Z"' in page
    assert "Look further back" in page
    assert link(page, "next") == "words=kozo&before=further"


def test_the_list_has_only_what_is_theirs() -> None:
    """Also the figures on the tabs, whatever form is asked for, and the people that can be asked for."""
    owner, aoi = Visit(office()), Visit(office(), AOI)
    assert set(owner.rows()) == {"s1", "s2", "s3"}
    assert set(aoi.rows()) == set(aoi.rows("view=unread")) == {"s1", "s2"}
    assert aoi.rows("view=attention") == ["s1"]
    assert aoi.rows("form=leave") == []
    page = aoi.page()
    assert re.findall(r'class="count">([^<]*)<', page) == ["1", "2"]
    assert "ken@shop.example" not in page
    assert ">Leave<" not in page
    assert "Form: leave<" in aoi.page("form=leave")
    assert "Form: Leave<" in owner.page("form=leave")


def test_a_reader_finds_nothing_to_press() -> None:
    """Of what they may not do; keys are told alike."""
    page = Visit(office(), READER).page()
    assert ids_in(page) == ["s2", "s1"]
    for control in (
        '<label><input type="checkbox" name="i-',
        'class="star"',
        'name="mark"',
        "<kbd>e</kbd>",
    ):
        assert control not in page
        assert control in Visit(office(), AOI).page()


def test_marks_are_put_on_what_is_chosen() -> None:
    """And lead back to the list as it was asked for."""
    visit = Visit(office())
    where = visit.mark("mark=done&i-s1=on&i-s2=on&list-form=contact&list-words=a+b&list-x=y")
    assert where == (303, "/desk?words=a+b&form=contact&done=done&many=2")
    assert set(visit.rows("work=done")) == {"s1", "s2"}
    assert visit.rows("view=unread") == ["s3"]
    visit.mark("mark=open&i-s1=on")
    assert visit.rows("work=done") == ["s2"]
    visit.mark("mark=unread&i-s1=on")
    assert set(visit.rows("view=unread")) == {"s1", "s3"}
    visit.mark("mark=read&i-s3=on")
    assert visit.rows("view=unread") == ["s1"]
    assert visit.mark("mark=done") == (303, "/desk?done=none")


def test_what_was_marked_is_said() -> None:
    """On the list that comes back: what, and of how many; nothing is said in words of somebody else's."""
    visit = Visit(office())
    for query, words in (
        ("done=done&many=2", "Marked as done. 2 submissions"),
        ("done=unread", "Marked as unread."),
        ("done=none", "Nothing is chosen, so nothing was done."),
    ):
        [said] = re.findall(
            r'<p class="notice" id="done" role="status"[^>]*>([^<]*)</p>', visit.page(query)
        )
        assert said == words
    assert 'id="done"' not in visit.page("done=evil&many=%3Cb%3E")


def test_the_title_tells_what_is_asked() -> None:
    """Whoever hears the page's title first knows which list it is, and whether anything was found."""
    visit = Visit(office())
    assert "<title>Submissions · " in visit.page()
    assert "<title>Unread · 3 submissions · " in visit.page("view=unread")
    assert "<title>Search: washi · Needs attention · 0 submissions · " in visit.page(
        "view=attention&words=washi"
    )


def test_the_times_zone_is_named() -> None:
    """Once for all rows, whose clock would else be anybody's."""
    assert "Times: UTC" in Visit(office()).page()


class Long(MemoryStore):
    """A store in which each submission is read with a megabyte of answers."""

    def timeline(self, submission_id: str) -> Timeline | None:
        """See Archive."""
        found = super().timeline(submission_id)
        entry = Entry("message", submission_id + "x" * 1_000_000)
        return found and replace(found, submission=replace(found.submission, entries=(entry,)))


@pytest.mark.parametrize("path", ["marks", "outage"])
def test_many_long_ones_are_not_held_at_once(path: str) -> None:
    """Whoever chooses a page of them, again and again, does not fill the memory."""
    store = Long()
    fill(store, *(told(f"s{n}", "bounced") for n in range(40)))
    visit = Visit(make_app(store))
    fields = "&".join(f"i-s{n}=on" for n in range(40))
    token = page_token(visit.asgi, visit.cookie)
    tracemalloc.start()
    answer = post(visit.asgi, f"/desk/{path}", f"token={token}&mark=done&{fields}", **visit.cookie)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status in {200, 303}
    assert peak < 12_000_000


def test_one_is_marked_by_its_own_button() -> None:
    """Whatever else is chosen; the list comes back at its row."""
    visit = Visit(office())
    page = visit.page()
    assert re.search(r'value="star s1" aria-labelledby="s n\d"', page)
    assert visit.mark("one=star+s1&i-s2=on") == (303, "/desk?done=star#rs1")
    assert visit.rows("starred=yes") == ["s1"]
    assert re.search(r'value="unstar s1" aria-labelledby="t n\d"', visit.page())
    visit.mark("one=unstar+s1")
    assert visit.rows("starred=yes") == []


@pytest.mark.parametrize(
    "fields", ["mark=done&i-s3=on", "mark=done&i-s1=on&i-s3=on", "one=star+s3", "one=star+nobody"]
)
def test_what_is_anothers_is_not_marked(fields: str) -> None:
    """Nor is anything else that was chosen with it; and nothing is in the trail."""
    visit = Visit(office(), AOI)
    assert visit.mark(fields)[0] == 404
    for id_ in ("s1", "s2", "s3"):
        timeline = visit.app.archive.timeline(id_)
        assert timeline
        assert timeline.care.done_at is None
        assert not timeline.care.starred
    assert Deed.NOTED not in {act.deed for act in visit.app.trail.acts().acts}


@pytest.mark.parametrize("fields", ["mark=erase&i-s1=on", "mark=&i-s1=on", "one=s1", "one=x+s1"])
def test_a_word_that_is_no_mark(fields: str) -> None:
    """Is answered like what is not there."""
    assert Visit(office()).mark(fields)[0] == 404


def test_a_reader_marks_nothing() -> None:
    """Not even what they may read."""
    assert Visit(office(), READER).mark("mark=done&i-s1=on")[0] == 404


def test_marks_are_in_the_trail() -> None:
    """Each submission, and what was said of it."""
    visit = Visit(office())
    visit.mark("mark=done&i-s1=on&i-s2=on")
    acts = [a for a in visit.app.trail.acts().acts if a.deed is Deed.NOTED]
    assert {(a.submission, a.detail) for a in acts} == {("s1", "done"), ("s2", "done")}


def test_a_mark_needs_the_pages_token() -> None:
    """A cookie alone changes nothing."""
    visit = Visit(office())
    answer = post(visit.asgi, "/desk/marks", "mark=done&i-s1=on", **visit.cookie)
    assert answer.status == 403
    assert visit.rows("work=done") == []


def test_news_are_what_came_since() -> None:
    """Of what the list shows: by its filter, and of what is theirs."""
    app = office()
    owner, aoi = Visit(app), Visit(app, AOI)
    [since] = set(re.findall(r'data-from="([^"]*)"', aoi.page()))
    asked = f"from={quote(html.unescape(since))}"
    assert owner.news(asked) == aoi.news(asked) == (0, False)
    for id_, form in (("s4", "contact"), ("s5", "leave"), ("s6", "contact")):
        timeline = told(id_, form=form, received_at=NOW)
        messages = [m.message for m in timeline.messages]
        app.store.add(timeline.submission, messages, None).result()
    assert (owner.news(asked), aoi.news(asked)) == ((3, False), (2, False))
    assert owner.news(f"{asked}&form=leave") == (1, False)
    assert owner.news(f"{asked}&since=2026-11-24") == (0, False)
    assert owner.news("from=2026-11-23T00:00:00%2B00:00") == (6, False)
    for bad in ("", "from=x", "from=2026-11-23", "from=0001-01-01T00:00:00%2B00:00"):
        assert owner.news(bad) == (0, False)
    assert Visit(make_app(many(40))).news("from=2020-01-01T00:00:00%2B00:00") == (20, True)


def test_a_page_that_asks_by_itself_keeps_no_session_alive() -> None:
    """Whoever left a tab open is out after two hours all the same."""
    clock = FakeClock(NOW)
    visit = Visit(make_app(full(), clock=clock))
    for _ in range(13):
        clock.move(minutes=10)
        answer = call(visit.asgi, "/desk/news?from=x", headers=visit.cookie)
    assert answer.status == 403
    assert call(visit.asgi, "/desk", headers=visit.cookie).status == 403


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "\u202egnp.exe\u2066\u200f",
    "Z" * 10_000,
    "z" + "\u0301" * 3_000,
    "\ud800",
    "\n" * 5_000 + "late",
    "𒐫" * 500 + "﷽" * 500,
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nobody_breaks_a_row(text: str) -> None:
    """By what they call themselves or write."""
    entries = (Entry("name", text), Entry("message", text), Entry("email", f"{text[:9]}@x.example"))
    timeline = make_timeline(
        make_message("bounced", diagnostic=text),
        entries=entries,
        visitor=Address(f"{text[:9]}@x.example"),
    )
    page = Visit(make_app(stored(timeline))).page(f"words={quote(text[:300], errors='replace')}")
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert not set("\u202e\u2066\u200f") & set(page)
    assert len(page) < 25_000
    assert "\u0301" * 4 not in page.partition('<ol class="inbox">')[2]


def test_fifty_rows_are_light() -> None:
    """A page of them stays under 65 kB where all bounced and is taken on, whatever people write; in Japanese, too."""
    entries = (Entry("name", "山田 太郎"), Entry("message", "和紙の見積もりをお願い" * 200))
    store = stored(
        *(
            make_timeline(
                make_message("bounced", submission_id=f"{n:026}"),
                make_message("bounced", Role.NOTIFICATION, submission_id=f"{n:026}"),
                id_=f"{n:026}",
                entries=entries,
            )
            for n in range(60)
        )
    )
    for n in range(60):
        store.take_care(f"{n:026}", lambda care: care.assign("aoi.tanaka@shop.example"))
    page = Visit(make_app(store, forms=FORMS)).page(**{"accept-language": "ja"})
    assert page.count("<li id=") == 50
    assert len(page.encode()) < 65_000


def test_what_is_asked_of_a_persons_forms_is_the_same_for_every_store() -> None:
    """A manager of no form sees what a mail told them of."""
    boss = Address("boss@shop.example")
    forms = {
        "contact": replace(
            FORMS["contact"], managers=Managers(fixed=(AOI,), field="to", directory={"x": (boss,)})
        )
    }
    ours = make_timeline(make_message("delivered", Role.NOTIFICATION, recipient=boss), id_="s1")
    app = make_app(stored(ours, told("s2")), forms=forms, desk=DESK)
    assert Visit(app, boss).rows() == ["s1"]


def test_open_lists_look_for_news_one_at_a_time() -> None:
    """However many ask at once, one looks; each is answered."""
    at_once, most = [0], [0]

    class Slow(MemoryStore):
        def page(self, query: Query) -> Page:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
            time.sleep(0.01)
            at_once[0] -= 1
            return super().page(query)

    visit = Visit(make_app(Slow()))
    path = "/desk/news?from=2026-11-01T00:00:00Z"

    async def all_at_once() -> list[int]:
        asked = [ask(visit.asgi, path, headers=visit.cookie) for _ in range(12)]
        return [answer.status for answer in await asyncio.gather(*asked)]

    assert asyncio.run(all_at_once()) == [200] * 12
    assert most == [1]
