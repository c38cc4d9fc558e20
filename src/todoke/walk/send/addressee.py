"""Whose mailbox an address is, as far as its spelling tells, and whether anybody reads there. Pure."""

from __future__ import annotations

import re

from todoke.model.address import Address

_ROLES = frozenset(
    [
        "abuse",
        "hostmaster",
        "mailer-daemon",
        "mailerdaemon",
        "majordomo",
        "noc",
        "postmaster",
        "security",
        "spam",
        "undisclosed-recipients",
        "uucp",
        "do-not-reply",
        "donotreply",
        "no-reply",
        "noreply",
        "no_reply",
    ]
)
"""Roles that run a mail system or a network (RFC 2142, sections 4 and 5, RFC 5321 4.5.1), and what answers nobody.

Those of business (info, sales, support: section 3) are not among them: small firms fill in forms with such an address.
"""
_OF_LISTS = re.compile(r"owner-.+|.+-(?:owner|request|bounces|subscribe|unsubscribe)")
"""Addresses that manage a mailing list (RFC 2142, section 6)."""
_SAME_MAILBOXES = {
    "googlemail.com": "gmail.com",
    "mac.com": "icloud.com",
    "me.com": "icloud.com",
    "pm.me": "proton.me",
    "protonmail.ch": "proton.me",
    "protonmail.com": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.by": "yandex.ru",
    "yandex.com": "yandex.ru",
    "yandex.kz": "yandex.ru",
}
"""Domains under which a service delivers to the same mailbox."""
_TEXT_MESSAGES = frozenset(
    [
        "email.uscc.net",
        "fido.ca",
        "messaging.sprintpcs.com",
        "mms.att.net",
        "mms.cricketwireless.net",
        "mms.uscc.net",
        "mobiletxt.ca",
        "msg.fi.google.com",
        "msg.telus.com",
        "myboostmobile.com",
        "mymetropcs.com",
        "mypixmessages.com",
        "page.att.net",
        "pcs.rogers.com",
        "pm.sprint.com",
        "sms.cricketwireless.net",
        "sms.myboostmobile.com",
        "sms.rogers.com",
        "sms.sasktel.com",
        "text.mtsmobility.com",
        "text.republicwireless.com",
        "tmomail.net",
        "txt.att.net",
        "txt.bell.ca",
        "txt.bellmobility.ca",
        "vmobile.ca",
        "vmobl.com",
        "vmpix.com",
        "vtext.com",
        "vzwpix.com",
    ]
)
"""Gateways from mail to text messages, which ring a telephone and may cost its owner. Mail addresses that telephones
have, as docomo's, au's and SoftBank's in Japan, are mailboxes like others."""


def addressee_key(address: Address) -> str:
    """What the spellings of one addressee's address have in common, to count by and for nothing else.

    Case, dots in the local part and what follows a plus are left out: many services deliver all of these to one
    mailbox, and where one does not, two addressees are counted as one.
    """
    local = address.local.strip('"').lower()
    local = local.partition("+")[0] or local
    domain = address.ascii_domain.lower()
    domain = _SAME_MAILBOXES.get(domain, domain)
    return f"{local.replace('.', '') or local}@{domain}"


def is_person(address: Address) -> bool:
    """Whether somebody may read a confirmation there."""
    local, domain = address.local.strip('"').lower(), address.ascii_domain.lower()
    return not (
        local.partition("+")[0] in _ROLES or _OF_LISTS.fullmatch(local) or domain in _TEXT_MESSAGES
    )
