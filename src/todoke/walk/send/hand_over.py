"""One claim, handed over once, and what came of it: a mail service's answer becomes delivery events and the next step.

Nothing raises: whatever goes wrong with one mail is that mail's own outcome.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import msgspec

from todoke.model.delivery import (
    PARTY_OF,
    Ceiling,
    DeliveryEvent,
    Kind,
    Party,
    Permanence,
    Reason,
)
from todoke.model.errors import SendDeferred, SendError, SendRefused, SendUnknown, StoreError
from todoke.model.log import get_logger
from todoke.model.mail import Mail
from todoke.model.message import Claim, MessageTimeline, Outcome, Role
from todoke.model.retry import RetryPolicy
from todoke.model.smtp_codes import Diagnosis, read_answer
from todoke.ports.mailer import Accepted
from todoke.walk.app import App
from todoke.walk.send.attached import contents_of
from todoke.walk.send.said import plain_words

STORE_PAUSE = timedelta(seconds=30)
log = get_logger(__name__)


class Result(msgspec.Struct, frozen=True):
    """What came of a claim. `answered` is True when the service dealt with this mail as a mail.

    `fault` is set when every other mail would fare the same now.
    """

    outcome: Outcome
    fault: SendDeferred | None = None
    answered: bool = False


def hand_over(app: App, claim: Claim, policy: RetryPolicy) -> Result:
    """Compose the mail of `claim` and hand it to the mailer, once."""
    mail = compose_mail(app, claim, policy)
    return mail if isinstance(mail, Result) else send_mail(app, claim, mail, policy)


def compose_mail(
    app: App, claim: Claim, policy: RetryPolicy, *, with_files: bool = True
) -> Mail | Result:
    """Compose the mail of `claim`, or say what its claim comes to without one.

    A notification carries the files that its form and the service have room for, unless without is asked for.
    A message whose earlier attempts ended with our process dying, and that is past its time, is given up untried:
    it may be what kills us. Any other gets this one try, however late it is.
    """
    if claim.interrupted and app.clock() >= policy.gives_up_at(claim):
        return Result(give_up(claim, app.clock()))
    try:
        from todoke.mail.compose import compose  # noqa: PLC0415 - Jinja2 takes 50 ms: of the first mail, not of the start

        files = contents_of(app, claim) if with_files else {}
        return compose(claim, app.settings, _told_of(app, claim), files)
    except StoreError as error:
        log.warning("not_composed", message=claim.message.id, fault=type(error).__name__)
        return Result(Outcome(claim=claim, events=(), retry_at=app.clock() + STORE_PAUSE))
    except Exception as error:
        log.exception("not_composed", message=claim.message.id)
        words = f"this mail could not be composed ({type(error).__name__})"
        fault = SendDeferred(diagnostic=words, reason=Reason.MISCONFIGURED)
        return Result(unfinished(claim, fault, app.clock(), policy))


def send_mail(app: App, claim: Claim, mail: Mail, policy: RetryPolicy) -> Result:
    """Hand the mail of `claim` to the mailer, once. Whether an answer is the set-up's is for `app.doubt` to say."""
    try:
        answer = app.mailer.send(mail)
    except SendError as error:
        if mail.attachments and _may_be_for_files(error):
            log.info("sent_without_files", message=claim.message.id, code=error.code)
            bare = compose_mail(app, claim, policy, with_files=False)
            return bare if isinstance(bare, Result) else send_mail(app, claim, bare, policy)
        return _not_accepted(app, claim, error, policy)
    except Exception as error:
        log.exception("mailer_failed", message=claim.message.id)
        words = f"the mailer failed in the middle of it ({type(error).__name__})"
        lost = SendUnknown(diagnostic=words)
        outcome = unfinished(claim, lost, app.clock(), policy)
        _log_unknown(claim, lost, outcome)
        return Result(outcome)
    app.doubt.accept(claim, app.clock())
    return Result(accepted(claim, answer, app.clock()), answered=True)


def _may_be_for_files(error: SendError) -> bool:
    """Whether a refusal may be for what the mail carries: its manager is to get the message, with files or without."""
    return isinstance(error, SendRefused) and PARTY_OF[_read(error).reason] is not Party.RECIPIENT


def _not_accepted(app: App, claim: Claim, error: SendError, policy: RetryPolicy) -> Result:
    now = app.clock()
    opinion = app.doubt.judge(claim, error, now, partial(_first_said, app, claim))
    error = opinion.error
    _log_answer(claim, error)
    outcome = unfinished(claim, error, now, policy)
    if opinion.again_within and outcome.retry_at:
        retry_at = min(outcome.retry_at, now + opinion.again_within)
        outcome = msgspec.structs.replace(outcome, retry_at=retry_at)
    _log_unknown(claim, error, outcome)
    if isinstance(error, SendDeferred) and error.stop_all:
        return Result(outcome, fault=error)
    if isinstance(error, SendUnknown) and error.stop_all:
        return Result(outcome, fault=_not_now(error))
    in_doubt = isinstance(error, SendDeferred) and error.suspects_set_up
    return Result(outcome, fault=opinion.fault, answered=not in_doubt)


def _not_now(error: SendUnknown) -> SendDeferred:
    """What a gateway's answer to one mail means for the others: they were not given to it, and wait."""
    return SendDeferred(
        code=error.code,
        diagnostic=error.diagnostic,
        reason=Reason.OTHER,
        retry_after_seconds=error.retry_after_seconds,
        stop_all=True,
    )


def _first_said(app: App, claim: Claim, error: SendRefused) -> datetime | None:
    """When the mail of `claim` was first put off with these words, since a person last asked for it; None if never.

    Also None if the store cannot tell: then the doubt goes on.
    """
    try:
        timeline = app.archive.timeline(claim.message.submission_id)
    except StoreError:
        return None
    told = next(
        (m for m in (timeline.messages if timeline else ()) if m.message.id == claim.message.id),
        None,
    )
    recipient = claim.attempt.recipient
    words = plain_words(error.diagnostic, recipient)
    said = (
        event.at
        for attempt in (told.attempts if told else ())
        if told and told.is_of_this_wish(attempt)
        for event in attempt.events
        if event.kind is Kind.DEFERRED and plain_words(event.diagnostic, recipient) == words
    )
    return min(said, default=None)


def _told_of(app: App, claim: Claim) -> MessageTimeline | None:
    """The message that an alert tells of."""
    message = claim.message
    if message.role is not Role.ALERT or not message.about:
        return None
    timeline = app.archive.timeline(message.submission_id)
    messages = timeline.messages if timeline else ()
    return next((m for m in messages if m.message.id == message.about), None)


def accepted(claim: Claim, answer: Accepted, now: datetime) -> Outcome:
    """The service took it: nothing is left to do."""
    event = _event(
        claim, Kind.ACCEPTED, now, diagnostic=answer.diagnostic, service_id=answer.service_id
    )
    return Outcome(claim=claim, events=(event,))


def unfinished(claim: Claim, error: SendError, now: datetime, policy: RetryPolicy) -> Outcome:
    """What an error means for this message: deferred and tried again, given up, rejected, or unknown. Pure."""
    if isinstance(error, SendUnknown):
        lost = _event(claim, Kind.ANSWER_LOST, now, diagnostic=_words(error))
        return Outcome(claim=claim, events=(lost,), retry_at=policy.after_lost(claim, now))
    diagnosis = _read(error)
    if isinstance(error, SendRefused):
        return Outcome(claim=claim, events=(_refusal(claim, Kind.REJECTED, error, diagnosis, now),))
    wished = error.retry_after_seconds if isinstance(error, SendDeferred) else None
    retry_at = policy.after_deferral(claim, now, wished_seconds=wished)
    if retry_at is None:
        return give_up(claim, now, error)
    event = _refusal(claim, Kind.DEFERRED, error, diagnosis, now)
    return Outcome(claim=claim, events=(event,), retry_at=retry_at)


def give_up(claim: Claim, now: datetime, last: SendError | None = None) -> Outcome:
    """It was tried for as long as the settings say, and `last` is why it was not taken the last time, as far as known.

    The attempt is `failed` and not `deferred`, which outranks it. Its reason stays the last one: a login that is wrong
    for days is no address that nobody reaches.
    """
    days = (now - claim.message.created_at).total_seconds() / 86_400
    words = f"given up after {days:.1f} days"
    reason = _read(last).reason if last else Reason.OTHER
    event = _event(
        claim,
        Kind.FAILED,
        now,
        diagnostic=f"{words}; the last answer was: {_words(last)}" if last else words,
        diagnosis=Diagnosis(
            Permanence.SOFT, Reason.TIMED_OUT if reason is Reason.OTHER else reason
        ),
        status_code=last.status_code if last else "",
    )
    return Outcome(claim=claim, events=(event,))


def _refusal(
    claim: Claim, kind: Kind, error: SendError, diagnosis: Diagnosis, now: datetime
) -> DeliveryEvent:
    return _event(
        claim,
        kind,
        now,
        diagnostic=_words(error),
        diagnosis=diagnosis,
        status_code=error.status_code,
    )


def _read(error: SendError) -> Diagnosis:
    """The mailer's own word for the reason, where it has one; else what code and text say."""
    if error.reason is not None:
        permanence = Permanence.SOFT if isinstance(error, SendDeferred) else Permanence.NONE
        return Diagnosis(permanence, error.reason)
    return read_answer(error.code, error.status_code, error.diagnostic)


def _words(error: SendError) -> str:
    return (error.diagnostic or str(error))[:2_000]


def _event(
    claim: Claim,
    kind: Kind,
    now: datetime,
    *,
    diagnostic: str,
    diagnosis: Diagnosis | None = None,
    service_id: str = "",
    status_code: str = "",
) -> DeliveryEvent:
    return DeliveryEvent(
        kind=kind,
        at=now,
        received_at=now,
        service=claim.attempt.service,
        token=claim.attempt.token,
        service_id=service_id,
        recipient=str(claim.attempt.recipient),
        permanence=diagnosis.permanence if diagnosis else Permanence.NONE,
        reason=diagnosis.reason if diagnosis else None,
        status_code=status_code,
        diagnostic=diagnostic,
    )


def _log_answer(claim: Claim, error: SendError) -> None:
    """One line per hand-over that was not accepted, without addresses or words of the server (they quote addresses)."""
    log.info(
        "not_accepted",
        message=claim.message.id,
        role=claim.message.role.value,
        attempt=claim.attempt.number,
        outcome=type(error).__name__,
        code=error.code,
        status_code=error.status_code,
    )


def _log_unknown(claim: Claim, error: SendError, outcome: Outcome) -> None:
    """One line for a mail of which nothing will be known: no event can tell, and it is not handed over again."""
    if not isinstance(error, SendUnknown) or outcome.retry_at is not None:
        return
    if claim.attempt.ceiling is not Ceiling.DELIVERED:
        log.error(
            "left_unknown",
            message=claim.message.id,
            role=claim.message.role.value,
            attempt=claim.attempt.number,
            service=claim.attempt.service,
        )
