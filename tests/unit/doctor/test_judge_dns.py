"""What the doctor says of a From domain, for each state of its DNS."""

from __future__ import annotations

import pytest

from todoke.doctor.judge_dns import DnsAnswer, DnsOutcome, judge_domain, spf_references
from todoke.doctor.look_dns import look_up
from todoke.ports.diagnosis import DomainNeeds

DOMAIN = "mail.garden.example"
SES = DomainNeeds(include=r"amazonses\.com", include_words="amazonses.com", signs=True)
KEYS = ((f"k1._domainkey.{DOMAIN}", "k1.dkim.amazonses.com"),)
ZONE = {
    (DOMAIN, "MX"): ("10 mx.garden.example.",),
    (DOMAIN, "TXT"): ("google-site-verification=x", "v=spf1 include:amazonses.com ~all"),
    ("amazonses.com", "TXT"): ("v=spf1 ip4:192.0.2.0/24 -all",),
    (KEYS[0][0], "CNAME"): (KEYS[0][1],),
    ("_dmarc.garden.example", "TXT"): ("v=DMARC1; p=quarantine; sp=reject",),
}
FAILED = DnsAnswer(DnsOutcome.FAILED)


def verdicts(
    changes: dict[tuple[str, str], tuple[str, ...] | DnsAnswer | None] | None = None,
    *,
    sender: DomainNeeds = SES,
    envelope: str | None = DOMAIN,
    selectors: tuple[str, ...] = (),
    cnames: tuple[tuple[str, str], ...] = KEYS,
) -> dict[str, str]:
    """The verdicts on the zone with these changes; None takes a name out, a DnsAnswer is given as it is."""
    zone = ZONE | (changes or {})

    def ask(name: str, kind: str) -> DnsAnswer:
        found = zone.get((name, kind))
        if isinstance(found, DnsAnswer):
            return found
        if found is None:
            is_there = any(one == name and values for (one, _), values in zone.items())
            return DnsAnswer(DnsOutcome.EMPTY if is_there else DnsOutcome.NO_NAME)
        return DnsAnswer(DnsOutcome.FOUND, found)

    facts = look_up(ask, DOMAIN, envelope=envelope, selectors=selectors, cnames=cnames)
    checks = judge_domain(facts, sender)
    for check in checks:
        assert check.says
        assert check.do or check.status.value in {"good", "unknown"}
    return {check.name.removeprefix("dns."): check.status.value for check in checks}


def test_a_zone_that_is_right() -> None:
    """All four, with DMARC found on the domain above."""
    assert verdicts() == {"mx": "good", "spf": "good", "dkim": "good", "dmarc": "good"}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({(DOMAIN, "MX"): ("0 .",)}, "bad"),
        ({(DOMAIN, "MX"): None, (DOMAIN, "A"): ("192.0.2.1",)}, "warn"),
        ({(DOMAIN, "MX"): None, (DOMAIN, "AAAA"): ("2001:db8::1",)}, "warn"),
        ({(DOMAIN, "MX"): None}, "bad"),
        ({(DOMAIN, "MX"): None, (DOMAIN, "TXT"): None}, "bad"),
        ({(DOMAIN, "MX"): FAILED}, "unknown"),
    ],
)
def test_mx(
    changes: dict[tuple[str, str], tuple[str, ...] | DnsAnswer | None], verdict: str
) -> None:
    """Null MX, none, an address in its place, no such domain, no answer."""
    assert verdicts(changes)["mx"] == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({(DOMAIN, "TXT"): None}, "bad"),
        ({(DOMAIN, "TXT"): ("v=spf10 all",)}, "bad"),
        ({(DOMAIN, "TXT"): ("v=spf1 -all", "v=spf1 include:amazonses.com -all")}, "bad"),
        ({(DOMAIN, "TXT"): ("v=spf1 mx -all",)}, "bad"),
        ({(DOMAIN, "TXT"): ("v=spf1 include:amazonses.com +all",)}, "bad"),
        ({(DOMAIN, "TXT"): ("v=spf1 include:amazonses.com all",)}, "bad"),
        ({(DOMAIN, "TXT"): ("v=spf1 include:amazonses.com include:gone.example -all",)}, "bad"),
        (
            {(DOMAIN, "TXT"): ("v=spf1 include:amazonses.com " + "a:x.example " * 10 + "-all",)},
            "bad",
        ),
        ({(DOMAIN, "TXT"): ("V=SPF1 INCLUDE:AmazonSES.com -ALL",)}, "good"),
        (
            {
                (DOMAIN, "TXT"): ("v=spf1 redirect=_spf.garden.example",),
                ("_spf.garden.example", "TXT"): ("v=spf1 ?include:amazonses.com ~all",),
            },
            "good",
        ),
        # An include that draws itself in ends.
        ({(DOMAIN, "TXT"): (f"v=spf1 include:{DOMAIN} include:amazonses.com ~all",)}, "good"),
        (
            {
                (DOMAIN, "TXT"): ("v=spf1 include:slow.example ~all",),
                ("slow.example", "TXT"): FAILED,
            },
            "unknown",
        ),
        ({(DOMAIN, "TXT"): FAILED}, "unknown"),
    ],
)
def test_spf(
    changes: dict[tuple[str, str], tuple[str, ...] | DnsAnswer | None], verdict: str
) -> None:
    """None, several, one that lacks the service, one that is too long, one that breaks, one that lets anybody in."""
    assert verdicts(changes)["spf"] == verdict


def test_spf_of_the_envelope_s_domain() -> None:
    """The service's own speaks for nobody; one that is not known is not judged."""
    assert verdicts(envelope="")["spf"] == "warn"
    assert verdicts(envelope=None)["spf"] == "unknown"
    bounce = {("bounce.garden.example", "TXT"): ("v=spf1 include:amazonses.com ~all",)}
    assert verdicts(bounce, envelope="bounce.garden.example")["spf"] == "good"


def test_spf_of_a_server_that_is_not_known() -> None:
    """One record, and what it names only its owner can judge."""
    assert verdicts({(DOMAIN, "TXT"): ("v=spf1 mx -all",)}, sender=DomainNeeds())["spf"] == "good"


def test_references_are_includes_and_redirects() -> None:
    """With any qualifier; macros are left alone."""
    record = "v=spf1 ip4:192.0.2.1 ~include:a.example -include:B.example. include:%{d}.x redirect=c.example"
    assert spf_references(record) == ["a.example", "b.example", "c.example"]


@pytest.mark.parametrize(
    ("name", "values", "verdict"),
    [
        ("s1", ("v=DKIM1; k=rsa; p=MIGf",), "good"),
        ("s1", ("v=DKIM1; p=",), "bad"),
        ("s1", ("nothing",), "bad"),
        ("s1", None, "bad"),
        ("s1", FAILED, "unknown"),
    ],
)
def test_dkim_by_selector(
    name: str, values: tuple[str, ...] | DnsAnswer | None, verdict: str
) -> None:
    """A key, one that was taken back, something else, nothing, no answer."""
    zone = {(f"{name}._domainkey.{DOMAIN}", "TXT"): values}
    assert verdicts(zone, selectors=(name,), cnames=())["dkim"] == verdict


def test_dkim_by_cname() -> None:
    """Each of the service's names leads to its own."""
    assert verdicts({(KEYS[0][0], "CNAME"): ("elsewhere.example",)})["dkim"] == "bad"
    assert verdicts({(KEYS[0][0], "CNAME"): None})["dkim"] == "bad"
    assert verdicts({(KEYS[0][0], "CNAME"): FAILED})["dkim"] == "unknown"
    assert verdicts(cnames=())["dkim"] == "unknown"
    assert verdicts(cnames=(), sender=DomainNeeds(signs=False))["dkim"] == "bad"


DMARC = ("_dmarc." + DOMAIN, "TXT")


@pytest.mark.parametrize(
    ("policy", "has_dkim", "envelope", "verdict"),
    [
        ("v=DMARC1; p=none", False, "", "good"),
        ("v=DMARC1; p=reject", True, "", "good"),
        ("v=DMARC1; p=reject", False, DOMAIN, "good"),
        ("v=DMARC1; p=reject", False, f"bounce.{DOMAIN}", "good"),
        ("v=DMARC1; p=reject; aspf=s", False, f"bounce.{DOMAIN}", "bad"),
        ("v=DMARC1; p=reject", False, "", "bad"),
        ("v=DMARC1;p=quarantine", False, "", "bad"),
    ],
)
def test_dmarc_and_whether_our_mail_passes(
    policy: str, has_dkim: bool, envelope: str, verdict: str
) -> None:
    """A policy with teeth needs DKIM, or SPF of a domain that belongs to From's."""
    spf = ("v=spf1 include:amazonses.com ~all",)
    zone = {DMARC: (policy,), (f"bounce.{DOMAIN}", "TXT"): spf}
    if not has_dkim:
        zone[KEYS[0][0], "CNAME"] = ("elsewhere.example",)
    assert verdicts(zone, envelope=envelope)["dmarc"] == verdict


def test_dmarc_that_cannot_be_judged() -> None:
    """None at all, several, no answer, and a DKIM key whose name is not known."""
    assert verdicts({("_dmarc.garden.example", "TXT"): None})["dmarc"] == "warn"
    assert verdicts({DMARC: ("v=DMARC1; p=none", "v=DMARC1; p=reject")})["dmarc"] == "bad"
    assert verdicts({DMARC: FAILED})["dmarc"] == "unknown"
    assert verdicts(cnames=(), envelope="", sender=DomainNeeds())["dmarc"] == "warn"


def test_a_policy_for_names_below_counts() -> None:
    """`sp` of the domain above is the one for ours."""
    zone = {
        ("_dmarc.garden.example", "TXT"): ("v=DMARC1; p=reject; sp=none",),
        (KEYS[0][0], "CNAME"): None,
    }
    assert verdicts(zone, envelope="")["dmarc"] == "good"
