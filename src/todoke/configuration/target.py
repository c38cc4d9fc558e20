"""Whether what a page's form sends comes to the door: each target, as browsers read it, beside `door_url`. Pure.

And whether a `_next` of the page leads anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from todoke.forms.control_fields import NEXT
from todoke.forms.page.targets import Target
from todoke.forms.redirect import next_url
from todoke.model.form import Site
from todoke.model.loopback import is_loopback
from todoke.model.own_url import own_url
from todoke.model.url import origin_of, resolved, wire_url
from todoke.toml.findings import NOTE, WARNING

FORM_END = re.compile(r"/f(?:/[a-z0-9_-]+)?\Z")
"""What a `door_url` should not end in: every address that is made of it would have it twice."""
_FORM = re.compile(r".*/f/([^/]+)")


@dataclass(frozen=True, slots=True)
class Way:
    """What is known of the way from a page to a form: the form's name, the site, and the page's own address or ""."""

    form: str
    site: Site
    page: str
    is_known: bool = True
    """Whether the form's name and the door's address are given and may be what they are."""
    is_dialect: bool = False
    """Whether the form has another address at the door, too: that of the product its page was written for."""

    @property
    def door(self) -> str:
        """The address that the form should be sent to."""
        return own_url(self.site.door_url, f"/f/{self.form}")


def page_address(page: str, base: str) -> str:
    """The address that relative ones begin at: the page's own, or that of its <base>; "" if it is not known."""
    return resolved(base, page) if base else page


def judge_target(target: Target, way: Way) -> tuple[str, str] | None:
    """The severity and the words for a target that does not lead to the form; None for one that does."""
    goes = f"the button {target.button!r} posts" if target.button else "the form posts"
    write = f'Write {"formaction" if target.button else "action"}="{way.door}".'
    if not target.written:
        said = "has no formaction's address" if target.button else "has no action"
        subject = f"the button {target.button!r}" if target.button else "the form"
        return WARNING, f"{subject} {said}, so browsers post to the page itself. {write}"
    to = resolved(target.written, way.page)
    if not to:
        return _unknown(target, way, goes, write)
    if not origin_of(to):
        return WARNING, f'{goes} to "{target.written}", which is no address of the web. {write}'
    fault = _difference(urlsplit(to), urlsplit(wire_url(way.door)), way)
    if not fault:
        return None
    shown = f'"{target.written}"' + ("" if to == target.written else f", which is {to}")
    if _may_be_elsewhere(urlsplit(to), way):
        return NOTE, (
            f"{goes} to {shown}, and door_url is this machine ({way.site.door_url}): whether todoke answers there "
            "cannot be told from here."
        )
    return WARNING, f"{goes} to {shown}: {fault}. {write}"


def _unknown(target: Target, way: Way, goes: str, write: str) -> tuple[str, str]:
    if ":" in target.written.partition("/")[0] or target.written.startswith("//"):
        return WARNING, f'{goes} to "{target.written}", which is no address. {write}'
    return NOTE, (
        f'{goes} to "{target.written}", and neither page_url nor site.url says on which host: it comes here only if '
        f"that is {way.door}."
    )


def _difference(to: SplitResult, door: SplitResult, way: Way) -> str:
    """In which way an address is not the form's; "" when it is. A query and one slash at the end are let pass there."""
    here = is_loopback(to.hostname or "") and is_loopback(door.hostname or "")
    if to.hostname != door.hostname and not here:
        return f"that is another host than door_url's, {door.hostname}"
    if to.scheme != door.scheme:
        return f"that is {to.scheme}, and door_url is {door.scheme}"
    if to.port != door.port:
        return "that is another port than door_url's"
    path, right = unquote(to.path), unquote(door.path)
    if path.removesuffix("/") == right or way.is_dialect:
        return ""
    if re.sub("/+", "/", path).removesuffix("/") == right:
        return "the door knows no address with two slashes one after the other"
    other = _FORM.fullmatch(path.removesuffix("/"))
    if other and other[1] != way.form and path.startswith(right.removesuffix(way.form)):
        return f"that is the form {other[1]!r}, and this is {way.form!r}"
    return "that is another path than the form's"


def _may_be_elsewhere(to: SplitResult, way: Way) -> bool:
    """Whether todoke may have this address where it is not being tried: a host of the site, the right path."""
    site = (urlsplit(wire_url(way.site.url)).hostname or "").removeprefix("www.")
    host = to.hostname or ""
    tried = is_loopback(urlsplit(way.site.door_url).hostname or "") and not is_loopback(host)
    ours = bool(site) and (host == site or host.endswith(f".{site}"))
    return tried and ours and unquote(to.path).removesuffix("/").endswith(f"/f/{way.form}")


def next_fault(value: str, site: Site) -> str:
    """Why a `_next` that stands in a page is ignored, and what to write; "" for one that is obeyed, and without one."""
    if not value.strip() or next_url(value, site):
        return ""
    said = f'"{NEXT}" has "{value}", which is ignored: '
    address = resolved(value, f"{site.url}/" if site.url else "")
    origin = origin_of(address)
    if not origin:
        path = value.startswith("/") or ":" not in value
        return said + (
            "the site has no url. Set site.url." if path else "it is no address of the web."
        )
    if next_url(address, site) == "":
        return f"{said}{origin} is not among the site's origins. Add it to site.origins, or leave the control out."
    if origin == origin_of(site.url):
        address = address.removeprefix(origin)
    return f'{said}it is neither a path from the site\'s root nor a whole address. Write value="{address}".'
