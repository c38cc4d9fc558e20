"""What browsers take as a mail address in type=email (WHATWG HTML 4.10.5.1.5), whether or not mail can reach it."""

from __future__ import annotations

import re

from todoke.model.address import AddressError, parse_address

# The regular expression that the standard gives. Linear: no character can be matched in two ways.
_EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+"
    r"@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)


def is_email(text: str) -> bool:
    """True for what browsers take; a domain in Unicode counts as its A-labels."""
    if _EMAIL.fullmatch(text):
        return True
    local, _, domain = text.rpartition("@")
    if domain.isascii() or len(domain) > 254:
        return False
    try:
        return bool(_EMAIL.fullmatch(f"{local}@{parse_address(f'a@{domain}').ascii_domain}"))
    except AddressError:
        return False
