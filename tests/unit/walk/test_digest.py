"""The digest: those who may judge what is kept for review are told of it once a day, and of nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from support.store.desk import Desk
from support.variants import replace
from support.web.stories import make_settings
from todoke.model.address import Address
from todoke.model.care import SpamVerdict
from todoke.model.errors import SendDeferred
from todoke.model.form import Form, Managers, Site
from todoke.model.mail import Mail
from todoke.model.person import DeskSettings
from todoke.model.settings import GuardSettings
from todoke.model.zone import Zone
from todoke.ports.mailer import Accepted
from todoke.testing import FakeClock, MemoryStore
from todoke.walk.app import App
from todoke.walk.digest import last_begin, send_digests
from todoke.walk.sweep import sweep

TOKYO = Zone("Asia/Tokyo", ZoneInfo("Asia/Tokyo"))
START = datetime(2026, 11, 30, 1, tzinfo=UTC)
"""Ten in the morning in Tokyo."""
AOI, KEN, OWNER, READER = map(
    Address, ("aoi@shop.example", "ken@shop.example", "owner@shop.example", "reads@shop.example")
)
FORMS = {
    "contact": Form(name="contact", managers=Managers(fixed=(AOI,))),
    "leave": Form(name="leave", managers=Managers(fixed=(KEN,)), language="ja"),
}


@dataclass
class Post:
    """A mailer that keeps what it is given, or takes nothing."""

    mails: list[Mail] = field(default_factory=list)
    is_down: bool = False
    name: str = "post"

    def send(self, mail: Mail) -> Accepted:
        """See Mailer."""
        if self.is_down:
            raise SendDeferred("Not now.")
        self.mails.append(mail)
        return Accepted()

    def take(self) -> dict[str, Mail]:
        """What came since, by whom it is for."""
        mails, self.mails = self.mails, []
        assert len({m.recipient for m in mails}) == len(mails)
        return {str(mail.recipient): mail for mail in mails}


class Office:
    """A site with two forms, an owner, and a reader."""

    def __init__(self, guard: GuardSettings | None = None) -> None:
        self.store, self.clock, self.post = MemoryStore(), FakeClock(START), Post()
        self.desk = Desk(self.store, now=START)
        desk = DeskSettings(owners=(OWNER,), readers={READER: frozenset({"contact"})})
        settings = make_settings(
            site=Site(name="Example", door_url="https://forms.example", time_zone=TOKYO),
            forms=FORMS,
            desk=desk,
        )
        self.app = App(
            settings=replace(settings, guard=guard or GuardSettings()),
            store=self.store,
            mailer=self.post,
            clock=self.clock,
        )

    def move(self, **units: float) -> None:
        """Let time pass."""
        self.desk.now = self.clock.move(**units)

    def keep(self, form: str = "contact") -> str:
        """One that is kept for review."""
        held = self.desk.submission(form=form, signals=("trap_filled", "program"))
        return self.desk.add(held).submission.id


def test_who_may_judge_is_told() -> None:
    """Each of what is theirs, in the form's language; a reader of nothing, for they can do nothing."""
    site = Office()
    site.keep()
    site.move(seconds=1)
    site.keep()
    site.move(seconds=1)
    site.keep("leave")
    assert send_digests(site.app) == 3
    mails = site.post.take()
    assert set(mails) == {AOI, KEN, OWNER}
    assert mails[AOI].subject == "Kept for review at Example: 2"
    assert "https://forms.example/desk?view=review" in mails[AOI].text
    assert "3" in mails[OWNER].subject
    assert mails[KEN].subject == "【Example】確認待ちの送信：1件"
    assert "花子" not in mails[AOI].text
    assert dict(mails[AOI].headers)["Auto-Submitted"] == "auto-generated"


def test_once_a_day_and_only_of_what_is_new() -> None:
    """At seven by the site's clocks; a day on which nothing was kept brings no mail."""
    site = Office()
    site.keep()
    site.move(minutes=2)
    assert send_digests(site.app) == 2
    site.post.take()
    site.move(minutes=58)
    site.keep()
    assert send_digests(site.app) == 0
    site.move(hours=19, minutes=59)  # 6:59 in Tokyo
    assert send_digests(site.app) == 0
    site.move(minutes=1)
    assert send_digests(site.app) == 2
    assert site.post.take()[AOI].subject.endswith(": 1")
    site.move(days=1)
    assert send_digests(site.app) == 0
    assert site.post.mails == []


def test_what_is_judged_waits_for_nobody() -> None:
    """And what was never suspected."""
    site = Office()
    held = site.keep()
    site.desk.add()
    site.store.take_care(held, lambda care: care.judge(SpamVerdict.HONEST, START))
    assert send_digests(site.app) == 0


def test_a_service_that_is_down_gets_it_later() -> None:
    """Nobody is told twice, and nobody misses theirs."""
    site = Office()
    site.keep()
    site.post.is_down = True
    assert send_digests(site.app) == 0
    site.post.is_down = False
    site.move(minutes=5)
    assert send_digests(site.app) == 2
    site.move(minutes=5)
    assert send_digests(site.app) == 0


def test_it_can_be_left_out() -> None:
    """By the configuration."""
    site = Office(GuardSettings(digest=False))
    site.keep()
    assert send_digests(site.app) == 0


def test_the_sweep_sends_it() -> None:
    """With all else that time alone makes due."""
    site = Office()
    site.keep()
    sweep(site.app)
    assert set(site.post.take()) == {AOI, OWNER}


@pytest.mark.parametrize(
    ("now", "begun"),
    [
        ("2026-11-30T07:00", "2026-11-30T07:00"),
        ("2026-11-30T06:59", "2026-11-29T07:00"),
        ("2026-11-30T23:59", "2026-11-30T07:00"),
        ("2026-12-01T00:00", "2026-11-30T07:00"),
    ],
)
def test_when_one_became_due(now: str, begun: str) -> None:
    """By the clocks of the site."""
    moment = lambda text: TOKYO.moment(datetime.fromisoformat(text))  # noqa: E731
    assert last_begin(moment(now), TOKYO) == moment(begun)


def test_clocks_that_are_moved() -> None:
    """A day of 23 or 25 hours has one."""
    berlin = Zone("Europe/Berlin", ZoneInfo("Europe/Berlin"))
    for day in ("2026-03-29", "2026-10-25"):
        now = berlin.moment(datetime.fromisoformat(f"{day}T12:00"))
        assert last_begin(now, berlin) == berlin.moment(datetime.fromisoformat(f"{day}T07:00"))
        early = now - timedelta(hours=6)
        assert last_begin(early, berlin) < last_begin(now, berlin)
