"""A link that begins an answer to the visitor in the reader's own mail program (mailto:, RFC 6068). Pure.

All that a visitor wrote is percent-encoded whole, so nothing in it can add a field. In-Reply-To is heeded by
Thunderbird on desktops and telephones and by Fastmail. Gmail leaves it out: then the answer is a mail by itself.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from todoke.model import ids
from todoke.model.address import Address
from todoke.model.language import N_
from todoke.model.show import show_time
from todoke.model.zone import Zone
from todoke.report.words import say

LONGEST = 1_900
"""Characters of a link that every browser hands on whole; Windows cuts off what is beyond 2,048."""
_LONGEST_TITLE = 60
_WROTE = N_("On %(time)s you wrote:")
_MORE = "…"


def reply_subject(title: str, submission_id: str) -> str:
    """What an answer is about: the form, and the number that the visitor knows from the confirmation."""
    short = title if len(title) <= _LONGEST_TITLE else title[:_LONGEST_TITLE] + _MORE
    return f"Re: {short} ({ids.number(submission_id)})"


def reply_link(
    to: Address,
    *,
    subject: str,
    text: str,
    received_at: datetime,
    zone: Zone,
    language: str,
    in_reply_to: str = "",
) -> str:
    """A mailto: of at most LONGEST characters, which quotes as much of `text` as there is room for; "" to nobody.

    Without a text nothing is quoted. `in_reply_to` is the Message-ID of the mail that the visitor has, with its
    brackets.
    """
    if not to or not to.is_readable:
        return ""
    link = f"mailto:{_encoded(to, safe='@')}?subject={_encoded(subject)}"
    if in_reply_to:
        link += f"&In-Reply-To={_encoded(in_reply_to)}"
    if not text.strip():
        return link
    wrote = say(_WROTE, language) % {"time": show_time(received_at, zone, language)}
    link += "&body=" + _encoded(f"\r\n\r\n{wrote}\r\n")
    return link + _quoted(text, LONGEST - len(link))


def _quoted(text: str, room: int) -> str:
    """The lines with "> " before each, percent-encoded, as many characters of them as there is room for."""
    text = text.strip()
    # No more is looked at than a link can hold: a megabyte would take a second.
    begin = text[:LONGEST]
    whole = "\r\n".join(f"> {line}".rstrip() for line in begin.splitlines())
    encoded = [_encoded(c) for c in whole]
    if begin == text and sum(map(len, encoded)) <= room:
        return "".join(encoded)
    room -= len(_encoded(_MORE))
    taken = ""
    for one in encoded:
        if len(taken) + len(one) > room:
            break
        taken += one
    return taken + _encoded(_MORE)


def _encoded(text: str, safe: str = "") -> str:
    return quote(text, safe=safe, errors="replace")
