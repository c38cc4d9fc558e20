"""The demo's switch between the two versions, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette

from support.web.stories import call, post
from todoke.demo import home
from todoke.demo.switch import SwitchedMailer, WebhookSwitch
from todoke.model.delivery import Ceiling
from todoke.testing import FakeMailer


@pytest.fixture
def switch(tmp_path: Path) -> WebhookSwitch:
    """A new switch."""
    return WebhookSwitch(tmp_path / "webhook")


def page_with(switch: WebhookSwitch) -> Starlette:
    """The home page with its switch."""
    return Starlette(routes=list(home.routes(switch, "http://127.0.0.1:8000")))


def test_the_switch_is_on_at_first_and_kept(tmp_path: Path) -> None:
    """A newcomer sees version 2; what was chosen is found again after a restart."""
    switch = WebhookSwitch(tmp_path / "webhook")
    assert switch.is_on()
    switch.turn("off")
    assert not switch.is_on()
    assert not WebhookSwitch(tmp_path / "webhook").is_on()
    switch.turn("on")
    assert WebhookSwitch(tmp_path / "webhook").is_on()


def test_what_can_be_proved_follows_the_switch(switch: WebhookSwitch) -> None:
    """The mailer states it anew for each claim, and hands mails over as before."""
    inner = FakeMailer()
    mailer = SwitchedMailer(inner, switch)
    assert (mailer.name, mailer.ceiling) == ("fake", Ceiling.DELIVERED)
    switch.turn("off")
    assert mailer.ceiling is Ceiling.HANDED_OVER
    switch.turn("on")
    assert mailer.ceiling is Ceiling.DELIVERED


def test_the_page_says_how_it_stands_and_turns_it(switch: WebhookSwitch) -> None:
    """A post and a redirect, so that a reload turns nothing; the page is never kept."""
    page = page_with(switch)
    for now, then in (("on", "off"), ("off", "on")):
        shown = call(page, "/")
        assert f"The webhook is <strong>{now}</strong>" in shown.text
        assert shown.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert "$" not in shown.text
        answer = post(page, "/demo/webhook", f"webhook={then}")
        assert (answer.status, answer.headers["location"]) == (303, "/#versions")
        assert switch.is_on() is (then == "on")


def test_a_column_s_button_turns_the_switch_and_sends_the_same_form(switch: WebhookSwitch) -> None:
    """307 keeps method and body: the door gets what the button's form holds."""
    page = page_with(switch)
    for state in ("off", "on"):
        answer = post(page, f"/demo/{state}/contact", "name=x")
        assert (answer.status, answer.headers["location"]) == (307, "/f/contact")
        assert switch.is_on() is (state == "on")


@pytest.mark.parametrize("path", ["/demo/webhook", "/demo/off/contact"])
def test_no_other_site_can_turn_it(switch: WebhookSwitch, path: str) -> None:
    """A page elsewhere that posts here changes nothing."""
    answer = post(page_with(switch), path, "webhook=off", sec_fetch_site="cross-site")
    assert (answer.status, switch.is_on()) == (403, True)


@pytest.mark.parametrize("body", ["", "webhook=", "webhook=perhaps", "other=off"])
def test_nonsense_leaves_it_as_it_is(switch: WebhookSwitch, body: str) -> None:
    """Nothing but on and off turns it."""
    assert post(page_with(switch), "/demo/webhook", body).status == 303
    assert switch.is_on()
