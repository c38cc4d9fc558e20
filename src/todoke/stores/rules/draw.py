"""How much of an allowance is drawn: known by the moment at which all of it has come back. In microseconds."""

from __future__ import annotations

from datetime import timedelta

from todoke.ports.allowance import Ration


def step(ration: Ration) -> int:
    """How long one that is drawn takes to come back."""
    return ration.within // timedelta(microseconds=1) // ration.most


def drawn(full_at: int | None, ration: Ration, now: int) -> int | None:
    """The moment at which all has come back when one more is drawn; None where none is free."""
    after = max(full_at or 0, now) + step(ration)
    return after if after <= latest(ration, now) else None


def used_up(ration: Ration, until: int) -> int:
    """That moment when none is free before this one."""
    return until + step(ration) * (ration.most - 1)


def latest(ration: Ration, now: int) -> int:
    """That moment when all of it is drawn."""
    return now + step(ration) * ration.most
