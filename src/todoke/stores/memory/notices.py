"""Notices in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from msgspec.structs import replace

from todoke.model.ids import new_attempt_token
from todoke.model.notice import KeptNotice, Notice, NoticeClaim, NoticePage, Telling, told
from todoke.stores.memory.tables import Tables
from todoke.stores.rules.trail import position


class MemoryNotices(ABC):
    """See Notices."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Tables]: ...

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Tables]: ...

    def put_notices(self, notices: Sequence[Notice], now: datetime) -> None:
        """See Notices."""
        with self._writing() as tables:
            tables.tell(notices, now)

    def claim_notices(
        self, webhook: str, *, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[NoticeClaim]:
        """See Notices."""
        with self._writing() as tables:
            waiting = [(k.due_at, k) for k in _of(tables, webhook) if k.due_at is not None]
            due = sorted((d for d in waiting if d[0] <= now), key=lambda d: d[0])
            claims = [NoticeClaim(kept=k, token=new_attempt_token()) for _, k in due[:limit]]
            for claim in claims:
                id_ = claim.kept.notice.id
                tables.notices[id_] = replace(claim.kept, due_at=lease_until)
                tables.notice_tokens[id_] = claim.token
        return claims

    def finish_notices(self, tellings: Sequence[Telling]) -> None:
        """See Notices."""
        with self._writing() as tables:
            for telling in tellings:
                id_ = telling.claim.kept.notice.id
                if id_ in tables.notices and tables.notice_tokens.get(id_) == telling.claim.token:
                    tables.notices[id_] = told(telling.claim.kept, telling)
                    del tables.notice_tokens[id_]

    def redeliver(self, notice_id: str, now: datetime) -> bool:
        """See Notices."""
        with self._writing() as tables:
            kept = tables.notices.get(notice_id)
            if kept is None:
                return False
            tables.notices[notice_id] = replace(kept, due_at=now)
            tables.notice_tokens.pop(notice_id, None)
            return True

    def next_notice(self, webhook: str) -> datetime | None:
        """See Notices."""
        with self._reading() as tables:
            times = (k.due_at for k in _of(tables, webhook))
            return min((t for t in times if t is not None), default=None)

    def notice(self, notice_id: str) -> KeptNotice | None:
        """See Notices."""
        with self._reading() as tables:
            return tables.notices.get(notice_id)

    def notices(self, webhook: str, *, before: str = "", limit: int = 50) -> NoticePage:
        """See Notices."""
        with self._reading() as tables:
            there = _of(tables, webhook)
        end = position(before, len(there))
        start = max(0, end - limit)
        return NoticePage(notices=tuple(there[start:end][::-1]), next=str(start) if start else "")


def _of(tables: Tables, webhook: str) -> list[KeptNotice]:
    return [kept for kept in tables.notices.values() if kept.notice.webhook == webhook]
