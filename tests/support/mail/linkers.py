"""Two linkers of ordinary programs, as judges of what a mail program could turn into a link."""

from __future__ import annotations

import re

from bleach.linkifier import Linker, build_email_re, build_url_re
from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS

_LONGEST_FIRST = sorted(map(re.escape, TLDS), key=len, reverse=True)
_USUAL = LinkifyIt()
_KEEN = LinkifyIt().tlds(list(TLDS))
_TAGS = Linker(
    parse_email=True,
    url_re=build_url_re(tlds=_LONGEST_FIRST),
    email_re=build_email_re(tlds=_LONGEST_FIRST),
)
_HREF = re.compile(r'<a href="([^"]*)"')


def links(text: str) -> list[str]:
    """The targets of the links that either would make of `text`."""
    found = [m.url for linker in (_USUAL, _KEEN) for m in linker.match(text) or ()]
    return [*found, *_HREF.findall(_TAGS.linkify(text.replace("<", "&lt;")))]
