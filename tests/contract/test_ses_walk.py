"""A mail's whole way through Amazon SES: handed over, told of through SNS, and followed up; only AWS is not real."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from support.mail.mails import NOW
from support.mail.ses_server import SesScript, ses_settings
from support.mail.sns_signing import NOW as SIGNED_AT
from support.mail.sns_signing import TOPIC, Web, call, envelope
from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Permanence, Reason, Status
from todoke.model.errors import RequestError
from todoke.model.form import Managers
from todoke.model.message import Message, Role
from todoke.model.submission import Submission
from todoke.ports.journal import Journaled
from todoke.services.ses.events import SesEvents
from todoke.services.ses.mailer import TAG, SesMailer
from todoke.services.ses.settings import SesSettings
from todoke.testing import FakeClock, MemoryStore
from todoke.walk.app import App
from todoke.walk.send.round import send_round
from todoke.walk.track import track

VISITOR = Address("aoi@example.net")


class Walk:
    """A site that uses SES, with one confirmation that is due."""

    def __init__(self, script: SesScript, url: str) -> None:
        self.script = script
        settings = ses_settings(url, configuration_set="todoke", topics=(TOPIC,))
        form = replace(
            settings.forms["contact"], managers=Managers(fixed=(Address("m@example.org"),))
        )
        self.settings = replace(settings, forms={"contact": form})
        self.store = MemoryStore()
        self.source = SesEvents(settings.mail.own_as(SesSettings), fetch=Web())
        self.mailer = SesMailer(self.settings)
        self.app = App(
            settings=self.settings,
            store=self.store,
            mailer=self.mailer,
            sources={"ses": self.source},
            clock=FakeClock(NOW),
        )
        submission = Submission(
            id="s1",
            form="contact",
            received_at=NOW,
            entries=(),
            language="en",
            visitor=VISITOR,
            token_hash="h1",
        )
        message = Message(
            id="m1",
            submission_id="s1",
            role=Role.CONFIRMATION,
            recipient=VISITOR,
            language="en",
            message_id="<m1@example.org>",
            created_at=NOW,
        )
        self.store.add(submission, [message], None).result(5)

    def hand_over(self) -> dict[str, Any]:
        """Send what is due; the `mail` object that SES would tell of it."""
        assert len(send_round(self.app, 1).outcomes) == 1
        call_made = self.script.sent[-1].json
        tags = {tag["Name"]: [tag["Value"]] for tag in call_made["EmailTags"]}
        return {
            "timestamp": "2026-05-06T07:00:00.000Z",
            "messageId": "0102-ses-1",
            "destination": call_made["Destination"]["ToAddresses"],
            "tags": {"ses:configuration-set": [call_made["ConfigurationSetName"]]} | tags,
        }

    def tell(self, kind: str, mail: dict[str, Any], **details: Any) -> list[Journaled]:
        """SNS calls with an event of SES."""
        message = {"eventType": kind, "mail": mail, kind[0].lower() + kind[1:]: details}
        events = self.source.read(call(envelope(json.dumps(message))), SIGNED_AT)
        return list(track(self.app, events))

    @property
    def standing(self) -> Any:
        """What is known of the confirmation."""
        timeline = self.store.timeline("s1")
        assert timeline
        return next(m for m in timeline.messages if m.message.id == "m1").standing

    @property
    def roles(self) -> list[str]:
        """The messages that there are by now."""
        timeline = self.store.timeline("s1")
        assert timeline
        return sorted(m.message.role.value for m in timeline.messages)


@pytest.fixture
def walk(ses: tuple[SesScript, SesMailer, str]) -> Walk:
    """The walk, with SES on loopback."""
    return Walk(ses[0], ses[2])


def test_delivered_and_then_returned(walk: Walk) -> None:
    """Each word once, in any order; the return wins, and a manager is alerted once."""
    mail = walk.hand_over()
    assert walk.standing.status is Status.ACCEPTED
    delivery = {"recipients": [VISITOR], "smtpResponse": "250 ok"}
    assert walk.tell("Delivery", mail, **delivery) == [Journaled.NEW]
    assert walk.tell("Delivery", mail, **delivery) == [Journaled.REPEATED]
    assert walk.tell("Send", mail) == [Journaled.NEW]
    assert walk.standing.status is Status.DELIVERED
    assert walk.roles == ["confirmation"]
    bounce = {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {"emailAddress": VISITOR.upper(), "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
        ],
    }
    for _ in range(3):
        walk.tell("Bounce", mail, **bounce)
    found = walk.standing
    assert (found.status, found.permanence, found.reason) == (
        Status.BOUNCED,
        Permanence.HARD,
        Reason.UNKNOWN_ADDRESS,
    )
    assert walk.roles == ["alert", "confirmation"]


def test_matched_by_the_service_s_id_where_there_is_no_tag(walk: Walk) -> None:
    """The older notifications carry none."""
    mail = walk.hand_over()
    del mail["tags"][TAG]
    assert walk.tell("Delivery", mail, recipients=[VISITOR]) == [Journaled.NEW]
    assert walk.standing.status is Status.DELIVERED


def test_a_lost_answer_is_settled_by_the_events(walk: Walk) -> None:
    """Nobody knew; the tag names the attempt, so the event tells."""
    walk.script.answers.append("drop")
    mail = walk.hand_over()
    assert walk.standing.answer_lost
    walk.tell("Delivery", mail, recipients=[VISITOR])
    assert walk.standing.status is Status.DELIVERED
    assert len(walk.script.sent) == 1


def test_another_topic_s_word_counts_for_nothing(walk: Walk) -> None:
    """Signed by the same SNS, for somebody else's topic."""
    mail = walk.hand_over()
    message = json.dumps(
        {"eventType": "Bounce", "mail": mail, "bounce": {"bounceType": "Permanent"}}
    )
    theirs = envelope(message, TopicArn=TOPIC.replace("123456789012", "999999999999"))
    with pytest.raises(RequestError):
        walk.source.read(call(theirs), SIGNED_AT)
    late = call(envelope(message))
    with pytest.raises(RequestError):
        walk.source.read(late, SIGNED_AT + timedelta(days=2))
    assert walk.standing.status is Status.ACCEPTED
