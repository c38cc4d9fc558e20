"""What people read about suppressed addresses."""

from __future__ import annotations

import pytest

from support.web.stories import NOW, make_settings
from todoke.model.address import Address
from todoke.model.delivery import Reason
from todoke.model.form import Form, Managers, Site
from todoke.ports.suppressions import Suppression, SuppressionList
from todoke.report.suppressions import ALERTS, MANAGER, own_addresses, suppression_lists
from todoke.services.table import LIFT

SETTINGS = make_settings(
    site=Site(
        name="Example", alert_to=(Address("owner@site.example"), Address("both@site.example"))
    ),
    forms={
        "a": Form(
            name="a",
            managers=Managers(fixed=(Address("fixed@site.example"), Address("both@site.example"))),
        ),
        "b": Form(
            name="b",
            managers=Managers(
                field="email",
                by_value={"x": (Address("value@site.example"),)},
                directory={"aoi@site.example": (Address("boss@site.example"),)},
                fallback=(Address("fallback@site.example"),),
            ),
        ),
    },
)


def listed(*suppressions: Suppression, service: str = "customers-mail-cloud") -> SuppressionList:
    """A list that was read now."""
    return SuppressionList(service=service, read_at=NOW, suppressions=suppressions)


def test_own_are_all_managers_and_who_is_alerted() -> None:
    """Every way to name a manager counts; who is alerted counts as that."""
    own = own_addresses(SETTINGS)
    managers = {f"{name}@site.example" for name in ("fixed", "value", "boss", "fallback")}
    assert {address for address, use in own.items() if use == MANAGER} == managers
    alerted = {address for address, use in own.items() if use == ALERTS}
    assert alerted == {"owner@site.example", "both@site.example"}


def test_each_address_in_words() -> None:
    """Since when, why, the service's own word, and for the site's own a warning; these come first."""
    whole = Suppression(
        address="a@example.net", since=NOW, reason="2", cause=Reason.UNKNOWN_ADDRESS
    )
    bare, own = Suppression(address="花@例え.jp"), Suppression(address="OWNER@site.example")
    [found] = suppression_lists([listed(whole, bare, own)], SETTINGS, "en", lift=LIFT)
    assert found["read_at"] == "2026-11-23T06:34:00Z"
    first, second, third = found["suppressions"]
    assert (first["address"], first["own"]) == ("OWNER@site.example", ALERTS)
    assert "alerts go to this address" in first["warning"]
    assert second == {
        "address": "a@example.net",
        "since": "2026-11-23T06:34:00Z",
        "reason": "There is no such mailbox.",
        "code": "2",
        "own": "",
        "warning": "",
        "listed": "a@example.net",
        "asked_at": "",
        "ended_at": "",
        "refusal": "",
    }
    assert third["address"] == "花@例え.jp (xn--r8jz45g.jp)"
    assert (third["since"], third["code"]) == ("", "")
    assert "no reason" in third["reason"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_how_to_lift_it(language: str) -> None:
    """Each service's own way is told, and a general one for others."""
    cloud, other = suppression_lists(
        [listed(), listed(service="post")], SETTINGS, language, lift=LIFT
    )
    assert "Pro" in cloud["lift"]
    assert "Standard" in cloud["lift"]
    assert "Pro" not in other["lift"]
    assert (language == "ja") == ("サポート" in other["lift"])
