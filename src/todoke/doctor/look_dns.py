"""Ask the DNS what judge_domain needs to know. dnspython is imported here, when it is used."""

from __future__ import annotations

from collections.abc import Sequence

from todoke.doctor.judge_dns import (
    MOST_LOOKUPS,
    DkimFacts,
    DnsAnswer,
    DnsOutcome,
    DomainFacts,
    Resolver,
    spf_records,
    spf_references,
)
from todoke.model.errors import ConfigError

QUESTION_SECONDS = 3.0
MOST_SPF = MOST_LOOKUPS + 5
"""SPF records that are asked for: beyond the limit the number no longer matters."""
MOST_LABELS = 6
"""How many names above the domain are asked for DMARC."""


def system_resolver(
    *, servers: Sequence[str] = (), port: int = 53, seconds: float = QUESTION_SECONDS
) -> Resolver:
    """A resolver that asks the machine's own servers, or these.

    Raises ConfigError: if dnspython is not installed, or the machine has no servers.
    """
    try:
        import dns.exception  # noqa: PLC0415 for this command alone
        import dns.resolver  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "The DNS is asked with dnspython: pip install 'todoke[doctor]'"
        ) from error
    try:
        resolver = dns.resolver.Resolver(configure=not servers)
    except dns.exception.DNSException as error:
        raise ConfigError(f"This machine has no DNS servers: {type(error).__name__}.") from error
    if servers:
        resolver.nameservers = list(servers)
        resolver.port = port
    resolver.lifetime = seconds

    def ask(name: str, kind: str) -> DnsAnswer:
        try:
            found = resolver.resolve(name, kind, search=False)
        except dns.resolver.NXDOMAIN:
            return DnsAnswer(DnsOutcome.NO_NAME)
        except dns.resolver.NoAnswer:
            return DnsAnswer(DnsOutcome.EMPTY)
        except (dns.exception.DNSException, ValueError, OSError):
            return DnsAnswer(DnsOutcome.FAILED)
        return DnsAnswer(DnsOutcome.FOUND, tuple(_text(record, kind) for record in found))

    return ask


def _text(record: object, kind: str) -> str:
    strings = getattr(record, "strings", None)
    if kind == "TXT" and strings is not None:
        return b"".join(strings).decode("utf-8", "replace")
    text = str(record)
    return text if kind == "MX" else text.rstrip(".")


def look_up(
    ask: Resolver,
    domain: str,
    *,
    envelope: str | None,
    selectors: Sequence[str] = (),
    cnames: Sequence[tuple[str, str]] = (),
) -> DomainFacts:
    """All that is asked of a From domain: `selectors` name DKIM keys, `cnames` are DKIM names and where they lead."""
    mx = ask(domain, "MX")
    address = DnsAnswer(DnsOutcome.EMPTY) if mx.values else _address(ask, domain)
    keys = [DkimFacts(name, ask(name, "CNAME"), target) for name, target in cnames]
    for selector in selectors:
        name = f"{selector}._domainkey.{domain}"
        keys.append(DkimFacts(name, ask(name, "TXT")))
    return DomainFacts(
        domain=domain,
        envelope=envelope,
        mx=mx,
        address=address,
        spf=_spf(ask, envelope) if envelope else {},
        dkim=keys,
        dmarc=[(name, ask(name, "TXT")) for name in _dmarc_names(domain)],
    )


def _address(ask: Resolver, domain: str) -> DnsAnswer:
    found = ask(domain, "A")
    return found if found.values else ask(domain, "AAAA")


def _spf(ask: Resolver, domain: str) -> dict[str, DnsAnswer]:
    """The TXT answers of a domain and of all that its SPF record draws in."""
    found: dict[str, DnsAnswer] = {}
    wanted = [domain]
    for name in wanted:
        if name in found or len(found) >= MOST_SPF:
            continue
        found[name] = ask(name, "TXT")
        for record in spf_records(found[name]):
            wanted += spf_references(record)
    return found


def _dmarc_names(domain: str) -> list[str]:
    """_dmarc of the domain, and of each name above it but the last (RFC 9091's walk up the tree, shortened)."""
    labels = domain.split(".")
    tops = range(min(len(labels) - 1, MOST_LABELS))
    return [f"_dmarc.{'.'.join(labels[start:])}" for start in tops]
