"""One submission at the desk: what is shown, and what can be done with it and with its mails."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from starlette.applications import Starlette

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
from todoke.mail.compose import compose
from todoke.model.address import NOBODY, Address
from todoke.model.care import LONGEST_REMARK, MOST_REMARKS, Remark
from todoke.model.delivery import Kind
from todoke.model.form import Confirmation, Managers
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.model.person import DeskSettings
from todoke.model.submission import Entry
from todoke.testing import MemoryStore

AOI, KEN, READER = "aoi@shop.example", "ken@shop.example", "reads@shop.example"
FORM = replace(CONTACT, managers=Managers(fixed=(Address(AOI), Address(KEN))))
DESK = DeskSettings(
    owners=(Address("owner@shop.example"),),
    readers={Address(READER): frozenset({"contact"})},
)


class Office:
    """A desk over a store, as one person uses it."""

    def __init__(self, store: MemoryStore, person: str = AOI, **settings: object) -> None:
        self.store = store
        self.app = make_app(store, forms={"contact": FORM}, desk=DESK, **settings)
        self.asgi: Starlette
        self.cookie: dict[str, str]
        self.asgi, self.cookie = opened(self.app, person)

    def get(self, path: str = "/desk/s1", **headers: str) -> Answer:
        """A page."""
        return call(self.asgi, path, headers=self.cookie | headers)

    def post(self, path: str, **fields: str) -> Answer:
        """A form of a page of this session."""
        sent = {"token": page_token(self.asgi, self.cookie), **fields}
        body = "&".join(f"{name}={quote(value)}" for name, value in sent.items())
        return post(self.asgi, path, body, **self.cookie)

    @property
    def timeline(self) -> Timeline:
        """What is kept of s1."""
        found = self.store.timeline("s1")
        assert found
        return found

    def remark(self, by: str, id_: str = "r1", text: str = "x") -> None:
        """Somebody wrote something down."""
        one = Remark(id=id_, by=by, at=NOW, text=text)
        self.store.take_care("s1", lambda care: care.remark(one))


def office(status: str = "bounced", person: str = AOI, **settings: object) -> Office:
    """One submission, whose confirmation has this status."""
    return Office(stored(make_timeline(make_message(status))), person, **settings)


class TestPage:
    @pytest.mark.parametrize(
        ("message", "said"),
        [
            (make_message("bounced"), "Bounced"),
            (make_message("unknown"), "Not known"),
            (
                make_message("delivered", kinds=(Kind.DELIVERED, Kind.COMPLAINED)),
                "Reported as unwanted",
            ),
        ],
    )
    def test_what_is_amiss_is_said_first(self, message: MessageTimeline, said: str) -> None:
        """However long the message is; it leads to the mail. Where all is well, nothing is said."""
        page = Office(stored(make_timeline(message))).get().text
        amiss = page.partition('<ul class="badges amiss">')[2].partition("</ul>")[0]
        assert f"<b>{said}</b> <span>Confirmation to the visitor</span>" in amiss
        [place] = re.findall(r'href="#(m-[^"]+)"', amiss)
        assert f'id="{place}"' in page
        assert page.index("badges amiss") < page.index('id="message"')
        assert "badges amiss" not in office("delivered").get().text

    def test_a_form_of_another_language(self) -> None:
        """Is said to be in it, so that a screen reader speaks it as it is."""
        shop = Office(stored(make_timeline(language="ja")))
        assert '<h2 id="message" lang="ja">' in shop.get().text
        assert '<h2 id="message" lang' not in office().get().text
        assert '<h2 id="message">' in shop.get(**{"accept-language": "ja"}).text

    def test_what_goes_on_can_be_looked_at_again(self) -> None:
        """A mail on its way is told as it is then, without what was done being said once more."""
        again = '<a href="/desk/s1?form=contact">Look again</a>'
        assert again in office().get("/desk/s1?form=contact&done=resent").text
        assert "Look again" not in office().get("/desk/s1?form=contact&done=star").text

    def test_ids_begin_with_a_letter(self) -> None:
        """A submission's id may begin with a digit, an id of HTML that is used in CSS may not."""
        page = office().get().text
        ids = re.findall(r'\bid="([^"]*)"', page)
        assert len(ids) == len(set(ids))
        assert all(re.fullmatch(r"[A-Za-z][\w-]*", id_) for id_ in ids)
        for name in ("aria-labelledby", "aria-describedby", "for"):
            for named in re.findall(rf'\b{name}="([^"]*)"', page):
                assert set(named.split()) <= set(ids)

    def test_nothing_is_said_twice(self) -> None:
        """Neither what became of a mail, nor who it was."""
        page = office("delivered").get().text.replace("&#39;", "'")
        assert page.count("The recipient's mail server accepted it") == 2  # the step, the evidence
        assert page.count('<dd class="typed">hana@example.com') == 0
        page = office().get().text
        assert page.count("There is no such mailbox.") == 1
        assert page.count("It will not arrive.") == 1

    def test_each_button_has_a_name_of_its_own(self) -> None:
        """What a screen reader lists tells them apart."""
        store = stored(
            make_timeline(
                make_message("bounced"),
                make_message("failed", Role.NOTIFICATION, recipient=Address(AOI)),
            )
        )
        page = Office(store).get().text
        buttons = re.findall(r"<button(?![^>]*hidden)[^>]*>(.*?)</button>", page)
        names = [re.sub("<[^>]*>", "", button) for button in buttons]
        assert len(names) == len(set(names))
        assert "Send it again Confirmation to the visitor, hana@example.com" in names

    def test_it_answers_the_visitor(self) -> None:
        """With the mail that they have: the confirmation's Message-ID as a mailer sends it."""
        page = office("delivered").get().text
        link = re.search(r'href="(mailto:[^"]*)"', page)
        assert link
        assert "subject=Re%3A%20Contact%20us%20%28s1%29" in link[1]
        assert re.search(
            r"In-Reply-To=%3Cs1\.confirmation\.[0-9a-f]{12}%40example\.com%3E", link[1]
        )
        assert "In-Reply-To" not in (office().get().text)

    def test_a_corrected_address_is_answered(self) -> None:
        """There, and without a word of what was written: nobody has proved whose it is."""
        at = office()
        [message] = [m for m in at.timeline.messages if m.message.role is Role.CONFIRMATION]
        at.post(f"/desk/s1/messages/{message.message.id}/address", address="hana@right.example")
        page = at.get().text
        link = re.search(r'href="(mailto:[^"]*)"', page)
        assert link
        assert link[1].startswith("mailto:hana@right.example?subject=Re%3A%20Contact%20us")
        assert "kozo" not in link[1]
        assert "corrected to hana@right.example" in page
        assert 'data-copy="hana@right.example"' in page

    def test_neighbours_within_the_filter(self) -> None:
        """The next newer and older one that the list would show, and the way back to it."""
        store = stored(
            *(
                make_timeline(make_message(status, submission_id=id_), id_=id_)
                for id_, status in (("s0", "bounced"), ("s1", "bounced"), ("s2", "delivered"))
            ),
            make_timeline(make_message("bounced", submission_id="s3"), id_="s3"),
        )
        page = Office(store).get("/desk/s1?status=bounced&before=s9&evil=1").text
        assert 'href="/desk?status=bounced&amp;before=s9#rs1" rel="up"' in page
        assert 'href="/desk/s3?status=bounced&amp;before=s9" rel="prev"' in page
        assert 'href="/desk/s0?status=bounced&amp;before=s9" rel="next"' in page
        assert "evil" not in page
        assert 'action="/desk/s1/care?status=bounced&amp;before=s9"' in page

    @pytest.mark.parametrize(
        ("referrer", "way_back"),
        [
            ("http://127.0.0.1:8000/desk?status=bounced&before=s9&evil=1", "/desk?status=bounced&amp;before=s9"),
            ("http://127.0.0.1:8000/desk?words=%E5%92%8C%E7%B4%99", "/desk?words=和紙"),
            ("http://127.0.0.1:8000/desk", "/desk"),
            ("http://127.0.0.1:8000/desk/s0?status=bounced", "/desk"),
            ("http://[::1?status=bounced", "/desk"),
            ("", "/desk"),
        ],
    )  # fmt: skip
    def test_the_list_tells_where_it_was(self, referrer: str, way_back: str) -> None:
        """By its own address, as the browser states it; what this page's address states counts before it."""
        visit = office()
        assert visit.get("/desk").headers["referrer-policy"] == "same-origin"
        page = visit.get(referer=referrer)
        assert page.headers["referrer-policy"] == "no-referrer"
        assert f'href="{way_back}#rs1" rel="up"' in page.text
        page = visit.get("/desk/s1?form=contact", referer=referrer)
        assert 'href="/desk?form=contact#rs1" rel="up"' in page.text

    def test_neighbours_of_another_are_not_shown(self) -> None:
        """Who may not see one is not led there."""
        other = make_timeline(make_message("bounced", submission_id="s2"), id_="s2", form="leave")
        page = Office(stored(make_timeline(make_message("bounced")), other)).get().text
        assert 'rel="prev"' not in page
        assert 'rel="next"' not in page

    def test_what_was_done_is_told_by_known_words_alone(self) -> None:
        """A link cannot make the desk say anything."""
        page = office().get("/desk/s1?done=resent").text
        assert re.search(r'<p class="notice" id="done" role="status" tabindex="-1"', page)
        assert 'id="done"' not in office().get("/desk/s1?done=%3Cb%3Ehacked").text

    def test_a_hostile_telephone_number_is_text(self) -> None:
        """And no link."""
        entries = (Entry("tel", "javascript:alert(1)"), Entry("message", "x"))
        page = Office(stored(make_timeline(entries=entries))).get().text
        assert "tel:" not in page.replace("javascript:alert(1)", "")
        assert "<span>javascript:alert(1)</span>" in page


class TestCare:
    def test_looking_reads(self) -> None:
        """Who works on it has read it; a reader has not."""
        shop = office()
        Office(shop.store, READER).get()
        assert shop.timeline.care.read_at is None
        shop.get()
        assert shop.timeline.care.read_at == NOW

    def test_marks(self) -> None:
        """Each comes back with what it says; unread leads to the list, with its filter, at its row."""
        shop = office()
        for what in ("done", "open", "star", "unstar", "read"):
            answer = shop.post("/desk/s1/care?form=contact", do=what)
            where = f"/desk/s1?form=contact&done={what}"
            assert answer.headers["location"] == f"{where}#done"
        shop.post("/desk/s1/care", do="star")
        shop.post("/desk/s1/care", do="done")
        care = shop.timeline.care
        assert (care.starred, care.done_at, care.read_at) == (True, NOW, NOW)
        answer = shop.post("/desk/s1/care?form=contact", do="unread")
        assert answer.headers["location"] == "/desk?form=contact&done=unread#rs1"
        assert shop.timeline.care.read_at is None
        assert shop.post("/desk/s1/care", do="nonsense").status == 404

    def test_assigning(self) -> None:
        """To somebody who may work on it, and to nobody else in the world."""
        shop = office()
        shop.post("/desk/s1/care", do="assign", to=KEN, was="")
        assert shop.timeline.care.assignee == KEN
        for stranger in ("hana@example.com", "x", READER, "owner@shop.example.evil"):
            assert shop.post("/desk/s1/care", do="assign", to=stranger, was=KEN).status == 404
        shop.post("/desk/s1/care", do="assign", to="", was=KEN)
        assert shop.timeline.care.assignee == ""

    def test_two_assign_at_once(self) -> None:
        """Who comes second is told, and takes nothing away; the same wish twice is no conflict."""
        shop = office()
        shop.post("/desk/s1/care", do="assign", to=KEN, was="")
        late = shop.post("/desk/s1/care", do="assign", to=AOI, was="")
        assert late.headers["location"] == "/desk/s1?done=taken#done"
        assert shop.timeline.care.assignee == KEN
        again = shop.post("/desk/s1/care", do="assign", to=KEN, was="")
        assert again.headers["location"] == "/desk/s1?done=assign#done"

    def test_notes(self) -> None:
        """With who and when, as text; line ends of a form count once."""
        shop = office()
        text = "<b>She called</b>\r\n\r\n" + "x" * (LONGEST_REMARK - 19)
        assert shop.post("/desk/s1/remarks", text=text).status == 303
        [one] = shop.timeline.care.remarks
        assert (one.by, one.at, len(one.text)) == (AOI, NOW, LONGEST_REMARK)
        page = shop.get().text
        assert "&lt;b&gt;She called&lt;/b&gt;" in page
        assert "<b>She" not in page
        assert f'id="remark-{one.id}">{AOI} · ' in page

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "Please write something."),
            ("\r\n  ", "Please write something."),
            ("あ" * 4_001, "This one has 4,001, and is not saved."),
        ],
    )
    def test_a_note_that_cannot_be(self, text: str, words: str) -> None:
        """Says why, and what was typed is still there."""
        shop = office()
        answer = shop.post("/desk/s1/remarks", text=text)
        assert answer.status == 422
        assert words in answer.text
        assert text.strip() in answer.text
        assert shop.timeline.care.remarks == ()

    def test_there_is_an_end_to_notes(self) -> None:
        """And it is told."""
        shop = office()
        for n in range(MOST_REMARKS):
            shop.remark(KEN, f"r{n}")
        answer = shop.post("/desk/s1/remarks", text="one more")
        assert (answer.status, "There are 200 notes" in answer.text) == (422, True)

    def test_a_note_is_its_authors(self) -> None:
        """They and owners delete it; a colleague does not, nor finds a button for it."""
        shop = office()
        shop.remark(KEN)
        assert "/remarks/r1/delete" not in shop.get().text
        assert shop.post("/desk/s1/remarks/r1/delete").status == 404
        assert len(shop.timeline.care.remarks) == 1
        for who in (KEN, "owner@shop.example"):
            its = Office(shop.store, who)
            assert "/remarks/r1/delete" in its.get().text
            assert its.post("/desk/s1/remarks/r1/delete").status == 303
            assert shop.timeline.care.remarks == ()
            shop.remark(KEN)

    def test_whoever_has_no_address_owns_no_note(self) -> None:
        """A note of the command line has no author's address; another without one is an owner, though."""
        shop = Office(stored(make_timeline(make_message("bounced"))), "")
        shop.post("/desk/s1/remarks", text="by the server's hand")
        [one] = shop.timeline.care.remarks
        assert one.by == ""
        manager = Office(shop.store)
        assert manager.post(f"/desk/s1/remarks/{one.id}/delete").status == 404
        assert shop.post(f"/desk/s1/remarks/{one.id}/delete").status == 303

    def test_the_trail_has_no_word_of_it(self) -> None:
        """That something was done, not what was written, nor to whom it went."""
        shop = office()
        shop.post("/desk/s1/remarks", text="Hana called")
        shop.post("/desk/s1/care", do="assign", to=KEN, was="")
        acts = shop.store.acts(before="", limit=10).acts
        assert [(a.deed, a.detail) for a in acts][:2] == [("noted", "assign"), ("noted", "note")]
        assert "Hana" not in repr(acts)
        assert "@" not in repr(acts)


class TestResend:
    path = "/desk/s1/messages/s1-confirmation/resend"

    def test_what_may_have_arrived_is_asked_first(self) -> None:
        """Nothing goes out a second time by one click; with the answer it does."""
        shop = office("delivered")
        assert f'action="{self.path}' not in shop.get().text
        answer = shop.post(self.path + "?form=contact")
        assert answer.headers["location"] == self.path + "?form=contact"
        assert shop.timeline.messages[0].standing.status == "delivered"
        page = shop.get(self.path)
        assert page.status == 200
        assert "a second time" in page.text
        assert shop.post(self.path, sure="yes").headers["location"] == "/desk/s1?done=resent#done"
        assert shop.timeline.messages[0].standing.status == "queued"

    def test_what_failed_is_sent_again_at_once(self) -> None:
        """It says on the page that it failed."""
        shop = office("bounced")
        assert f'action="{self.path}"' in shop.get().text
        assert shop.post(self.path).headers["location"] == "/desk/s1?done=resent#done"


class TestAnotherAddress:
    path = "/desk/s1/messages/s1-confirmation/address"

    def test_a_telephoned_address(self) -> None:
        """The confirmation goes there; the old one stays with its attempt; nobody is told of a correction."""
        hints: list[str] = []
        shop = office(hint=lambda: hints.append("hint"))
        assert shop.get(self.path).status == 200
        answer = shop.post(self.path, address=" hana@right.example ")
        assert answer.headers["location"] == "/desk/s1?done=moved#done"
        [message] = shop.timeline.messages
        assert (message.message.recipient, message.standing.status) == (
            "hana@right.example",
            "queued",
        )
        assert message.attempts[0].attempt.recipient == "hana@example.com"
        assert (message.corrections, shop.timeline.care.redirected) == (1, 1)
        assert hints == ["hint"]
        page = shop.get().text
        assert "to hana@example.com" in page
        assert "The visitor corrected the address" not in page

    def test_the_visitor_keeps_their_own_tries(self) -> None:
        """What the desk did does not count among them."""
        shop = office(max_corrections=1)
        shop.post(self.path, address="hana@right.example")
        [message] = shop.timeline.messages
        assert message.corrections - shop.timeline.care.redirected == 0

    def test_there_is_an_end(self) -> None:
        """As often as a visitor may, and then it is said."""
        shop = office(max_corrections=2)
        for n in range(2):
            shop.post(self.path, address=f"hana{n}@right.example")
        answer = shop.post(self.path, address="hana3@right.example")
        assert answer.headers["location"] == "/desk/s1?done=no-more#done"
        assert shop.timeline.messages[0].message.recipient == "hana1@right.example"
        assert "as often as it may be" in shop.get(self.path).text

    @pytest.mark.parametrize(
        "typed", ["", "x", "a@b", "a@x.example, b@x.example", "a@x.example\r\nBcc: b@x.example"]
    )
    def test_what_is_no_address(self, typed: str) -> None:
        """Says so, and costs no try."""
        shop = office()
        answer = shop.post(self.path, address=typed)
        assert answer.status == 422
        assert 'aria-invalid="true"' in answer.text
        assert shop.timeline.care.redirected == 0

    def test_what_may_be_meant(self) -> None:
        """Is asked, as at the door."""
        answer = office().post(self.path, address="ｈａｎａ@example.com")
        assert "Did you mean hana@example.com?" in answer.text

    def test_never_with_the_answers(self) -> None:
        """Whatever the form says: the mail to the new address does not repeat what the visitor wrote."""
        form = replace(FORM, confirmation=Confirmation(include_answers=True))
        shop = office()
        shop.post(self.path, address="hana@right.example")
        [claim] = shop.store.claim(
            now=NOW,
            lease_until=NOW,
            limit=1,
            service="x",
            ceiling=shop.timeline.messages[0].attempts[0].attempt.ceiling,
        )
        settings = replace(shop.app.settings, forms={"contact": form})
        assert "kozo" not in compose(claim, settings).text

    def test_only_confirmations(self) -> None:
        """Who is notified, the configuration alone says."""
        told = make_message("bounced", Role.NOTIFICATION, recipient=Address(AOI))
        shop = Office(stored(make_timeline(told)))
        path = "/desk/s1/messages/s1-notification/address"
        assert shop.get(path).status == 404
        assert shop.post(path, address="x@evil.example").status == 404
        assert "/address" not in shop.get().text
        assert shop.timeline.messages[0].message.recipient == AOI


class TestErase:
    def two(self, person: str) -> Office:
        """Two submissions of Hana's, one of somebody else's."""
        return Office(
            stored(
                make_timeline(make_message("bounced")),
                make_timeline(make_message("delivered", submission_id="s2"), id_="s2"),
                make_timeline(id_="s3", visitor=Address("ben@example.com")),
            ),
            person,
        )

    def kept(self, shop: Office) -> list[str]:
        """What is left."""
        return [id_ for id_ in ("s1", "s2", "s3") if shop.store.timeline(id_)]

    def test_it_shows_what_goes(self) -> None:
        """Counts; to an owner also those of the person."""
        shop = self.two("owner@shop.example")
        shop.remark(KEN)
        page = shop.get("/desk/s1/erase").text
        figures = re.findall(r"<dd>(\d+)</dd>", page)
        assert figures == ["4", "1", "1", "1", "2", "8", "2", "2", "1"]
        assert "35 days" in page
        assert len(re.findall(r"<dd>\d+</dd>", self.two(AOI).get("/desk/s1/erase").text)) == 4

    def test_it_says_whose_it_is(self) -> None:
        """Who wrote, how it begins, of which form and when: nobody erases the wrong one."""
        wrote = (Entry("name", "Hana <b>"), Entry("message", "Please\nring me"))
        page = Office(stored(make_timeline(entries=wrote))).get("/desk/s1/erase").text
        which = page.partition('<div id="which">')[2].partition("</div>")[0]
        for words in ("Hana &lt;b&gt;", "Please ring me", "Contact", "23 November 2026", "s1"):
            assert words in which
        assert '<button class="danger" aria-describedby="which">' in page

    def test_one(self) -> None:
        """It is gone, and that is remembered and in the trail."""
        shop = self.two(AOI)
        answer = shop.post("/desk/s1/erase", what="one")
        assert (answer.status, "Submissions erased: 1." in answer.text) == (200, True)
        assert self.kept(shop) == ["s2", "s3"]
        assert len(shop.store.erased(NOW)) == 1
        assert shop.store.acts(before="", limit=1).acts[0].deed == "erased"
        assert shop.get().status == 404

    def test_a_person(self) -> None:
        """Everything of theirs, by an owner; a manager finds nothing there."""
        shop = self.two(AOI)
        assert shop.post("/desk/s1/erase", what="person").status == 404
        assert self.kept(shop) == ["s1", "s2", "s3"]
        owner = Office(shop.store, "owner@shop.example")
        assert "Submissions erased: 2." in owner.post("/desk/s1/erase", what="person").text
        assert self.kept(shop) == ["s3"]

    def test_nothing_by_mistake(self) -> None:
        """Without a word of what is meant nothing goes."""
        shop = self.two("owner@shop.example")
        for what in ("", "all", "address"):
            assert shop.post("/desk/s1/erase", what=what).status == 404
        assert len(self.kept(shop)) == 3

    def test_whoever_has_no_address_is_no_person(self) -> None:
        """An erasure by the address "" would mean others."""
        shop = Office(
            stored(make_timeline(visitor=NOBODY), make_timeline(id_="s2", visitor=NOBODY)),
            "owner@shop.example",
        )
        assert "Everything of" not in shop.get("/desk/s1/erase").text
        assert shop.post("/desk/s1/erase", what="person").status == 404
        assert shop.store.timeline("s2")
