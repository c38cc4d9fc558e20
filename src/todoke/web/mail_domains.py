"""Which domains certainly take no mail, by the DNS: asked beside the requests, so a receipt says it a moment later.

No name, no mail server and no host of the name (RFC 5321 5.1), or a null MX (RFC 7505). What the DNS does not say for
certain is taken for a domain like any other. Anybody may ask the DNS the same: nothing here tells of a mailbox.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from todoke.doctor.judge_dns import DnsAnswer, DnsOutcome, Resolver
from todoke.model.errors import ConfigError
from todoke.model.log import get_logger

REMEMBERED_SECONDS = 3_600.0
UNKNOWN_SECONDS = 60.0
"""How soon a domain is asked after again of which nothing was found out."""
MOST_REMEMBERED = 4_096
MOST_AT_ONCE = 4
"""Questions; of a further domain nothing is known until a receipt is read again."""
_NOTHING = frozenset({DnsOutcome.NO_NAME, DnsOutcome.EMPTY})
log = get_logger(__name__)


class MailDomains:
    """Remembers what was found out in this process. Safe to call from several threads."""

    def __init__(
        self, ask: Callable[[], Resolver], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._found: dict[str, tuple[bool, float]] = {}
        """Whether it takes no mail, and until when that is remembered; what came last stands last."""
        self._asked: set[str] = set()

    def takes_no_mail(self, domain: str) -> bool:
        """True where that is certain by now. It never waits: what is not known is asked beside."""
        now = self._monotonic()
        with self._lock:
            verdict, until = self._found.get(domain, (False, 0.0))
            if now < until or domain in self._asked or len(self._asked) >= MOST_AT_ONCE:
                return verdict and now < until
            self._asked.add(domain)
        threading.Thread(target=self._look_up, args=(domain,), daemon=True).start()
        return False

    def _look_up(self, domain: str) -> None:
        verdict: bool | None = None
        try:
            verdict = is_without_mail(self._ask(), domain)
        except ConfigError as error:
            log.warning("domains_not_asked_after", why=str(error))
        finally:
            with self._lock:
                lasts = UNKNOWN_SECONDS if verdict is None else REMEMBERED_SECONDS
                self._found.pop(domain, None)
                self._found[domain] = (bool(verdict), self._monotonic() + lasts)
                self._asked.discard(domain)
                if len(self._found) > MOST_REMEMBERED:
                    del self._found[next(iter(self._found))]


def is_without_mail(ask: Resolver, domain: str) -> bool | None:
    """Whether a domain certainly takes no mail; None where the DNS did not say."""
    servers = ask(domain, "MX")
    if servers.outcome is DnsOutcome.NO_NAME:
        return True
    if servers.outcome is DnsOutcome.EMPTY:
        return _all_nothing([ask(domain, "A"), ask(domain, "AAAA")])
    if servers.outcome is DnsOutcome.FOUND:
        return len(servers.values) == 1 and servers.values[0].endswith(" .")
    return None


def _all_nothing(hosts: list[DnsAnswer]) -> bool | None:
    outcomes = {host.outcome for host in hosts}
    if DnsOutcome.FOUND in outcomes:
        return False
    return True if outcomes <= _NOTHING else None
