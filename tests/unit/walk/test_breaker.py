"""The breaker: a form's confirmations pause when too many go wrong, wait, and go on by themselves; no other waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.mails import MANAGER, settings
from support.mail.story import Story
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Permanence, Reason, Status
from todoke.model.message import Note, Role
from todoke.ports.archive import Page, Query
from todoke.testing import MemoryStore
from todoke.walk.app import App
from todoke.walk.send.breaker import (
    LEAST_BOUNCED,
    PAUSED,
    RESTS,
    TRIES,
    TRYING,
    Fates,
    State,
    state_of,
    too_many,
)
from todoke.walk.send.round import send_round
from todoke.walk.track import track

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def story_of(most: int = 3, *, pauses: bool = True) -> Story:
    """An app whose addressees are counted, as always outside of tests."""
    story = Story(ceiling=Ceiling.HANDED_OVER)
    story.app = App(
        settings=settings(
            site=story.app.settings.site, max_confirmations=most, pauses_confirmations=pauses
        ),
        store=story.store,
        mailer=story.mailer,
        clock=story.clock,
    )
    return story


def state(app: App, form: str) -> State:
    """How the confirmations of a form fare now."""
    mark = app.shelf.mark
    return state_of(mark(PAUSED + form), mark(TRYING + form), app.clock())


def mailed(story: Story, number: int) -> list[str]:
    """So many submissions, all mailed."""
    ids = [story.add(visitor=f"v{story.count}@example.org") for _ in range(number)]
    send_round(story.app, 1_000)
    story.clock.move(seconds=1)
    return ids


def tell(story: Story, id_: str, kind: Kind, permanence: Permanence = Permanence.HARD) -> None:
    """What the mail service reports of a confirmation."""
    tell_all(story, [id_], kind, permanence)


def tell_all(
    story: Story, ids: list[str], kind: Kind, permanence: Permanence = Permanence.HARD
) -> None:
    """What it reports of several in one call."""
    events = []
    for id_ in ids:
        attempt = next(a for a in reversed(story.told(id_).attempts) if a.standing.is_taken)
        event = DeliveryEvent(
            kind=kind,
            at=story.clock(),
            received_at=story.clock(),
            service="smtp",
            token=attempt.attempt.token,
            permanence=permanence,
        )
        events.append(event)
    track(story.app, events)


def paused(most: int = 3, *, pauses: bool = True) -> Story:
    """A form of whose confirmations four of thirty came back."""
    story = story_of(most, pauses=pauses)
    for id_ in mailed(story, 30)[-4:]:
        tell(story, id_, Kind.BOUNCED)
    return story


def status(story: Story, id_: str, role: Role = Role.CONFIRMATION) -> Status:
    """How one stands."""
    return story.told(id_, role).standing.status


class TestWhenItOpens:
    @pytest.mark.parametrize(
        ("fates", "why"),
        [
            (Fates(100, 4), "hard_bounces"),
            (Fates(100, 3), ""),
            (Fates(25, 4), "hard_bounces"),
            (Fates(24, 24), ""),
            (Fates(20, 0, 1), ""),
            (Fates(100, 0, 1), ""),
            (Fates(100, 3, 1), ""),
            (Fates(100, 0, 2), "complaints"),
            (Fates(0, 0, 2), "complaints"),
            (Fates(), ""),
        ],
    )
    def test_at_these_numbers(self, fates: Fates, why: str) -> None:
        """At 4 % of what is known, and at two complaints; never by few, and never by one complaint."""
        assert too_many(fates) == why

    @given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 5))
    def test_more_that_went_well_never_opens_it(self, well: int, bounced: int, more: int) -> None:
        """One that came back never closes it, and while a window is full one that went well never opens it."""
        known = min(100, well + bounced)
        bounced = min(bounced, known)
        if too_many(Fates(known, bounced)):
            worse = min(known, bounced + more)
            assert too_many(Fates(known, worse))
        elif known >= 25:
            assert not too_many(Fates(known + more, bounced))

    def test_of_a_form_alone_and_tells_once(self) -> None:
        """Managers get one alert however many come back; the note and the pause are kept."""
        story = story_of()
        ids = mailed(story, 30)
        for id_ in ids[-4:-1]:
            tell(story, id_, Kind.BOUNCED)
        assert state(story.app, "contact") is State.GOING
        tell(story, ids[-1], Kind.BOUNCED)
        for id_ in ids[:5]:
            tell(story, id_, Kind.BOUNCED)
        assert state(story.app, "contact") is State.RESTING
        assert state(story.app, "another") is State.GOING
        notes = [
            (m.message.note, m.message.recipient)
            for id_ in ids
            for m in story.store.timeline(id_).messages  # type: ignore[union-attr]
            if m.message.note is Note.PAUSED
        ]
        assert notes == [(Note.PAUSED, MANAGER)]
        assert Kind.PAUSED in story.kinds(ids[-1])[-1]
        send_round(story.app, 100)
        [alert] = [m for m in story.mailer.sent if "Confirmations of a form pause" in m.subject]
        assert "after an hour a few pass" in alert.text

    def test_soft_ones_do_not_count(self) -> None:
        """A full mailbox says nothing of made-up addresses."""
        story = story_of()
        for id_ in mailed(story, 30)[-10:]:
            tell(story, id_, Kind.BOUNCED, Permanence.SOFT)
        assert state(story.app, "contact") is State.GOING

    def test_two_who_were_not_asked(self) -> None:
        """One complaint opens nothing, in a new form as in an old one; two do."""
        story = story_of()
        ids = mailed(story, 20)
        tell(story, ids[3], Kind.COMPLAINED)
        assert state(story.app, "contact") is State.GOING
        tell(story, ids[9], Kind.COMPLAINED)
        assert state(story.app, "contact") is State.RESTING

    @pytest.mark.parametrize("is_newest_first", [False, True])
    @pytest.mark.parametrize(
        ("apart", "expected"), [(999, State.RESTING), (1_000, State.GOING)], ids=["in", "out"]
    )
    def test_two_complaints_of_a_thousand(
        self, apart: int, expected: State, *, is_newest_first: bool
    ) -> None:
        """Of a thousand in a row, the first and the last among them; one further on is another thousand's."""
        story = story_of()
        ids = [id_ for _ in range(3) for id_ in mailed(story, 400)]
        told = [ids[100], ids[100 + apart]]
        for id_ in reversed(told) if is_newest_first else told:
            tell(story, id_, Kind.COMPLAINED)
        assert state(story.app, "contact") is expected

    def test_one_complaint_of_a_thousand_is_none_too_many(self) -> None:
        """0.1 %, and as little a rate as one of twenty: a single person may not stop everybody's mails."""
        story = story_of()
        ids = [id_ for _ in range(2) for id_ in mailed(story, 500)]
        tell(story, ids[-1], Kind.COMPLAINED)
        assert state(story.app, "contact") is State.GOING

    @pytest.mark.parametrize("is_newest_first", [False, True])
    @pytest.mark.parametrize(
        ("apart", "expected"), [(33, State.RESTING), (34, State.GOING)], ids=["in", "out"]
    )
    def test_four_of_a_hundred_came_back(
        self, apart: int, expected: State, *, is_newest_first: bool
    ) -> None:
        """In whatever order that is reported; four of a hundred and three are fewer than 4 %."""
        story = story_of()
        told = mailed(story, 250)[100::apart][:4]
        for id_ in reversed(told) if is_newest_first else told:
            tell(story, id_, Kind.BOUNCED)
        assert state(story.app, "contact") is expected

    def test_one_mailbox_speaks_for_itself_alone(self) -> None:
        """Who has a form mail to their own address, in whatever spellings, and calls all of it unwanted, is one."""
        story = story_of()
        spellings = ["mallory@example.org", "Mal.lory@example.org", "mallory+2@example.org"]
        own = [story.add(visitor=address) for address in spellings]
        others = mailed(story, 5)
        for id_ in own:
            tell(story, id_, Kind.COMPLAINED)
        assert state(story.app, "contact") is State.GOING
        tell(story, others[0], Kind.COMPLAINED)
        assert state(story.app, "contact") is State.RESTING

    def test_where_it_is_off_it_never_opens(self) -> None:
        """With pause_confirmations = false."""
        assert state(paused(pauses=False).app, "contact") is State.GOING


class TestWhileItIsOpen:
    def test_confirmations_wait_and_managers_mails_go_on(self) -> None:
        """Nothing is lost: what waits is due later."""
        story = paused()
        [id_] = mailed(story, 1)
        assert status(story, id_) is Status.QUEUED
        assert status(story, id_, Role.NOTIFICATION) is Status.ACCEPTED
        due = story.told(id_).due_at
        assert due
        assert due - story.clock() <= RESTS

    def test_what_waits_costs_its_addressee_nothing(self) -> None:
        """It was not sent, so it does not count."""
        story = paused(1)
        id_ = story.add(Role.CONFIRMATION, visitor="anna@example.org")
        for _ in range(3):
            send_round(story.app, 10)
        story.clock.now += 3 * HOUR
        send_round(story.app, 10)
        assert status(story, id_) is Status.ACCEPTED

    def test_after_a_day_it_is_withheld(self) -> None:
        """With a reason of its own."""
        story = paused()
        [id_] = mailed(story, 1)
        for _ in range(30):
            story.clock.now += HOUR
            story.store.put_mark("paused/contact", story.clock() + timedelta(minutes=59))
            send_round(story.app, 10)
        told = story.told(id_)
        assert (told.standing.status, told.standing.reason) == (Status.WITHHELD, Reason.PAUSED)
        assert told.due_at is None


class TestHowItCloses:
    def test_a_few_pass_and_then_all(self) -> None:
        """After an hour five pass; half an hour later, when none of them went wrong, all do."""
        story = paused()
        waiting = mailed(story, 40)
        story.clock.now += RESTS
        send_round(story.app, 100)
        assert [status(story, i) for i in waiting].count(Status.ACCEPTED) == 5
        assert state(story.app, "contact") is State.TRYING
        story.clock.now += TRIES
        assert state(story.app, "contact") is State.GOING
        send_round(story.app, 100)
        assert {status(story, i) for i in waiting} == {Status.ACCEPTED}

    def test_one_that_goes_wrong_then_pauses_again_in_silence(self) -> None:
        """For another hour, and nobody gets a second alert."""
        story = paused()
        waiting = mailed(story, 10)
        before = len([m for m in story.mailer.sent if "pause" in m.subject])
        story.clock.now += RESTS
        send_round(story.app, 100)
        passed = next(i for i in waiting if status(story, i) is Status.ACCEPTED)
        tell(story, passed, Kind.BOUNCED)
        assert state(story.app, "contact") is State.RESTING
        story.clock.now += RESTS
        assert state(story.app, "contact") is State.TRYING
        send_round(story.app, 100)
        assert len([m for m in story.mailer.sent if "pause" in m.subject]) == before

    def test_what_came_back_of_before_counts_no_more(self) -> None:
        """A late report of a mail from before the pause neither lengthens it nor opens it again."""
        story = story_of()
        ids = mailed(story, 60)
        for id_ in ids[-4:]:
            tell(story, id_, Kind.BOUNCED)
        story.clock.now += RESTS
        mailed(story, 1)
        for id_ in ids[:10]:
            tell(story, id_, Kind.BOUNCED)
        assert state(story.app, "contact") is State.TRYING
        story.clock.now += TRIES
        for id_ in ids[10:20]:
            tell(story, id_, Kind.BOUNCED)
        assert state(story.app, "contact") is State.GOING

    @given(st.integers(-100, 100), st.none() | st.integers(-100, 100), st.integers(-100, 300))
    def test_a_pause_ends(self, until: int, tried: int | None, later: int) -> None:
        """It rests until its moment, goes on only half an hour after the first was tried, and then for ever."""
        at = [None if m is None else NOW + timedelta(minutes=m) for m in (until, tried)]
        now = NOW + timedelta(minutes=later)
        standing = state_of(at[0], at[1], now)
        assert (standing is State.RESTING) == (later < until)
        if standing is State.GOING:
            assert tried is not None
            assert later >= tried + 30 >= until + 30
            assert state_of(at[0], at[1], now + HOUR) is State.GOING


def test_it_is_shared_by_all_processes() -> None:
    """What one opened another one keeps."""
    story = paused()
    other = App(
        settings=story.app.settings, store=story.store, mailer=story.mailer, clock=story.clock
    )
    assert isinstance(story.store, MemoryStore)
    id_ = story.add(visitor=Address("new@example.org"))
    send_round(other, 10)
    assert status(story, id_) is Status.QUEUED


class CountedStore(MemoryStore):
    """Counts the pages that are read of it."""

    pages = 0

    def page(self, query: Query) -> Page:
        """Read one."""
        self.pages += 1
        return super().page(query)


def counted(number: int) -> tuple[Story, CountedStore, list[str]]:
    """A form with so many confirmations, in a store that counts."""
    story = story_of()
    store = story.store = CountedStore()
    story.app = App(
        settings=story.app.settings, store=store, mailer=story.mailer, clock=story.clock
    )
    return story, store, mailed(story, number)


def test_many_that_went_wrong_together_are_looked_at_once() -> None:
    """A batch of a hundred that came back costs as much as one."""
    story, store, ids = counted(480)
    tell_all(story, ids[::5], Kind.BOUNCED)
    assert state(story.app, "contact") is State.RESTING
    assert store.pages <= 4


def test_a_storm_of_bounces_is_looked_at_until_it_pauses() -> None:
    """Each in a call of its own: a look that opens nothing needs 24 that went well for each that did not."""
    story, store, ids = counted(480)
    for id_ in ids[-240:]:
        tell(story, id_, Kind.BOUNCED)
    assert state(story.app, "contact") is State.RESTING
    assert store.pages <= 4 * LEAST_BOUNCED


def test_a_batch_is_judged_by_what_was_handed_over_since_a_pause() -> None:
    """What came back of before does not hide what came back since."""
    story = paused()
    old = [id_ for id_ in ("s00001", "s00002") if status(story, id_) is Status.ACCEPTED]
    assert old
    waiting = mailed(story, 10)
    story.clock.now += RESTS
    send_round(story.app, 100)
    passed = next(i for i in waiting if status(story, i) is Status.ACCEPTED)
    tell_all(story, old, Kind.BOUNCED)
    assert state(story.app, "contact") is State.TRYING
    tell_all(story, [passed, "s00003"], Kind.BOUNCED)
    assert state(story.app, "contact") is State.RESTING


def test_it_needs_no_count_of_addressees() -> None:
    """Whoever lets one mailbox have any number still keeps the account."""
    assert state(paused(0).app, "contact") is State.RESTING
