"""Which senders reputation lists in the DNS have: one signal of several, and nothing where the DNS does not say.

What was found out is remembered in this process alone, addresses too; nothing of it is stored or logged.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from todoke.doctor.judge_dns import DnsOutcome, Resolver
from todoke.model.dns_list import NEVER_LISTED, DnsList, public_address, query_name
from todoke.model.errors import ConfigError
from todoke.model.log import get_logger
from todoke.web.http.wait import Inquiries

WAIT_SECONDS = 1.0
"""How long a submission waits for the DNS at most."""
MOST_AT_ONCE = 8
REMEMBERED_SECONDS = 3_600.0
MOST_REMEMBERED = 4_096
REST_SECONDS = 30.0
"""How long nobody is asked after a failure: so long no visitor waits for it."""
log = get_logger(__name__)


class DnsLists:
    """Asks the lists of one site. Safe to call from several threads."""

    def __init__(
        self,
        lists: tuple[DnsList, ...],
        ask: Callable[[], Resolver],
        *,
        wait_seconds: float = WAIT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lists = lists
        self._ask = ask
        self._inquiries = Inquiries(MOST_AT_ONCE, wait_seconds)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._found: dict[str, tuple[bool, float]] = {}
        """By address, whether it is listed, by zone, whether it has everything; and until when that is remembered. What
        came last stands last."""
        self._rests_until = 0.0

    async def is_listed(self, address: str) -> bool:
        """Whether one of the lists has it, as far as is known within the time."""
        asked = public_address(address)
        if not asked:
            return False
        known = self._known(asked)
        if known is not None or self._monotonic() < self._rests_until:
            return bool(known)
        return await self._inquiries.ask(lambda: self._look_up(asked), otherwise=False)

    def _look_up(self, address: str) -> bool:
        try:
            ask = self._ask()
        except ConfigError as error:
            self._rest(str(error))
            return False
        verdict: bool | None = False
        for one in self._lists:
            found = self._has(ask, one, address)
            if found:
                verdict = True
                break
            verdict = None if found is None else verdict
        if verdict is not None:
            self._remember(address, verdict)
        return bool(verdict)

    def _has(self, ask: Resolver, one: DnsList, address: str) -> bool | None:
        """Whether this list has the address, and not everything; None where the DNS did not say."""
        is_there = self._finds(ask, one, address)
        if not is_there:
            return is_there
        has_everything = self._known(one.zone)
        if has_everything is None:
            has_everything = self._finds(ask, one, NEVER_LISTED)
        if has_everything is None:
            return None
        if has_everything and self._known(one.zone) is None:
            log.warning("dns_list_has_everything", below=one.zone.partition(".")[2])
        self._remember(one.zone, has_everything)
        return not has_everything

    def _finds(self, ask: Resolver, one: DnsList, address: str) -> bool | None:
        answer = ask(query_name(address, one.zone), "A")
        if answer.outcome is DnsOutcome.FAILED:
            self._rest("no_answer")
            return None
        return any(map(one.counts, answer.values))

    def _known(self, what: str) -> bool | None:
        with self._lock:
            found, until = self._found.get(what, (False, 0.0))
        return found if self._monotonic() < until else None

    def _remember(self, what: str, found: bool) -> None:
        with self._lock:
            self._found.pop(what, None)
            self._found[what] = (found, self._monotonic() + REMEMBERED_SECONDS)
            if len(self._found) > MOST_REMEMBERED:
                del self._found[next(iter(self._found))]

    def _rest(self, why: str) -> None:
        self._rests_until = self._monotonic() + REST_SECONDS
        log.warning("dns_lists_not_asked", why=why)


def open_dns_lists(lists: tuple[DnsList, ...]) -> DnsLists | None:
    """What asks these lists by the machine's own DNS servers; None where there are none."""
    if not lists:
        return None
    from todoke.doctor.look_dns import system_resolver  # noqa: PLC0415 for who wants it alone

    return DnsLists(lists, lambda: system_resolver(seconds=WAIT_SECONDS))
