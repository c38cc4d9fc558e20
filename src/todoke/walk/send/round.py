"""One round of sending: claim, hand over, store what came of it.

Every mail is handed over at least once; nothing here remembers what the store was not told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from todoke.model.errors import SendDeferred
from todoke.model.message import Claim, Outcome
from todoke.model.retry import RetryPolicy
from todoke.ports.journal import FollowUp
from todoke.walk.alert import follow_up
from todoke.walk.app import App
from todoke.walk.send import cap, restraint
from todoke.walk.send.hand_over import give_up, hand_over
from todoke.walk.send.restraint import withhold
from todoke.walk.send.tell import store_outcomes

ROUND_REST = timedelta(seconds=30)


class Round(msgspec.Struct, frozen=True):
    """What came of the claims of a round. `fault` is set when every other mail would fare the same now."""

    outcomes: tuple[Outcome, ...]
    fault: SendDeferred | None = None


def send_round(
    app: App, limit: int, *, ids: Sequence[str] = (), may_begin: Callable[[], bool] = lambda: True
) -> Round:
    """Hand over up to `limit` due messages (or those of `ids` that are due) in turn, and store what came of it.

    Once a fault stops all, the rest of the round is put off untried. What may not begin any more (`may_begin`, asked
    before each mail) stays due. Raises StoreUnavailable: if claims cannot be made or outcomes not stored; what was
    handed over then is sent again when its lease lapses.
    """
    policy = RetryPolicy(give_up_after=app.settings.mail.give_up_after)
    usual = follow_up(app.settings)
    claims, held = claim_allowed(app, limit, usual, ids)
    outcomes: list[Outcome] = []
    fault = None
    for claim in claims:
        if fault is not None:
            outcomes.append(put_off(app, claim, policy, ROUND_REST, fault))
            continue
        if not may_begin():
            outcomes.append(Outcome(claim=claim, events=(), retry_at=app.clock()))
            continue
        result = hand_over(app, claim, policy)
        fault = result.fault
        outcomes.append(result.outcome)
    if outcomes:
        store_outcomes(app, usual, outcomes)
        give_back(app, outcomes)
    return Round((*held, *outcomes), fault)


def give_back(app: App, outcomes: Sequence[Outcome]) -> None:
    """Let those not count that were put off untried: they come again, and are counted then."""
    restraint.give_back(app, outcomes)
    cap.give_back(app, outcomes)


def put_off(
    app: App, claim: Claim, policy: RetryPolicy, rest: timedelta, fault: SendDeferred | None
) -> Outcome:
    """End a claim untried, for `fault` makes all rest: due again after that, or given up if it is too old."""
    now = app.clock()
    if now >= policy.gives_up_at(claim):
        return give_up(claim, now, fault)
    return Outcome(claim=claim, events=(), retry_at=now + rest)


def claim_allowed(
    app: App, limit: int, usual: FollowUp, ids: Sequence[str] = ()
) -> tuple[Sequence[Claim], Sequence[Outcome]]:
    """Claim like claim_due, and end at once what is withheld: what may be handed over, and what became of the rest.

    Raises StoreError.
    """
    claims = claim_due(app, limit, ids)
    held, capped = withhold(app, claims), {}
    if app.settings.max_mails_per_day:
        capped = cap.over_cap(app, [c for c in claims if c.attempt.token not in held])
    if held or capped:
        usual = cap.with_alerts(app, usual, [*held.values()], [*capped.values()])
        held |= capped
        store_outcomes(app, usual, [*held.values()])
    return [c for c in claims if c.attempt.token not in held], tuple(held.values())


def claim_due(app: App, limit: int, ids: Sequence[str] = ()) -> Sequence[Claim]:
    """Claim up to `limit` due messages (or those of `ids` that are due) for the mailer in use. Raises StoreError."""
    now = app.clock()
    return app.outbox.claim(
        now=now,
        lease_until=now + app.settings.mail.lease,
        limit=limit,
        service=app.mailer.name,
        ceiling=app.mailer.ceiling,
        ids=ids,
    )
