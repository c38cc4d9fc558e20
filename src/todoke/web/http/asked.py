"""Who asks, and in which form and language they want the answer."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from starlette.requests import Request
from starlette.types import Scope

from todoke.model.language import choose_language

_FIELDS = "todoke.fields"
_BASE = "todoke.base"


def header(scope: Scope, name: bytes) -> str:
    """The first value of a header field, or ""."""
    fields = scope.get(_FIELDS)
    if fields is None:  # several are asked for of each request, and browsers send many
        fields = scope[_FIELDS] = dict(reversed(list(scope["headers"])))
    value = fields.get(name)
    return "" if value is None else str(value, "latin-1")


def ask_json(scope: Scope) -> None:
    """From now on it asks for JSON: at an address at which there is nothing else."""
    header(scope, b"accept")
    scope[_FIELDS][b"accept"] = b"application/json"


def note_base(scope: Scope, path: str) -> None:
    """Keep what stands before each path of ours in browsers: the path of `door_url`."""
    scope[_BASE] = path


def base_path(scope: Scope) -> str:
    """What stands before each path of ours in browsers, as it goes over the wire; "" for nothing."""
    return str(scope.get(_BASE, ""))


def wants_json(request: Request) -> bool:
    """Whether the answer should be JSON.

    So it is when Accept prefers JSON to HTML or X-Requested-With says that a script asks; and where Accept does not
    prefer HTML, when the body is JSON or the browser says that a script asks. To htmx only when Accept says so.
    """
    return scope_wants_json(request.scope)


def scope_wants_json(scope: Scope) -> bool:
    """`wants_json` for an ASGI scope."""
    preference = _preference(header(scope, b"accept")[:512])
    if preference == "json":
        return True
    if is_htmx(scope):
        return False
    if header(scope, b"x-requested-with").lower() == "xmlhttprequest":
        return True
    media_type = header(scope, b"content-type").partition(";")[0].strip().lower()
    is_json = media_type == "application/json" or media_type.endswith("+json")
    return preference != "html" and (is_json or is_script(scope))


def wants_page(scope: Scope) -> bool:
    """Whether a person looks at the answer itself, and no script of theirs."""
    return not scope_wants_json(scope) and not is_htmx(scope)


def is_htmx(scope: Scope) -> bool:
    """Whether htmx asks: it takes HTML, and goes where HX-Redirect says (htmx.org/reference)."""
    return header(scope, b"hx-request") == "true"


def is_script(scope: Scope) -> bool:
    """Whether the browser says that a script asks, and not a page that is left for the answer (Fetch Metadata)."""
    mode = header(scope, b"sec-fetch-mode")
    if not mode:
        return header(scope, b"sec-fetch-dest") == "empty"
    return mode in {"cors", "no-cors", "same-origin"}


@lru_cache(maxsize=1024)
def _preference(accept: str) -> str:
    """ "json", "html", or "" when an Accept value (RFC 9110 12.5.1) prefers neither."""
    json = _rank(accept, "application/json", "application/*")
    html = _rank(accept, "text/html", "text/*")
    if json > html and json[0] > 0:
        return "json"
    return "html" if html > json else ""


def _rank(accept: str, exact: str, wide: str) -> tuple[float, int]:
    """How much a media type is wanted: its weight, and how closely it is named."""
    best = (0.0, 0)
    closest = 0
    for part in accept.lower().split(","):
        media_range, _, parameters = part.partition(";")
        closeness = {exact: 3, wide: 2, "*/*": 1}.get(media_range.strip(), 0)
        if closeness > closest:
            closest = closeness
            best = (_weight(parameters), closeness)
    return best


def _weight(parameters: str) -> float:
    match = re.search(r"(?:^|;)\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", parameters)
    return float(match[1]) if match else 1.0


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """The address of the client: the peer's, or what the farthest of our own proxies says that it saw.

    Each proxy adds its peer at the end of X-Forwarded-For, so only the last `trusted_proxies` entries are true.
    """
    client = scope.get("client")
    peer = client[0] if client else ""
    if trusted_proxies <= 0:
        return peer
    stated = ",".join(
        value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
    )
    seen = [s.strip() for s in stated.split(",")] if stated else []
    farthest = seen[-trusted_proxies:]
    if not farthest:
        return peer
    try:
        return str(ipaddress.ip_address(_without_port(farthest[0])))
    except ValueError:
        return peer


def _without_port(node: str) -> str:
    """Some proxies add the port of their peer (RFC 7239 6: node-port; an IPv6 address is in brackets then)."""
    if node.startswith("["):
        return node[1:].partition("]")[0]
    return node.partition(":")[0] if node.count(":") == 1 else node


@lru_cache(maxsize=4096)
def peer_of(address: str) -> str:
    """Who counts as one: an IPv4 address, or the /64 of an IPv6 one, which a single customer is given whole.

    "" for loopback, a socket of Unix or anything else: that is a proxy of our own, and speaks for everybody.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            return "" if ip.is_loopback else str(ipaddress.ip_address(int(ip) >> 64 << 64))
        ip = ip.ipv4_mapped
    return "" if ip.is_loopback else str(ip)


_OWN_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
            *("fc00::/7", "fe80::/10"),
        ),
    )
)
"""Of one's own: RFC 1918, 3927, 4193, 4291 and 6598."""


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The network of an address: the /24 of an IPv4 one, the /64 of an IPv6 one.

    "" where `peer_of` has nothing, and for one of a network of one's own: it is a proxy that nobody configured and
    speaks for everybody, or somebody of the house.
    """
    peer = peer_of(address)
    if not peer:
        return ""
    ip = ipaddress.ip_address(peer)
    if any(ip in network for network in _OWN_NETWORKS):
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        return peer
    return str(ipaddress.ip_address(int(ip) >> 8 << 8))


def language_of(scope: Scope, default: str = "en") -> str:
    """The language to answer in: what Accept-Language asks for and we have, or `default`."""
    return _chosen_language(header(scope, b"accept-language")[:512], default)


_chosen_language = lru_cache(maxsize=1024)(choose_language)
