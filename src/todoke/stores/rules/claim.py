"""How a claim begins an attempt, written once for every store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from todoke.model.delivery import Ceiling, DeliveryEvent, Kind
from todoke.model.message import Claim, MessageTimeline
from todoke.model.submission import Submission
from todoke.stores.rules.transaction import Works
from todoke.stores.rules.work import Work, begin, extend


class ClaimRequest(msgspec.Struct, frozen=True):
    """The arguments of Outbox.claim."""

    now: datetime
    lease_until: datetime
    limit: int
    service: str
    ceiling: Ceiling
    ids: tuple[str, ...] = ()


class Begun(NamedTuple):
    """What became of a message that was claimed, and the event journaled on the attempt that it interrupted, if any."""

    claim: Claim
    work: Work
    interruption: DeliveryEvent | None


def begin_claim(
    work: Work, request: ClaimRequest, submission: Submission, ordinal: int | None, token: str
) -> Begun:
    """Begin the attempt with this token on a message that is due."""
    begun, interruption = begin(
        work,
        token=token,
        now=request.now,
        lease_until=request.lease_until,
        service=request.service,
        ceiling=request.ceiling,
    )
    claim = Claim(
        message=begun.message,
        attempt=begun.timeline.attempts[-1].attempt,
        submission=submission,
        lease_until=request.lease_until,
        interrupted=interruption is not None,
        resend_asked_at=begun.timeline.resend_asked_at,
        answers_lost=_answers_lost(begun.timeline),
        was_tried=_was_tried(begun.timeline),
        ordinal=ordinal,
    )
    return Begun(claim, begun, interruption)


def renew(works: Works, claims: Iterable[Claim], lease_until: datetime) -> None:
    """Outbox.renew. A claim whose message was erased in the meantime is let go."""
    for claim in claims:
        work = works.work(claim.message.id)
        if work is not None:
            renewed = extend(work, claim.attempt.token, lease_until)
            if renewed != work:
                works.keep(renewed)


def _was_tried(timeline: MessageTimeline) -> bool:
    return any(told.events for told in timeline.attempts if timeline.is_of_this_wish(told))


def _answers_lost(timeline: MessageTimeline) -> int:
    """How many attempts, since a person last asked for one, were handed over and never answered.

    Those that our own process ended are none of them: most had been claimed and not begun.
    """
    return sum(
        any(event.kind is Kind.ANSWER_LOST for event in told.events)
        for told in timeline.attempts
        if timeline.is_of_this_wish(told)
    )
