"""Somebody at the desk sends themselves a mail, and sees what becomes of it.

It is no submission's: nothing is kept of it but what is reported under its token, among the reports that belong to no
mail. What the service answers at the hand-over is the first of these.
"""

from __future__ import annotations

from datetime import datetime

from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.errand import GOOD_FOR, MailTest
from todoke.model.errors import SendError, SendRefused, SendUnknown
from todoke.model.person import Rank
from todoke.ports.mailer import Accepted
from todoke.walk.app import App
from todoke.walk.security import log
from todoke.walk.track import track

_LOOKED_AT = 200
"""So many of the newest reports that belong to no mail."""
_WORDS = 2_000
_NOT_TAKEN = {SendRefused: Kind.REJECTED, SendUnknown: Kind.ANSWER_LOST}
"""Of the errors; any other is not now, and a test is not sent again."""


def new_test(app: App, person: Address, language: str) -> MailTest:
    """A test mail to this person, of which nothing is known yet."""
    token = ids.trial_token(app.settings.secret, person.key)
    return MailTest(person=person, token=token, language=language, asked_at=app.clock())


def try_mail(app: App, test: MailTest) -> None:
    """Hand a test mail over, once, and keep what the mail service answers. Raises StoreError.

    Nothing is sent to who may not ask for one, late, or again: who carries it here may be wrong, or lie.
    """
    if not _is_good(app, test) or reported(app, test.token):
        log.warning("desk_test_not_mailed")
        return
    from todoke.mail.desk_mail import compose_desk_test  # noqa: PLC0415 - Jinja2 takes 50 ms

    now = app.clock()
    mail = compose_desk_test(
        app.settings, test.person, token=test.token, language=test.language, now=now
    )
    try:
        answer: Accepted | SendError = app.mailer.send(mail)
    except SendError as error:
        answer = error
    track(app, [handed_over(test, answer, service=app.mailer.name, now=app.clock())])


def reported(app: App, token: str) -> list[DeliveryEvent]:
    """What was reported of a test mail so far, the newest first. Raises StoreError."""
    return [event for event in app.journal.orphans(_LOOKED_AT) if event.token == token]


def handed_over(
    test: MailTest, answer: Accepted | SendError, *, service: str, now: datetime
) -> DeliveryEvent:
    """What the mail service answered, as an event. Pure."""
    taken = answer if isinstance(answer, Accepted) else None
    return DeliveryEvent(
        kind=Kind.ACCEPTED if taken else _NOT_TAKEN.get(type(answer), Kind.DEFERRED),
        at=now,
        received_at=now,
        service=service,
        token=test.token,
        service_id=taken.service_id if taken else "",
        recipient=str(test.person),
        reason=answer.reason if isinstance(answer, SendError) else None,
        diagnostic=(answer.diagnostic or ("" if taken else str(answer)))[:_WORDS],
    )


def _is_good(app: App, test: MailTest) -> bool:
    """Whether it is of somebody who may ask for one, and was asked for lately."""
    person = app.people.of(test.person) if test.person else None
    if person is None or person.rank is Rank.READER:
        return False
    is_ours = ids.is_trial_token(app.settings.secret, test.person.key, test.token)
    return is_ours and app.clock() < test.asked_at + GOOD_FOR
