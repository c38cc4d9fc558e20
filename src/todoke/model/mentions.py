"""Whom a delivery event names, in whatever of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from todoke.model.address import mailbox_key
from todoke.model.delivery import DeliveryEvent

# Looked for only where a run of its letters begins, so that a long text without any "@" is read once.
_LETTER = r"[^\s<>()\[\]\"',;:=]"
# A quoted local part ends with a quote before the @, in evidence of JSON with a backslash before it.
_ADDRESSES = re.compile(rf'(?<!{_LETTER})({_LETTER}+?)(?:\\?")?(@{_LETTER}+)')


def mentioned(event: DeliveryEvent) -> Iterator[str]:
    """The mailbox keys that an event names, as its recipient or anywhere in its words and evidence."""
    text = " ".join((event.recipient, event.diagnostic, event.raw.decode("utf-8", "replace")))
    return (mailbox_key(local + at) for local, at in _ADDRESSES.findall(text))
