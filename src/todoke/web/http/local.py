"""Whether a request was made on this machine, and on nobody else's behalf. Pure."""

from __future__ import annotations

from starlette.types import Scope

from todoke.model.loopback import is_loopback
from todoke.web.http.asked import header

_ADDED_BY_PROXIES = frozenset(
    {b"via", b"x-real-ip", b"x-client-ip", b"true-client-ip", b"cf-connecting-ip", b"cdn-loop"}
)
_ADDED_PREFIXES = (b"forwarded", b"x-forwarded", b"x-original", b"x-envoy", b"x-amzn-trace")


def is_local(scope: Scope) -> bool:
    """Whether it came over the loopback, and not through a proxy that stands on this machine.

    A proxy is told by the fields that it adds, by the public host that it passes on (which also keeps out a page whose
    name was made to lead here), and by HTTP/1.0, which nginx speaks to what stands behind it unless it is told
    otherwise. One that does none of this looks like a neighbour: who relies on this has to know that there is none.
    """
    client = scope.get("client")
    if not client or not is_loopback(client[0]) or scope["http_version"] == "1.0":
        return False
    names = [name for name, _ in scope["headers"]]
    if any(n in _ADDED_BY_PROXIES or n.startswith(_ADDED_PREFIXES) for n in names):
        return False
    host = header(scope, b"host")
    return is_loopback(host.partition("]")[0] if host.startswith("[") else host.partition(":")[0])
