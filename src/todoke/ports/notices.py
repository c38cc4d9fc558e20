"""Notices: what webhooks are to be told, kept in the write that it tells of, until they took it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from todoke.model.notice import KeptNotice, Notice, NoticeClaim, NoticePage, Telling


class Notices(Protocol):
    """Keeps notices. Durability and errors are those of Store.

    Those of a submission or a message are kept by the write that they tell of (Outbox.add, FollowUp), so none is there
    before that, and none is missing after it. Each is told at least once; no order is promised. A notice goes with its
    submission, and after REMEMBERED; a backup has none.
    """

    def put_notices(self, notices: Sequence[Notice], now: datetime) -> None:
        """Keep notices that are about no submission, due at `now`; one whose id is there stays as it is."""
        ...

    def claim_notices(
        self, webhook: str, *, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[NoticeClaim]:
        """Claim notices of this webhook that are due, the longest due first.

        No two callers get the same while a lease lives; a lease that lapses makes it due again.
        """
        ...

    def finish_notices(self, tellings: Sequence[Telling]) -> None:
        """Keep each try and end its claim: due at `retry_at`, or no longer due.

        A claim that is stale (its lease lapsed and another took over) or whose notice is gone changes nothing. Each
        is written by itself; to repeat it changes nothing.
        """
        ...

    def redeliver(self, notice_id: str, now: datetime) -> bool:
        """Make a notice due now, whatever became of it; False if there is none of this id."""
        ...

    def next_notice(self, webhook: str) -> datetime | None:
        """When the next notice of this webhook becomes due or a lease lapses; None when none waits."""
        ...

    def notice(self, notice_id: str) -> KeptNotice | None:
        """One notice."""
        ...

    def notices(self, webhook: str, *, before: str = "", limit: int = 50) -> NoticePage:
        """The newest notices of a webhook before a cursor ("": the newest of all), told or not.

        Raises Malformed: for what is no cursor.
        """
        ...
