"""What may be meant by a mail domain that looks mistyped: asked after where it is all but certain, and else not."""

from __future__ import annotations

import json
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.places import CORPORA
from todoke.model.address import NOBODY, Address, AddressError, parse_address
from todoke.model.common_domains import COMMON, ELSEWHERE, NO_ENDINGS, REAL
from todoke.model.domain_hint import intended_domain, intended_mailbox

HAD = """
gmai.com gail.com grail.com ymail.com mail.com email.com fmail.com hmail.com hey.com gmx.com gmx.de gmx.fr gmx.net
gmx.co.uk live.com love.com line.com aol.com aon.com msn.com man.com cloud.com outlook.fr outlook.de outlook.be
hotmail.gr hotmail.be hotmail.fr hotmail.com.tr hotmail.co.ug hotmail.co.in yahoo.com.ar yahoo.com.au yahoo.co.id
yahoo.co.in yahoo.co.kr yahoo.ca yahoo.cn yahoo.gr yahoo.ro web.de web.dk orange.fr orange.gr libero.it liberty.it
softbank.jp i.softbank.jp d.vodafone.ne.jp disney.ne.jp ymobile.ne.jp ymobile1.ne.jp odn.ne.jp ocn.ne.jp mbg.nifty.com
rakuten.co.jp rakuten.jp docomo.com nttdocomo.com au.com ay.com uqmobile.jp example.co example.cm example.co.jo
example.com example.jp u-tokyo.ac.jp city.kyoto.lg.jp gov.uk xn--r8jz45g.jp hoshino-paper.example
"""
"""Real, or possible for all that is known here."""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("mgail.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.cm", "gmail.com"),
        ("gmailc.om", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmial.con", "gmail.com"),
        ("gmail.co.jp", "gmail.com"),
        ("hotail.com", "hotmail.com"),
        ("hotmial.co.jp", "hotmail.co.jp"),
        ("hotmail.couk", "hotmail.co.uk"),
        ("yaho.com", "yahoo.com"),
        ("yahoo.co.jo", "yahoo.co.jp"),
        ("yahooco.jp", "yahoo.co.jp"),
        ("yahoo.cojp", "yahoo.co.jp"),
        ("yahoo.ne.jp", "yahoo.co.jp"),
        ("docomo.ne.jo", "docomo.ne.jp"),
        ("docomo.nejp", "docomo.ne.jp"),
        ("docmo.ne.jp", "docomo.ne.jp"),
        ("ezwed.ne.jp", "ezweb.ne.jp"),
        ("i.softbnak.jp", "i.softbank.jp"),
        ("iclould.com", "icloud.com"),
        ("icould.com", "icloud.com"),
        ("hoshino-paper.con", "hoshino-paper.com"),
        ("hoshino-paper.cojp", "hoshino-paper.co.jp"),
        ("mail.hoshino-paper.ner", "mail.hoshino-paper.net"),
    ],
)
def test_a_slip_is_asked_after(typed: str, meant: str) -> None:
    """One letter too many, too few, another, or two in the wrong order, and endings that exist nowhere."""
    assert intended_domain(typed) == meant


@pytest.mark.parametrize("domain", HAD.split())
def test_what_people_have_is_not_asked_after(domain: str) -> None:
    """Real domains that look like common ones, other countries' endings, and all that is simply not known."""
    assert intended_domain(domain) == ""


@pytest.mark.parametrize("domain", [*COMMON, *sorted(REAL)])
def test_what_is_listed_is_not_asked_after(domain: str) -> None:
    """Nor is any of the lists: they are what people mean."""
    assert intended_domain(domain) == ""


def test_what_is_asked_after_is_common_or_has_a_real_ending() -> None:
    """Each slip in the tables leads to one of the common domains, or to an ending that is no slip itself."""
    assert set(ELSEWHERE.values()) <= set(COMMON)
    assert not {ending.rpartition(".")[2] for ending in NO_ENDINGS.values()} & set(NO_ENDINGS)


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.co.jp", "docomo.ne.jp", "icloud.com"])
def test_most_slips_of_the_commonest_are_found(domain: str) -> None:
    """Of all texts that are one letter too few or two in the wrong order away, behind the first letter."""
    slips = {domain[:n] + domain[n + 1 :] for n in range(1, len(domain))}
    slips |= {
        domain[:n] + domain[n + 1] + domain[n] + domain[n + 2 :] for n in range(1, len(domain) - 1)
    }
    slips = {s for s in slips - {domain} if "." in s.strip(".") and ".." not in s and s[-1] != "."}
    missed = {slip for slip in slips if intended_domain(slip) != domain} - REAL
    assert missed == set()


@given(st.text(alphabet=ascii_lowercase + ".-", max_size=40))
def test_no_answer_is_asked_after_again(domain: str) -> None:
    """Whatever is typed: what it leads to leads nowhere else, so a person is asked once."""
    meant = intended_domain(domain)
    assert intended_domain(meant) == ""
    assert meant != domain or not meant


def test_the_mailbox_stays_as_it_was_typed() -> None:
    """Only the domain is doubted; case in it makes no difference, and what is kept and unreadable is left alone."""
    assert intended_mailbox(parse_address("Ann.Lee+x@Gmial.com")) == "Ann.Lee+x@gmail.com"
    assert intended_mailbox(parse_address("ann@gmail.com")) == NOBODY
    assert intended_mailbox(NOBODY) == NOBODY
    assert intended_mailbox(Address("no address")) == NOBODY


@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora are not here")
def test_no_honest_address_of_the_corpora_is_asked_after() -> None:
    """Addresses that other libraries take for valid: none is doubted."""
    folder = CORPORA / "address-syntax"
    texts = [
        json.loads(line)[key]
        for name, key in (("email_validator_calls", "email"), ("isemail", "address"))
        for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    texts += (folder / "fuzzdb_valid-email-addresses.txt").read_text("utf-8").splitlines()
    read = [address for text in texts if (address := _read(text))]
    doubted = [address for address in read if intended_mailbox(address)]
    print(f"{len(read)} addresses read, {len(doubted)} asked after")
    assert len(read) > 100
    assert doubted == []


def _read(text: str) -> Address:
    try:
        return parse_address(text.strip())
    except AddressError:
        return NOBODY
