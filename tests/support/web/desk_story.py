"""What the stories of the desk share: an office with many submissions, two of 山田 whose mail came back, and people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import urllib3
from playwright.sync_api import Browser, BrowserContext, Page, expect

from support.aws.stack import Ministack
from support.run.serving import eventually
from support.web.look import look
from support.web.provider import Provider
from todoke.model import ids
from todoke.model.address import Address, mailbox_key
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Permanence, Reason
from todoke.model.kept import Kept, KeptAttempt, KeptMessage
from todoke.model.language import translator
from todoke.model.message import Attempt, Message, Role
from todoke.model.submission import Entry, Submission
from todoke.ports.store import Store

OFFICE = Address("office@hoshino-paper.example")
PERSONNEL = Address("personnel@hoshino-paper.example")
OTHER_FORM = f"""
[forms.work]
title = "Work with us"
managers = ["{PERSONNEL}"]
"""
SERVICE = "customers-mail-cloud"
MISTYPED = "tanpopo.exmaple.jp"
"""The domain of both 山田, with a letter in the wrong place."""
FAMILIES = (
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "Brown",
    "O'Hara",
)
GIVEN = ("葵", "蓮", "陽菜", "湊", "結衣", "大翔", "咲良")
LOCALES = {"en": "en-GB", "ja": "ja-JP"}


@dataclass(frozen=True)
class Yamada:
    """Somebody to be found: how many came after them, and where their mail should have gone."""

    name: str
    local_part: str
    came_after: int
    right: Address

    @property
    def address(self) -> Address:
        """As it was typed."""
        return Address(f"{self.local_part}@{MISTYPED}")


YAMADAS = {
    "en": Yamada("山田 太郎", "taro", 900, Address("taro@example.com")),
    "ja": Yamada("山田 花子", "hanako", 1_150, Address("hanako@example.com")),
}
"""One for the story in each language, further back than a page of the list reaches."""


def fill(store: Store, secret: bytes, number: int) -> dict[str, str]:
    """Keep so many submissions of the contact form, one a minute until now; the ids of YAMADAS, by language."""
    now = datetime.now(UTC)
    found = {}
    keeping = []
    for n in range(number):
        at = now - timedelta(minutes=n + 1)
        yamada = next(((k, y) for k, y in YAMADAS.items() if y.came_after == n), None)
        kept = _kept(secret, at, n, yamada[1] if yamada else None)
        if yamada:
            found[yamada[0]] = kept.submission.id
        keeping.append(store.restore(kept))
    for future in keeping:
        assert future.result().value == "new"
    return found


def _kept(secret: bytes, at: datetime, n: int, yamada: Yamada | None) -> Kept:
    """A submission that was confirmed and told of, but for the confirmation of a 山田, which came back."""
    name = yamada.name if yamada else f"{FAMILIES[n % 12]} {GIVEN[n % 7]}"
    visitor = yamada.address if yamada else Address(f"visitor{n}@example.net")
    id_ = ids.submission_id(at, ids.place(secret, visitor=mailbox_key(visitor)))
    submission = Submission(
        id=id_,
        form="contact",
        received_at=at,
        entries=(
            Entry("name", name),
            Entry("email", str(visitor)),
            Entry("topic", "samples"),
            Entry("message", f"和紙の見本をお願いします。\n用途は帳面 {n} 冊です。"),
        ),
        language="ja",
        visitor=visitor,
        token_hash=ids.receipt_hash(ids.receipt_token(secret, id_)),
    )
    end = (Kind.BOUNCED,) if yamada else (Kind.DELIVERED,)
    return Kept(
        submission=submission,
        messages=(
            _message(submission, 1, Role.CONFIRMATION, visitor, (Kind.ACCEPTED, *end)),
            _message(submission, 2, Role.NOTIFICATION, OFFICE, (Kind.ACCEPTED, Kind.DELIVERED)),
        ),
    )


def _message(
    submission: Submission, number: int, role: Role, recipient: Address, kinds: tuple[Kind, ...]
) -> KeptMessage:
    message = Message(
        id=ids.message_id(submission.id, number),
        submission_id=submission.id,
        role=role,
        recipient=recipient,
        language="ja",
        message_id=f"<{submission.id}.{number}@hoshino-paper.example>",
        created_at=submission.received_at,
    )
    attempt = Attempt(
        token=submission.id
        + ids.new_attempt_token(),  # as a table makes them: nothing needs to lead there
        message_id=message.id,
        number=1,
        recipient=recipient,
        service=SERVICE,
        ceiling=Ceiling.DELIVERED,
        started_at=submission.received_at,
    )
    events = tuple(_event(kind, attempt, step) for step, kind in enumerate(kinds))
    return KeptMessage(message=message, attempts=(KeptAttempt(attempt=attempt, events=events),))


def _event(kind: Kind, attempt: Attempt, step: int) -> DeliveryEvent:
    at = attempt.started_at + timedelta(seconds=step + 1)
    is_back = kind is Kind.BOUNCED
    return DeliveryEvent(
        kind=kind,
        at=at,
        received_at=at,
        service=SERVICE,
        token=attempt.token,
        recipient=str(attempt.recipient),
        reason=Reason.UNKNOWN_HOST if is_back else None,
        permanence=Permanence.HARD if is_back else Permanence.NONE,
        status_code="5.1.2" if is_back else "",
        diagnostic="550 5.1.2 host unknown" if is_back else "",
        raw=b'{"event": "story"}',
    )


@dataclass(frozen=True)
class Place:
    """A todoke that is served, with the sandbox that it mails through."""

    folder: Path
    url: str
    sandbox: str
    found: dict[str, str]
    total: str
    """What the list says of how many there are: a table with managers told one by one counts no further than 99."""
    looks_back: bool
    """Whether a search looks through a bounded number and says so, as DynamoDB's must."""
    seconds: int
    """How long a mail may take on its way."""
    provider: Provider | None = None
    aws: Ministack | None = None

    def mails(self, to: str) -> list[str]:
        """The sources of the mails that the sandbox took for an address, the newest first."""
        listed = urllib3.request("GET", f"{self.sandbox}/inbox.json?to={to}", timeout=30).json()
        return [
            urllib3.request("GET", f"{self.sandbox}/inbox/{m['id']}.json", timeout=30).data.decode()
            for m in listed["messages"]
            if m["to"] == to
        ]


class Visitor:
    """Somebody in a browser of their own, who reads one language and says what is read by its English words."""

    def __init__(self, browser: Browser, place: Place, language: str, width: int = 1280) -> None:
        self.place, self.language = place, language
        self.context: BrowserContext = browser.new_context(
            locale=LOCALES[language],
            timezone_id="Asia/Tokyo",
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(place.seconds * 1_000)
        self.page: Page = self.context.new_page()
        self.wrong: list[str] = []
        self.width = width

    def say(self, text: str) -> str:
        """What the page says for this English text, in their language; it must be translated."""
        if self.language == "en":
            return text
        said = translator("pages", self.language).gettext(text)
        assert said != text, f"untranslated: {text}"
        return said

    def goto(self, path: str) -> int:
        """Go there; the status of the answer."""
        answer = self.page.goto(f"{self.place.url}{path}")
        assert answer
        return answer.status

    def look(self, name: str) -> None:
        """Note what is wrong with the page before them; wherever it is kept, the page is the same."""
        if not self.place.looks_back:
            self.wrong += look(self.page, f"story-{name}-{self.language}-{self.width}")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=self.say(name), exact=True).click()

    def follow(self, name: str) -> None:
        """Follow the first link of this name."""
        self.page.get_by_role("link", name=self.say(name)).first.click()

    def heading(self, name: str) -> None:
        """The page is called so."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.say(name))

    def said(self, text: str) -> None:
        """This was done, the page says."""
        expect(self.page.get_by_role("status").first).to_contain_text(self.say(text))

    def ask(self, who: Address) -> None:
        """Ask at the desk for a link."""
        self.goto("/desk")
        self.heading("Enter the desk")
        self.page.get_by_label(self.say("Your mail address")).fill(str(who))
        self.press("Mail me a link")
        self.heading("Look into your mailbox")

    def enter(self, who: Address) -> None:
        """Ask, look into the mailbox, follow the link, and press the one button there."""
        before = set(self.links(who))
        self.ask(who)
        link = eventually(
            lambda: next(iter(set(self.links(who)) - before), ""),
            seconds=self.place.seconds,
            what="the mail with a link",
        )
        self.page.goto(str(link))
        self.press("Enter")
        expect(self.page).to_have_url(f"{self.place.url}/desk")

    def links(self, who: Address) -> list[str]:
        """The links into the desk in the mails to somebody."""
        return [
            found[0]
            for mail in self.place.mails(str(who))
            if (found := re.search(r"https?://[^\s\"\\<>]+/desk/enter#code=[0-9A-Z-]+", mail))
        ]

    def search(self, words: str) -> Iterator[list[str]]:
        """Look for words on the list; the names on each page, as far back as anything may be found."""
        self.page.get_by_role("searchbox").fill(words)
        self.page.get_by_role("searchbox").press("Enter")
        self.page.wait_for_url("**words=*")
        while True:
            expect(self.page.get_by_role("searchbox")).to_have_value(words)
            yield self.page.locator(".inbox .who bdi").all_text_contents()
            further = self.page.get_by_role("link", name=self.say("Look further back"))
            if not further.count():
                return
            expect(self.page.locator(".looked")).to_be_visible()
            further.click()
            self.page.wait_for_load_state()

    def reload_until(self, is_so: Callable[[], bool], what: str) -> None:
        """Look at the page again until something is so."""

        def again() -> bool:
            self.page.reload()
            return is_so()

        eventually(again, seconds=self.place.seconds, what=what)


def mailto(link: str) -> tuple[str, dict[str, str]]:
    """To whom a mailto: link writes, and its fields."""
    parts = urlsplit(link)
    assert parts.scheme == "mailto"
    return parts.path, {name: value for name, [value] in parse_qs(parts.query).items()}
