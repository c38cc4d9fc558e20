"""Admission, allowances and the trail in memory: codes and sessions of the desk, and who did what there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

import msgspec

from todoke.model.act import REMEMBERED, Act
from todoke.model.admission import DeskSession, Grant
from todoke.ports.allowance import Ration
from todoke.ports.trail import ActPage
from todoke.stores.memory.tables import Tables
from todoke.stores.rules.draw import drawn, step, used_up
from todoke.stores.rules.trail import position
from todoke.stores.rules.values import micros


class MemoryAdmission(ABC):
    """See Admission, Allowances and Trail."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Tables]: ...

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Tables]: ...

    def put_code(self, code_hash: str, expires_at: datetime, grant: Grant) -> None:
        """See Admission."""
        with self._writing() as tables:
            tables.codes[code_hash] = (expires_at, grant)

    def take_code(self, code_hash: str, now: datetime) -> Grant | None:
        """See Admission."""
        with self._writing() as tables:
            expires_at, grant = tables.codes.pop(code_hash, (now, None))
            return grant if expires_at > now else None

    def put_session(self, session: DeskSession) -> None:
        """See Admission."""
        with self._writing() as tables:
            tables.sessions[session.hash] = session

    def session(self, session_hash: str) -> DeskSession | None:
        """See Admission."""
        with self._reading() as tables:
            return tables.sessions.get(session_hash)

    def renew_session(self, session_hash: str, seen_at: datetime) -> None:
        """See Admission."""
        with self._writing() as tables:
            there = tables.sessions.get(session_hash)
            if there:
                tables.sessions[session_hash] = msgspec.structs.replace(there, seen_at=seen_at)

    def end_session(self, session_hash: str) -> bool:
        """See Admission."""
        with self._writing() as tables:
            return tables.sessions.pop(session_hash, None) is not None

    def sessions(self, now: datetime) -> Sequence[DeskSession]:
        """See Admission."""
        with self._reading() as tables:
            live = [s for s in tables.sessions.values() if s.ends_at > now]
        return sorted(live, key=lambda s: (s.began_at, s.hash), reverse=True)

    def draw(self, name: str, ration: Ration, now: datetime) -> bool:
        """See Allowances."""
        with self._writing() as tables:
            full_at = drawn(tables.allowances.get(name), ration, micros(now))
            if full_at is not None:
                tables.allowances[name] = full_at
        return full_at is not None

    def draw_each(self, names: Sequence[str], ration: Ration, now: datetime) -> Sequence[bool]:
        """See Allowances."""
        return [self.draw(name, ration, now) for name in names]

    def use_up(self, name: str, ration: Ration, until: datetime) -> None:
        """See Allowances."""
        with self._writing() as tables:
            before = tables.allowances.get(name, 0)
            tables.allowances[name] = max(before, used_up(ration, micros(until)))

    def put_back(self, name: str, ration: Ration, now: datetime) -> None:  # noqa: ARG002 - see Allowances
        """See Allowances."""
        with self._writing() as tables:
            if name in tables.allowances:
                tables.allowances[name] -= step(ration)

    def put_acts(self, acts: Sequence[Act]) -> None:
        """See Trail."""
        if not acts:
            return
        with self._writing() as tables:
            every = [*tables.acts, *acts]
            newest = max(act.at for act in every)
            kept = [act for act in every if act.at > newest - REMEMBERED]
            tables.acts = tuple(sorted(kept, key=lambda act: act.at))

    def acts(self, *, before: str = "", limit: int = 50) -> ActPage:
        """See Trail."""
        with self._reading() as tables:
            end = position(before, len(tables.acts))
            start = max(0, end - limit)
            return ActPage(tables.acts[start:end][::-1], str(start) if start else "")
