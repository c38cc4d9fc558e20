"""The settings as the desk shows them, and a mail to oneself."""

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
from todoke.model.errand import Errand
from todoke.model.errors import Error, SendDeferred, SendError, SendRefused, SendUnknown
from todoke.model.form import Confirmation, Field, Form, Managers
from todoke.model.mail import Mail
from todoke.model.person import DeskSettings
from todoke.model.webhook import Webhook
from todoke.ports.courier import Reply
from todoke.ports.events import EventSource
from todoke.ports.mailer import Accepted
from todoke.report.setup import shown_form
from todoke.testing import FakeClock, FakeCourier
from todoke.walk.app import App
from todoke.walk.errand import carry_out
from todoke.walk.notices.cause import of_pause
from todoke.walk.notices.tell import tell_some

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

    name: str = "post"
    error: SendError | None = None
    sent: list[Mail] = field(default_factory=list)

    def send(self, mail: Mail) -> Accepted:
        """See Mailer."""
        if self.error:
            raise self.error
        self.sent.append(mail)
        return Accepted(diagnostic="250 queued")


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
        page = visit.get(shown(answer)).text
        assert "The mail service took the test mail." in page
        assert "250 queued" in page
        assert [mail.recipient for mail in mailer.sent] == [AOI]
        assert mailer.sent[0].subject == "A test mail of Hoshino Paper"
        assert visit.app.trail.acts(before="", limit=1).acts[0].deed == "tested"

    def test_what_becomes_of_it(self) -> None:
        """What the service reports of it is shown, and of no other mail."""
        mailer = Post()
        visit = Visit(AOI, mailer=mailer)
        look = shown(visit.post(self.path))
        token = mailer.sent[0].token
        assert look == f"/desk/settings?test={token}"
        assert "accepted it" not in visit.get(look).text
        events = [
            DeliveryEvent(kind=kind, at=NOW, received_at=NOW, service="x", token=of)
            for kind, of in ((Kind.DELIVERED, token), (Kind.BOUNCED, "t" * 26))
        ]
        visit.app.journal.journal(events, lambda *_: ())
        page = visit.get(look).text.replace("&#39;", "'")
        assert "The recipient's mail server accepted it" in page
        assert "Refused or returned" not in page

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (SendRefused(diagnostic="550 no <b>sender"), "The mail service refused it"),
            (SendDeferred(diagnostic="550 no <b>sender"), "Not taken for now"),
        ],
    )
    def test_what_is_not_taken_says_why(self, error: SendError, said: str) -> None:
        """In the service's words, which are text."""
        visit = Visit(AOI, mailer=Post(error=error))
        page = visit.get(shown(visit.post(self.path))).text
        assert "The mail service did not take the test mail." in page
        assert said in page
        assert "550 no &lt;b&gt;sender" in page

    def test_an_answer_that_was_lost(self) -> None:
        """Is neither."""
        visit = Visit(AOI, mailer=Post(error=SendUnknown(diagnostic="the answer was lost")))
        page = visit.get(shown(visit.post(self.path))).text.replace("&#39;", "'")
        assert "The mail service's answer was lost" in page
        assert "the test mail." not in page

    def test_not_without_end(self) -> None:
        """Three in ten minutes."""
        mailer = Post()
        visit = Visit(AOI, mailer=mailer)
        for _ in range(3):
            assert "test=" in visit.post(self.path).headers["location"]
        late = visit.post(self.path)
        assert late.headers["location"] == "/desk/settings?done=test-later#done"
        assert len(mailer.sent) == 3

    def test_who_has_no_address_has_no_button(self) -> None:
        """There is nobody to send it to."""
        visit = Visit("")
        assert 'action="/desk/settings/test"' not in visit.get().text
        assert visit.post(self.path).status == 404

    def test_one_sees_one_s_own_alone(self) -> None:
        """Another's token shows nothing, nor does one that was made up, or a submission's attempt's."""
        mailer = Post()
        visit = Visit(AOI, mailer=mailer)
        look = shown(visit.post(self.path))
        _, owner = opened(visit.app, OWNER)
        assert 'id="test"' in visit.get(look).text
        assert 'id="test"' not in call(visit.asgi, look, headers=owner).text

    @pytest.mark.parametrize("token", ["", "x", "t" * 25, "t" * 26, "<script>", "T" * 26, "%ED%A0"])
    def test_a_token_that_is_none(self, token: str) -> None:
        """Is not asked for, nor shown."""
        page = Visit(OWNER).get(f"/desk/settings?test={token}").text
        assert 'id="test"' not in page
        assert "<script>" not in page

    def test_where_another_process_sends(self) -> None:
        """It is asked for, the page says so until something is known, and then what."""
        mailer = Post()
        carried: list[Errand] = []
        visit = Visit(AOI, mailer=mailer, carry=carried.append)
        assert 'action="/desk/settings/test"' in visit.get().text
        look = shown(visit.post(self.path))
        assert not mailer.sent
        page = visit.get(look).text
        assert "The test mail was asked for." in page
        assert "Nothing is known of it so far." in page
        [errand] = carried
        carry_out(visit.app, errand)
        assert "The mail service took the test mail." in visit.get(look).text
        carry_out(visit.app, errand)
        assert len(mailer.sent) == 1

    def test_where_it_cannot_be_carried(self) -> None:
        """The page says so."""
        visit = Visit(AOI, carry=cannot)
        answer = visit.post(self.path)
        assert answer.headers["location"] == "/desk/settings?done=not-carried#done"
        assert "could not be handed on" in visit.get(shown(answer)).text


def cannot(_errand: Errand) -> None:
    """Carry nothing."""
    raise Error("The queue did not take it.")


def shown(answer: Answer) -> str:
    """Where an answer leads, as a browser asks for it."""
    assert answer.status == 303
    return answer.headers["location"].partition("#")[0]


def test_webhooks_as_owners_see_them() -> None:
    """When each took something, when it failed, what waits; of its address no more than the origin."""
    webhook = Webhook(name="crm", url="https://crm.example/hook?key=s3cret", keys=(b"k" * 24,))
    visit = Visit(OWNER)
    settings = replace(visit.app.settings, webhooks={"crm": webhook})
    visit.app = replace(visit.app, settings=settings)
    visit.asgi, visit.cookie = opened(visit.app, OWNER)
    notices = [
        *of_pause(settings.webhooks, "contact", NOW, reason="complaints"),
        *of_pause(settings.webhooks, "leave", NOW, reason="complaints"),
    ]
    visit.app.notices.put_notices(notices, NOW)
    courier = FakeCourier([Reply(status=200), Reply(status=410)])
    assert "Never yet" in visit.get().text
    tell_some(visit.app, courier, webhook)
    page = visit.get().text
    assert "Off since" in page
    assert "https://crm.example<" in page
    assert "HTTP 410" in page
    assert "s3cret" not in page
    assert "Webhooks" not in Visit(AOI).get().text
