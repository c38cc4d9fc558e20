"""The claims that a sender holds, each with its lease as the store has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from todoke.model.message import Claim


class InHand:
    """Changed by one thread; any may ask.

    A lease is renewed while the hand-over lasts, so that nobody else takes a mail which a slow server is about to
    answer for, and a short lease is enough: it tells how soon the claims of a dead process are free.
    """

    def __init__(self, lease: timedelta) -> None:
        self._lease = lease
        self._claims: dict[str, Claim] = {}
        self._until: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._claims)

    def __contains__(self, token: str) -> bool:
        return token in self._claims

    def take(self, claim: Claim) -> None:
        """Hold a claim."""
        self._until[claim.attempt.token] = claim.lease_until
        self._claims[claim.attempt.token] = claim

    def give_back(self, claim: Claim) -> None:
        """Hold it no longer."""
        self._claims.pop(claim.attempt.token, None)
        self._until.pop(claim.attempt.token, None)

    def is_late(self, claim: Claim, now: datetime) -> bool:
        """Whether the lease is so near its end that nothing should be begun: it could not be renewed."""
        return self._until.get(claim.attempt.token, claim.lease_until) - now < self._lease / 2

    def to_renew(self, now: datetime) -> Sequence[Claim]:
        """The claims whose leases want renewing: well before they are late."""
        return [c for t, c in self._claims.items() if self._until[t] - now < self._lease * 2 / 3]

    def renewed(self, claims: Sequence[Claim], lease_until: datetime) -> None:
        """Note that the store has it."""
        self._until |= {claim.attempt.token: lease_until for claim in claims}
