"""How many confirmations of a form, and of the whole site, leave within an hour, whoever asks for them.

It is what a flood of made-up addresses from many networks comes to. All processes count in the store, by the hundredth
part of an hour's: one that is used up is drawn anew, so a confirmation costs a fiftieth of a write, and no place in a
table gets hot. What is drawn and not used is lost when its process ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from todoke.model.settings import Settings
from todoke.ports.allowance import Allowances, Ration

HOUR = timedelta(hours=1)
_PARTS = 100


class Rates:
    """What this process drew and did not use. Safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, int] = {}
        self._shut_until: dict[str, datetime] = {}

    def take(
        self, allowances: Allowances, settings: Settings, forms: Iterable[str], now: datetime
    ) -> list[bool]:
        """Of a confirmation of each form whether it may leave, which then counts. Raises StoreError.

        What was counted before that is lost: no more than a part.
        """
        with self._lock:
            return [self._take(allowances, _bounds(settings, form), now) for form in forms]

    def give_back(self, settings: Settings, form: str) -> None:
        """One of this form did not leave."""
        with self._lock:
            for name in _bounds(settings, form):
                self._left[name] = self._left.get(name, 0) + 1

    def _take(self, allowances: Allowances, bounds: dict[str, int], now: datetime) -> bool:
        """Whether there is one left of each, which is then taken of all or of none."""
        if not all(self._is_left(allowances, name, most, now) for name, most in bounds.items()):
            return False
        for name in bounds:
            self._left[name] -= 1
        return True

    def _is_left(self, allowances: Allowances, name: str, most: int, now: datetime) -> bool:
        if self._left.get(name, 0) > 0:
            return True
        if now < self._shut_until.get(name, now):
            return False
        part = max(1, most // _PARTS)
        ration = Ration(most // part, HOUR)
        if not allowances.draw(name, ration, now):
            # The next part comes back within this time: to ask before would cost a write for each that is refused.
            self._shut_until[name] = now + HOUR / ration.most
            return False
        self._left[name] = part
        return True


def _bounds(settings: Settings, form: str) -> dict[str, int]:
    """Under which names a confirmation of a form is counted, and how many an hour has of each; none without a bound."""
    bounds = {
        f"confirmations of form/{form}": settings.max_confirmations_of_form,
        "confirmations of site": settings.max_confirmations_of_site,
    }
    return {name: most for name, most in bounds.items() if most}
