"""Who is told that mails to some are refused alike, or that a mail failed of which nobody can be told."""

from __future__ import annotations

import logging

import pytest

from support.mail.mails import MANAGER
from support.mail.story import Story
from support.variants import replace
from todoke.mail.compose import compose
from todoke.model.delivery import Kind, Reason
from todoke.model.errors import SendDeferred, SendRefused
from todoke.model.message import Claim, Message, Note, Role
from todoke.walk.send.doubt import Doubt, Group
from todoke.walk.send.round import send_round

RELAY = SendDeferred(
    code="554",
    status_code="5.7.1",
    diagnostic="554 5.7.1 <a@visitor.example>: Relay access denied",
    reason=Reason.MISCONFIGURED,
    suspects_set_up=True,
)
VISITORS = ("a@visitor.example", "b@other.example", "c@third.example")


def refusing_visitors() -> Story:
    """A set-up whose server takes managers' mails alone."""
    return Story(answers={visitor: [RELAY] for visitor in VISITORS})


def post(story: Story, visitor: str) -> str:
    """A submission, its mails handed over one after the other."""
    sent = story.add(visitor=visitor)
    for role in (Role.CONFIRMATION, Role.NOTIFICATION):
        send_round(story.app, 1, ids=[f"{sent}-{role.value}"])
    return sent


def alerts(story: Story, sent: str) -> list[Message]:
    """The alerts of a submission."""
    timeline = story.store.timeline(sent)
    assert timeline
    return [m.message for m in timeline.messages if m.message.role is Role.ALERT]


def told(caplog: pytest.LogCaptureFixture, what: str) -> list[str]:
    """The lines at error that say so."""
    return [r.message for r in caplog.records if r.levelname == "ERROR" and what in r.message]


def test_one_alert_tells_that_visitors_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    """By the way that works, once, with a line at error; no visitor's mail is rejected, and it ends with the fault."""
    story = refusing_visitors()
    sent = [post(story, visitor) for visitor in VISITORS]
    notes = [alert.note for one in sent for alert in alerts(story, one)]
    assert notes == [Note.SET_UP]
    assert len(told(caplog, "mail_refused_to_some")) == 1
    assert all(story.kinds(one) == [[Kind.DEFERRED]] for one in sent)
    assert [part.group for part in story.app.doubt.parts()] == [Group.VISITORS]
    story.mailer.answers.clear()
    story.clock.move(hours=1)
    send_round(story.app, 10)
    assert story.app.doubt.parts() == ()
    assert MANAGER in {mail.recipient for mail in story.mailer.sent if "taken" in mail.subject}


def test_a_restart_on_the_same_day_sends_no_second_alert(caplog: pytest.LogCaptureFixture) -> None:
    """The log has a line again; a day later there is an alert again."""
    story = refusing_visitors()
    sent = [post(story, visitor) for visitor in VISITORS]
    for hours in (5, 30):
        story.clock.move(hours=hours)
        story.app = replace(story.app, doubt=Doubt())
        sent += [post(story, visitor) for visitor in VISITORS]
    assert len([alert for one in sent for alert in alerts(story, one)]) == 2
    assert len(told(caplog, "mail_refused_to_some")) == 3


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_alert_says_what_happens_and_what_to_do(language: str) -> None:
    """With the server's own words, made inert."""
    story = refusing_visitors()
    sent = [post(story, visitor) for visitor in VISITORS]
    timeline = next(t for one in sent if (t := story.store.timeline(one)) and len(t.messages) > 2)
    told_of = timeline.messages[0]
    message = replace(
        next(m.message for m in timeline.messages if m.message.role is Role.ALERT),
        language=language,
    )
    attempt = told_of.attempts[0].attempt
    now = story.clock()
    made = Claim(message=message, attempt=attempt, submission=timeline.submission, lease_until=now)
    mail = compose(made, story.app.settings, told_of)
    assert "Relay access denied" in mail.text
    assert "mail.smtp.user" in mail.text.replace("[.]", ".")
    assert ("拒否" in mail.subject) == (language == "ja")


def test_a_failed_mail_of_which_nobody_can_be_told_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The only manager's, where there is no other address; with the message's id, and no address."""
    story = Story(answers={MANAGER: [SendRefused("550 5.1.1 no such user", code="550")]})
    settings = story.app.settings
    site = replace(settings.site, alert_to=())
    story.app = replace(story.app, settings=replace(settings, site=site))
    with caplog.at_level(logging.ERROR):
        sent = post(story, "a@visitor.example")
    (line,) = told(caplog, "nobody_told")
    (record,) = [r for r in caplog.records if r.message == line]
    assert f"{sent}-notification" in str(record.__dict__)
    assert MANAGER not in str(record.__dict__)
