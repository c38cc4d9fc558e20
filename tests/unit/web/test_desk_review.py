"""What is kept for review at the desk: found, explained, let go or kept as spam, by those who may."""

from __future__ import annotations

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
from todoke.model.act import Deed
from todoke.model.address import Address
from todoke.model.care import Care, SpamVerdict
from todoke.model.delivery import Status
from todoke.model.form import Managers
from todoke.model.message import Role, Timeline
from todoke.model.person import DeskSettings
from todoke.model.webhook import Webhook
from todoke.testing import MemoryStore

AOI, READER = "aoi@shop.example", "reads@shop.example"
FORM = replace(CONTACT, managers=Managers(fixed=(Address(AOI),)))
DESK = DeskSettings(
    owners=(Address("owner@shop.example"),),
    readers={Address(READER): frozenset({"contact"})},
)
SIGNALS = ("trap_filled", "too_fast")


def kept(id_: str = "s1") -> Timeline:
    """One that is kept for review."""
    return make_timeline(
        make_message("in_review", submission_id=id_),
        make_message("in_review", Role.NOTIFICATION, submission_id=id_),
        id_=id_,
        signals=SIGNALS,
    )


class Office:
    """A desk over a store, as one person uses it."""

    def __init__(self, store: MemoryStore, person: str = AOI, **settings: object) -> None:
        self.store = store
        self.hints: list[None] = []
        self.app = make_app(
            store,
            forms={"contact": FORM},
            desk=DESK,
            hint=lambda: self.hints.append(None),
            **settings,
        )
        self.asgi, self.cookie = opened(self.app, person)

    def page(self, path: str = "/desk/s1") -> str:
        """The text of a page."""
        answer = call(self.asgi, path, headers=self.cookie)
        assert answer.status == 200
        return answer.text

    def post(self, path: str, **fields: str) -> Answer:
        """A form of a page of this session."""
        sent = {"token": page_token(self.asgi, self.cookie), **fields}
        body = "&".join(f"{name}={quote(value)}" for name, value in sent.items())
        return post(self.asgi, path, body, **self.cookie)

    def statuses(self, id_: str = "s1") -> set[Status]:
        """Those of a submission's messages."""
        timeline = self.store.timeline(id_)
        assert timeline
        return {m.standing.status for m in timeline.messages}

    def care(self, id_: str = "s1") -> Care:
        """What was done with it."""
        timeline = self.store.timeline(id_)
        assert timeline
        return timeline.care


def test_the_page_says_why_and_asks() -> None:
    """In sentences, and with nothing to do about mails that must not leave."""
    page = Office(stored(kept())).page()
    assert "Is this spam?" in page
    assert "It was sent within two seconds after the page was loaded." in page
    assert "A field that people do not see is filled in" in page
    assert "Not spam: send its mails" in page
    assert "/resend" not in page
    assert "/address" not in page


def test_a_reader_is_told_and_asked_nothing() -> None:
    """Who changes nothing judges nothing."""
    office = Office(stored(kept()), READER)
    assert "Is this spam?" in office.page()
    assert "Not spam" not in office.page()
    assert office.post("/desk/s1/verdict", verdict="honest").status == 404
    assert office.care().verdict is None


def test_what_is_no_spam_leaves() -> None:
    """Its mails are due, the sender is woken, webhooks hear of it, the guard learns, the trail has it."""
    hook = Webhook(name="crm", url="https://crm.example/", keys=(b"k" * 24,))
    office = Office(stored(kept()), webhooks={"crm": hook})
    answer = office.post("/desk/s1/verdict", verdict="honest")
    assert (answer.status, answer.headers["location"]) == (303, "/desk/s1?done=released#done")
    assert office.statuses() == {Status.QUEUED}
    assert office.care() == Care(verdict=SpamVerdict.HONEST, judged_at=NOW)
    assert office.hints
    [notice] = office.store.notices("crm").notices
    assert notice.notice.type == "submission.accepted"
    assert [lesson.is_spam for lesson in office.store.lessons()] == [False]
    act = next(a for a in office.store.acts().acts if a.deed is Deed.JUDGED)
    assert (act.submission, act.detail) == ("s1", "honest")
    page = office.page()
    assert "Is this spam?" not in page
    assert "Why it was kept:" in page
    assert "/resend" in page


def test_what_is_spam_stays() -> None:
    """It is done, nothing leaves, and it may be let go all the same."""
    office = Office(stored(kept()))
    assert office.post("/desk/s1/verdict", verdict="spam").status == 303
    assert office.statuses() == {Status.IN_REVIEW}
    assert office.care().done_at == NOW
    assert [lesson.is_spam for lesson in office.store.lessons()] == [True]
    page = office.page()
    assert "Kept as spam" in page
    assert "No mail about it leaves." in page
    assert office.post("/desk/s1/verdict", verdict="honest").status == 303
    assert office.statuses() == {Status.QUEUED}
    assert [lesson.is_spam for lesson in office.store.lessons()] == [False]


def test_spam_that_passed_can_be_said_to_be_some() -> None:
    """What has left is not taken back, and the page says so."""
    office = Office(stored(make_timeline(make_message("delivered"))))
    assert "Is this spam?" not in office.page()
    assert office.post("/desk/s1/verdict", verdict="spam").status == 303
    assert office.statuses() == {Status.DELIVERED}
    assert "Its mails had left before." in office.page()


@pytest.mark.parametrize("verdict", ["", "maybe", "SPAM"])
def test_another_word_is_no_verdict(verdict: str) -> None:
    """And changes nothing."""
    office = Office(stored(kept()))
    assert office.post("/desk/s1/verdict", verdict=verdict).status == 404
    assert office.care() == Care()


def test_the_list_has_tabs_for_them() -> None:
    """What waits is counted, and is not among the unread."""
    office = Office(stored(kept("s1"), kept("s2"), make_timeline(make_message("queued"), id_="s3")))
    assert 'In review <span class="count">2</span>' in office.page("/desk")
    assert 'Unread <span class="count">1</span>' in office.page("/desk")
    page = office.page("/desk?view=review")
    assert 'id="rs1"' in page
    assert 'id="rs3"' not in page
    assert 'value="honest"' in page
    assert "Mark as done" not in page
    answer = office.post("/desk/marks", mark="spam", **{"list-view": "review", "i-s1": "on"})
    assert answer.headers["location"] == "/desk?view=review&done=spam"
    assert 'id="rs1"' in office.page("/desk?view=spam")
    assert 'id="rs1"' not in office.page("/desk?view=review")
    both = {"i-s1": "on", "i-s2": "on"}
    answer = office.post("/desk/marks", mark="honest", **both)
    assert answer.headers["location"] == "/desk?done=honest&many=2"
    assert office.statuses("s1") == office.statuses("s2") == {Status.QUEUED}
    assert len(office.store.lessons()) == 2


def test_without_review_there_are_no_tabs() -> None:
    """A site that keeps nothing for review is not bothered with it, and has them once there is any."""
    forms = {"contact": replace(FORM, review=False)}
    office = Office(stored(make_timeline(make_message("queued"))))
    assert "In review" in office.page("/desk")
    office.asgi, office.cookie = opened(make_app(office.store, forms=forms, desk=DESK), AOI)
    assert "In review" not in office.page("/desk").partition("<form")[0]
    assert "Nothing was marked as spam." in office.page("/desk?view=spam")


def test_a_resend_of_what_is_kept_says_so() -> None:
    """Whoever makes up such a request is told nothing that is not so."""
    office = Office(stored(kept()))
    answer = office.post("/desk/s1/messages/s1-confirmation/resend")
    assert answer.status == 404
    assert office.statuses() == {Status.IN_REVIEW}
    answer = office.post("/desk/s1/messages/s1-confirmation/address", address="a@b.example")
    assert answer.status == 404
    assert office.statuses() == {Status.IN_REVIEW}
