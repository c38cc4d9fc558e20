"""A page that a person names: a file, or an address of the web. Its bytes, and what it is served as.

An address may lead anywhere, also by a redirect. So only what is public is asked, for no more than a page's size and
some seconds; `local` lets one's own network be asked, too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from todoke.model.errors import Error
from todoke.model.url import wire_url
from todoke.services.http.get import Gotten, NotAdmitted, NotGotten, get
from todoke.webhooks.guard import is_own, is_public

MOST_BYTES = 2_000_000
SECONDS = 15.0
MOST_REDIRECTS = 3
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_MOVED = frozenset({301, 302, 303, 307, 308})
_FOUND = 200


class PageUnread(Error):
    """The page could not be read."""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page as it came: where it was found in the end, its bytes, and the encoding that it is served with or ""."""

    where: str
    raw: bytes
    charset: str = ""


def read_source(where: str, *, local: bool = False) -> FoundPage:
    """Read a file, or fetch what begins with http:// or https://. Raises PageUnread."""
    if re.match(r"https?://", where, re.IGNORECASE):
        return _fetch(where, _public_or_own if local else is_public)
    try:
        raw = Path(where).read_bytes()
    except OSError as error:
        hint = "Give an HTML file, or an address with https://."
        raise PageUnread(f"{where} cannot be read: {error.strerror}. {hint}") from error
    if len(raw) > MOST_BYTES:
        raise _too_large(where)
    return FoundPage(where, raw)


def _public_or_own(address: str) -> bool:
    return is_public(address) or is_own(address)


def _fetch(where: str, admits: Callable[[str], bool]) -> FoundPage:
    ends_at = time.monotonic() + SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        url = wire_url(where)
        if not url:
            raise PageUnread(f"{where} is no address of a page.")
        answer = _ask(url, admits, max(1.0, ends_at - time.monotonic()))
        if answer.status not in _MOVED:
            return _page(url, answer)
        where = urljoin(url, answer.location)
    raise PageUnread(f"{where} leads on and on: more than {MOST_REDIRECTS} redirects.")


def _ask(url: str, admits: Callable[[str], bool], seconds: float) -> Gotten:
    try:
        return get(url, admits=admits, most_bytes=MOST_BYTES, seconds=seconds)
    except NotGotten as error:
        raise PageUnread(f"{url} cannot be fetched: {error}.") from error
    except NotAdmitted as error:
        said = (
            "leads to this machine or its network. Say --local if it shall be fetched from there."
        )
        raise PageUnread(f"{url} {said}") from error


def _page(url: str, answer: Gotten) -> FoundPage:
    if answer.status != _FOUND:
        raise PageUnread(f"{url} answers {answer.status}, and no page.")
    if answer.is_cut:
        raise _too_large(url)
    found = _CHARSET.search(answer.content_type)
    return FoundPage(url, answer.body, found[1] if found else "")


def _too_large(where: str) -> PageUnread:
    return PageUnread(f"{where} has more than {MOST_BYTES:,} bytes, which is no page.")
