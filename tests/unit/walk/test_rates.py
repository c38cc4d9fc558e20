"""How many confirmations leave in an hour, of a form, of the site, and for one network: the others are withheld."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from support.mail.mails import MANAGER, settings
from support.mail.story import Story
from support.variants import replace
from todoke.model.delivery import Reason, Status
from todoke.model.errors import StoreUnavailable
from todoke.model.message import Note, Role
from todoke.model.retry import RetryPolicy
from todoke.ports.allowance import Ration
from todoke.testing import MemoryStore
from todoke.walk.alert import follow_up
from todoke.walk.app import App
from todoke.walk.send.round import claim_allowed, give_back, put_off, send_round

HOUR = timedelta(hours=1)


class CountingStore(MemoryStore):
    """Notes what is drawn, and can be told that it cannot count."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[str] = []
        self.is_away = False

    def draw(self, name: str, ration: Ration, now: datetime) -> bool:
        """Draw, and note it."""
        if self.is_away:
            raise StoreUnavailable("throttled")
        self.drawn.append(name)
        return super().draw(name, ration, now)


def story_of(of_form: int = 0, of_site: int = 0, of_addressee: int = 0, of_day: int = 0) -> Story:
    """An app that sends so many confirmations in an hour."""
    story = Story()
    story.store = CountingStore()
    story.app = App(
        settings=settings(
            site=story.app.settings.site,
            max_confirmations=of_addressee,
            max_confirmations_of_form=of_form,
            max_confirmations_of_site=of_site,
            max_mails_per_day=of_day,
        ),
        store=story.store,
        mailer=story.mailer,
        clock=story.clock,
    )
    return story


def ask(story: Story, number: int, *roles: Role) -> list[str]:
    """So many submissions, each of somebody else, and one round of sending."""
    ids = [story.add(*roles, visitor=f"v{story.count}@example.org") for _ in range(number)]
    send_round(story.app, 10_000)
    return ids


def statuses(story: Story, ids: Sequence[str]) -> list[Status]:
    """How their confirmations stand."""
    return [story.told(id_).standing.status for id_ in ids]


def drawn(story: Story, name: str) -> int:
    """How often something was drawn under this name."""
    assert isinstance(story.store, CountingStore)
    return story.store.drawn.count(name)


def test_a_form_has_so_many_and_nothing_is_lost() -> None:
    """All is stored and the managers hear of all; what does not go says why, and one alert a day tells of it."""
    story = story_of(of_form=20)
    ids = ask(story, 30)
    assert statuses(story, ids) == [Status.ACCEPTED] * 20 + [Status.WITHHELD] * 10
    told = story.told(ids[-1])
    assert (told.standing.reason, told.due_at) == (Reason.OVER_RATE, None)
    assert [mail.recipient for mail in story.mailer.sent].count(MANAGER) == 30
    send_round(story.app, 100)
    ask(story, 10)
    send_round(story.app, 100)
    [alert] = [m for m in story.mailer.sent if "More confirmations were asked for" in m.subject]
    assert "site.max_confirmations_of_form" in alert.text
    story.clock.now += timedelta(days=1)
    assert statuses(story, ask(story, 21))[-2:] == [Status.ACCEPTED, Status.WITHHELD]
    send_round(story.app, 100)
    alerts = [m for m in story.mailer.sent if "More confirmations were asked for" in m.subject]
    assert len(alerts) == 2


def test_it_comes_back_evenly() -> None:
    """Half of it in half an hour."""
    story = story_of(of_form=20)
    ask(story, 20)
    story.clock.now += HOUR / 2
    assert statuses(story, ask(story, 15, Role.CONFIRMATION)).count(Status.ACCEPTED) == 10


def test_the_site_has_so_many_over_all_its_forms() -> None:
    """And what the site does not let go does not count for its form."""
    story = story_of(of_form=20, of_site=15)
    assert statuses(story, ask(story, 30)).count(Status.ACCEPTED) == 15
    assert drawn(story, "confirmations of form/contact") == 15 + 1


def test_an_addressee_who_is_sent_no_more_takes_nothing_of_it() -> None:
    """Whoever bombs one mailbox does not use up what others may have."""
    story = story_of(of_form=20, of_addressee=3)
    for _ in range(100):
        story.add(Role.CONFIRMATION, visitor="victim@example.org")
    send_round(story.app, 1_000)
    assert statuses(story, ask(story, 20)).count(Status.ACCEPTED) == 17


def test_an_outage_costs_nothing_of_it() -> None:
    """What is put off untried, over and over, is counted once, when it leaves; that of a day, too."""
    story = story_of(of_form=5, of_day=10)
    ids = [story.add(visitor=f"v{n}@example.org") for n in range(5)]
    policy = RetryPolicy(give_up_after=timedelta(days=4))
    for _ in range(10):
        claims, held = claim_allowed(story.app, 100, follow_up(story.app.settings))
        assert (len(claims), held) == (10, ())
        outcomes = [put_off(story.app, c, policy, timedelta(seconds=5), None) for c in claims]
        story.app.outbox.finish(outcomes, lambda *_: ())
        give_back(story.app, outcomes)
        story.clock.move(seconds=6)
    send_round(story.app, 100)
    assert statuses(story, ids) == [Status.ACCEPTED] * 5
    assert len(story.mailer.sent) == 10


def test_a_process_counts_by_the_hundred() -> None:
    """Two writes for a thousand confirmations, and one that is refused is not asked for again each time."""
    story = story_of(of_form=50_000)
    assert statuses(story, ask(story, 1_000)).count(Status.ACCEPTED) == 1_000
    assert drawn(story, "confirmations of form/contact") == 2
    story = story_of(of_form=10)
    ask(story, 500)
    assert drawn(story, "confirmations of form/contact") == 11


def test_processes_count_together() -> None:
    """And after a restart nothing begins anew."""
    story = story_of(of_form=10)
    ask(story, 6)
    story.app = App(
        settings=story.app.settings, store=story.store, mailer=story.mailer, clock=story.clock
    )
    assert statuses(story, ask(story, 10)).count(Status.ACCEPTED) == 4


def test_what_cannot_be_counted_waits() -> None:
    """It is neither sent uncounted nor withheld; the manager's mail goes out."""
    story = story_of(of_form=10)
    assert isinstance(story.store, CountingStore)
    story.store.is_away = True
    [id_] = ask(story, 1)
    assert statuses(story, [id_]) == [Status.QUEUED]
    assert [mail.recipient for mail in story.mailer.sent] == [MANAGER]
    story.store.is_away = False
    story.clock.move(minutes=1)
    send_round(story.app, 10)
    assert statuses(story, [id_]) == [Status.ACCEPTED]


def test_of_a_busy_network() -> None:
    """What the door marked is withheld and says why; somebody who sends it again from the desk sends it."""
    story = story_of(of_form=10)
    id_ = story.add()
    timeline = story.store.timeline(id_)
    assert timeline is not None
    marked = [
        replace(m.message, id=f"{m.message.id}-b", note=Note.OVER_RATE)
        for m in timeline.messages
        if m.message.role is Role.CONFIRMATION
    ]
    story.store.erase(submission_id=id_)
    story.store.add(timeline.submission, marked, None).result()
    send_round(story.app, 10)
    assert story.told(id_).standing.reason is Reason.BUSY_NETWORK
    story.clock.move(minutes=1)
    story.app.outbox.resend(
        marked[0].id, now=story.clock(), recipient=None, max_corrections=3, follow_up=lambda *_: ()
    )
    send_round(story.app, 10)
    assert statuses(story, [id_]) == [Status.ACCEPTED]
