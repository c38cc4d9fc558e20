"""The settings as the desk shows them, the suppression list read now, and a mail to oneself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from support.variants import replace
from support.web.desk import opened, page_token
from support.web.stories import CONTACT, NOW, Answer, call, make_app, post, stored
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.errors import RecordsUnavailable, SendRefused
from todoke.model.form import Confirmation, Field, Form, Managers
from todoke.model.mail import Mail
from todoke.model.person import DeskSettings
from todoke.ports.events import EventSource
from todoke.ports.mailer import Accepted
from todoke.ports.suppressions import Suppression
from todoke.report.setup import shown_form
from todoke.testing import FakeClock, FakeSuppressions
from todoke.walk.app import App

OWNER, AOI, READER = "owner@shop.example", "aoi@shop.example", "reads@shop.example"
FORMS = {
    "contact": replace(CONTACT, managers=Managers(fixed=(Address(AOI),))),
    "leave": Form(
        name="leave", title="Day off", managers=Managers(fixed=(Address("ken@x.example"),))
    ),
}
DESK = DeskSettings(owners=(Address(OWNER),), readers={Address(READER): frozenset({"contact"})})


@dataclass
class Post:
    """A mailer that keeps what it is given, or refuses it."""

    refuses: bool = False
    sent: list[Mail] = field(default_factory=list)

    def send(self, mail: Mail) -> Accepted:
        """See Mailer."""
        if self.refuses:
            raise SendRefused(diagnostic="550 no such sender")
        self.sent.append(mail)
        return Accepted(diagnostic="250 queued")


def listed(*addresses: str, fault: Exception | None = None) -> FakeSuppressions:
    """A service's list."""
    blocked = [Suppression(address=address) for address in addresses or ("gone@example.com",)]
    return FakeSuppressions(name="customers-mail-cloud", blocked=blocked, fault=fault)


class Visit:
    """Somebody at the desk of a site."""

    def __init__(self, person: str, *, mailer: Any = None, **more: Any) -> None:
        self.clock = FakeClock(NOW)
        app = make_app(stored(), forms=FORMS, desk=DESK, clock=self.clock)
        self.app: App = replace(
            app,
            mailer=mailer or Post(),
            sources={"customers-mail-cloud": cast("EventSource", None)},
            **more,
        )
        self.asgi, self.cookie = opened(self.app, person)

    def get(self, path: str = "/desk/settings") -> Answer:
        """A page."""
        return call(self.asgi, path, headers=self.cookie)

    def post(self, path: str) -> Answer:
        """A button."""
        return post(self.asgi, path, f"token={page_token(self.asgi, self.cookie)}", **self.cookie)


def test_each_sees_their_forms() -> None:
    """An owner all, and the versions; a manager theirs; a reader nothing."""
    page = Visit(OWNER).get().text
    for text in (
        "Contact us",
        "Day off",
        "Customers Mail Cloud",
        "Python",
        "post@example.com",
        AOI,
    ):
        assert text in page
    page = Visit(AOI).get().text
    assert "Contact us" in page
    assert "Day off" not in page
    assert "ken@x.example" not in page
    assert "Python" not in page
    assert Visit(READER).get().status == 404


def test_no_secret_is_shown() -> None:
    """Neither the site's nor a service's."""
    visit = Visit(OWNER)
    page = visit.get().text
    assert visit.app.settings.secret.decode() not in page
    assert "secret" not in page.lower()


def test_when_the_webhook_was_heard() -> None:
    """Or that it never was."""
    visit = Visit(OWNER)
    assert "Never yet" in visit.get().text
    visit.app.shelf.put_mark("heard/customers-mail-cloud", NOW)
    assert '<time datetime="2026-11-23T06:34:00Z">' in visit.get().text


class TestForm:
    def test_in_words(self) -> None:
        """Who receives it by which rule, with the fields by their labels."""
        form = Form(
            name="x",
            fields=(Field(name="dept", label="Department"), Field(name="email", label="Mail")),
            managers=Managers(
                fixed=(Address("a@x.example"),),
                field="dept",
                by_value={"sales": (Address("b@x.example"), Address("c@x.example"))},
                fallback=(Address("d@x.example"),),
            ),
            confirmation=Confirmation(include_answers=True),
            retention=timedelta(days=30),
        )
        shown = shown_form(form, "en")
        assert shown["managers"] == [
            "a@x.example, for every submission",
            "b@x.example, c@x.example, where “Department” is sales",
            "d@x.example, where nobody else is found",
        ]
        assert shown["confirmation"] == "To the address in “Mail”, with the answers."
        assert shown["kept"] == "30 days"
        assert shown["limits"] == "1 MB a submission; 5 files of 5 MB each; 200 fields"

    def test_of_what_is_left_out(self) -> None:
        """Nobody, nothing, for ever; of a directory no address is shown, for it may be a whole company."""
        bare = shown_form(Form(name="x", confirmation=Confirmation(field=""), retention=None), "en")
        assert bare["managers"] == ["Nobody. What is sent is only here."]
        assert bare["confirmation"] == "No confirmation is sent."
        assert bare["kept"] == "Until someone erases it"
        assert bare["fields"] is None
        directory = {f"p{n}@x.example": (Address("boss@x.example"),) for n in range(1_500)}
        rule = Managers(field="email", directory=directory)
        [words] = shown_form(Form(name="x", managers=rule), "en")["managers"]
        assert words == "by a directory of 1,500 people, looked up with “email”"


class TestTestMail:
    path = "/desk/settings/test"

    def test_to_oneself_alone(self) -> None:
        """To the address that one entered by, whatever is sent along; the service's answer is shown."""
        mailer = Post()
        visit = Visit(AOI, mailer=mailer)
        body = f"token={page_token(visit.asgi, visit.cookie)}&to=x%40evil.example&address=x%40evil.example"
        answer = post(visit.asgi, self.path, body, **visit.cookie)
        assert answer.status == 200
        assert "The mail service took the test mail." in answer.text
        assert "250 queued" in answer.text
        assert [mail.recipient for mail in mailer.sent] == [AOI]
        assert mailer.sent[0].subject == "A test mail of Hoshino Paper"
        assert visit.app.trail.acts(before="", limit=1).acts[0].deed == "tested"

    def test_what_becomes_of_it(self) -> None:
        """What the service reports of it is shown, and of no other mail."""
        mailer = Post()
        visit = Visit(AOI, mailer=mailer)
        visit.post(self.path)
        token = mailer.sent[0].token
        look = f"/desk/settings?test={token}"
        assert "Nothing was reported of it so far." in visit.get(look).text
        events = [
            DeliveryEvent(kind=kind, at=NOW, received_at=NOW, service="x", token=of)
            for kind, of in ((Kind.DELIVERED, token), (Kind.BOUNCED, "t" * 26))
        ]
        visit.app.journal.journal(events, lambda *_: ())
        page = visit.get(look).text.replace("&#39;", "'")
        assert "The recipient's mail server accepted it" in page
        assert "Refused or returned" not in page

    def test_what_is_refused_says_why(self) -> None:
        """In the service's words."""
        page = Visit(AOI, mailer=Post(refuses=True)).post(self.path).text
        assert "The mail service did not take the test mail." in page
        assert "550 no such sender" in page

    def test_not_without_end(self) -> None:
        """Three in ten minutes."""
        mailer = Post()
        visit = Visit(AOI, mailer=mailer)
        for _ in range(3):
            assert visit.post(self.path).status == 200
        late = visit.post(self.path)
        assert late.headers["location"] == "/desk/settings?done=test-later#done"
        assert len(mailer.sent) == 3

    def test_who_has_no_address_has_no_button(self) -> None:
        """Nor has a process that may not send mail."""
        for visit in (Visit(""), Visit(AOI, carry=lambda _: None)):
            assert 'action="/desk/settings/test"' not in visit.get().text
            assert visit.post(self.path).status == 404

    @pytest.mark.parametrize("token", ["", "x", "t" * 25, "<script>", "T" * 26])
    def test_a_token_that_is_none(self, token: str) -> None:
        """Is not asked for, nor shown."""
        page = Visit(OWNER).get(f"/desk/settings?test={token}").text
        assert 'id="test"' not in page
        assert "<script>" not in page


class TestReadNow:
    path = "/desk/suppressions/read"

    def test_it_is_read(self) -> None:
        """And shown; again only after a minute."""
        visit = Visit(OWNER, suppressions=listed())
        assert 'action="/desk/suppressions/read"' in visit.get("/desk/suppressions").text
        answer = visit.post(self.path)
        assert answer.headers["location"] == "/desk/suppressions?done=read-now#done"
        assert "gone@example.com" in visit.get("/desk/suppressions?done=read-now").text
        assert "read-lately" in visit.post(self.path).headers["location"]
        visit.clock.move(minutes=1)
        assert "read-now" in visit.post(self.path).headers["location"]

    def test_a_service_that_is_silent(self) -> None:
        """Says so, and keeps what was read before."""
        visit = Visit(OWNER, suppressions=listed(fault=RecordsUnavailable()))
        assert "read-not" in visit.post(self.path).headers["location"]

    def test_where_there_is_nothing_to_ask(self) -> None:
        """No button; and none where another process has the key."""
        for visit in (Visit(OWNER), Visit(OWNER, suppressions=listed(), carry=lambda _: None)):
            assert "/suppressions/read" not in visit.get("/desk/suppressions").text
            assert visit.post(self.path).status == 404

    def test_only_owners(self) -> None:
        """It is about the site."""
        assert Visit(AOI, suppressions=listed()).post(self.path).status == 404
