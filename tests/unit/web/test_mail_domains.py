"""Domains that certainly take no mail: what the DNS says of them, and that no receipt waits for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import pytest
from starlette.applications import Starlette

from support.web.stories import (
    call,
    make_app,
    make_message,
    make_timeline,
    post,
    stored,
)
from support.web.stories import token_of as token
from todoke.doctor.judge_dns import DnsAnswer, DnsOutcome, Resolver
from todoke.model.address import Address
from todoke.model.errors import ConfigError
from todoke.testing import MemoryStore
from todoke.web import receipt
from todoke.web.mail_domains import (
    MOST_AT_ONCE,
    REMEMBERED_SECONDS,
    UNKNOWN_SECONDS,
    MailDomains,
    is_without_mail,
)
from todoke.web.receipt_teller import ReceiptTeller

NO_NAME, EMPTY, FAILED = (
    DnsAnswer(DnsOutcome.NO_NAME),
    DnsAnswer(DnsOutcome.EMPTY),
    DnsAnswer(DnsOutcome.FAILED),
)
SERVER = DnsAnswer(DnsOutcome.FOUND, ("10 mx.example.com.",))
NULL = DnsAnswer(DnsOutcome.FOUND, ("0 .",))
HOST = DnsAnswer(DnsOutcome.FOUND, ("192.0.2.1",))
PATH = f"/s/{token('s1')}"
JSON = {"accept": "application/json"}


def dns(mx: DnsAnswer, a: DnsAnswer = EMPTY, aaaa: DnsAnswer = EMPTY) -> Resolver:
    """A resolver that knows one domain."""
    return lambda _name, kind: {"MX": mx, "A": a, "AAAA": aaaa}[kind]


@pytest.mark.parametrize(
    ("ask", "verdict"),
    [
        (dns(NO_NAME), True),
        (dns(NULL), True),
        (dns(NULL, a=HOST), True),
        (dns(EMPTY), True),
        (dns(EMPTY, a=NO_NAME, aaaa=NO_NAME), True),
        (dns(SERVER), False),
        (dns(DnsAnswer(DnsOutcome.FOUND, ("0 .", "10 mx.example.com."))), False),
        (dns(EMPTY, a=HOST), False),
        (dns(EMPTY, aaaa=HOST), False),
        (dns(EMPTY, a=FAILED, aaaa=HOST), False),
        (dns(FAILED), None),
        (dns(EMPTY, a=FAILED), None),
        (dns(EMPTY, aaaa=FAILED), None),
    ],
)
def test_only_what_is_certain_is_said(ask: Resolver, verdict: bool | None) -> None:
    """RFC 5321 5.1 and RFC 7505: a host without a mail server takes mail, and a server that is down says nothing."""
    assert is_without_mail(ask, "example.com") is verdict


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold within five seconds."""
    until = time.monotonic() + 5
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.005)
    return held


def test_nobody_waits_and_each_is_asked_once() -> None:
    """The first look knows nothing; a later one does, without another question until it is old."""
    gate, now, asked = threading.Event(), [0.0], []

    def ask(name: str, _kind: str) -> DnsAnswer:
        asked.append(name)
        gate.wait(5)
        return NO_NAME

    domains = MailDomains(lambda: ask, monotonic=lambda: now[0])
    assert not domains.takes_no_mail("nowhere.example")
    assert not domains.takes_no_mail("nowhere.example")
    gate.set()
    assert eventually(lambda: domains.takes_no_mail("nowhere.example"))
    assert asked == ["nowhere.example"]
    now[0] = REMEMBERED_SECONDS
    assert not domains.takes_no_mail("nowhere.example")
    assert eventually(lambda: len(asked) == 2)


def test_few_are_asked_after_at_once() -> None:
    """However many receipts of strangers are looked at."""
    gate, asked = threading.Event(), []

    def ask(name: str, _kind: str) -> DnsAnswer:
        asked.append(name)
        gate.wait(5)
        return SERVER

    domains = MailDomains(lambda: ask)
    for number in range(50):
        assert not domains.takes_no_mail(f"d{number}.example")
    assert eventually(lambda: len(asked) == MOST_AT_ONCE)
    gate.set()
    assert eventually(
        lambda: not domains.takes_no_mail("later.example") and "later.example" in asked
    )
    assert len(asked) == MOST_AT_ONCE + 1


def test_without_a_resolver_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """Where dnspython is not installed, or this machine has no servers: the log tells, once a while."""
    now = [0.0]

    def none() -> Resolver:
        raise ConfigError("The DNS is asked with dnspython.")

    domains = MailDomains(none, monotonic=lambda: now[0])
    assert not domains.takes_no_mail("a.example")
    assert eventually(lambda: "domains_not_asked_after" in caplog.text)
    for _ in range(3):
        assert not domains.takes_no_mail("a.example")
    now[0] = UNKNOWN_SECONDS - 1
    assert not domains.takes_no_mail("a.example")
    assert caplog.text.count("domains_not_asked_after") == 1


def site(ask: Resolver, address: str, status: str = "accepted") -> tuple[Starlette, MemoryStore]:
    """The receipt's routes, which have asked after the domain of its confirmation."""
    store = stored(make_timeline(make_message(status, recipient=Address(address))))
    app = make_app(store)
    domains = MailDomains(lambda: ask)
    domain = address.partition("@")[2]
    domains.takes_no_mail(domain)
    eventually(lambda: bool(domains._found))
    return Starlette(routes=receipt.routes(app, told=ReceiptTeller(app, domains))), store


def test_the_receipt_says_so_and_takes_a_correction() -> None:
    """In words, masked, with a link to the field; a domain that takes mail is as ever."""
    asgi, store = site(dns(NO_NAME), "ann@nowhere.example")
    told = json.loads(call(asgi, PATH, headers=JSON).body)
    text = "No mail reaches a•••@nowhere.example: its domain takes none. Is the address right?"
    assert told["suggestion"] == {"text": text, "button": "", "domain": ""}
    assert told["messages"][0]["can_correct"]
    page = call(asgi, PATH).text
    assert text in page
    assert '<a href="#address">Correct the address</a>' in page
    assert "<button hidden>Yes, correct it</button>" in page
    assert post(asgi, f"{PATH}/address", "address=ann%40example.com").status == 303
    assert store.timeline("s1").messages[0].message.recipient == "ann@example.com"
    asgi, _ = site(dns(SERVER), "ann@example.com")
    assert json.loads(call(asgi, PATH, headers=JSON).body)["suggestion"] is None
    assert post(asgi, f"{PATH}/address", "address=ann%40example.org").status == 409


def test_a_mistyped_domain_keeps_its_better_question() -> None:
    """What may have been meant helps more than that it takes no mail."""
    asgi, _ = site(dns(NO_NAME), "ann@gmial.com")
    told = json.loads(call(asgi, PATH, headers=JSON).body)
    assert told["suggestion"]["domain"] == "gmail.com"


def test_nothing_is_asked_where_the_settings_do_not_say_so() -> None:
    """By default no DNS server learns of a visitor."""
    app = make_app(stored(make_timeline(make_message("queued"))))
    assert ReceiptTeller(app, None).receipt(app.archive.timeline("s1"))["suggestion"] is None  # type: ignore[arg-type]
    assert not app.settings.mail.look_up_domains
