"""To which addresses a mail came back: those its deliverers noted, and the return path of the original in it."""

from __future__ import annotations

from todoke.returned.entity import parse
from todoke.returned.mailbox import addresses_in, unlike
from todoke.returned.original import original_in
from todoke.returned.report_text import report_text_of

NOTED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
"""The fields in which servers note whom they delivered to, and the one that a report is addressed by."""
MOST = 50


def addressed(raw: bytes) -> list[str]:
    """The addresses, the surest first. Anybody can write them there. Raises MalformedMail."""
    mail = parse(raw)
    found = [name for field in NOTED for value in mail.all(field) for name in addresses_in(value)]
    original = original_in(mail, report_text_of(mail).rest).entity
    if original is not None:
        found += [name for value in original.all("return-path") for name in addresses_in(value)]
    return unlike(found, ())[:MOST]
