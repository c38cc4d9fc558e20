"""Where a visitor goes after a submission: decided by the configuration, and by the page only within the site. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin

from todoke.model.form import Form, Site
from todoke.model.url import origin_of, wire_url

_ABSOLUTE = re.compile(
    r"(?P<origin>https?://(?:[^/?#@:\[\]]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?)(?P<rest>[/?#].*)?",
    re.IGNORECASE,
)
_BAD = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"`{}|^\ud800-\udfff]")
_SAFE = "%/:?#[]@!$&'()*+,;=~-._"


def redirect_of(form: Form, site: Site, wanted: str) -> str:
    """The URL to go to after a submission of `form`, or "" for the receipt.

    `wanted` is a `_next` control field. It is obeyed only if its origin is the site's: listed in `origins`, or that
    of `url`. Everything else is ignored in favour of the form's own `redirect`: an address in a request is a
    stranger's word, and we would lend it our name.
    """
    return next_url(wanted, site) or _resolve(form.redirect, site)


def _resolve(redirect: str, site: Site) -> str:
    """The configured redirect; a relative one is meant from the site's URL."""
    return wire_url(urljoin(site.url.rstrip("/") + "/", redirect)) if redirect else ""


def next_url(wanted: str, site: Site) -> str:
    """The URL that a `_next` leads to: within the site, as it goes over the wire; "" for one that is ignored."""
    wanted = wanted.strip(" ")
    if not wanted or len(wanted) > 2_048 or _BAD.search(wanted):
        return ""
    if wanted.startswith("/") and not wanted.startswith("//"):
        home = origin_of(site.url)
        return quote(home + wanted, safe=_SAFE) if home else ""
    match = _ABSOLUTE.fullmatch(wanted)
    if match is None or (match["rest"] or "").startswith("//"):
        return ""
    origin = origin_of(match["origin"])
    allowed = {origin_of(o) for o in (*site.origins, site.url)} - {""}
    return quote(origin + (match["rest"] or ""), safe=_SAFE) if origin in allowed else ""
