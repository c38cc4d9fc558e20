"""What the desk asks of the mail service, carried by the queue to the function `sender`: done there, once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

import support.mail.mails as mails
from support.aws.lambda_events import Invocation, MemoryQueues, queue_record, read_plain
from support.variants import replace
from todoke.aws.functions.hint import Hint, read_hint, write_hint
from todoke.aws.functions.relay import Relay
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.errand import Errand, Lift, ListReading, MailTest
from todoke.model.errors import (
    Malformed,
    RecordsUnavailable,
    SendDeferred,
    SendRefused,
    StoreUnavailable,
)
from todoke.model.person import DeskSettings
from todoke.ports.suppressions import Suppression
from todoke.testing import FakeClock, FakeMailer, FakeSuppressions, MemoryStore
from todoke.walk.app import App
from todoke.walk.lift import ask_to_lift, entry_name
from todoke.walk.try_mail import new_test, reported

OWNER, READER = Address("owner@site.example"), Address("reads@site.example")
GONE = "gone@example.com"
NAME = entry_name(mails.settings().secret, "fake", GONE)
DESK = DeskSettings(owners=(OWNER,), readers={READER: frozenset({"contact"})})


class Failing(MemoryStore):
    """A store that takes no report, for as long as it `fails`."""

    fails = False

    def journal(self, *words: Any, **more: Any) -> Any:
        """Fail, or do it."""
        if self.fails:
            raise StoreUnavailable
        return super().journal(*words, **more)


class Sender:
    """The function over fakes."""

    def __init__(self, **mailer: Any) -> None:
        self.clock = FakeClock()
        self.mailer = FakeMailer(**mailer)
        self.source = FakeSuppressions(blocked=[Suppression(address=GONE)])
        self.store = Failing()
        self.queues = MemoryQueues()
        self.app = App(
            settings=replace(mails.settings(), desk=DESK),
            store=self.store,
            mailer=self.mailer,
            suppressions=self.source,
            clock=self.clock,
        )
        self.store.put_suppressions("fake", self.source.blocked, self.clock())

    def take(self, errand: Errand | str) -> list[str]:
        """Bring an errand, or a body, by the queue; which records are to come again."""
        body = errand if isinstance(errand, str) else write_hint(Hint(errand=errand))
        relay = Relay(self.app, self.queues, read_plain)
        answer = relay.handle({"Records": [queue_record(body, "m1")]}, Invocation())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def test_of(self, person: Address = OWNER) -> MailTest:
        """A test mail that this person asked for."""
        return new_test(self.app, person, "ja")

    def kept(self) -> list[str]:
        """The addresses of the list as it is kept."""
        return [s.address for one in self.store.suppressions() for s in one.suppressions]


@pytest.fixture
def sender() -> Sender:
    """A new one."""
    return Sender()


def test_an_errand_is_read_as_it_was_written(sender: Sender) -> None:
    """Each kind, by its tag."""
    for errand in (
        sender.test_of(),
        ListReading(),
        Lift(entry="x", asked_at=sender.clock()),
    ):
        assert read_hint(write_hint(Hint(errand=errand))).errand == errand


class TestMailTests:
    def test_are_handed_over_once(self, sender: Sender) -> None:
        """In the language of who asked; the answer is kept under its token, and a repetition sends nothing."""
        test = sender.test_of()
        assert sender.take(test) == []
        assert sender.take(test) == []
        [mail] = sender.mailer.sent
        assert (mail.recipient, mail.token) == (OWNER, test.token)
        assert 'lang="ja"' in str(mail.html)
        [event] = reported(sender.app, test.token)
        assert (event.kind, event.service, event.recipient) == ("accepted", "fake", OWNER)

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (SendRefused(diagnostic="no"), "rejected"),
            (SendDeferred(diagnostic="not now"), "deferred"),
        ],
    )
    def test_what_is_not_taken_is_not_tried_again(self, error: Exception, kind: str) -> None:
        """Whoever waits before the page learns it, in the service's words."""
        sender = Sender(answers={OWNER: [error]})
        test = sender.test_of()
        assert sender.take(test) == []
        [event] = reported(sender.app, test.token)
        assert (event.kind, event.diagnostic) == (kind, str(error))

    def test_go_to_nobody_but_people_who_may_ask(
        self, sender: Sender, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A message that was made up sends no mail to a stranger, a reader, or nobody."""
        secret = sender.app.settings.secret
        for person in (Address("x@evil.example"), READER, Address("")):
            token = ids.trial_token(secret, person.key)
            assert sender.take(replace(sender.test_of(), person=person, token=token)) == []
        assert sender.mailer.asked == []
        assert caplog.text.count("desk_test_not_mailed") == 3
        assert "evil" not in caplog.text

    def test_have_a_token_of_their_own(self, sender: Sender) -> None:
        """One of a submission's attempt, of a link, or of another person's test puts no word into their records."""
        secret = sender.app.settings.secret
        for token in (
            ids.new_attempt_token(),
            ids.desk_token(secret),
            sender.test_of(mails.MANAGER).token,
            "",
            "\ud800" * 26,
        ):
            assert sender.take(replace(sender.test_of(), token=token)) == []
        assert sender.mailer.asked == []

    def test_that_come_late_are_not_sent(self, sender: Sender) -> None:
        """Ten minutes on, who asked has gone on."""
        test = sender.test_of()
        sender.clock.move(minutes=10)
        assert sender.take(test) == []
        assert sender.mailer.asked == []

    def test_a_store_that_fails_has_it_come_again(self, sender: Sender) -> None:
        """A mail may then be sent twice, to who asked for it, and for ten minutes at most."""
        sender.store.fails = True
        test = sender.test_of()
        assert sender.take(test) == ["m1"]
        sender.store.fails = False
        assert sender.take(test) == []
        assert len(reported(sender.app, test.token)) == 1


class TestLists:
    def test_are_read(self, sender: Sender) -> None:
        """And kept with when."""
        sender.source.blocked = [Suppression(address="new@example.com")]
        sender.clock.move(minutes=1)
        assert sender.take(ListReading()) == []
        [listed] = sender.store.suppressions()
        assert [s.address for s in listed.suppressions] == ["new@example.com"]
        assert listed.read_at == sender.clock()

    def test_that_cannot_be_read_stay(self, sender: Sender) -> None:
        """The record does not come again: the page says it, and a person asks."""
        sender.source.fault = RecordsUnavailable("no")
        assert sender.take(ListReading()) == []
        assert sender.kept() == [GONE]


class TestLifts:
    def test_are_done_once(self, sender: Sender) -> None:
        """What is kept with the entry says that somebody asked; the queue names no address."""
        asked = ask_to_lift(sender.app, "fake", NAME)
        assert "@" not in write_hint(Hint(errand=asked))
        assert sender.take(asked) == []
        assert sender.take(asked) == []
        assert (sender.source.lifted, sender.kept()) == ([GONE], [])

    def test_that_nobody_asked_for_are_not_done(self, sender: Sender) -> None:
        """However well the entry is named."""
        asked = ask_to_lift(sender.app, "fake", NAME)
        for forged in (
            replace(asked, asked_at=asked.asked_at + timedelta(microseconds=1)),
            replace(asked, entry="A" * 24),
            replace(asked, entry=GONE),
            replace(asked, entry="\ud800"),
        ):
            assert sender.take(forged) == []
        assert (sender.source.lifted, sender.kept()) == ([], [GONE])

    def test_of_a_service_that_lifts_none(self, sender: Sender) -> None:
        """Nothing is asked of it."""
        asked = ask_to_lift(sender.app, "fake", NAME)
        sender.source.lifts = False
        assert sender.take(asked) == []
        assert sender.source.lifted == []


@pytest.mark.parametrize(
    "errand",
    [
        {"type": "shutdown"},
        {},
        "lift",
        {"type": "lift", "entry": "x"},
        {"type": "lift", "entry": "x", "asked_at": "2026-01-02T03:04:05"},
        {"type": "lift", "entry": ["x"], "asked_at": "2026-01-02T03:04:05Z"},
        {"type": "mail_test", "person": "o@x.example", "token": 1, "language": "en"},
        {
            "type": "invitation",
            "person": "o@x.example",
            "code": "x",
            "language": "en",
            "until": "2026-01-02T03:04:05",
        },
    ],
    ids=str,
)
def test_what_is_no_errand(errand: object, sender: Sender) -> None:
    """Nothing is done; the queue keeps it for a person, as it does what is no hint."""
    body = json.dumps({"errand": errand})
    with pytest.raises(Malformed):
        read_hint(body)
    assert sender.take(body) == ["m1"]
    assert (sender.mailer.asked, sender.source.lifted) == ([], [])
