"""What needs attention, the week's figures, and sending again what failed: the desk's pages for them."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import cast

import pytest

from support.variants import replace
from support.web.desk import opened, page_token
from support.web.stories import NOW, call, make_app, make_message, make_timeline, post, stored
from todoke.model.act import Deed
from todoke.model.address import Address
from todoke.model.delivery import Reason
from todoke.model.form import Form, Managers
from todoke.model.message import Role, Timeline
from todoke.model.person import DeskSettings
from todoke.ports.archive import Page, Query
from todoke.ports.events import EventSource
from todoke.testing import FakeClock, MemoryStore
from todoke.walk import week
from todoke.walk.app import App
from todoke.walk.send.circuit import MailRest
from todoke.walk.silence import watch
from todoke.web.desk import desk
from todoke.web.desk.chart import HEIGHT, WIDTH, chart, reaches

AOI, KEN, READER = (Address(f"{n}@shop.example") for n in ("aoi", "ken", "reads"))
FORMS = {
    "contact": Form(name="contact", title="Contact us", managers=Managers(fixed=(AOI,))),
    "leave": Form(
        name="leave", title="Leave", managers=Managers(fixed=(KEN,)), retention=timedelta(days=10)
    ),
}
DESK = DeskSettings(
    owners=(Address("owner@shop.example"),), readers={READER: frozenset({"contact"})}
)


def told(
    id_: str, status: str = "failed", form: str = "contact", *, role: Role = Role.CONFIRMATION
) -> Timeline:
    """A submission with one message, which failed for what may be over."""
    message = make_message(status, role, reason=Reason.TIMED_OUT, submission_id=id_)
    return make_timeline(message, id_=id_, form=form)


def office(*timelines: Timeline, **changes: object) -> App:
    """An app that has them."""
    return make_app(stored(*timelines), forms=FORMS, desk=DESK, **changes)


class Visit:
    """Somebody at the desk."""

    def __init__(self, app: App, person: str = "") -> None:
        self.app = app
        self.asgi, self.cookie = opened(app, person)

    def see(self, path: str) -> str:
        """A page."""
        answer = call(self.asgi, path, headers=self.cookie)
        assert answer.status == 200
        return html.unescape(answer.text)

    def post(self, fields: str) -> tuple[int, str, str]:
        """Ask that what is chosen is sent again: the status, where it leads, and the page."""
        token = page_token(self.asgi, self.cookie)
        answer = post(self.asgi, "/desk/outage", f"token={token}&{fields}", **self.cookie)
        return answer.status, answer.headers.get("location", ""), html.unescape(answer.text)

    def agree(self, page: str) -> tuple[int, str, str]:
        """Press the button of the page that says what is sent again."""
        main = page.partition("<main>")[2]
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', main)
        return self.post("&".join(f"{n}={v}" for n, v in fields if n != "token"))

    def statuses(self) -> dict[str, str]:
        """The status of each submission's first message."""
        found = self.app.archive.page(Query()).timelines
        return {t.submission.id: t.messages[0].standing.status.value for t in found}


class TestAttention:
    def test_nothing_to_do(self) -> None:
        """Is said, and leads back."""
        page = Visit(office(told("s1", "delivered"))).see("/desk/attention")
        assert "Nothing needs attention" in page
        assert 'class="heads"' not in Visit(office(told("s1", "delivered"))).see("/desk")

    def test_failures_by_cause_lead_to_the_list(self) -> None:
        """On its own page, and over the list, where nothing else is asked of it."""
        visit = Visit(office(told("s1"), told("s2"), told("s3", "delivered")))
        for path in ("/desk/attention", "/desk"):
            page = visit.see(path)
            assert "/desk?view=attention&words=example.com" in page
            assert "It was tried for too long without success." in page
        assert "2 mails" in visit.see("/desk/attention")
        assert 'class="heads"' not in visit.see("/desk?form=contact")
        assert (
            len(re.findall(r'<li id="r', visit.see("/desk?view=attention&words=example.com"))) == 2
        )

    def test_what_is_done_needs_nobody(self) -> None:
        """Somebody said so."""
        app = office(told("s1"))
        app.carebook.take_care("s1", lambda care: care.done(NOW))
        assert "Nothing needs attention" in Visit(app).see("/desk/attention")

    def test_a_manager_sees_their_forms_only(self) -> None:
        """Neither another's failures nor what is erased of another's form."""
        app = office(told("s1", form="leave", role=Role.NOTIFICATION))
        assert "/desk/s1" in Visit(app).see("/desk/attention")
        assert "Nothing needs attention" in Visit(app, AOI).see("/desk/attention")
        assert 'class="heads"' not in Visit(app, AOI).see("/desk")

    def test_what_nobody_was_told_of(self) -> None:
        """Is named with its link."""
        page = Visit(office(told("s1", role=Role.NOTIFICATION))).see("/desk/attention")
        assert "Nobody was told of these by mail" in page
        assert '<a href="/desk/s1"><bdi>Hana Suzuki</bdi></a>' in page

    def test_what_is_erased_soon(self) -> None:
        """Within seven days, of a form that keeps things for a time, and not done yet."""
        old, new = told("s1", "delivered", "leave"), told("s2", "delivered", "leave")
        old = replace(old, submission=replace(old.submission, received_at=NOW - timedelta(days=4)))
        app = office(old, new)
        page = Visit(app).see("/desk/attention")
        assert "Erased within seven days" in page
        asked = "/desk?form=leave&work=open&until=2026-11-19"
        assert asked in page
        assert re.findall(r'<li id="r([^"]+)"', Visit(app).see(asked)) == ["s1"]
        assert "Erased within" not in Visit(app, AOI).see("/desk/attention")
        app.carebook.take_care("s1", lambda care: care.done(NOW))
        assert "Erased within" not in Visit(app).see("/desk/attention")

    def test_mail_that_waits(self) -> None:
        """Owners learn how much, since when, and why, where this process hands it over; a manager need not."""
        app = office(told("s1", "queued"))
        later = replace(app, clock=lambda: NOW + timedelta(minutes=20))
        assert "Mails wait" not in Visit(app).see("/desk/attention")
        assert "Mails wait to be handed over: 1" in Visit(later).see("/desk/attention")
        assert "Mails wait" not in Visit(later, AOI).see("/desk/attention")
        rest = MailRest(120.0, Reason.MISCONFIGURED, "535 login refused", 5.0)
        visit = Visit(app)
        visit.asgi.router.routes[:] = desk.routes(app, mail_rest=lambda: rest)
        page = visit.see("/desk/attention")
        assert "535 login refused" in page
        assert 'since <time datetime="2026-11-23T06:32:00Z">' in page

    def test_a_silent_webhook(self) -> None:
        """Owners learn of it here as on the list."""
        clock = FakeClock(NOW)
        app = replace(
            office(told("s1", "accepted"), clock=clock),
            sources={"customers-mail-cloud": cast("EventSource", None)},
        )
        app.shelf.put_mark("heard/customers-mail-cloud", NOW - timedelta(hours=1))
        clock.move(hours=25)
        watch(app)
        assert "No delivery reports since" in Visit(app).see("/desk/attention")
        assert "No delivery reports" not in Visit(app, AOI).see("/desk/attention")


class TestFigures:
    def test_tables_and_a_chart(self) -> None:
        """What the chart draws stands in the table."""
        page = Visit(office(told("s1"), told("s2", "delivered"))).see("/desk/figures")
        assert "<dt>Delivered</dt><dd>50 %</dd>" in page
        assert '<th scope="row">Contact us</th><td class="figure">2</td>' in page
        assert '<th scope="row">23 Nov</th><td class="figure">2</td>' in page
        assert page.count('<th scope="row">') == 7 + 1
        assert ">2 (1)</text>" in page
        assert "style=" not in page

    def test_a_manager_sees_their_forms_only(self) -> None:
        """Also within the minute in which the figures are kept for others."""
        app = office(told("s1", "delivered"), told("s2", "delivered", "leave"))
        asgi, owner = opened(app)
        manager = opened(app, AOI)[1]
        pages = [call(asgi, "/desk/figures", headers=c).text for c in (owner, manager)]
        assert ["Leave<" in page for page in pages] == [True, False]
        assert ["<dd>2</dd>" in page for page in pages] == [True, False]

    def test_nothing_came_in(self) -> None:
        """Is said in place of tables of nothing."""
        assert "Nothing came in within these days." in Visit(office()).see("/desk/figures")

    def test_the_store_is_read_in_bounds_and_once_a_minute(self) -> None:
        """However much came in, and however often somebody reloads; the page says what is left out."""

        class Endless(MemoryStore):
            asked = 0

            def page(self, query: Query) -> Page:
                self.asked += 1
                return Page(timelines=(told(f"s{self.asked}", "delivered"),), next="more")

        store = Endless()
        visit = Visit(make_app(store, forms=FORMS, desk=DESK))
        for _ in range(3):
            assert "these are the newest 5,000" in visit.see("/desk/figures")
        assert store.asked == week.MOST // 250

    def test_a_share_is_never_rounded_up(self) -> None:
        """One of three thousand that failed is not 100 %."""
        many = [told(f"s{n:04}", "delivered") for n in range(1999)]
        page = Visit(office(*many, told("x"))).see("/desk/figures")
        assert "<dd>99.9 %</dd>" in page


class TestAChart:
    def test_bars_fit(self) -> None:
        """The highest is as high as there is room, what stands out is on top, and nothing is outside."""
        drawn = chart([("a", 10, 2), ("b", 0, 0), ("c", 5, 5)])
        for bar in drawn.bars:
            assert 0 <= bar.upper_y <= bar.lower_y <= drawn.base <= HEIGHT
            assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert [bar.upper_height for bar in drawn.bars] == [29.6, 0, 74]
        assert [bar.lower_height for bar in drawn.bars] == [118.4, 0, 0]

    def test_one_of_many_is_seen(self) -> None:
        """And nothing of nothing."""
        [bar] = chart([("a", 10_000, 1)]).bars
        assert bar.upper_height == 2
        assert chart([]).bars == ()

    def test_times_reach_from_the_median_to_nearly_all(self) -> None:
        """The longest is highest, all are inside, and a day without any is left out."""
        first, second = reaches([("a", 2.0, 60.0), ("b", None, None), ("c", 0.0, 86_400.0)])
        assert (first.label, second.label) == ("a", "c")
        for reach in (first, second):
            assert 0 < reach.most_y <= reach.half_y < HEIGHT
            assert 0 < reach.middle < WIDTH
        assert second.most_y < first.most_y
        assert reaches([]) == ()
        [still] = reaches([("a", 0.0, 0.0)])
        assert still.half_y == still.most_y


class TestSendingAgain:
    def test_what_failed_of_a_filter(self) -> None:
        """How many, to whom and what not is said first; then each is due, and in the trail."""
        hopeless = make_timeline(make_message("bounced", submission_id="s3"), id_="s3")
        app = office(told("s1"), told("s2", form="leave"), hopeless, told("s4", "delivered"))
        visit = Visit(app)
        page = visit.see("/desk/outage?view=attention&form=contact")
        assert "Send 1 mail again" in page
        assert "hana@example.com" in page
        assert "Their address cannot be expected to work: correct it, one by one. × 1" in page
        assert visit.statuses()["s1"] == "failed"
        assert visit.agree(page)[:2] == (
            303,
            "/desk?view=attention&form=contact&status=not_delivered&resent=1",
        )
        assert visit.statuses() == {
            "s1": "queued",
            "s2": "failed",
            "s3": "bounced",
            "s4": "delivered",
        }
        acts = [a for a in app.trail.acts().acts if a.deed is Deed.RESENT]
        assert [(a.submission, a.detail) for a in acts] == [("s1", "-confirmation")]
        assert "on their way again: 1." in visit.see("/desk?resent=1")
        assert "on their way" not in visit.see("/desk?resent=<b>")

    def test_what_is_chosen_on_the_list(self) -> None:
        """The same page, for those alone; a form that is pressed without one sends nothing."""
        visit = Visit(office(told("s1"), told("s2")))
        status, _, page = visit.post("i-s1=on&list-form=contact")
        assert status == 200
        assert "Send 1 mail again" in page
        assert visit.agree(page)[1] == "/desk?form=contact&resent=1"
        assert visit.statuses() == {"s1": "queued", "s2": "failed"}
        assert "worth another attempt" in visit.post("")[2]

    @pytest.mark.parametrize("sure", ["", "x", "yes"])
    def test_nothing_is_sent_that_was_not_shown(self, sure: str) -> None:
        """If what failed is not what somebody agreed to, they are asked anew."""
        visit = Visit(office(told("s1")))
        status, _, page = visit.post(f"i-s1=on&sure={sure}")
        assert status == 200
        assert "Nothing was sent" in page
        assert visit.statuses() == {"s1": "failed"}

    def test_a_second_press_sends_nothing(self) -> None:
        """What is due already is no failure any more."""
        visit = Visit(office(told("s1")))
        page = visit.see("/desk/outage")
        assert visit.agree(page)[0] == 303
        assert visit.agree(page)[0] == 200

    def test_another_persons_are_not_there(self) -> None:
        """Neither in a filter nor by their ids; a reader is told that it is not theirs to do."""
        app = office(told("s1"), told("s2", form="leave"))
        aoi = Visit(app, AOI)
        assert "Send 1 mail again" in aoi.see("/desk/outage")
        assert aoi.post("i-s2=on")[0] == 404
        reader = Visit(app, READER)
        page = reader.see("/desk/outage")
        assert "<button>Send" not in page
        assert "not work on them" in page
        assert reader.post("i-s1=on")[0] == 200
        assert reader.statuses()["s1"] == "failed"

    def test_what_is_worth_nothing_hides_nothing(self) -> None:
        """However many hopeless ones are newer than what can be sent again; and it is bounded."""
        hopeless = [
            make_timeline(
                make_message("bounced", submission_id=f"h{n:03}"), id_=f"h{n:03}", received_at=NOW
            )
            for n in range(150)
        ]
        failed = [told(f"s{n:03}") for n in range(120)]
        visit = Visit(office(*hopeless, *failed))
        page = visit.see("/desk/outage")
        assert "Send 100 mails again" in page
        assert "of the newest 100 submissions" in page
        assert visit.agree(page)[0] == 303
        assert "Send 20 mails again" in visit.see("/desk/outage")

    def test_a_change_needs_the_pages_token(self) -> None:
        """A cookie alone sends nothing."""
        visit = Visit(office(told("s1")))
        assert post(visit.asgi, "/desk/outage", "i-s1=on", **visit.cookie).status == 403


def test_it_names_the_forms_whose_confirmations_pause() -> None:
    """As long as they do, and to whoever may see the form."""
    app = office()
    assert "Confirmations pause" not in Visit(app).see("/desk/attention")
    app.shelf.put_mark("paused/leave", NOW + timedelta(minutes=10))
    assert "Confirmations pause: Leave" in Visit(app).see("/desk/attention")
    assert "Confirmations pause" not in Visit(app, str(AOI)).see("/desk/attention")
    app.shelf.put_mark("paused/leave", NOW - timedelta(hours=2))
    assert "Confirmations pause: Leave" in Visit(app).see("/desk/attention"), "a few pass"
    app.shelf.put_mark("tried/leave", NOW - timedelta(hours=1))
    assert "Confirmations pause" not in Visit(app).see("/desk/attention")


def test_many_days_have_fewer_labels() -> None:
    """A week has a label and a number at each day; of a month some days have a label, and none is cut off."""
    week = chart([("", 1, 0)] * 7)
    assert week.has_numbers
    assert all(week.has_label(number) for number in range(7))
    month = chart([("", 1, 0)] * 30)
    assert not month.has_numbers
    labelled = [number for number in range(30) if month.has_label(number)]
    assert labelled == [2, 6, 10, 14, 18, 22, 26]
