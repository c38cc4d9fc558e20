"""A mail's whole way through Postmark: built from settings, handed over, told of through the hook, and followed up."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.applications import Starlette

from support.mail.mails import NOW
from support.mail.postmark_server import PostmarkScript, postmark_settings
from support.variants import replace
from support.web.local_server import serving
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, Permanence, Reason, Status
from todoke.model.form import Managers
from todoke.model.message import Message, Role
from todoke.model.settings import Secret
from todoke.model.submission import Submission
from todoke.services.postmark.mailer import PostmarkMailer
from todoke.testing import FakeClock
from todoke.walk.send.round import send_round
from todoke.web import hooks
from todoke.wiring import build

VISITOR = Address("aoi@example.net")
SECRET, KEY = "s" * 32, "k" * 32


class Walk:
    """A site that uses Postmark, with one confirmation that is due."""

    door = ""

    def __init__(self, script: PostmarkScript, url: str, data: Path) -> None:
        self.script = script
        settings = postmark_settings(url, hook_secret=Secret(SECRET), webhook_key=Secret(KEY))
        form = replace(
            settings.forms["contact"], managers=Managers(fixed=(Address("m@example.org"),))
        )
        self.app = build(
            replace(settings, forms={"contact": form}, data=data), clock=FakeClock(NOW)
        )
        submission = Submission(
            id="06s4k0b2c3d4e5f6g7h8i9jabc",
            form="contact",
            received_at=NOW,
            entries=(),
            language="en",
            visitor=VISITOR,
            token_hash="h1",
        )
        message = Message(
            id="m1",
            submission_id=submission.id,
            role=Role.CONFIRMATION,
            recipient=VISITOR,
            language="en",
            message_id="<m1@example.org>",
            created_at=NOW,
        )
        self.submission_id = submission.id
        self.app.store.add(submission, [message], None).result(5)

    def tell(self, record: str, *, secret: str = SECRET, key: str = KEY, **stated: Any) -> int:
        """Postmark calls the hook about the mail that it was given; the status that it is answered."""
        mail = self.script.mails[-1]
        call = {"RecordType": record, "Metadata": mail["Metadata"], "Recipient": mail["To"]}
        login = b64encode(f"todoke:{key}".encode()).decode()
        return requests.post(
            f"{self.door}/hooks/postmark/{secret}",
            data=json.dumps(call | stated),
            headers={"Authorization": f"Basic {login}"},
            timeout=10,
        ).status_code

    @property
    def standing(self) -> Any:
        """What is known of the confirmation."""
        timeline = self.app.store.timeline(self.submission_id)
        assert timeline
        return next(m for m in timeline.messages if m.message.id == "m1").standing

    @property
    def roles(self) -> list[str]:
        """The messages that there are by now."""
        timeline = self.app.store.timeline(self.submission_id)
        assert timeline
        return sorted(m.message.role.value for m in timeline.messages)


@pytest.fixture
def walk(postmark: tuple[PostmarkScript, PostmarkMailer, str], tmp_path: Path) -> Any:
    """The walk, with Postmark on loopback."""
    made = Walk(postmark[0], postmark[2], tmp_path)
    with serving(Starlette(routes=list(hooks.routes(made.app)))) as made.door:
        yield made
    made.app.mailer.close()
    made.app.store.close()


def test_delivered_and_then_returned(walk: Walk) -> None:
    """Each word once, in any order; the return wins, and a manager is alerted once."""
    assert len(send_round(walk.app, 1).outcomes) == 1
    assert walk.standing.status is Status.ACCEPTED
    assert walk.app.mailer.ceiling is Ceiling.DELIVERED
    for _ in range(2):
        assert walk.tell("Delivery", DeliveredAt="2026-05-06T07:00:00Z") == 200
    assert walk.standing.status is Status.DELIVERED
    assert walk.roles == ["confirmation"]
    details = "smtp;550 5.1.1 no such user"
    for _ in range(2):
        assert walk.tell("Bounce", Type="HardBounce", Details=details, BouncedAt="x") == 200
    found = walk.standing
    assert (found.status, found.permanence, found.reason) == (
        Status.BOUNCED,
        Permanence.HARD,
        Reason.UNKNOWN_ADDRESS,
    )
    assert walk.roles.count("alert") == 1
    assert walk.tell("Open") == 200
    assert walk.standing == found


def test_both_the_path_and_the_password_are_asked_for(walk: Walk) -> None:
    """Either alone changes nothing."""
    send_round(walk.app, 1)
    assert walk.tell("Delivery", secret="x" * 32) == 404
    assert walk.tell("Delivery", key="x" * 32) == 401
    assert walk.standing.status is Status.ACCEPTED


def test_a_suppressed_recipient_is_told_at_once(walk: Walk) -> None:
    """Postmark refuses it, with its reason."""
    words = json.dumps({"ErrorCode": 406, "Message": "You tried to send to an inactive recipient."})
    walk.script.answers.append(f"HTTP/1.1 422 X\r\nContent-Length: {len(words)}\r\n\r\n{words}")
    send_round(walk.app, 1)
    assert (walk.standing.status, walk.standing.reason) == (Status.REJECTED, Reason.SUPPRESSED)
