"""The dialects: whoever needs to know something of one asks this table, and nobody else names one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from todoke.web.dialects.basin import BASIN
from todoke.web.dialects.dialect import Dialect
from todoke.web.dialects.formbackend import FORMBACKEND
from todoke.web.dialects.formcarry import FORMCARRY
from todoke.web.dialects.formspark import FORMSPARK
from todoke.web.dialects.formspree import FORMSPREE
from todoke.web.dialects.formsubmit import FORMSUBMIT, FORMSUBMIT_AJAX
from todoke.web.dialects.getform import GETFORM
from todoke.web.dialects.netlify import NETLIFY
from todoke.web.dialects.staticforms import STATICFORMS
from todoke.web.dialects.web3forms import WEB3FORMS

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        BASIN,
        FORMBACKEND,
        FORMCARRY,
        FORMSPARK,
        FORMSPREE,
        FORMSUBMIT,
        GETFORM,
        NETLIFY,
        STATICFORMS,
        WEB3FORMS,
    )
}
"""By the names that a form's `dialect` may have."""

_ADDRESSES = (FORMSUBMIT_AJAX, *DIALECTS.values())
"""In the order in which they are looked at: the most particular address first."""

ROOMS = frozenset({"ajax", "p", "submit"})
"""The first parts of paths that dialects have for themselves."""


def spoken_at(path: str) -> Iterator[tuple[Dialect, str]]:
    """Each dialect that has such an address, with the key in it, "" where the body has that."""
    for dialect in _ADDRESSES:
        if found := dialect.address.fullmatch(path):
            yield dialect, found.groupdict().get("key") or ""
