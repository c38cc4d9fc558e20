"""A site's mails of a day: beyond them confirmations are withheld, managers' mails wait, and one alert says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from support.mail.mails import MANAGER, settings
from support.mail.story import Story
from todoke.model.delivery import Reason, Status
from todoke.model.errors import SendDeferred, StoreUnavailable
from todoke.model.message import Note, Role
from todoke.ports.allowance import Ration
from todoke.ports.mailer import Accepted
from todoke.testing import MemoryStore
from todoke.walk.app import App
from todoke.walk.send.round import send_round

DAY = timedelta(days=1)


def story_of(most: int, **options: object) -> Story:
    """An app that sends so many mails a day."""
    story = Story(**options)  # type: ignore[arg-type]
    story.app = App(
        settings=settings(
            site=story.app.settings.site, max_mails_per_day=most, max_confirmations=3
        ),
        store=story.store,
        mailer=story.mailer,
        clock=story.clock,
    )
    return story


def notes(story: Story, ids: list[str]) -> list[Note]:
    """Why there are alerts."""
    every = [m for id_ in ids if (t := story.store.timeline(id_)) for m in t.messages]
    return [m.message.note for m in every if m.message.role is Role.ALERT]


def test_a_day_has_so_many_and_nothing_is_lost() -> None:
    """The managers' mails come on the next days; of confirmations the receipt says that they were not sent."""
    story = story_of(10)
    ids = [story.add(visitor=f"v{n}@example.org") for n in range(12)]
    send_round(story.app, 100)
    assert len(story.mailer.sent) == 10
    assert notes(story, ids) == [Note.CAPPED]
    send_round(story.app, 100)
    assert len(story.mailer.sent) == 11, "the alert"
    confirmations = [story.told(id_).standing for id_ in ids]
    held = [s for s in confirmations if s.status is Status.WITHHELD]
    assert {s.reason for s in held} == {Reason.OVER_CAP}
    waiting = [t for id_ in ids if (t := story.told(id_, Role.NOTIFICATION)).due_at]
    assert waiting
    assert all(t.standing.status is Status.QUEUED for t in waiting)
    for _ in range(3):
        story.clock.now += DAY
        send_round(story.app, 100)
        send_round(story.app, 100)
    assert [m.recipient for m in story.mailer.sent].count(MANAGER) == 12 + 1
    assert notes(story, ids) == [Note.CAPPED]


def test_a_flood_of_one_day_leaves_the_next_alone() -> None:
    """And another flood is told of again."""
    story = story_of(4)
    for _ in range(2):
        first = story.count
        ids = [story.add(Role.CONFIRMATION, visitor=f"w{first + n}@example.org") for n in range(6)]
        send_round(story.app, 100)
        assert [story.told(i).standing.status for i in ids].count(Status.ACCEPTED) == 4
        assert notes(story, ids) == [Note.CAPPED]
        story.clock.now += DAY


def test_a_later_try_does_not_count() -> None:
    """A mail that is tried again is one mail."""
    busy = SendDeferred("later", code="451", diagnostic="451 greylisted")
    story = story_of(1, answers={"anna@example.org": [busy, busy, Accepted()]})
    id_ = story.add(Role.CONFIRMATION, visitor="anna@example.org")
    for _ in range(3):
        send_round(story.app, 10)
        story.clock.move(minutes=40)
    assert story.told(id_).standing.status is Status.ACCEPTED


def test_without_a_bound_all_go() -> None:
    """0 counts nothing."""
    story = story_of(0)
    ids = [story.add(visitor=f"x{n}@example.org") for n in range(50)]
    send_round(story.app, 200)
    assert len(story.mailer.sent) == 100
    assert notes(story, ids) == []


class _Uncounted(MemoryStore):
    """A store that cannot count a day's mails."""

    def draw_each(self, names: Sequence[str], ration: Ration, now: datetime) -> Sequence[bool]:
        """Raise, but for what is counted of an addressee."""
        if names[0].startswith("mails/"):
            raise StoreUnavailable("throttled")
        return super().draw_each(names, ration, now)


def test_where_it_cannot_be_counted_mails_go() -> None:
    """No manager's mail waits for a count of what it costs."""
    counting = story_of(1)
    story = Story()
    story.store = _Uncounted()
    story.mailer = counting.mailer
    story.app = App(
        settings=counting.app.settings,
        store=story.store,
        mailer=story.mailer,
        clock=story.clock,
    )
    story.add()
    send_round(story.app, 10)
    assert len(story.mailer.sent) == 2
