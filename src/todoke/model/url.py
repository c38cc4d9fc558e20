"""Addresses of the web as they go over the wire: in a header, in a mail, in a policy.

Parsed as browsers do (WHATWG URL). The one place where a URL that somebody wrote becomes one that is sent. What it is
for is not known here.
"""

from __future__ import annotations

import re

import can_ada

from todoke.model.short_cache import short_cache

_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
"""Stricter than the standard, which lets `;`, `,` and `*` pass: in a policy these would end or widen an entry."""

_ENDS = "".join(map(chr, range(0x21)))
_DROPPED = re.compile(r"[\t\n\r]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PATH = re.compile(r"([^?#]*)(.*)", re.DOTALL)


@short_cache(1024)
def wire_url(text: str) -> str:
    """`text` in ASCII: its host in A-labels, the rest percent-encoded.

    "" for what is no http or https URL with a host, or holds a user.
    """
    parsed = _parse(text)
    return parsed.href if parsed else ""


@short_cache(1024)
def origin_of(url: str) -> str:
    """scheme://host[:port] as an Origin header states it: lower case, A-labels, no default port; "" if it has none."""
    parsed = _parse(url)
    return parsed.origin if parsed else ""


def resolved(text: str, page: str) -> str:
    """The address that a browser on `page` makes of `text`, without its fragment; of any scheme.

    "" for what is none, and for what needs the page's address where `page` is "".
    """
    text = _DROPPED.sub("", text.strip(_ENDS))
    scheme = _SCHEME.match(text)
    base = _parse(page)
    if base and (not scheme or _means_the_page_s(text, scheme[0], base.protocol)):
        text = _joined(text.removeprefix(scheme[0] if scheme else ""), base)
    try:
        return can_ada.parse(text).href.partition("#")[0]
    except (ValueError, TypeError):
        return ""


def _means_the_page_s(text: str, scheme: str, own: str) -> bool:
    """Whether a scheme says nothing: that of the page itself, with no host after it ("special relative" there)."""
    return scheme.lower() == own and not text[len(scheme) :].replace("\\", "/").startswith("//")


def _joined(text: str, base: can_ada.URL) -> str:
    """A relative reference after what it keeps of `base` (WHATWG URL 4.4, "relative state" and after)."""
    path, rest = _PATH.fullmatch(text).groups()  # type: ignore[union-attr] # it matches all there is
    path = path.replace("\\", "/")
    if path.startswith("//"):
        return f"{base.protocol}{path}{rest}"
    if path.startswith("/"):
        return f"{base.origin}{path}{rest}"
    if path:
        return f"{base.origin}{base.pathname.rpartition('/')[0]}/{path}{rest}"
    query = "" if rest.startswith("?") else base.search
    return f"{base.origin}{base.pathname}{query}{rest}"


def _parse(text: str) -> can_ada.URL | None:
    try:
        parsed = can_ada.parse(text)
    except (ValueError, TypeError):  # TypeError: for a lone surrogate
        return None
    if parsed.protocol not in {"http:", "https:"} or parsed.username or parsed.password:
        return None
    return parsed if _HOST.fullmatch(parsed.hostname) else None
