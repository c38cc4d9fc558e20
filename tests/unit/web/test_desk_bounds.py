"""Bounds of the desk: what somebody asks for that nobody means, and how often they do."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from support.store.desk import STORES
from support.variants import replace
from support.web.desk import cookie_of, opened, page_token, site_of
from support.web.letters import AOI, FORMS, ask, code_in, shop
from support.web.stories import NOW, call, fill, make_app, make_message, make_timeline, post, stored
from todoke.model.address import Address
from todoke.model.message import Role
from todoke.model.submission import Entry
from todoke.ports.allowance import Ration
from todoke.ports.archive import Page, Query
from todoke.testing import FakeClock, MemoryStore
from todoke.walk.erase import meant
from todoke.walk.invite import invite
from todoke.web.desk.erase import _LOOKED_AT
from todoke.web.desk.room import _RESENT_BY_ONE

FAR = ("9999-12-31T23:59:59.999999+00:00", "9000-01-01T00:00:00Z", "0002-01-01T00:00:00+23:59")


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("moment", FAR)
def test_a_moment_that_no_store_can_count_to(kind: str, moment: str, tmp_path: Path) -> None:
    """Nothing is new since then: no error."""
    store = STORES[kind](tmp_path)
    fill(store, make_timeline(make_message("delivered")))
    asgi, mine = opened(make_app(store, forms=FORMS), str(AOI))
    answer = call(asgi, f"/desk/news?from={quote(moment)}", headers=mine)
    assert (answer.status, json.loads(answer.body)) == (200, {"new": 0, "more": False})
    store.close()


@pytest.mark.parametrize("ending", ["resend", "address"])
def test_nobody_sends_again_without_end(ending: str) -> None:
    """Whoever has somebody's session cannot fill a mailbox with it; after some minutes it goes on."""
    store = stored(make_timeline(make_message("bounced")))
    app = make_app(store, forms=FORMS, clock=FakeClock(NOW), max_corrections=10_000)
    asgi, mine = opened(app, str(AOI))
    body = f"token={page_token(asgi, mine)}&sure=yes&address=hana%40example.com"
    path = f"/desk/s1/messages/s1-confirmation/{ending}"
    told = [post(asgi, path, body, **mine).headers["location"] for _ in range(_RESENT_BY_ONE + 1)]
    assert all("resent-later" not in where for where in told[:-1])
    assert told[-1] == "/desk/s1?done=resent-later#done"
    page = call(asgi, told[-1].partition("#")[0], headers=mine)
    assert "Please wait some minutes" in page.text
    acts = app.trail.acts(before="", limit=2 * _RESENT_BY_ONE).acts
    assert sum(act.deed in {"resent", "corrected"} for act in acts) == _RESENT_BY_ONE


class TestOverAllInstances:
    """On AWS each instance of a function has a memory of its own, and all have one store."""

    def test_links_asked_for_from_one_place(self) -> None:
        """Ten, whichever instances are asked."""
        app, _ = shop(trusted_proxies=1)
        instances = [site_of(app) for _ in range(3)]
        statuses = [
            ask(instances[n % 3], f"a{n}@shop.example", x_forwarded_for="192.0.2.7").status
            for n in range(12)
        ]
        assert statuses == [200] * 10 + [429] * 2

    def test_codes_tried_from_one_place(self) -> None:
        """Thirty, and who enters has used up none."""
        app, _ = shop(trusted_proxies=1)
        here = {"x_forwarded_for": "192.0.2.7"}
        good = f"code={invite(app.admission, app.clock(), person=AOI)}"
        assert post(site_of(app), "/desk/enter", good, **here).status == 303
        wrong = "code=" + "x" * 32
        statuses = [post(site_of(app), "/desk/enter", wrong, **here).status for _ in range(32)]
        assert statuses == [403] * 30 + [429] * 2
        assert post(site_of(app), "/desk/enter", wrong, x_forwarded_for="192.0.2.8").status == 403

    def test_codes_tried_in_the_browser_that_asked(self) -> None:
        """Thirty, from however many addresses: whoever guesses needs that browser, and has no more of them."""
        clock = FakeClock(NOW)
        app, letters = shop(clock, trusted_proxies=1)
        asked = {"cookie": cookie_of(ask(site_of(app), str(AOI), x_forwarded_for="192.0.2.7"))}

        def typed(code: str, number: int) -> int:
            peer = {"x_forwarded_for": f"198.51.100.{number}"}
            return post(site_of(app), "/desk/enter", f"code={code}", **peer, **asked).status

        assert [typed(f"AAAAA-{n:05}", n) for n in range(32)] == [403] * 30 + [429] * 2
        assert typed(code_in(letters.mails[0]), 99) == 429, "not even the right one"
        clock.move(minutes=1)
        assert typed(code_in(letters.mails[0]), 99) == 303

    def test_mails_sent_again(self) -> None:
        """Sixty, by one person."""
        app = make_app(stored(make_timeline(make_message("bounced"))), forms=FORMS)
        asgi, mine = opened(app, str(AOI))
        body = f"token={page_token(asgi, mine)}&sure=yes"
        path = "/desk/s1/messages/s1-confirmation/resend"
        told = [
            post(site_of(app), path, body, **mine).headers["location"]
            for _ in range(_RESENT_BY_ONE + 1)
        ]
        assert [("later" in where) for where in told] == [False] * _RESENT_BY_ONE + [True]

    def test_a_name_in_the_store_tells_of_nobody(self) -> None:
        """Neither a network address nor a mailbox stands there."""
        app, _ = shop(trusted_proxies=1)
        told: list[str] = []

        class Watched(MemoryStore):
            def draw(self, name: str, ration: Ration, now: datetime) -> bool:
                told.append(name)
                return super().draw(name, ration, now)

        watched = replace(app, store=Watched())
        ask(site_of(watched), str(AOI), x_forwarded_for="192.0.2.7")
        other = replace(watched, settings=replace(app.settings, secret=b"o" * 32))
        ask(site_of(other), str(AOI), x_forwarded_for="192.0.2.7")
        assert len(set(told)) == 2
        assert not any("192.0.2.7" in name for name in told)


class Counted(MemoryStore):
    """Counts the submissions that its pages gave."""

    given = 0

    def page(self, query: Query) -> Page:
        """See Archive."""
        found = super().page(query)
        self.given += len(found.timelines)
        return found


def test_a_visitor_who_states_a_managers_address() -> None:
    """It concerns every submission: the question what would be erased reads no more than it says."""
    store = Counted()
    many = [
        make_timeline(
            make_message("queued", Role.NOTIFICATION, recipient=AOI, submission_id=f"n{n}"),
            id_=f"n{n}",
        )
        for n in range(_LOOKED_AT + 50)
    ]
    own = make_timeline(id_="own", visitor=AOI, entries=(Entry("email", str(AOI)),))
    fill(store, *many, own)
    asgi, mine = opened(make_app(store, forms=FORMS))
    store.given = 0
    page = call(asgi, "/desk/own/erase", headers=mine)
    assert page.status == 200
    assert "Counted are the newest 1,000" in page.text
    assert store.given <= _LOOKED_AT


def test_what_would_go_is_what_goes() -> None:
    """Also where a confirmation was for somebody before it was for another."""
    second = Address("second@example.com")
    store = stored(make_timeline(make_message("bounced", recipient=second)))
    app = make_app(store, forms=FORMS)
    asgi, mine = opened(app)
    body = f"token={page_token(asgi, mine)}&sure=yes&address=third%40example.com"
    post(asgi, "/desk/s1/messages/s1-confirmation/address", body, **mine)
    assert [t.submission.id for t in meant(store, address=second)] == ["s1"]
    assert store.erase(address=second) == 1
