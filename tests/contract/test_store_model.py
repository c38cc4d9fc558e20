"""Random histories: every store gives the answers of the model, which is the store in memory."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from support.store.desk import MANAGER, ON_AWS, SECRET, START, STORE_NAMES, STORES, Desk
from support.variants import replace
from todoke.model.address import Address
from todoke.model.care import Care, SpamVerdict
from todoke.model.delivery import DeliveryEvent, Kind, Permanence, Reading, Reason
from todoke.model.erased import erased_mailbox
from todoke.model.message import Claim, Message, MessageTimeline, Note, Outcome, Role, Timeline
from todoke.model.submission import Submission
from todoke.ports.archive import Query, Scope
from todoke.ports.store import Store
from todoke.ports.suppressions import Suppression
from todoke.testing import MemoryStore

KINDS = st.sampled_from(sorted(Kind))
VISITORS = st.sampled_from(["a@v.example", "B@v.example", "b@V.example", "花@例え.jp", ""])
FORMS = st.sampled_from(["contact", "leave"])
SECONDS = st.integers(min_value=0, max_value=400)
MAILBOXES = st.sampled_from(["", "A@v.example", MANAGER])
CHANGES: list[Callable[[Care], Care]] = [
    lambda care: care.read(START),
    lambda care: care.unread(),
    lambda care: care.done(START),
    lambda care: care.open(),
    lambda care: care.star(on=not care.starred),
    lambda care: care.assign("a@v.example" if not care.assignee else ""),
    lambda care: care.judge(SpamVerdict.HONEST, START),
    lambda care: care.judge(SpamVerdict.SPAM, START),
]
SERVICE_IDS = st.sampled_from(["", "q-1", "q-2"])


def _alert_on_failure(
    submission: Submission, before: MessageTimeline, after: MessageTimeline
) -> tuple[Message, ...]:
    """An alert with a derived id, as track makes them."""
    if after.message.role is Role.ALERT or not after.standing.status.is_failure:
        return ()
    if before.standing.status == after.standing.status:
        return ()
    return (
        Message(
            id=f"{after.message.id}-{after.standing.status}",
            submission_id=submission.id,
            role=Role.ALERT,
            recipient=MANAGER,
            language="en",
            message_id=f"<{after.message.id}.{after.standing.status}@site.example>",
            created_at=START,
            about=after.message.id,
            note=Note(after.standing.status.value),
        ),
    )


MODELLED = [kind for kind in STORE_NAMES if kind.values != ("ministack",)]
"""ministack is slow, and DynamoDB Local the reference: the rest of the contract is enough for it."""


class Histories(RuleBasedStateMachine):
    """The same calls to a store and to the model. Tokens are drawn by each store, so they are translated."""

    kind = "sqlite"
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store: Store = STORES[self.kind](Path(self.folder.name))
        self.model: Store = MemoryStore()
        self.desk = Desk(self.model)
        self.tokens: dict[str, str] = {}
        self.numbers = itertools.count()

    def teardown(self) -> None:
        """Let go of the files."""
        self.store.close()
        self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        """Start with one submission, so that short histories are about something."""
        self.add("contact", "a@v.example", "", None)

    @rule(
        form=FORMS,
        visitor=VISITORS,
        key=st.sampled_from(["", "k1", "k2"]),
        days=st.none() | st.integers(0, 2),
        signals=st.sampled_from([(), ("program", "trap_filled")]),
    )
    def add(
        self, form: str, visitor: str, key: str, days: int | None, signals: tuple[str, ...] = ()
    ) -> None:
        """Add a submission, with a repeat key or without."""
        retain_until = None if days is None else self.desk.now + timedelta(days=days)
        repeat = self.desk.repeat(key, fingerprint=form, seconds=200) if key else None
        submission = self.desk.submission(
            form=form,
            visitor=visitor,
            retain_until=retain_until,
            signals=signals,
            repeat=repeat,
        )
        messages = self.desk.pair(submission) if visitor else ()
        answers = [s.add(submission, messages, repeat).result() for s in (self.store, self.model)]
        assert answers[0] == answers[1]
        self.desk.move(microseconds=1)

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: int) -> None:
        """Let time pass."""
        self.desk.move(seconds=seconds)

    @rule(target=claims, limit=st.integers(1, 3), lease=st.integers(1, 300))
    def claim(self, limit: int, lease: int) -> object:
        """Claim some work."""
        found = [
            Desk(s, now=self.desk.now).claim(limit=limit, lease=timedelta(seconds=lease))
            for s in (self.store, self.model)
        ]
        self.tokens |= {a.attempt.token: b.attempt.token for a, b in zip(*found, strict=True)}
        assert [self._claim(c) for c in found[0]] == [
            replace(c, ordinal=self._ordinal(c)) for c in found[1]
        ]
        return multiple(*zip(*found, strict=True))

    @rule(pair=claims, lease=st.integers(1, 300))
    def renew(self, pair: tuple[Claim, Claim], lease: int) -> None:
        """Lengthen a lease, perhaps one that is over."""
        until = self.desk.now + timedelta(seconds=lease)
        for store, claim in zip((self.store, self.model), pair, strict=True):
            store.renew([claim], until)

    @rule(
        pair=consumes(claims),
        kinds=st.lists(KINDS, max_size=2),
        retry=st.none() | SECONDS,
        service_id=SERVICE_IDS,
    )
    def finish(
        self, pair: tuple[Claim, Claim], kinds: list[Kind], retry: int | None, service_id: str
    ) -> None:
        """End a claim, perhaps a stale one."""
        retry_at = None if retry is None else self.desk.now + timedelta(seconds=retry)
        service_id = service_id and f"{service_id}-{pair[1].message.id}"
        for store, claim in zip((self.store, self.model), pair, strict=True):
            events = tuple(
                self.desk.event(k, token=claim.attempt.token, service_id=service_id) for k in kinds
            )
            outcome = Outcome(claim=claim, events=events, retry_at=retry_at)
            store.finish([outcome], _alert_on_failure)

    @rule(
        pair=claims,
        kinds=st.lists(KINDS, min_size=1, max_size=3),
        by=st.sampled_from(["token", "id", "nothing"]),
        service_id=SERVICE_IDS,
        stranger=st.booleans(),
        late=SECONDS,
    )
    def journal(
        self,
        pair: tuple[Claim, Claim],
        kinds: list[Kind],
        by: str,
        service_id: str,
        stranger: bool,
        late: int,
    ) -> None:
        """Record events, matched or not."""
        words = []
        for store, claim in zip((self.store, self.model), pair, strict=True):
            stated = {
                "token": claim.attempt.token if by == "token" else "",
                "service_id": f"{service_id}-{claim.message.id}"
                if by != "nothing" and service_id
                else "",
                "recipient": "a@v.example" if stranger else "",
                "at": self.desk.now - timedelta(seconds=late),
            }
            events = [self.desk.event(k, **stated) for k in kinds]
            words.append(list(store.journal(events, _alert_on_failure)))
        assert words[0] == words[1]

    @rule(pair=claims, recipient=st.sampled_from(["", "new@v.example"]))
    def resend(self, pair: tuple[Claim, Claim], recipient: str) -> None:
        """Ask for a new attempt."""
        answers = [
            s.resend(
                pair[1].message.id,
                now=self.desk.now,
                recipient=Address(recipient),
                max_corrections=2,
                follow_up=_alert_on_failure,
            )
            for s in (self.store, self.model)
        ]
        assert answers[0] == answers[1]

    @rule(addresses=st.lists(VISITORS.filter(bool)), service=st.sampled_from(["post", "courier"]))
    def put_suppressions(self, addresses: list[str], service: str) -> None:
        """Keep a service's list."""
        listed = [Suppression(address=a, service_id=str(n)) for n, a in enumerate(addresses)]
        for store in (self.store, self.model):
            store.put_suppressions(service, listed, self.desk.now)

    @rule(days=st.integers(-40, 0), key=VISITORS)
    def remember_erased(self, days: int, key: str) -> None:
        """Remember an erasure."""
        one = erased_mailbox(SECRET, key, self.desk.now + timedelta(days=days))
        for store in (self.store, self.model):
            store.remember_erased([one])

    @rule(address=VISITORS.filter(bool))
    def erase_address(self, address: str) -> None:
        """Erase a person."""
        assert self.store.erase(address=address) == self.model.erase(address=address)

    @rule(seconds=SECONDS, by_age=st.booleans())
    def erase_old(self, seconds: int, by_age: bool) -> None:
        """Erase by age or by retention."""
        condition = "received_before" if by_age else "retained_before"
        when = {condition: self.desk.now - timedelta(seconds=seconds)}
        assert self.store.erase(**when) == self.model.erase(**when)

    @rule(
        form=FORMS | st.just(""),
        status=st.sampled_from(["", "queued", "accepted", "bounced", "deferred"]),
        address=VISITORS,
        limit=st.integers(1, 4),
    )
    def page(self, form: str, status: str, address: str, limit: int) -> None:
        """List what meets some conditions."""
        query = Query(form=form, statuses=frozenset({status} - {""}), address=address, limit=limit)
        pages = [self._ids(s, query) for s in (self.store, self.model)]
        assert pages[0] == pages[1]

    @rule(
        words=st.sampled_from(["hello", "花子", "子", "new v.example", "example b", "nothing"]),
        form=FORMS | st.just(""),
        scope=st.none() | st.builds(Scope, forms=st.frozensets(FORMS), mailbox=MAILBOXES),
        unread=st.booleans(),
        limit=st.integers(1, 4),
    )
    def find(self, words: str, form: str, scope: Scope | None, unread: bool, limit: int) -> None:
        """Look for words."""
        query = Query(words=words, form=form, scope=scope, unread=unread, limit=limit)
        self._compare(query)

    @rule(
        attention=st.booleans(),
        review=st.booleans(),
        spam=st.booleans(),
        unread=st.booleans(),
        starred=st.booleans(),
        done=st.none() | st.booleans(),
        assignee=MAILBOXES,
        scope=st.none() | st.builds(Scope, forms=st.frozensets(FORMS), mailbox=MAILBOXES),
        statuses=st.frozensets(st.sampled_from(sorted(Reading)), max_size=3),
        silent=st.none() | SECONDS,
    )
    def look(self, silent: int | None, **conditions: object) -> None:
        """List what the desk's people did or have to do, and what is read of it."""
        since = None if silent is None else self.desk.now - timedelta(seconds=silent)
        self._compare(Query(silent_since=since, limit=3, **conditions))  # type: ignore[arg-type]

    @rule(change=st.sampled_from(CHANGES), number=st.integers(0, 5))
    def take_care(self, change: Callable[[Care], Care], number: int) -> None:
        """Do something with a submission, perhaps with one that is gone."""
        shown = self.model.page(Query(limit=6)).timelines
        id_ = shown[number].submission.id if number < len(shown) else "0" * 26
        answers = [s.take_care(id_, change) for s in (self.store, self.model)]
        assert answers[0] == answers[1]

    def _compare(self, query: Query) -> None:
        pages = [self._ids(s, query) for s in (self.store, self.model)]
        assert pages[0] == pages[1]
        assert self.store.count(query) == self.model.count(query)

    @invariant()
    def is_the_same(self) -> None:
        """All that can be read is the same."""
        assert self.store.counts() == self.model.counts()
        assert list(self.store.erased(self.desk.now)) == list(self.model.erased(self.desk.now))
        assert self.store.next_due() == self.model.next_due()
        assert self.store.due(self.desk.now, 1000) == self.model.due(self.desk.now, 1000)
        every = Query(limit=1000)
        theirs, ours = (
            [self._timeline(t) for t in store.page(every).timelines]
            for store in (self.store, self.model)
        )
        assert theirs == ours
        lists = [
            [(s.service, s.read_at, set(s.suppressions)) for s in store.suppressions()]
            for store in (self.store, self.model)
        ]
        assert lists[0] == lists[1]
        orphans = [
            {replace(e, token=self.tokens.get(e.token, e.token)) for e in s.orphans(1000)}
            for s in (self.store, self.model)
        ]
        assert orphans[0] == orphans[1]

    def _ids(self, store: Store, query: Query) -> list[str]:
        page = store.page(query)
        ids = [t.submission.id for t in page.timelines]
        return ids + self._ids(store, replace(query, before=page.next)) if page.next else ids

    def _claim(self, claim: Claim) -> Claim:
        attempt = replace(claim.attempt, token=self.tokens[claim.attempt.token])
        return replace(claim, attempt=attempt, ordinal=self._ordinal(claim))

    def _ordinal(self, told: Claim | Timeline) -> int | None:
        """A table numbers with the first claim, so in another order."""
        return None if self.kind in ON_AWS else told.ordinal

    def _timeline(self, timeline: Timeline) -> Timeline:
        messages = tuple(self._message(m) for m in timeline.messages)
        return replace(timeline, messages=messages, ordinal=self._ordinal(timeline))

    def _events(self, events: Sequence[DeliveryEvent]) -> tuple[DeliveryEvent, ...]:
        """In the order of when they reached us. Of one moment the order is the store's: one joins an orphan right after
        the event that explains it, another after the call."""
        same = (replace(e, token=self.tokens.get(e.token, e.token)) for e in events)
        return tuple(sorted(same, key=lambda e: (e.received_at, e.key)))

    def _message(self, told: MessageTimeline) -> MessageTimeline:
        attempts = tuple(
            replace(
                a,
                attempt=replace(a.attempt, token=self.tokens.get(a.attempt.token, a.attempt.token)),
                events=self._events(a.events),
            )
            for a in told.attempts
        )
        return replace(told, attempts=attempts)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", [k for k in MODELLED if k.values != ("memory",)])
def test_random_histories(kind: str) -> None:
    """Whatever happens in whatever order, a store answers as the model does."""
    machine = type("Histories", (Histories,), {"kind": kind})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=4 if kind in ON_AWS else 25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


EVENTS = st.lists(
    st.builds(
        lambda kind, seconds, reason, permanence: DeliveryEvent(
            kind=kind,
            at=START + timedelta(seconds=seconds),
            received_at=START,
            service="post",
            reason=reason,
            permanence=permanence,
        ),
        KINDS,
        SECONDS,
        st.none() | st.sampled_from(sorted(Reason)),
        st.sampled_from(sorted(Permanence)),
    ),
    max_size=8,
)


@pytest.mark.parametrize("kind", MODELLED)
@settings(max_examples=20, deadline=None)
@given(data=st.data(), events=EVENTS)
def test_order_and_repetition_change_nothing(
    kind: str, data: st.DataObject, events: list[DeliveryEvent]
) -> None:
    """Events in any order, any number of times, in calls of any size, give the same standing."""
    again = data.draw(
        st.permutations(
            events + data.draw(st.lists(st.sampled_from(events)) if events else st.just([]))
        )
    )
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=len(again), max_size=len(again)))
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(STORES[kind](Path(folder)))
        standings = []
        for order, steps in ((events, [100]), (again, sizes)):
            message = desk.add_one()
            token = desk.claim_one().attempt.token
            mine = iter([replace(e, token=token) for e in order])
            for size in steps:
                desk.journal(*itertools.islice(mine, size))
            standings.append(desk.told(message).standing)
        desk.store.close()
    assert standings[0] == standings[1]
