"""A notice over HTTP: resolved once, connected to the address that was judged, signed for the host that was meant."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from todoke.model.webhook import Webhook
from todoke.ports.courier import Reply
from todoke.services.http.post import read_pause
from todoke.webhooks.guard import is_own, is_public

CONNECT_SECONDS = 5.0
PATIENCE_SECONDS = 15.0
"""How long writing the request may take, and then its answer."""

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host. Raises OSError: if there are none."""


class _NotAllowed(Exception):
    """An address that no notice may go to."""


def resolve(host: str, port: int) -> list[str]:
    """The system's own resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


@dataclass(frozen=True, slots=True)
class HttpCourier:
    """See Courier."""

    resolve: Resolve = resolve
    patience_seconds: float = PATIENCE_SECONDS

    def post(self, webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> Reply:
        """See Courier."""
        from urllib3.exceptions import HTTPError, SSLError, TimeoutError  # noqa: A004, PLC0415 - not before it is needed

        from todoke.services.http.deadline import hurried_pools  # noqa: PLC0415

        def reach(host: str, port: int, seconds: float) -> socket.socket:
            return _connect(self._judged(webhook, host, port), port, seconds)

        pools = hurried_pools(
            connections=1,
            connect_seconds=CONNECT_SECONDS,
            patience_seconds=self.patience_seconds,
            reach=reach,
        )
        try:
            answer = pools.request(
                "POST",
                webhook.url,
                body=body,
                headers=dict(headers),
                redirect=False,
                preload_content=False,
            )
            answer.close()  # its body is not read, whatever it is
        except _NotAllowed:
            return Reply(fault="not_public")
        except SSLError:
            return Reply(fault="certificate")
        except TimeoutError:
            return Reply(fault="timed_out")
        except (HTTPError, OSError, ValueError) as error:
            return Reply(fault=_reason(error))
        finally:
            pools.clear()
        pause = read_pause(answer.headers.get("retry-after", ""), datetime.now(UTC))
        return Reply(status=answer.status, retry_after_seconds=pause)

    def find(self, webhook: Webhook) -> str:
        """See Courier."""
        parts = urlsplit(webhook.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            self._judged(webhook, parts.hostname or "", port)
        except _NotAllowed:
            return "not_public"
        except (OSError, ValueError):
            return "unresolved"
        return ""

    def _judged(self, webhook: Webhook, host: str, port: int) -> Sequence[str]:
        """Every address of the host. Raises _NotAllowed: if one of them may not be told. OSError."""
        addresses = self.resolve(host.strip("[]"), port)
        may = is_own if webhook.allow_private else is_public
        if not addresses or not all(map(may, addresses)):
            raise _NotAllowed
        return addresses


def _connect(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    """A connection to the first that takes one; the numbers are given, so nothing is resolved again."""
    last: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            last = error
    raise last or OSError("no address")


def _reason(error: Exception) -> str:
    """A word for what went wrong before there was an answer."""
    causes = [error, *error.args, error.__cause__, error.__context__]
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return "unresolved"
        if isinstance(cause, TimeoutError):
            return "timed_out"
    return "no_answer"
