"""The addresses of todoke itself, as browsers and links in mails have them.

The one place that makes them, out of the configuration's `door_url` and of nothing that a request says: a Host field, a
path or an X-Forwarded field are a stranger's words.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from todoke.model.url import wire_url


def own_url(door_url: str, path: str) -> str:
    """The whole address of `path`, which begins with a slash; without a `door_url` the path alone."""
    return door_url.rstrip("/") + path


@lru_cache(maxsize=16)
def base_of(door_url: str) -> str:
    """The path below which todoke answers, as it goes over the wire: no slash at its end, "" for a host's root."""
    return urlsplit(wire_url(door_url)).path.rstrip("/")
