"""The pages of todoke, served with what they show: submissions in every state, forms with faults, the desk, the demo.

A new page is a row of OPEN_PAGES or DESK_PAGES; axe, html-validate, the budget, `make pictures` and `make lighthouse`
visit them all.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import todoke
from support.mail.postmark_server import STAYS
from support.variants import replace
from support.web.local_server import serving
from support.web.stories import (
    ANSWERS,
    CONTACT,
    EVENTS,
    HANA,
    NOW,
    SECRET,
    fill,
    make_app,
    make_message,
    make_settings,
    make_timeline,
    stored,
    token_of,
)
from todoke.demo import home
from todoke.demo.switch import WebhookSwitch
from todoke.model.address import Address
from todoke.model.care import SpamVerdict
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Reason
from todoke.model.form import Site
from todoke.model.ids import disown_token
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.model.submission import FieldError
from todoke.ports.suppressions import Lifting, ListedFor, Suppression
from todoke.testing import FakeSuppressions, MemoryStore
from todoke.walk.app import App
from todoke.walk.lift import entry_name
from todoke.web import disown, receipt
from todoke.web.desk import desk
from todoke.web.desk.enter import entry_link
from todoke.web.http.compress import Compress
from todoke.web.pages import assets, pages
from todoke.web.receipt import Pace

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SITE_URL = "https://shop.example/"
SITE = Path(todoke.__file__).parent / "demo" / "site"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ERRORS = tuple(
    FieldError(name, "valueMissing", text)
    for name, text in (
        ("email", "Please fill in “Mail address”."),
        ("reply", "Please choose one of these."),
        ("message", "Please fill in “Message”."),
        ("terms", "Please tick this box to go on."),
    )
)
LISTED = "hanako.suzuki-yamamoto@mail.very-long-department.example.com"
OWNER = Address("owner@shop.example")
LONG = "06k3f0q9c2m7v1d4t8s5r6p0ab"
"""The id of a submission as long as real ones, with addresses that no phone has room for."""
PACE = Pace(poll_seconds=0.1, slow_poll_seconds=0.1, quiet_seconds=60)


@dataclass(frozen=True)
class Shown:
    """The pages as served, with what is behind them."""

    url: str
    app: App
    store: MemoryStore
    hints: list[str]

    def receipt(self, id_: str) -> str:
        """The address of a receipt."""
        return f"{self.url}/s/{token_of(id_)}"

    def enter_desk(self, page: Page, heading: str = "Submissions", button: str = "Enter") -> None:
        """Go in by a one-time link; without scripts its code is typed."""
        _, _, code = entry_link(self.app).partition("#code=")
        page.goto(f"{self.url}/desk/enter#code={code}")
        if page.locator("#code").is_visible():
            page.locator("#code").fill(code)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def in_japanese(id_: str, told: Sequence[MessageTimeline]) -> Timeline:
    """A submission in Japanese with the same messages."""
    messages = [
        replace(
            m,
            message=replace(m.message, id=f"{id_}-ja-{m.message.role}", submission_id=f"{id_}-ja"),
        )
        for m in told
    ]
    moved = [
        replace(
            m,
            attempts=tuple(
                replace(a, attempt=replace(a.attempt, message_id=m.message.id)) for a in m.attempts
            ),
        )
        for m in messages
    ]
    return make_timeline(*moved, id_=f"{id_}-ja", language="ja")


def filled() -> MemoryStore:
    """Submissions with a message in every state, both roles, every ceiling, and in Japanese."""
    store = stored()
    for status in EVENTS:
        # Nothing of a submission in review is handed over.
        others = {"delivered": "bounced", "in_review": "in_review"}
        other = others.get(status, "delivered")
        fill(
            store,
            make_timeline(
                make_message(status, submission_id=status),
                make_message(
                    other,
                    Role.NOTIFICATION,
                    recipient=Address("post@shop.example"),
                    submission_id=status,
                ),
                id_=status,
            ),
        )
    bare = Ceiling.HANDED_OVER
    watched = Ceiling.NOT_RETURNED
    fill(
        store,
        make_timeline(
            make_message("accepted", ceiling=bare, submission_id="smtp"),
            make_message("accepted", Role.NOTIFICATION, ceiling=watched, submission_id="smtp"),
            id_="smtp",
        ),
        make_timeline(make_message("bounced", submission_id="ja"), id_="ja", language="ja"),
        *(
            make_timeline(
                make_message(
                    "accepted",
                    reason=Reason.DISOWNED,
                    kinds=(Kind.ACCEPTED, Kind.COMPLAINED),
                    submission_id=id_,
                ),
                id_=id_,
                language=language,
            )
            for id_, language in {"told": "en", "told-ja": "ja"}.items()
        ),
        make_timeline(
            make_message("accepted", recipient=Address("hana@gmial.com"), submission_id="typo"),
            id_="typo",
        ),
        make_timeline(
            make_message(
                "rejected",
                recipient=Address("hanako.suzuki-yamamoto@mail.very-long-department.example.com"),
                submission_id=LONG,
            ),
            make_message(
                "bounced",
                Role.NOTIFICATION,
                recipient=Address("customer-service@international.hoshino-paper.example.org"),
                submission_id=LONG,
            ),
            id_=LONG,
            visitor=Address("hanako.suzuki-yamamoto@mail.very-long-department.example.com"),
        ),
        make_timeline(id_="none"),
        make_timeline(
            make_message("in_review", submission_id="spam"),
            id_="spam",
            signals=("trap_filled", "bbcode", "many_links"),
        ),
    )
    store.take_care("spam", lambda care: care.judge(SpamVerdict.SPAM, NOW))
    store.journal(
        [
            DeliveryEvent(
                kind=Kind.BOUNCED,
                at=NOW,
                received_at=NOW,
                service="customers-mail-cloud",
                token="x",
                reason=Reason.UNKNOWN_ADDRESS,
                diagnostic="550 no such user",
                raw=b'{"event": "bounce"}',
            )
        ],
        lambda *_: (),
    )
    store.put_suppressions(
        "customers-mail-cloud",
        [
            Suppression(
                address="a-rather-long-name-of-somebody.who-moved-away@subsidiary.of.a.company.example",
                since=NOW,
                reason="2",
                cause=Reason.UNKNOWN_ADDRESS,
            ),
            Suppression(address="full@example.net", reason="5", cause=Reason.MAILBOX_FULL),
            Suppression(address="花@例え.jp", reason="a word of the service that is long"),
            Suppression(address=OWNER, since=NOW, reason="2", cause=Reason.UNKNOWN_ADDRESS),
        ],
        NOW,
    )
    asked = Lifting(asked_at=NOW)
    refused = replace(asked, ended_at=NOW, refusal=STAYS)
    store.put_suppressions(
        "ses",
        [
            Suppression(
                address=LISTED, since=NOW, reason="COMPLAINT", listed_for=ListedFor.COMPLAINT
            ),
            *(
                Suppression(
                    address=f"{name}@example.net",
                    since=NOW,
                    reason="BOUNCE",
                    listed_for=ListedFor.BOUNCE,
                    lifting=lifting,
                )
                for name, lifting in {
                    "waiting": asked,
                    "refused": refused,
                    "unanswered": replace(asked, ended_at=NOW),
                    **{f"left{n}": None for n in range(4)},
                }.items()
            ),
        ],
        NOW,
    )
    later = NOW + timedelta(minutes=1)
    store.put_mark("suppressions asked/ses", later)
    store.put_mark("suppressions not read/ses", later)
    return store


def answers(request: Request) -> Response:
    """The form page: empty, or with answers to check."""
    wrong = "wrong" in request.query_params
    language = request.query_params.get("language", "en")
    given = (ANSWERS, ERRORS, language, 422) if wrong else ((), (), language, 200)
    return pages.answers_page(CONTACT, *given, site=Site(name="Hoshino Paper", url=SITE_URL))


def fault(_: Request) -> Response:
    """An error page that kept what was typed."""
    text = "Your answers could not be stored just now."
    title = "Please try again in a moment"
    site = Site(name="Hoshino Paper", url=SITE_URL)
    return pages.error_page(
        503, title, text, "en", entries=ANSWERS, action="/f/contact", form=CONTACT, site=site
    )


@contextlib.contextmanager
def gallery(folder: Path, **looks: Any) -> Iterator[Shown]:
    """The pages, served over real HTTP; `looks` are fields of their site."""
    store = filled()
    switch = WebhookSwitch(folder / "webhook")
    hints: list[str] = []
    site = Site(
        name="Hoshino Paper",
        url=SITE_URL,
        door_url="http://127.0.0.1:8000",
        alert_to=(OWNER,),
        **looks,
    )
    app = make_app(store, hint=lambda: hints.append("hint"), site=site)
    app = replace(
        app,
        suppressions=FakeSuppressions(name="ses"),
        settings=replace(app.settings, max_confirmations=3),
    )
    routes = [
        *assets.routes(site),
        *receipt.routes(app, pace=PACE),
        *disown.routes(app),
        *desk.routes(app),
        Route("/answers", answers),
        Route("/fault", fault),
        Mount("/site", routes=[*home.routes(switch, ""), Mount("/", StaticFiles(directory=SITE))]),
    ]
    with serving(Compress(Starlette(routes=routes))) as url:
        yield Shown(url, app, store, hints)


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A headless Chromium. Raises RuntimeError: if there is none on this machine."""
    if CHROMIUM is None:
        raise RuntimeError("chromium is not installed: scripts/system-packages brings it")
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield one
        one.close()


def context_of(
    browser: Browser, *, width: int = 1280, scheme: Any = "light", **more: Any
) -> BrowserContext:
    """A fresh browser profile."""
    return browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        reduced_motion="reduce",
        timezone_id="Asia/Tokyo",
        locale=more.pop("locale", "en-GB"),
        **more,
    )


def disown_path(id_: str) -> str:
    """Where whoever was sent the confirmation of a submission says that they asked for none."""
    return f"/s/{disown_token(SECRET, id_, HANA.key)}/not-me"


OPEN_PAGES = {
    **{
        f"receipt-{status}": f"/s/{token_of(status)}"
        for status in (*EVENTS, "smtp", "ja", "typo", "none", LONG)
    },
    "receipt-404": "/s/nobody",
    "disown": disown_path("accepted"),
    "disown-ja": disown_path("ja"),
    "disown-told": disown_path("told"),
    "disown-told-ja": disown_path("told-ja"),
    "answers": "/answers",
    "answers-wrong": "/answers?wrong=1",
    "answers-wrong-ja": "/answers?wrong=1&language=ja",
    "fault": "/fault",
    "desk-shut": "/desk",
    "desk-enter": "/desk/enter?code=x",
    "desk-left": "/desk/left",
    "site-index": "/site/index.html",
    "site-contact": "/site/contact.html",
    "site-leave": "/site/leave.html",
    "site-thanks": "/site/thanks.html",
    "site-index-ja": "/site/ja/index.html",
    "site-contact-ja": "/site/ja/contact.html",
    "site-leave-ja": "/site/ja/leave.html",
}
DESK_PAGES = {
    "desk-list": "/desk",
    "desk-list-empty": "/desk?form=none",
    "desk-list-filtered": "/desk?view=attention&words=hana&status=not_delivered&since=2026-11-01",
    "desk-list-review": "/desk?view=review",
    "desk-list-spam": "/desk?view=spam",
    "desk-attention": "/desk/attention",
    "desk-figures": "/desk/figures",
    "desk-outage": "/desk/outage?view=attention",
    "desk-bounced": "/desk/bounced",
    "desk-unknown": "/desk/unknown?form=contact&done=star",
    "desk-in-review": "/desk/in_review",
    "desk-spam": "/desk/spam",
    "desk-many": f"/desk/{LONG}",
    "desk-resend": "/desk/delivered/messages/delivered-confirmation/resend",
    "desk-address": "/desk/delivered/messages/delivered-confirmation/address",
    "desk-erase": "/desk/delivered/erase",
    "desk-export": "/desk/export?form=contact",
    "desk-nothing": "/desk/nobody",
    "desk-orphans": "/desk/orphans",
    "desk-suppressions": "/desk/suppressions",
    "desk-suppressions-found": "/desk/suppressions?part=left",
    "desk-lift": f"/desk/suppressions/{entry_name(make_settings().secret, 'ses', LISTED)}/lift",
    "desk-settings": "/desk/settings",
    "desk-sessions": "/desk/sessions",
    "desk-trail": "/desk/trail",
}
