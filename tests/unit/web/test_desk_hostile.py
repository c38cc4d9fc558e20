"""What strangers write, wherever it stands at the desk: nothing of it is markup, and nothing turns a line around."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from support.web.desk import opened, page_token
from support.web.letters import AOI, FORMS
from support.web.stories import call, make_app, make_message, make_timeline, post, stored
from todoke.model.address import Address
from todoke.model.message import Role, Timeline
from todoke.model.person import DeskSettings
from todoke.model.submission import Entry, File

MARK = "</textarea></title></script><img src=x onerror=alert(1)>"
TURN = "\u202e\u2066\u200f"
EVIL = f"'\"{MARK}{TURN}javascript:alert(1)"
PAGES = (
    *("/desk", "/desk/attention", "/desk/outage?view=attention", "/desk/figures", "/desk/s1"),
    *("/desk/s1/erase", "/desk/s1/messages/s1-confirmation/resend"),
    *("/desk/s1/messages/s1-confirmation/address", "/desk/sessions", "/desk/trail"),
    *("/desk/orphans", "/desk/suppressions", "/desk/settings", "/desk/export"),
)
QUERY = "words={0}&form={0}&address={0}&assignee={0}&done={0}&resent={0}&test={0}&by={0}&deed={0}"


class Markup(HTMLParser):
    """Notes what a browser would run or load that is not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Each element."""
        names = dict(attrs)
        if tag == "img" or any(name.startswith("on") or name == "style" for name in names):
            self.odd.append(f"{tag} {names}")
        for name in ("href", "src", "action"):
            where = names.get(name)
            if where and not re.match(r"/|#|mailto:|tel:|https?://", where):
                self.odd.append(f"{tag} {name}={where}")


def hostile() -> Timeline:
    """A submission in which everything that a stranger states is hostile."""
    visitor = Address('"<img/src=x/onerror=alert(1)>"@evil.example')
    return make_timeline(
        make_message("bounced", recipient=visitor, diagnostic=EVIL),
        make_message("bounced", Role.NOTIFICATION, recipient=AOI, diagnostic=EVIL),
        visitor=visitor,
        entries=(
            *(Entry(name, EVIL) for name in ("name", "tel", "topic", "message", EVIL)),
            Entry("email", str(visitor)),
            Entry("photo", File(name=EVIL, media_type=EVIL, content=b"x")),
        ),
    )


@pytest.mark.parametrize("page", PAGES)
def test_it_stays_text(page: str) -> None:
    """On every page, by what was stored and by what an address of a page says."""
    store = stored(hostile())
    desk = DeskSettings(owners=(Address("owner@shop.example"),))
    app = make_app(store, forms=FORMS, desk=desk)
    asgi, mine = opened(app, "owner@shop.example")
    note = f"token={page_token(asgi, mine)}&text=%3C/textarea%3E%3Cimg src=x onerror=alert(1)%3E"
    assert post(asgi, "/desk/s1/remarks", note.replace(" ", "+"), **mine).status == 303
    asked = QUERY.format("%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E%E2%80%AE")
    for path in (page, f"{page}{'&' if '?' in page else '?'}{asked}"):
        answer = call(
            asgi, path, headers={**mine, "user-agent": EVIL.encode("ascii", "replace").decode()}
        )
        assert answer.status == 200
        read = Markup()
        read.feed(answer.text)
        assert read.odd == []
        assert page != "/desk/s1" or answer.text.count("&lt;img src=x onerror=alert(1)&gt;") > 5
        assert not set(TURN) & set(re.sub(r'value="[^"]*"', "", answer.text))
        assert "'unsafe" not in answer.headers["content-security-policy"]


def test_the_name_of_a_file_adds_no_header() -> None:
    """It is percent-encoded whole."""
    store = stored(hostile())
    asgi, mine = opened(make_app(store, forms=FORMS), str(AOI))
    position = len(hostile().submission.entries) - 1
    named = call(asgi, f"/desk/s1/files/{position}", headers=mine).headers["content-disposition"]
    assert re.fullmatch(r"attachment; filename\*=utf-8''[A-Za-z0-9%_.~-]+", named)
