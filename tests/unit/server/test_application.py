"""The application as a whole: what is at no room's address."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from support.mail.mails import claim
from support.web.stories import call, make_app, stored
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, StoreUnavailable
from todoke.model.message import Role
from todoke.server.asgi import application, without_sender
from todoke.testing import FakeMailer, MemoryStore
from todoke.walk.send.circuit import MailRest


def whole() -> ASGIApp:
    """The application over fakes."""
    return application(replace(make_app(stored()), mailer=FakeMailer()))


@pytest.mark.parametrize(
    ("lasts", "sent"), [(timedelta(days=7), "max-age=604800"), (timedelta(0), None)]
)
def test_https_alone_is_asked_for_where_the_owner_says_so(
    lasts: timedelta, sent: str | None
) -> None:
    """On every answer, the door's too; and on none where nothing is said: a host may have plain http beside."""
    app = make_app(stored())
    site = replace(app.settings.site, hsts=lasts)
    asgi = without_sender(replace(app, settings=replace(app.settings, site=site)))
    for path in ("/healthz", "/f/nothing", "/desk", "/nothing"):
        assert call(asgi, path).headers.get("strict-transport-security") == sent


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "<h1>There is nothing here</h1>"), ("ja", "<h1>見つかりませんでした</h1>")],
)
def test_an_address_of_nothing_has_a_page(language: str, title: str) -> None:
    """Whoever opens the door's bare address in a browser reads a page in their language, with the site's name."""
    asgi = whole()
    answer = call(asgi, "/", headers={"accept": "text/html", "accept-language": language})
    assert answer.status == 404
    assert title in answer.text
    assert "Hoshino Paper" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/readyz", "/metrics", "/status", "/f/nothing", "/s/nothing", "/desk"]
)
def test_every_answer_is_bound_to_what_it_says_it_is(path: str, accept: str) -> None:
    """Page, data or a line of text: no browser guesses at it, runs anything in it, or shows it in a frame."""
    answer = call(whole(), path, headers={"accept": accept})
    policy = answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


class BrokenStore(MemoryStore):
    """A store that says where its file is, and that it cannot be read."""

    def next_due(self) -> datetime | None:
        raise StoreUnavailable("/srv/forms/todoke.db cannot be used now")


def test_health_tells_strangers_no_more_than_that_it_is_bad() -> None:
    """Where the store lies and what ails it is for the log."""
    answer = call(application(replace(make_app(BrokenStore()), mailer=FakeMailer())), "/healthz")
    assert (answer.status, answer.text) == (503, "The store does not answer.\n")


def test_health_tells_that_all_mail_rests() -> None:
    """How long and why, in our own words; the status stays good, for a restart would mend nothing."""
    app = replace(make_app(stored()), mailer=FakeMailer())
    rest = MailRest(754.2, Reason.MISCONFIGURED)
    answer = call(without_sender(app, mail_rest=lambda: rest), "/healthz")
    assert (answer.status, answer.text) == (200, "ok\nMail rests for 754 s: misconfigured.\n")
    assert call(application(app), "/healthz").text == "ok\n"


def test_health_tells_to_whom_mail_is_refused() -> None:
    """While the rest is taken, and for how long."""
    app = replace(make_app(stored()), mailer=FakeMailer())
    fault = SendDeferred(diagnostic="554 Relay access denied", suspects_set_up=True)
    for visitor in ("a@visitor.example", "b@visitor.example"):
        asked = claim(Role.CONFIRMATION, visitor=visitor)
        app.doubt.judge(asked, fault, app.clock(), lambda _: None)
        app.doubt.accept(claim(Role.NOTIFICATION), app.clock())
    words = call(application(app), "/healthz").text
    assert re.fullmatch(r"ok\nMail to visitors is refused for \d+ s\.\n", words)


class FullStore(MemoryStore):
    """A store on a full disk: it can be read, and keeps nothing."""

    def put_mark(self, name: str, at: datetime, *, unless_after: datetime | None = None) -> bool:
        raise StoreUnavailable("The disk of /srv/forms/todoke.db is full.")


def test_ready_means_that_something_was_kept() -> None:
    """A full disk lets everything be read: todoke is alive, and not ready. What ails it is for the log."""
    good, full = make_app(MemoryStore()), make_app(FullStore())
    ready = call(without_sender(good), "/readyz")
    assert (ready.status, ready.text) == (200, "ready\n")
    assert ready.headers["cache-control"] == "no-store"
    assert good.shelf.mark("ready") is not None
    answer = call(without_sender(full), "/readyz")
    assert (answer.status, answer.text) == (503, "Not ready: nothing can be kept now.\n")
    assert answer.headers["retry-after"]
    assert call(without_sender(full), "/healthz").status == 200


def test_a_program_is_told_in_json() -> None:
    """The one shape of errors holds for addresses of nothing, too."""
    answer = call(whole(), "/x", headers={"accept": "application/json"})
    assert (answer.status, answer.headers["content-type"]) == (404, "application/json")
    assert '"code":"not_found"' in answer.text


@pytest.mark.parametrize("root", ["", "/forms"])
def test_the_door_is_found_wherever_the_application_stands(root: str) -> None:
    """A request under /f/ passes by what the rest goes through; a script elsewhere still reads its faults."""
    asgi = whole()

    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await asgi({**scope, "root_path": root}, receive, send)

    unknown = call(
        mounted, f"{root}/f/nothing", method="POST", headers={"accept": "application/json"}
    )
    assert (unknown.status, unknown.headers["access-control-allow-origin"]) == (404, "*")
    taken = call(mounted, f"{root}/f/contact", method="OPTIONS")
    assert taken.status == 204
