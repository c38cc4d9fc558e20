"""What the DNS of the From domain says of its mail: MX, SPF, DKIM and DMARC. Pure; doctor/look_dns.py asks.

RFC 5321 5.1 and RFC 7505 (MX), RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 and its successor (DMARC).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec

from todoke.ports.diagnosis import Check, DomainNeeds, Verdict

MOST_LOOKUPS = 10
"""Of one SPF record with all that it includes (RFC 7208 4.6.4): beyond it the record is an error."""


class DnsOutcome(StrEnum):
    """What became of a question to the DNS."""

    FOUND = "found"
    EMPTY = "empty"
    """The name is there, without such a record."""
    NO_NAME = "no_name"
    """NXDOMAIN: there is no such name."""
    FAILED = "failed"
    """No answer, or one that says that the server could not find out."""


class DnsAnswer(msgspec.Struct, frozen=True):
    """An answer, its values as text: TXT joined, names without the dot at the end."""

    outcome: DnsOutcome
    values: tuple[str, ...] = ()


Resolver = Callable[[str, str], DnsAnswer]
"""Asks for the records of a name and a type ("TXT"). It never raises, and answers within a few seconds."""


class DkimFacts(msgspec.Struct, frozen=True):
    """A DKIM key: its name in the DNS, what is there, and the CNAME that should be ("" when it is to be a key)."""

    name: str
    answer: DnsAnswer
    cname: str = ""


class DomainFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a From domain. `spf` has the TXT answers of the envelope's domain and all that it includes;
    `dmarc` those of the names that were asked, nearest first. `envelope` is "" where the service uses its own, None
    where it is not known."""

    domain: str
    envelope: str | None
    mx: DnsAnswer
    address: DnsAnswer
    spf: Mapping[str, DnsAnswer] = {}
    dkim: Sequence[DkimFacts] = ()
    dmarc: Sequence[tuple[str, DnsAnswer]] = ()


def judge_domain(facts: DomainFacts, needs: DomainNeeds) -> list[Check]:
    """MX, SPF, DKIM and DMARC of the From domain, in this order."""
    spf, dkim = judge_spf(facts, needs), judge_dkim(facts, needs)
    return [judge_mx(facts), spf, dkim, judge_dmarc(facts, needs, spf=spf, dkim=dkim)]


def judge_mx(facts: DomainFacts) -> Check:
    """Whether the From domain can get mail: many receivers refuse mail from one that cannot."""
    name, domain = "dns.mx", facts.domain
    if facts.mx.outcome is DnsOutcome.FAILED:
        return _not_asked(name, domain)
    if facts.mx.outcome is DnsOutcome.NO_NAME:
        return Check(
            name, Verdict.BAD, f"There is no domain {domain}.", "Correct mail.from, or register it."
        )
    hosts = [value.split(" ")[-1].rstrip(".") for value in facts.mx.values]
    if hosts == [""]:
        return Check(
            name,
            Verdict.BAD,
            f"{domain} says that it takes no mail at all (null MX), so receivers may refuse mail from it.",
            "Use a From domain that can get mail, or give it an MX record.",
        )
    if hosts:
        return Check(name, Verdict.GOOD, f"{domain} gets mail at {hosts[0]}.")
    if facts.address.outcome is DnsOutcome.FOUND:
        return Check(
            name,
            Verdict.WARN,
            f"{domain} has no MX record; its address record is used in its place.",
            "Give it an MX record.",
        )
    return Check(
        name,
        Verdict.BAD,
        f"{domain} can get no mail (no MX, no address), so receivers may refuse mail from it.",
        "Give it an MX record.",
    )


def spf_records(answer: DnsAnswer) -> list[str]:
    """The SPF records among TXT values (RFC 7208 4.5)."""
    return [v for v in answer.values if v.lower() == "v=spf1" or v.lower().startswith("v=spf1 ")]


def spf_references(record: str) -> list[str]:
    """The domains whose records an SPF record draws in: includes and redirects. Macros are not followed."""
    terms = [term.lstrip("+-~?") for term in record.lower().split()]
    found = [re.split(r"[:=]", term, maxsplit=1) for term in terms]
    names = [f[1].rstrip(".") for f in found if f[0] in {"include", "redirect"} and len(f) == 2]
    return [name for name in names if name and "%" not in name]


def judge_spf(facts: DomainFacts, needs: DomainNeeds) -> Check:
    """Whether the envelope's domain lets the service send for it."""
    name, domain = "dns.spf", facts.envelope
    if domain is None:
        says = (
            "Which domain mail is returned to is not known, since the service could not be asked."
        )
        return Check(name, Verdict.UNKNOWN, says, "See the check of the mail service.")
    if not domain:
        return Check(
            name,
            Verdict.WARN,
            f"Returned mail goes to a domain of the service's, so SPF does not speak for {facts.domain}.",
            f"Set up a MAIL FROM domain of your own at the service ({needs.guide}).",
        )
    answer = facts.spf.get(domain, DnsAnswer(DnsOutcome.FAILED))
    if answer.outcome is DnsOutcome.FAILED:
        return _not_asked(name, domain)
    records = spf_records(answer)
    include = f" {needs.include_words}" if needs.include_words else " your mail server"
    if not records:
        do = f"Add a TXT record to {domain} that names{include}, such as: v=spf1 ... ~all"
        return Check(name, Verdict.BAD, f"{domain} has no SPF record.", do)
    if len(records) > 1:
        return Check(
            name,
            Verdict.BAD,
            f"{domain} has {len(records)} SPF records, so none of them counts.",
            "Join them to one.",
        )
    return _judge_spf_record(name, domain, records[0], facts, needs)


def _judge_spf_record(
    name: str, domain: str, record: str, facts: DomainFacts, needs: DomainNeeds
) -> Check:
    drawn, missing, unasked = _drawn_in(domain, facts.spf)
    if _lookups(drawn, facts.spf) > MOST_LOOKUPS:
        return Check(
            name,
            Verdict.BAD,
            f"The SPF record of {domain} needs more than {MOST_LOOKUPS} DNS questions, so it is an error to receivers.",
            "Take out what does not send for you any more.",
        )
    if missing:
        return Check(
            name,
            Verdict.BAD,
            f"The SPF record of {domain} includes {missing[0]}, which has none: an error to receivers.",
            "Take it out, or correct it.",
        )
    if re.search(r"(?:^|\s)\+?all(?:\s|$)", record.lower()):
        return Check(
            name,
            Verdict.BAD,
            f"The SPF record of {domain} lets anybody send for it (all).",
            "End it with ~all or -all.",
        )
    if not needs.include:
        return Check(
            name,
            Verdict.GOOD,
            f"{domain} has one SPF record; whether it names your server, only you can tell: {record[:200]}",
        )
    if any(re.fullmatch(needs.include, one) for one in drawn):
        return Check(name, Verdict.GOOD, f"The SPF record of {domain} names the mail service.")
    if unasked:
        return _not_asked(name, unasked[0])
    return Check(
        name,
        Verdict.BAD,
        f"The SPF record of {domain} does not name the mail service.",
        f"Add include:{needs.include_words} to it.",
    )


def _drawn_in(
    domain: str, answers: Mapping[str, DnsAnswer]
) -> tuple[list[str], list[str], list[str]]:
    """All that a record draws in, itself first; what of it has no record; and what could not be asked."""
    drawn, missing, unasked = [domain], [], []
    for one in drawn:
        answer = answers.get(one, DnsAnswer(DnsOutcome.FAILED))
        records = spf_records(answer)
        if answer.outcome is DnsOutcome.FAILED:
            unasked.append(one)
        elif len(records) != 1:
            missing.append(one)
        for record in records[:1]:
            drawn += [name for name in spf_references(record) if name not in drawn]
    return drawn, missing, unasked


def _lookups(drawn: Sequence[str], answers: Mapping[str, DnsAnswer]) -> int:
    """How many questions the terms ask: include, redirect, a, mx, ptr, exists."""
    count = 0
    for one in drawn:
        for record in spf_records(answers.get(one, DnsAnswer(DnsOutcome.FAILED)))[:1]:
            terms = (re.split(r"[:=/]", t.lstrip("+-~?"))[0] for t in record.lower().split())
            count += sum(t in {"include", "redirect", "a", "mx", "ptr", "exists"} for t in terms)
    return count


def judge_dkim(facts: DomainFacts, needs: DomainNeeds) -> Check:
    """Whether the keys are published by which receivers check the service's signature."""
    name = "dns.dkim"
    if not facts.dkim:
        if needs.signs is False:
            says = f"The service does not sign mail of {facts.domain} (DKIM)."
            return Check(name, Verdict.BAD, says, "Set up DKIM at the service.")
        return Check(
            name,
            Verdict.UNKNOWN,
            "Under which name (selector) the DKIM key is published is not known.",
            "Give it with --selector NAME; the service's console shows it.",
        )
    for key in facts.dkim:
        if key.answer.outcome is DnsOutcome.FAILED:
            return _not_asked(name, key.name)
        if key.cname and key.cname.lower() not in [v.lower() for v in key.answer.values]:
            return Check(
                name,
                Verdict.BAD,
                f"{key.name} does not lead to {key.cname}.",
                f"Add the CNAME record {key.name} with the value {key.cname}.",
            )
        if not key.cname and not re.search(
            r"(?:^|;)\s*p\s*=\s*[^;\s]", " ".join(key.answer.values)
        ):
            return Check(
                name,
                Verdict.BAD,
                f"There is no DKIM key at {key.name}.",
                "Publish the record that the service shows.",
            )
    return Check(name, Verdict.GOOD, f"DKIM keys of {facts.domain} are published.")


def judge_dmarc(facts: DomainFacts, needs: DomainNeeds, *, spf: Check, dkim: Check) -> Check:
    """Whether receivers are told what to do with mail that fails, and whether ours would pass."""
    name = "dns.dmarc"
    if any(answer.outcome is DnsOutcome.FAILED for _, answer in facts.dmarc):
        return _not_asked(name, facts.domain)
    at, policies = next(
        ((at, found) for at, answer in facts.dmarc if (found := dmarc_records(answer))), ("", [])
    )
    if not policies:
        return Check(
            name,
            Verdict.WARN,
            f"{facts.domain} has no DMARC record; large receivers want one.",
            f"Add a TXT record _dmarc.{facts.domain}, at first: v=DMARC1; p=none",
        )
    if len(policies) > 1:
        return Check(
            name, Verdict.BAD, f"{at} has several DMARC records, so none counts.", "Keep one."
        )
    tags = policies[0]
    inherited = at != f"_dmarc.{facts.domain}"
    policy = (tags.get("sp") if inherited else None) or tags.get("p", "none")
    by_dkim = dkim.status is Verdict.GOOD and needs.signs is not False
    by_spf = spf.status is Verdict.GOOD and _aligned(facts, at, tags.get("aspf", "r"))
    if by_dkim or by_spf:
        return Check(name, Verdict.GOOD, f"DMARC asks for {policy!r}, and our mail passes.")
    if policy not in {"quarantine", "reject"}:
        says = f"DMARC asks for {policy!r}: receivers watch, and refuse nothing."
        return Check(name, Verdict.GOOD, says)
    is_known = dkim.status is not Verdict.UNKNOWN
    return Check(
        name,
        Verdict.BAD if is_known else Verdict.WARN,
        f"DMARC asks for {policy!r}, and neither DKIM nor SPF could be seen to speak for {facts.domain}.",
        "Set up DKIM for the From domain at the service"
        + ("." if is_known else ", or give its --selector so that it can be looked at."),
    )


def dmarc_records(answer: DnsAnswer) -> list[dict[str, str]]:
    """The tags of each DMARC record among TXT values."""
    found = []
    for value in answer.values:
        pairs = (part.partition("=") for part in value.split(";"))
        tags = {key.strip().lower(): text.strip().lower() for key, _, text in pairs if key.strip()}
        if tags.get("v") == "dmarc1":
            found.append(tags)
    return found


def _aligned(facts: DomainFacts, at: str, mode: str) -> bool:
    """SPF's domain against From's: the same one, or, relaxed, both under the domain that has the DMARC record."""
    if not facts.envelope or facts.envelope == facts.domain:
        return bool(facts.envelope)
    whole = at.removeprefix("_dmarc.")
    names = (facts.envelope, facts.domain)
    return mode != "s" and all(one == whole or one.endswith(f".{whole}") for one in names)


def _not_asked(name: str, domain: str) -> Check:
    return Check(
        name,
        Verdict.UNKNOWN,
        f"The DNS did not answer for {domain}.",
        "Ask again; if it stays so, look at the domain's name servers.",
    )
