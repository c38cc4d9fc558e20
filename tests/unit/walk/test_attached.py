"""Files that go with a notification: read when it is handed over, and left out where they are in its way."""

from __future__ import annotations

import pytest

from support.mail.mails import ACCEPTED, CONTACT, MANAGER, settings
from support.mail.story import Story
from support.variants import replace
from todoke.model.delivery import DeliveryEvent, Kind, Reason, Status
from todoke.model.errors import SendRefused, StoreUnavailable
from todoke.model.message import Role
from todoke.model.submission import Entry, File
from todoke.testing import MemoryStore
from todoke.walk.send.round import send_round

FILES = (
    Entry("message", "hello"),
    Entry("f", File(name="plan.pdf", media_type="application/pdf", content=b"%PDF-1.7")),
    Entry("f", File(name="run.exe", media_type="application/pdf", content=b"MZ")),
)


def story(attach: int = 1000) -> Story:
    """A form whose notifications carry files."""
    made = Story(entries=FILES)
    site = replace(settings().site, alert_to=(MANAGER,))
    forms = {"contact": replace(CONTACT, attach=attach)}
    made.app = replace(made.app, settings=settings(site=site, forms=forms))
    return made


def _nothing(*_: object) -> tuple[()]:
    return ()


def carried(made: Story) -> list[list[bytes]]:
    """What each mail that was tried carried."""
    return [[a.content for a in mail.attachments] for mail in made.mailer.asked]


def test_only_managers_get_them() -> None:
    """And only where the form says so."""
    made = story()
    made.add()
    send_round(made.app, 10)
    by_role = {mail.recipient: mail for mail in made.mailer.sent}
    assert [a.content for a in by_role[MANAGER].attachments] == [b"%PDF-1.7"]
    assert sum(len(mail.attachments) for mail in made.mailer.sent) == 1
    without = story(attach=0)
    without.add()
    send_round(without.app, 10)
    assert carried(without) == [[], []]


@pytest.mark.parametrize("reason", [Reason.TOO_LARGE, Reason.CONTENT, Reason.POLICY])
def test_a_refusal_that_may_be_for_them_loses_no_message(reason: Reason) -> None:
    """It is handed over without them at once, and says that they are at the desk."""
    made = story()
    made.mailer.answers[MANAGER] = [
        SendRefused(status_code="5.3.4", diagnostic="too big", reason=reason),
        ACCEPTED,
    ]
    sent = made.add(Role.NOTIFICATION)
    send_round(made.app, 10)
    assert carried(made) == [[b"%PDF-1.7"], []]
    assert "They are not in this mail" in made.mailer.sent[0].text
    assert made.told(sent, Role.NOTIFICATION).standing.status is Status.ACCEPTED
    assert len(made.told(sent, Role.NOTIFICATION).attempts) == 1


def test_a_refusal_of_the_address_is_one() -> None:
    """Nobody is asked twice whether a mailbox exists."""
    made = story()
    gone = SendRefused(
        status_code="5.1.1", diagnostic="no such user", reason=Reason.UNKNOWN_ADDRESS
    )
    made.mailer.answers[MANAGER] = [gone]
    sent = made.add(Role.NOTIFICATION)
    send_round(made.app, 1)
    assert len(carried(made)) == 1
    assert made.told(sent, Role.NOTIFICATION).standing.status is Status.REJECTED


@pytest.mark.parametrize(("reason", "again"), [(Reason.CONTENT, []), (Reason.OTHER, [b"%PDF-1.7"])])
def test_what_came_back_for_them_is_resent_without(reason: Reason, again: list[bytes]) -> None:
    """A resend would only come back again."""
    made = story()
    sent = made.add(Role.NOTIFICATION)
    send_round(made.app, 10)
    told = made.told(sent, Role.NOTIFICATION)
    now = made.app.clock()
    event = DeliveryEvent(
        kind=Kind.BOUNCED,
        at=now,
        received_at=now,
        service="fake",
        token=told.attempts[-1].attempt.token,
        reason=reason,
    )
    made.store.journal([event], _nothing)
    made.store.resend(told.message.id, now=made.clock.move(minutes=1), follow_up=_nothing)
    send_round(made.app, 10)
    assert carried(made) == [[b"%PDF-1.7"], again]


def test_a_message_waits_for_no_file() -> None:
    """Where they cannot be read it goes without, and says that they are at the desk."""

    class Unreadable(MemoryStore):
        def file(self, submission_id: str, position: int) -> File | None:
            """The disk is gone."""
            raise StoreUnavailable("gone")

    made = story()
    made.store = Unreadable()
    made.app = replace(made.app, store=made.store)
    sent = made.add(Role.NOTIFICATION)
    send_round(made.app, 10)
    assert carried(made) == [[]]
    assert "They are not in this mail" in made.mailer.sent[0].text
    assert made.told(sent, Role.NOTIFICATION).standing.status is Status.ACCEPTED
