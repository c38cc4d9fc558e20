"""What a server said, without what differs from mail to mail. Pure."""

from __future__ import annotations

import re

from todoke.model.address import Address

_ADDRESSES = re.compile(r"<[^<>]*>|[^\s<>]+@[^\s<>]+|(?:[\w-]+\.)+[a-z]{2,24}(?!\w)")
_NUMBERED = re.compile(r"\w*\d[\w.:#-]*")
LONGEST = 500


def plain_words(words: str, recipient: Address) -> str:
    """A server's words without addresses, names of hosts and whatever holds a digit (ids, times).

    Two mails that were answered alike have the same.
    """
    text = _ADDRESSES.sub("@", words[:LONGEST].casefold())
    local = re.escape(recipient.local.casefold())
    text = re.sub(rf"(?<!\w){local}(?!\w)", "@", text)
    return " ".join(_NUMBERED.sub("#", text).split())
