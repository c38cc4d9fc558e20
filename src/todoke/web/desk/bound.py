"""How often the desk does something for one network address, browser or person: bounds that hold over all processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from starlette.concurrency import run_in_threadpool

from todoke.model import ids
from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.ports.allowance import Ration
from todoke.walk.allowance import WITHIN_SECONDS, Allowance
from todoke.walk.app import App

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bound:
    """At most `most` at once of each, which come back evenly within Allowance's time. "" is nobody, and has no bound.

    The store counts, so it is exact however many processes there are. What is above the bound in this process alone is
    refused without asking the store: a flood costs it nothing.
    """

    app: App
    name: str
    most: int
    _here: Allowance = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_here", Allowance(self.most))

    async def take(self, of: str) -> bool:
        """Whether it may be done once more, which then counts. Raises StoreError."""
        if not of:
            return True
        if not self._here.take(of):
            return False
        allowances, now = self.app.allowances, self.app.clock()
        return await run_in_threadpool(allowances.draw, self._key(of), self._ration, now)

    async def give_back(self, of: str) -> None:
        """It does not count after all. Where the store cannot note that, it counts, and nothing else fails for it."""
        if not of:
            return
        self._here.give_back(of)
        allowances, now = self.app.allowances, self.app.clock()
        try:
            await run_in_threadpool(allowances.put_back, self._key(of), self._ration, now)
        except StoreError as error:
            log.warning("desk_bound_counts_on", bound=self.name, why=type(error).__name__)

    @property
    def _ration(self) -> Ration:
        return Ration(self.most, timedelta(seconds=WITHIN_SECONDS))

    def _key(self, of: str) -> str:
        """What the store has in place of an address or a secret: nobody can tell whose it is."""
        return ids.counted_key(self.app.settings.secret, self.name, of)
