"""Reputation lists by the DNS at the door: a signal where one has the sender, else nothing."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from support.web.doors import OPEN_FORM, make_app
from todoke.doctor.judge_dns import DnsAnswer, DnsOutcome, Resolver
from todoke.forms.suspicion.circumstances import of_sending
from todoke.model.dns_list import DnsList
from todoke.model.errors import ConfigError
from todoke.model.form import Form
from todoke.model.signal import LISTED
from todoke.web.door.dns_lists import (
    MOST_REMEMBERED,
    REMEMBERED_SECONDS,
    REST_SECONDS,
    DnsLists,
    open_dns_lists,
)
from todoke.web.door.evidence import Evidence
from todoke.web.door.rush import Rush

ONE, OTHER = DnsList("one.example"), DnsList("other.example")
BAD, GOOD = "8.8.8.8", "9.9.9.9"
YES = DnsAnswer(DnsOutcome.FOUND, ("127.0.0.4",))
NO, FAILED = DnsAnswer(DnsOutcome.NO_NAME), DnsAnswer(DnsOutcome.FAILED)
TEST_NAME = "1.0.0.127.one.example"


class Dns:
    """What names lead to; NO for all others. `asked` keeps them."""

    def __init__(self, **answers: DnsAnswer) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.now = 0.0

    def resolver(self) -> Resolver:
        """See system_resolver."""

        def ask(name: str, kind: str) -> DnsAnswer:
            assert kind == "A"
            self.asked.append(name)
            return self.answers.get(name, NO)

        return ask

    def lists(self, *lists: DnsList) -> DnsLists:
        """Those that ask here."""
        return DnsLists(lists or (ONE,), self.resolver, monotonic=lambda: self.now)


def is_listed(lists: DnsLists, address: str) -> bool:
    """Whether one has it."""
    return asyncio.run(lists.is_listed(address))


def test_one_that_is_listed_and_one_that_is_not() -> None:
    """Each is asked about once an hour; the list is tried with an address that none has, also once."""
    dns = Dns(**{"8.8.8.8.one.example": YES})
    lists = dns.lists()
    assert [is_listed(lists, BAD), is_listed(lists, GOOD), is_listed(lists, BAD)] == [
        True,
        False,
        True,
    ]
    assert dns.asked == ["8.8.8.8.one.example", TEST_NAME, "9.9.9.9.one.example"]
    dns.now = REMEMBERED_SECONDS
    assert is_listed(lists, BAD)
    assert len(dns.asked) == 5


def test_several_lists() -> None:
    """One that has it is enough."""
    dns = Dns(**{"8.8.8.8.other.example": YES})
    assert is_listed(dns.lists(ONE, OTHER), BAD)
    assert not is_listed(dns.lists(ONE), BAD)


def test_a_list_that_has_everything() -> None:
    """Its domain was sold, or it wants to be left: nobody is listed there; another list still counts."""
    everything = {"8.8.8.8.one.example": YES, TEST_NAME: YES}
    assert not is_listed(Dns(**everything).lists(), BAD)
    assert is_listed(Dns(**everything, **{"8.8.8.8.other.example": YES}).lists(ONE, OTHER), BAD)


@pytest.mark.parametrize(
    "answers",
    [
        {"8.8.8.8.one.example": FAILED},
        {"8.8.8.8.one.example": YES, TEST_NAME: FAILED},
        {"8.8.8.8.one.example": DnsAnswer(DnsOutcome.FOUND, ("127.255.255.254",))},
        {"8.8.8.8.one.example": DnsAnswer(DnsOutcome.FOUND, ("192.0.2.1",))},
        {"8.8.8.8.one.example": DnsAnswer(DnsOutcome.EMPTY)},
    ],
)
def test_what_is_no_answer(answers: dict[str, DnsAnswer]) -> None:
    """A failure, a list that refuses us, and what is no list at all."""
    assert not is_listed(Dns(**answers).lists(), BAD)


def test_a_dns_that_fails_rests() -> None:
    """So long no visitor waits for it, and then it is asked again."""
    dns = Dns(**{"8.8.8.8.one.example": FAILED})
    lists = dns.lists()
    assert not any(is_listed(lists, address) for address in (BAD, BAD, GOOD))
    assert len(dns.asked) == 1
    dns.now, dns.answers = REST_SECONDS, {"8.8.8.8.one.example": YES}
    assert is_listed(lists, BAD)


def test_without_a_resolver() -> None:
    """Nothing is known, and nobody is turned away."""

    def none() -> Resolver:
        raise ConfigError("This machine has no DNS servers.")

    assert not is_listed(DnsLists((ONE,), none), BAD)


def test_who_is_never_asked_about() -> None:
    """An address of one's own network, and what is none."""
    dns = Dns()
    assert not any(
        is_listed(dns.lists(), address) for address in ("10.0.0.1", "127.0.0.1", "", "x")
    )
    assert dns.asked == []


def test_nobody_waits_long() -> None:
    """A DNS that hangs takes a bounded time of each."""
    ends = threading.Event()

    def hang(_name: str, _kind: str) -> DnsAnswer:
        ends.wait(20)
        return YES

    try:
        assert not is_listed(DnsLists((ONE,), lambda: hang, wait_seconds=0.05), BAD)
    finally:
        ends.set()


def test_what_is_remembered_has_an_end() -> None:
    """A sender of many addresses takes no more room than others."""
    lists = Dns().lists()
    for number in range(MOST_REMEMBERED + 5):
        lists._remember(str(number), found=False)
    assert len(lists._found) == MOST_REMEMBERED


@pytest.mark.parametrize(
    ("form", "client", "forwarded", "proxies", "expected"),
    [
        (OPEN_FORM, BAD, "", 0, [LISTED]),
        (OPEN_FORM, GOOD, "", 0, []),
        (OPEN_FORM, GOOD, BAD, 0, []),
        (OPEN_FORM, "10.0.0.1", BAD, 1, [LISTED]),
        (replace(OPEN_FORM, review=False), BAD, "", 0, []),
    ],
)
def test_the_visitor_is_asked_about(
    form: Form, client: str, forwarded: str, proxies: int, expected: list[object]
) -> None:
    """And no proxy of ours, nor whom somebody names; and nobody where nobody would look at it."""
    dns = Dns(**{"8.8.8.8.one.example": YES})
    app = make_app(form, trusted_proxies=proxies)
    fields = [(b"user-agent", b"Mozilla/5.0"), (b"sec-fetch-site", b"same-origin")]
    if forwarded:
        fields.append((b"x-forwarded-for", forwarded.encode()))
    scope = {"type": "http", "client": (client, 1), "headers": fields}
    known = asyncio.run(Evidence(app, Rush(), dns.lists()).gather(scope, form, ()))
    assert list(of_sending(known)) == expected
    assert bool(dns.asked) == form.review


def test_by_default_nobody_is_asked() -> None:
    """No list is named."""
    assert open_dns_lists(()) is None
    assert open_dns_lists((ONE,)) is not None
