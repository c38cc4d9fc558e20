"""Captcha verifiers: the adapter over real sockets and the fake, and what the adapter does with a bad provider."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import msgspec
import pytest

from support.mail.mails import settings
from support.web.receivers import Receiver, receiver
from todoke.captcha.siteverify import REST_SECONDS, Siteverify
from todoke.model.captcha import PROVIDERS, CaptchaVerdict
from todoke.model.settings import NO_SECRET, GuardSettings, Secret
from todoke.ports.captcha import CaptchaVerifier
from todoke.testing import FakeCaptcha
from todoke.wiring import build

YES = {"success": True, "hostname": "www.site.example", "error-codes": []}
USED = {"success": False, "error-codes": ["timeout-or-duplicate"]}
HOSTS = frozenset({"site.example"})


def answer(said: object, status: bytes = b"200 OK") -> bytes:
    """An answer with this in it."""
    body = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def asking(
    there: Receiver, name: str = "turnstile", clock: list[float] | None = None
) -> Siteverify:
    """The adapter, which takes this receiver for the provider."""
    provider = msgspec.structs.replace(
        PROVIDERS[name], url=f"http://127.0.0.1:{there.port}/siteverify"
    )
    now = clock or [0.0]
    return Siteverify(
        provider, Secret("s&1"), HOSTS, patience_seconds=1.0, monotonic=lambda: now[0]
    )


@pytest.fixture(params=["siteverify", "fake"])
def verifier(request: pytest.FixtureRequest) -> Iterator[CaptchaVerifier]:
    """One to which the token "good" is good, once."""
    if request.param == "fake":
        yield FakeCaptcha(solved={"good"})
        return
    with receiver(answers=[answer(YES), answer(USED)]) as there:
        yield asking(there)


def test_a_token_is_good_once(verifier: CaptchaVerifier) -> None:
    """The provider says so, and says the second time that it was used."""
    assert verifier.field in {provider.field for provider in PROVIDERS.values()}
    assert verifier.verify("good") is CaptchaVerdict.SOLVED
    assert verifier.verify("good") is CaptchaVerdict.MISSING


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_the_provider_is_told(name: str) -> None:
    """Secret and token as a form sends them, and nothing else: not the visitor's address."""
    with receiver(answers=[answer(YES)]) as there:
        assert asking(there, name).verify("t k&n=\udc80") is CaptchaVerdict.SOLVED
        [(line, headers, body)] = there.came
    assert line == "POST /siteverify HTTP/1.1"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode()) == {"secret": ["s&1"], "response": ["t k&n=?"]}


@pytest.mark.parametrize(
    "bad",
    [
        answer(b"<html>"),
        answer(YES, b"502 Bad Gateway"),
        answer({"success": False, "error-codes": ["invalid-input-secret"]}),
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 200_000,
    ],
)
def test_a_bad_provider_is_nobody_s_fault(bad: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is known then, and for a while it is not asked again; the log has a line, without token and secret."""
    clock = [0.0]
    with receiver(answers=[bad, answer(YES)]) as there:
        verifier = asking(there, clock=clock)
        assert verifier.verify("a-token") is CaptchaVerdict.UNKNOWN
        assert verifier.verify("a-token") is CaptchaVerdict.UNKNOWN
        assert there.connections == 1
        clock[0] = REST_SECONDS
        assert verifier.verify("a-token") is CaptchaVerdict.SOLVED
    told = capfd.readouterr().err
    assert "a-token" not in told
    assert "s&1" not in told


def test_who_hangs_is_left() -> None:
    """Whether it says nothing at all, or a byte now and then; or nobody listens."""
    for options in ({"hangs": True}, {"pause": 0.2}):
        with receiver(answers=[answer(YES)], **options) as there:
            began = time.monotonic()
            assert asking(there).verify("x") is CaptchaVerdict.UNKNOWN
            assert time.monotonic() - began < 10
    assert asking(Receiver(port=9)).verify("x") is CaptchaVerdict.UNKNOWN


def test_the_providers_addresses() -> None:
    """Theirs, over TLS."""
    assert all(provider.url.startswith("https://") for provider in PROVIDERS.values())


def test_what_is_built(tmp_path: Path) -> None:
    """One that verifies where a provider is named and its secret is there; else none, and nothing is asked."""
    guard = GuardSettings(captcha=PROVIDERS["hcaptcha"])
    for secret, field in ((Secret("s"), "h-captcha-response"), (NO_SECRET, None)):
        made = replace(settings(), data=tmp_path, guard=guard, captcha_secret=secret)
        app = build(made)
        try:
            assert (app.captcha.field if app.captcha else None) == field
        finally:
            app.store.close()
