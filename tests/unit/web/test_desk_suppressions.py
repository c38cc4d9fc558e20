"""The suppression list at the desk: read now, found in, lifted; here, and where another process asks the service."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from support.variants import replace
from support.web.desk import opened, page_token
from support.web.stories import (
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
from todoke.model.address import Address
from todoke.model.delivery import Reason
from todoke.model.errand import Errand
from todoke.model.errors import Error, RecordsUnavailable, StoreUnavailable
from todoke.model.form import Managers
from todoke.model.person import DeskSettings
from todoke.ports.suppressions import ListedFor, Suppression
from todoke.testing import FakeClock, FakeEvents, FakeRecords, FakeSuppressions, MemoryStore
from todoke.walk.app import App
from todoke.walk.errand import carry_out
from todoke.walk.lift import entry_name

OWNER, AOI = "owner@shop.example", "aoi@shop.example"
FORMS = {"contact": replace(CONTACT, managers=Managers(fixed=(Address(AOI),)))}
DESK = DeskSettings(owners=(Address(OWNER),))
PAGE, READ = "/desk/suppressions", "/desk/suppressions/read"
GONE = "gone@example.com"
ODD = (
    "o'hara+tag/../x@example.com",
    "a?b#c%40d&e=f@example.com",
    "花子@例え.example",
    '"two words"@example.com',
    "<script>alert(1)</script>@example.com",
    "a\ud800b@example.com",
    "no address at all",
    "{{7*7}}@example.com",
    "a\u202emoc.elpmaxe@b.example",
    "a\x1b[2J\x00b@example.com",
)


class Visit:
    """Somebody at the desk of a site whose service has a list. `carried` is what was given to another process."""

    def __init__(
        self,
        *addresses: str,
        person: str = OWNER,
        source: FakeSuppressions | None = None,
        is_carried: bool = False,
        entries: Sequence[Suppression] = (),
        **more: Any,
    ) -> None:
        self.clock = FakeClock(NOW)
        self.source = source or FakeSuppressions(name="post")
        self.source.blocked = [*map(of, addresses), *entries]
        self.carried: list[Errand] = []
        if is_carried:
            more["carry"] = self.carried.append
        store = stored()
        if self.source.blocked:
            store.put_suppressions("post", self.source.blocked, NOW)
        app = make_app(store, forms=FORMS, desk=DESK, clock=self.clock)
        self.app: App = replace(app, **{"suppressions": self.source, **more})
        self.asgi, self.cookie = opened(self.app, person)

    def get(self, path: str = PAGE, **headers: str) -> str:
        """A page's text."""
        answer = call(self.asgi, path.partition("#")[0], headers={**self.cookie, **headers})
        assert answer.status == 200, answer.status
        return html.unescape(answer.text)

    def post(self, path: str, more: str = "") -> Answer:
        """A button."""
        token = page_token(self.asgi, self.cookie)
        return post(self.asgi, path, f"token={token}{more}", **self.cookie)

    def lift(self, address: str = GONE, more: str = "") -> str:
        """Press the button of the question about this address; where it leads."""
        return self.post(self.way(address), more).headers["location"]

    def way(self, address: str) -> str:
        """The question about this address."""
        return f"{PAGE}/{entry_name(self.app.settings.secret, 'post', address)}/lift"

    def kept(self) -> list[Suppression]:
        """What is kept of the list."""
        return [s for listed in self.app.shelf.suppressions() for s in listed.suppressions]


def of(address: str) -> Suppression:
    """An entry that names this address."""
    return Suppression(address=address, reason="BOUNCE", listed_for=ListedFor.BOUNCE)


class TestReadNow:
    def test_it_is_read(self) -> None:
        """And shown; again only after a minute."""
        visit = Visit()
        visit.source.blocked = [of(GONE)]
        assert f'action="{READ}"' in visit.get()
        assert visit.post(READ).headers["location"] == f"{PAGE}?done=read-now#done"
        assert GONE in visit.get(f"{PAGE}?done=read-now")
        assert "read-lately" in visit.post(READ).headers["location"]
        visit.clock.move(minutes=1)
        assert "read-now" in visit.post(READ).headers["location"]

    def test_a_service_that_is_silent(self) -> None:
        """The page says so, also later, and keeps what was read before."""
        visit = Visit(GONE)
        visit.clock.move(minutes=5)
        visit.source.fault = RecordsUnavailable()
        assert "read-not" in visit.post(READ).headers["location"]
        page = visit.get()
        assert "did not give its list (" in page
        assert GONE in page
        visit.source.fault = None
        visit.clock.move(minutes=1)
        visit.post(READ)
        assert "did not give its list" not in visit.get()

    def test_where_another_process_asks(self) -> None:
        """It is asked for, once a minute; the page says so until it has come, or that nothing came of it."""
        visit = Visit(GONE, is_carried=True)
        visit.clock.move(minutes=5)
        assert visit.post(READ).headers["location"] == f"{PAGE}?done=read-asked#done"
        assert "read-lately" in visit.post(READ).headers["location"]
        assert "has not come yet" in visit.get()
        assert f'href="{PAGE}"' in visit.get(f"{PAGE}?done=read-asked")
        [errand] = visit.carried
        visit.source.blocked = [of("other@example.com")]
        visit.clock.move(seconds=2)
        carry_out(visit.app, errand)
        page = visit.get()
        assert "other@example.com" in page
        assert "has not come yet" not in page
        visit.clock.move(minutes=1)
        visit.post(READ)
        visit.clock.move(minutes=10)
        assert "nothing came of it" in visit.get()

    def test_where_it_cannot_be_carried(self) -> None:
        """The page says so."""
        assert "not-carried" in Visit(carry=cannot).post(READ).headers["location"]

    def test_where_there_is_nothing_to_ask(self) -> None:
        """No button, and no promise of a list."""
        visit = Visit(suppressions=None)
        page = visit.get()
        assert "/suppressions/read" not in page
        assert "keeps no list" in page
        assert visit.post(READ).status == 404

    def test_what_is_promised(self) -> None:
        """Once a day where that is so: a service whose records are asked only by a person is not asked for its list."""
        assert "once a day" in Visit().get()
        records = FakeRecords(name="post")
        assert "once a day" not in Visit(records=records).get()
        assert "once a day" in Visit(records=records, sources={"post": FakeEvents()}).get()

    def test_only_owners(self) -> None:
        """It is about the site."""
        assert Visit(person=AOI).post(READ).status == 404


def cannot(_errand: Errand) -> None:
    """Carry nothing."""
    raise Error("The queue did not take it.")


class TestFind:
    def test_a_part_of_an_address(self) -> None:
        """However it is written; all the others are left out, and nothing is made of the words but text."""
        visit = Visit(GONE, *(f"a{n}@example.com" for n in range(300)))
        assert GONE not in visit.get()
        assert "And 101 more" in visit.get()
        page = visit.get(f"{PAGE}?part=GONE%40")
        assert GONE in page
        assert "a1@example.com" not in page
        assert "No address on it" in visit.get(f"{PAGE}?part=nobody")
        evil = quote('"><script>alert(1)</script>')
        answer = call(visit.asgi, f"{PAGE}?part={evil}", headers=visit.cookie)
        assert "<script>alert" not in answer.text

    def test_why_they_are_on_it(self) -> None:
        """In words, beside the service's own."""
        entries = [
            Suppression(address=f"{word}@example.com", reason=word, listed_for=ListedFor(word))
            for word in ListedFor
        ]
        page = Visit(entries=entries).get()
        for words in ("came back for good", "called one unwanted", "by hand"):
            assert words in page


class TestFromAMail:
    """A mail that was refused because its address is suppressed."""

    @pytest.mark.parametrize(("person", "leads"), [(OWNER, True), (AOI, False)])
    def test_leads_an_owner_to_the_entry(self, person: str, leads: bool) -> None:
        """And nobody else, who could see nothing there."""
        odd = Address("o'hara&x=1+y@example.com")
        told = make_message("rejected", recipient=odd, reason=Reason.SUPPRESSED)
        visit = Visit(str(odd), GONE, person=person, store=stored(make_timeline(told)))
        found = re.search(r'href="(/desk/suppressions[?]part=[^"]+)"', visit.get("/desk/s1"))
        assert bool(found) is leads
        if found:
            visit.app.shelf.put_suppressions("post", visit.source.blocked, NOW)
            page = visit.get(found[1])
            assert str(odd) in page
            assert GONE not in page


class TestLift:
    def test_a_page_asks_first(self) -> None:
        """It says which address, why it is listed, and what lifting it does; nothing is done yet."""
        visit = Visit(GONE)
        found = re.search(r'href="([^"]+/lift)"', visit.get())
        assert found
        page = visit.get(found[1])
        for words in (GONE, "came back for good", "harms your standing", "Leave it as it is"):
            assert words in page
        assert "unwanted" not in page
        assert visit.source.lifted == []
        japanese = visit.get(found[1], **{"accept-language": "ja"})
        assert re.search("[ぁ-ん]", japanese.partition("<h1>")[2].partition("</h1>")[0])

    def test_it_is_lifted(self) -> None:
        """At the service and in the kept copy; that one alone; it stands in the trail, without the address."""
        visit = Visit(GONE, "other@example.com")
        assert visit.lift() == f"{PAGE}?done=lifted#done"
        assert visit.source.lifted == [GONE]
        page = visit.get(f"{PAGE}?done=lifted")
        assert "It is lifted" in page
        assert GONE not in page
        assert "other@example.com" in page
        act = visit.app.trail.acts(before="", limit=1).acts[0]
        assert (act.deed, act.detail) == ("lifted", "post")
        assert visit.app.shelf.suppressions()[0].read_at == NOW

    def test_the_log_names_nobody(self, caplog: pytest.LogCaptureFixture) -> None:
        """`desk_lifted` has the session and the service."""
        with caplog.at_level("INFO"):
            Visit(GONE).lift()
        [line] = [r for r in caplog.records if r.getMessage() == "desk_lifted"]
        assert set(line.facts) == {"session", "service"}  # type: ignore[attr-defined]
        assert GONE not in str([r.__dict__ for r in caplog.records])

    def test_what_the_service_keeps_is_told_in_its_words(self) -> None:
        """Which are text; the entry stays, and can be asked about again."""
        visit = Visit(GONE)
        visit.source.kept = {GONE: "You <b>may</b> not."}
        assert visit.lift() == f"{PAGE}?done=lift-not#done"
        answer = call(visit.asgi, PAGE, headers=visit.cookie)
        assert "The mail service keeps it, and says:" in answer.text
        assert "<q>You &lt;b&gt;may&lt;/b&gt; not.</q>" in answer.text
        visit.source.kept = {}
        assert "lifted" in visit.lift()

    def test_a_complaint_is_told_first(self) -> None:
        """That it may be refused, and what it means."""
        entry = Suppression(address=GONE, listed_for=ListedFor.COMPLAINT)
        assert "only if they ask for mail again" in (visit := Visit(entries=[entry])).get(
            visit.way(GONE)
        )

    def test_a_service_that_is_silent(self) -> None:
        """The entry says so."""
        visit = Visit(GONE)
        visit.source.fault = RecordsUnavailable()
        assert visit.lift() == f"{PAGE}?done=lift-not#done"
        assert "did not answer" in visit.get()

    def test_where_another_process_lifts(self) -> None:
        """It is asked for, the entry says so until there is an answer; what is carried has no address."""
        visit = Visit(GONE, "kept@example.com", is_carried=True)
        visit.source.kept = {"kept@example.com": "No."}
        assert visit.lift() == f"{PAGE}?done=lift-asked#done"
        visit.lift("kept@example.com")
        assert visit.source.lifted == []
        assert visit.get().count("There is no answer yet.") == 2
        assert "@" not in str(visit.carried)
        for errand in visit.carried:
            carry_out(visit.app, errand)
        page = visit.get()
        assert GONE not in page
        assert "says: No." in re.sub("<[^>]+>", "", page)

    def test_an_errand_that_comes_again_does_nothing_again(self) -> None:
        """Neither after it was lifted, nor when the address has come back onto the list since."""
        visit = Visit(GONE, is_carried=True)
        visit.lift()
        [errand] = visit.carried
        carry_out(visit.app, errand)
        visit.app.shelf.put_suppressions("post", [of(GONE)], NOW)
        carry_out(visit.app, errand)
        assert visit.source.lifted == [GONE]

    def test_an_errand_that_nobody_asked_for(self) -> None:
        """Made up, for an entry that is there: nothing is lifted."""
        visit, other = Visit(GONE, is_carried=True), Visit(GONE, is_carried=True)
        other.clock.move(seconds=1)
        other.lift()
        [forged] = other.carried
        carry_out(visit.app, forged)
        visit.lift()
        carry_out(visit.app, forged)
        assert visit.source.lifted == []

    def test_two_who_ask_at_once_ask_the_same(self) -> None:
        """Both errands are good, in any order, and it is lifted once."""
        visit = Visit(GONE, is_carried=True)
        visit.lift()
        visit.clock.move(seconds=1)
        visit.lift()
        first, second = visit.carried
        assert first == second
        carry_out(visit.app, second)
        carry_out(visit.app, first)
        assert visit.source.lifted == [GONE]

    def test_an_errand_that_comes_late(self) -> None:
        """Whoever asked has gone on: the entry says that nothing came of it."""
        visit = Visit(GONE, is_carried=True)
        visit.lift()
        visit.clock.move(minutes=10)
        carry_out(visit.app, visit.carried[0])
        assert visit.source.lifted == []
        assert "did not answer" in visit.get()

    def test_where_it_cannot_be_carried(self) -> None:
        """The page says so, and nothing is lifted."""
        visit = Visit(GONE, carry=cannot)
        assert "not-carried" in visit.lift()
        assert visit.source.lifted == []

    @pytest.mark.parametrize("odd", ODD)
    def test_whatever_an_address_looks_like(self, odd: str) -> None:
        """It is text on the pages, and in the call as the list has it."""
        visit = Visit(odd, "stays@example.com")
        page = call(visit.asgi, PAGE, headers=visit.cookie)
        assert page.status == 200
        found = re.findall(r'href="([^"]+/lift)"', page.text)
        assert visit.way(odd) in found
        asked = call(visit.asgi, visit.way(odd), headers=visit.cookie)
        assert asked.status == 200
        for unseen in ("<script>alert", "\u202e", "\x1b", "\x00", "49@example"):
            assert unseen not in page.text + asked.text
        assert "lifted" in visit.lift(odd)
        assert visit.source.lifted == [odd]
        assert [s.address for s in visit.kept()] == ["stays@example.com"]

    def test_all_spellings_of_a_mailbox(self) -> None:
        """A list may have an address twice: both are lifted, each as it is spelt."""
        visit = Visit("Gone@Example.com", GONE)
        assert visit.way(GONE) == visit.way("Gone@Example.com")
        assert "done=lifted" in visit.lift()
        assert sorted(visit.source.lifted) == ["Gone@Example.com", GONE]
        assert visit.kept() == []

    def test_one_of_two_spellings_is_kept(self) -> None:
        """What was lifted is gone, and what was not says why."""
        visit = Visit("Gone@Example.com", GONE)
        visit.source.kept = {GONE: "No."}
        assert "lift-not" in visit.lift()
        assert [s.address for s in visit.kept()] == [GONE]

    @pytest.mark.parametrize(
        "name", ["x", "A" * 24, "..", "%2e%2e", "a" * 5_000, "%00", "gone%40example.com"]
    )
    def test_what_is_not_on_the_list(self, name: str) -> None:
        """Nothing is asked of the service for it."""
        visit = Visit(GONE)
        path = f"{PAGE}/{name}/lift"
        assert call(visit.asgi, path, headers=visit.cookie).status in {303, 404}
        assert visit.post(path).status in {303, 404}
        assert visit.source.lifted == []
        assert visit.app.trail.acts(before="", limit=9).acts[0].deed == "entered"

    def test_what_a_page_says_along_counts_for_nothing(self) -> None:
        """The path alone names the entry."""
        visit = Visit(GONE, "other@example.com")
        visit.lift(GONE, "&address=other%40example.com&entry=other&service=x")
        assert visit.source.lifted == [GONE]

    def test_one_that_is_gone_meanwhile(self) -> None:
        """Another owner was faster: the list says that it is not there any more."""
        visit = Visit(GONE)
        visit.lift()
        assert visit.lift() == f"{PAGE}?done=lift-gone#done"
        assert "not on the list any more" in visit.get(f"{PAGE}?done=lift-gone")
        assert visit.source.lifted == [GONE]

    def test_not_without_end(self) -> None:
        """Twenty in ten minutes."""
        addresses = [f"a{n}@example.com" for n in range(21)]
        visit = Visit(*addresses)
        led = [visit.lift(address) for address in addresses]
        assert [("lift-later" in where) for where in led] == [False] * 20 + [True]
        assert len(visit.source.lifted) == 20

    def test_the_list_of_a_service_that_is_not_used_any_more(self) -> None:
        """It is shown, and its entries are lifted by hand."""
        visit = Visit(GONE)
        visit.app.shelf.put_suppressions("courier", [of("old@example.com")], NOW)
        page = visit.get()
        assert page.count("/lift") == 1
        assert "in the mail service's console" in page
        old = entry_name(visit.app.settings.secret, "courier", "old@example.com")
        assert "lift-gone" in visit.post(f"{PAGE}/{old}/lift").headers["location"]
        assert visit.source.lifted == []

    def test_a_service_without_a_call_for_it(self) -> None:
        """Says how by hand, as ever, and there is no other way in."""
        visit = Visit(GONE, source=FakeSuppressions(name="post", lifts=False))
        assert "/lift" not in visit.get()
        assert "in the mail service's console" in visit.get()
        assert call(visit.asgi, visit.way(GONE), headers=visit.cookie).status == 404
        assert visit.post(visit.way(GONE)).status == 404

    def test_the_list_read_again_keeps_what_was_asked(self) -> None:
        """A reading between the question and the answer loses nothing."""
        visit = Visit(GONE, is_carried=True)
        visit.lift()
        visit.clock.move(minutes=1)
        visit.post(READ)
        lift, read = visit.carried
        carry_out(visit.app, read)
        carry_out(visit.app, lift)
        assert visit.source.lifted == [GONE]
        assert visit.kept() == []

    def test_a_store_that_fails_meanwhile(self) -> None:
        """Is a 503, and no 500."""

        class Full(MemoryStore):
            def change_suppressions(self, *_: Any) -> None:
                raise StoreUnavailable

        store = Full()
        store.put_suppressions("post", [of(GONE)], NOW)
        visit = Visit(store=store)
        assert visit.post(visit.way(GONE)).status == 503
        assert visit.source.lifted == []

    def test_an_old_question(self) -> None:
        """Asked for hours ago without an answer, it can be asked again."""
        visit = Visit(GONE, is_carried=True)
        visit.lift()
        visit.clock.move(hours=1)
        visit.lift()
        carry_out(visit.app, visit.carried[1])
        assert visit.source.lifted == [GONE]
        assert visit.clock.now - NOW == timedelta(hours=1)
