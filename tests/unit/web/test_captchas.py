"""A form that asks for a captcha of another's: what its token is worth, and that nobody is turned away for it."""

from __future__ import annotations

import asyncio
import re
import threading
from dataclasses import replace
from typing import Any

import pytest

from support.web.doors import OPEN_FORM, Answer, ask, kept, make_app
from todoke.forms.suspicion.circumstances import Circumstances
from todoke.model.address import Address
from todoke.model.captcha import LONGEST_TOKEN, PROVIDERS, CaptchaVerdict
from todoke.model.form import Field, Form, Managers
from todoke.model.settings import GuardSettings
from todoke.model.submission import Entry, EntryList
from todoke.testing import FakeCaptcha
from todoke.walk.app import App
from todoke.web.door.captchas import MOST_AT_ONCE, MOST_REMEMBERED, Captchas

FIELD = "cf-turnstile-response"
FORM = replace(
    OPEN_FORM, name="contact", fields=(Field(name="message", required=True),), captcha=True
)
SOLVED, MISSING, UNKNOWN = CaptchaVerdict.SOLVED, CaptchaVerdict.MISSING, CaptchaVerdict.UNKNOWN


class Watch:
    """A guard that finds nothing, and keeps what it was told."""

    def __init__(self) -> None:
        self.known: list[CaptchaVerdict] = []

    def signals(self, _form: Form, _sent: EntryList, seen: Circumstances) -> tuple[str, ...]:
        """None."""
        self.known.append(seen.captcha)
        return ()


def asking(form: Form = FORM, **of_fake: Any) -> tuple[App, FakeCaptcha, list[CaptchaVerdict]]:
    """An app that asks this fake, and what its guard is told."""
    app, captcha, watch = make_app(form), FakeCaptcha(**of_fake), Watch()
    object.__setattr__(app, "captcha", captcha)
    object.__setattr__(app, "guard", watch)
    return app, captcha, watch.known


def send(app: App, token: str = "", message: str = "Hello", field: str = FIELD) -> Answer:
    """Post the form with this token."""
    body = f"message={message}" + (f"&{field}={token}" if token else "")
    return ask(app, "/f/contact", body.encode(), accept="text/html")


def weigh(captchas: Captchas, token: str, form: Form = FORM) -> CaptchaVerdict:
    """What a token is worth."""
    return asyncio.run(captchas.verdict(form, (Entry(FIELD, token),)))


@pytest.mark.parametrize(
    ("token", "is_down", "expected"),
    [
        ("good", False, SOLVED),
        ("bad", False, MISSING),
        ("", False, MISSING),
        ("x" * (LONGEST_TOKEN + 1), False, MISSING),
        ("good", True, UNKNOWN),
        ("", True, MISSING),
    ],
)
def test_nobody_is_turned_away(token: str, is_down: bool, expected: CaptchaVerdict) -> None:
    """With a token that counts, one that does not, and none; with a provider that does not answer. It is no answer."""
    app, captcha, known = asking(solved={"good"}, is_down=is_down)
    assert send(app, token).status == 303
    assert known == [expected]
    (submission,) = kept(app)
    assert submission.entries == (Entry("message", "Hello"),)
    assert captcha.asked == ([token] if 0 < len(token) <= LONGEST_TOKEN else [])


@pytest.mark.parametrize("field", [provider.field for provider in PROVIDERS.values()])
@pytest.mark.parametrize("dialect", ["", "formspree"])
def test_no_widget_s_field_is_an_answer(field: str, dialect: str) -> None:
    """hCaptcha fills in reCAPTCHA's as well."""
    app, _, known = asking(replace(FORM, dialect=dialect), solved={"good"})
    assert send(app, "good", field=field).status == 303
    assert kept(app)[0].entries == (Entry("message", "Hello"),)
    assert known == [SOLVED if field == FIELD else MISSING]


@pytest.mark.parametrize("change", [{"captcha": False}, {"review": False}])
def test_nobody_is_asked_where_nobody_would_look(change: dict[str, bool]) -> None:
    """A form that asks for none, and one of which nothing is reviewed: no token leaves."""
    app, captcha, known = asking(replace(FORM, **change), solved={"good"})
    assert send(app, "good").status == 303
    assert known == [UNKNOWN]
    assert captcha.asked == []


def test_without_a_verifier_nothing_is_known() -> None:
    """As in a process that has no secret for it."""
    app, _, known = asking()
    object.__setattr__(app, "captcha", None)
    assert send(app, "good").status == 303
    assert known == [UNKNOWN]


def test_a_form_that_came_back_brings_its_token_again() -> None:
    """It is good for one question alone, so the answer is remembered; what is stored with it uses it up."""
    captchas = Captchas(fake := FakeCaptcha(solved={"good"}))
    controls = (Entry(FIELD, "good"),)
    assert [weigh(captchas, "good") for _ in range(2)] == [SOLVED, SOLVED]
    captchas.spend(FORM, controls)
    assert weigh(captchas, "good") is MISSING
    assert fake.asked == ["good"]
    assert weigh(captchas, "good", replace(FORM, name="order")) is MISSING
    assert fake.asked == ["good", "good"]


def test_a_page_that_came_back_has_the_token_unseen() -> None:
    """Where the fields are known, and where a page of ours has a control for whatever came."""
    receives = Managers(field="message", by_value={"x": (Address("a@site.example"),)})
    for fields in (FORM.fields, None):
        app, _, _ = asking(replace(FORM, fields=fields, managers=receives))
        page = send(app, "a-token")
        assert page.status == 422
        (line,) = re.findall(rb"<[^>]*turnstile[^>]*>", page.body)
        assert b'type="hidden"' in line
        assert b"a-token" in line


def test_what_is_remembered_has_an_end() -> None:
    """Of time, and of number."""
    now = [0.0]
    captchas = Captchas(fake := FakeCaptcha(), monotonic=lambda: now[0])
    assert [weigh(captchas, "t") for _ in range(2)] == [MISSING, MISSING]
    assert len(fake.asked) == 1
    now[0] = 901.0
    weigh(captchas, "t")
    assert len(fake.asked) == 2

    async def many() -> None:
        for number in range(MOST_REMEMBERED + 5):
            captchas._remember(b"%d" % number, MISSING, 0.0)

    asyncio.run(many())
    assert len(captchas._known) == MOST_REMEMBERED


def test_a_provider_that_hangs_holds_up_nobody_for_long() -> None:
    """Each waits its time, and once so many questions are under way, none at all."""
    ends = threading.Event()

    class Hanging(FakeCaptcha):
        def verify(self, token: str) -> CaptchaVerdict:
            super().verify(token)
            ends.wait(20)
            return SOLVED

    captchas = Captchas(fake := Hanging(), wait_seconds=0.05)

    async def crowd() -> list[CaptchaVerdict]:
        tokens = [(Entry(FIELD, str(number)),) for number in range(MOST_AT_ONCE + 5)]
        return await asyncio.gather(*(captchas.verdict(FORM, token) for token in tokens))

    try:
        assert set(asyncio.run(crowd())) == {UNKNOWN}
        assert len(fake.asked) == MOST_AT_ONCE
    finally:
        ends.set()


def test_signals_end_where_they_would_with_a_real_guard() -> None:
    """A program with a filled trap is in review, and not if its captcha was solved; the absence alone is nothing."""
    for token, expected in (("good", ()), ("", ("trap_filled", "program", "no_captcha"))):
        app = make_app(FORM, guard=GuardSettings(captcha=PROVIDERS["turnstile"]))
        object.__setattr__(app, "captcha", FakeCaptcha(solved={"good"}))
        send_trap = f"message=Hello&_gotcha=1&{FIELD}={token}".encode()
        assert ask(app, "/f/contact", send_trap, user_agent="python-requests/2").status == 303
        assert kept(app)[0].signals == expected
