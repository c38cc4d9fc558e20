"""What people read about the addresses that a mail service will not send to: since when, why, and how to lift it. Pure.

`todoke suppressions` and the desk show these values. The site's own addresses come first: nobody reads their mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from todoke.model.address import Address, mailbox_key
from todoke.model.language import N_
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_address
from todoke.ports.suppressions import Suppression, SuppressionList
from todoke.report.words import reason_words, say

ALERTS, MANAGER = "alerts", "manager"
_OWN = {
    ALERTS: N_("This site's alerts go to this address. They do not reach it."),
    MANAGER: N_("A manager of this site. What visitors send is not mailed to this address."),
}
_LIFT_OTHERWISE = N_(
    "Make sure first that the address works. Then lift it in the mail service's console, or ask its support to."
)
_NO_REASON = N_("The service states no reason that is known here.")


def own_addresses(settings: Settings) -> Mapping[str, str]:
    """The mailboxes that the site itself depends on, each with what for: ALERTS or MANAGER."""
    managers = [
        address
        for form in settings.forms.values()
        for addresses in (
            form.managers.fixed,
            form.managers.fallback,
            *form.managers.by_value.values(),
            *form.managers.directory.values(),
        )
        for address in addresses
    ]
    alerted = settings.site.alert_to
    return {a.key: MANAGER for a in managers} | {a.key: ALERTS for a in alerted}


def suppression_lists(
    lists: Iterable[SuppressionList], settings: Settings, language: str, *, lift: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Each list in words: {service, read_at, lift, suppressions: [{address, since, reason, code, own, warning}]}.

    `lift` has what a service's owner can do about an entry, by the service's name. `own` is "" for an address that is
    not the site's; `code` is the service's own word for the reason.
    """
    own = own_addresses(settings)
    return [
        {
            "service": listed.service,
            "read_at": rfc3339(listed.read_at),
            "lift": say(lift.get(listed.service, _LIFT_OTHERWISE), language),
            "suppressions": sorted(
                (_row(s, own, language) for s in listed.suppressions),
                key=lambda row: not row["own"],
            ),
        }
        for listed in lists
    ]


def _row(suppression: Suppression, own: Mapping[str, str], language: str) -> dict[str, Any]:
    use = own.get(mailbox_key(suppression.address), "")
    return {
        "address": show_address(Address(suppression.address)),
        "since": rfc3339(suppression.since),
        "reason": reason_words(suppression.cause, language) or say(_NO_REASON, language),
        "code": suppression.reason,
        "own": use,
        "warning": say(_OWN[use], language) if use else "",
    }
