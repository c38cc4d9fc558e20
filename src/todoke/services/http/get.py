"""One page of the web, as somebody names it: of an address that is judged first, and no more than was allowed.

The connection goes to the very address that was looked at, so a name that changes meanwhile leads nowhere else. No
redirect is followed here.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Gotten:
    """What was answered; `is_cut` where there is more of it than was allowed."""

    status: int
    content_type: str
    location: str
    body: bytes
    is_cut: bool


class NotGotten(Exception):
    """Nothing was answered; the text says why."""


class NotAdmitted(Exception):
    """The host has an address that may not be asked."""


def get(url: str, *, admits: Callable[[str], bool], most_bytes: int, seconds: float) -> Gotten:
    """Ask for `url`, whose host has addresses that it `admits` alone. Raises NotGotten; NotAdmitted."""
    from urllib3.exceptions import HTTPError, SSLError  # noqa: PLC0415 - not before it is needed

    from todoke.services.http.deadline import hurried_pools  # noqa: PLC0415

    def reach(host: str, port: int, within: float) -> socket.socket:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        addresses = [str(place[4][0]) for place in found]
        if not all(map(admits, addresses)):
            raise NotAdmitted
        return socket.create_connection((addresses[0], port), within)

    pools = hurried_pools(
        connections=1, connect_seconds=CONNECT_SECONDS, patience_seconds=seconds, reach=reach
    )
    fields = {"User-Agent": "todoke", "Accept": "text/html", "Accept-Encoding": "identity"}
    try:
        answer = pools.request(
            "GET", url, headers=fields, redirect=False, preload_content=False, decode_content=False
        )
        body = answer.read(most_bytes + 1)
        answer.close()
    except SSLError as error:
        raise NotGotten("its certificate is not trusted") from error
    except TimeoutError as error:
        raise NotGotten("it took too long") from error
    except (HTTPError, OSError, ValueError) as error:
        raise NotGotten(_reason(error)) from error
    finally:
        pools.clear()
    return Gotten(
        status=answer.status,
        content_type=answer.headers.get("content-type", ""),
        location=answer.headers.get("location", ""),
        body=body[:most_bytes],
        is_cut=len(body) > most_bytes,
    )


def _reason(error: Exception) -> str:
    """The system's own words, where there are any under those of the library."""
    inner = error.__cause__ or error.__context__ or error
    words = inner.strerror if isinstance(inner, OSError) else ""
    return words or type(error).__name__
