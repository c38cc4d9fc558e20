"""What people read about the addresses that a mail service will not send to: since when, why, and what was asked. Pure.

`todoke suppressions` and the desk show these values. The site's own addresses come first: nobody reads their mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from todoke.model.address import Address, mailbox_key
from todoke.model.language import N_
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_address
from todoke.ports.suppressions import ListedFor, Suppression, SuppressionList
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
_LISTED_FOR: Mapping[ListedFor | None, str] = {
    ListedFor.BOUNCE: N_("Mail to it came back for good."),
    ListedFor.COMPLAINT: N_("Whoever reads its mail called one unwanted."),
    ListedFor.HAND: N_("Somebody put it on the list by hand, or it unsubscribed."),
}


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
    lists: Iterable[SuppressionList],
    settings: Settings,
    language: str,
    *,
    lift: Mapping[str, str],
    part: str = "",
    most: int | None = None,
) -> list[dict[str, Any]]:
    """Each list in words: {service, read_at, lift, count, more, suppressions: [...]}, the site's own addresses first.

    `lift` has what a service's owner can do about an entry by hand, by the service's name. Entries with `part` in their
    address are shown, `most` of them at most, and `more` are left out then; `count` is how many the list has. Each is
    {address, listed, since, reason, code, own, warning, asked_at, ended_at, refusal}: `listed` is the address as the
    list has it; `own` is "" for an address that is not the site's; `code` is the service's own word for the reason.
    """
    own = own_addresses(settings)
    return [_in_words(listed, own, language, lift, part.casefold(), most) for listed in lists]


def _in_words(
    listed: SuppressionList,
    own: Mapping[str, str],
    language: str,
    lift: Mapping[str, str],
    part: str,
    most: int | None,
) -> dict[str, Any]:
    found = [s for s in listed.suppressions if part in s.address.casefold()]
    found.sort(key=lambda s: mailbox_key(s.address) not in own)
    return {
        "service": listed.service,
        "read_at": rfc3339(listed.read_at),
        "lift": say(lift.get(listed.service, _LIFT_OTHERWISE), language),
        "count": len(listed.suppressions),
        "more": max(0, len(found) - most) if most is not None else 0,
        "suppressions": [suppression_row(s, own, language) for s in found[:most]],
    }


def suppression_row(
    suppression: Suppression, own: Mapping[str, str], language: str
) -> dict[str, Any]:
    """One entry in words; see `suppression_lists`."""
    use = own.get(mailbox_key(suppression.address), "")
    lifting = suppression.lifting
    return {
        "address": show_address(Address(suppression.address)),
        "listed": suppression.address,
        "since": rfc3339(suppression.since),
        "reason": reason_words(suppression.cause, language)
        or say(_LISTED_FOR.get(suppression.listed_for, _NO_REASON), language),
        "code": suppression.reason,
        "own": use,
        "warning": say(_OWN[use], language) if use else "",
        "asked_at": rfc3339(lifting.asked_at) if lifting else "",
        "ended_at": rfc3339(lifting.ended_at) if lifting else "",
        "refusal": lifting.refusal if lifting else "",
    }
