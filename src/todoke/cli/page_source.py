"""A page that a person names: a file, or an address of the web. Its bytes, and what it is served as.

An address may lead anywhere. So only http and https are asked, and only where every address of the host is public (the
connection goes to the very one that was looked at), for no more than a page's size and some seconds. `local` lets this
network be asked, too.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from todoke.model.errors import Error
from todoke.model.loopback import is_public
from todoke.model.url import wire_url

MOST_BYTES = 2_000_000
SECONDS = 15.0
MOST_REDIRECTS = 3
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_PIECE = 65_536


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
        return _fetch(where, local=local)
    try:
        raw = Path(where).read_bytes()
    except OSError as error:
        said = f"{where} cannot be read: {error.strerror}. Give an HTML file, or an address with https://."
        raise PageUnread(said) from error
    if len(raw) > MOST_BYTES:
        raise PageUnread(f"{where} has more than {MOST_BYTES:,} bytes, which is no page.")
    return FoundPage(where, raw)


def _fetch(where: str, *, local: bool) -> FoundPage:
    ends_at = time.monotonic() + SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        url = wire_url(where)
        if not url:
            raise PageUnread(f"{where} is no address of a page.")
        try:
            source, next_ = _ask(urlsplit(url), url, local=local, ends_at=ends_at)
        except ssl.SSLError as error:
            raise PageUnread(f"The certificate of {url} is not trusted: {error.reason}.") from error
        except (OSError, http.client.HTTPException) as error:
            said = str(error) or type(error).__name__
            raise PageUnread(f"{url} cannot be fetched: {said}.") from error
        if not next_:
            return source
        where = urljoin(url, next_)
    raise PageUnread(f"{where} leads on and on: more than {MOST_REDIRECTS} redirects.")


def _ask(parts: SplitResult, url: str, *, local: bool, ends_at: float) -> tuple[FoundPage, str]:
    """What is there, or where it leads."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(host, port, local=local)
    connection = _Pinned(parts.scheme == "https", host, address, port, _left(ends_at))
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"User-Agent": "todoke", "Accept": "text/html"})
        answer = connection.getresponse()
        if answer.status in {301, 302, 303, 307, 308}:
            return FoundPage(url, b""), answer.getheader("location") or url
        if answer.status != http.client.OK:
            raise PageUnread(f"{url} answers {answer.status}, and no page.")
        found = _CHARSET.search(answer.getheader("content-type") or "")
        return FoundPage(
            url, _read(connection, answer, url, ends_at), found[1] if found else ""
        ), ""
    finally:
        connection.close()


def _read(
    connection: http.client.HTTPConnection,
    answer: http.client.HTTPResponse,
    url: str,
    ends_at: float,
) -> bytes:
    raw = bytearray()
    while piece := answer.read1(_PIECE):
        raw += piece
        if len(raw) > MOST_BYTES:
            raise PageUnread(f"{url} has more than {MOST_BYTES:,} bytes, which is no page.")
        if connection.sock is not None:
            connection.sock.settimeout(_left(ends_at))
    return bytes(raw)


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise PageUnread(f"The page did not come within {SECONDS:.0f} seconds.")
    return left


def _address(host: str, port: int, *, local: bool) -> str:
    """The address to connect to. Raises PageUnread: where it is not one of the web, and that was not asked for."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not local and not all(is_public(address) for address in addresses):
        raise PageUnread(
            f"{host} is this machine or in its network. Say --local if the page shall be fetched from there."
        )
    return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked at, in the name of its host."""

    def __init__(self, is_tls: bool, host: str, address: str, port: int, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self._is_tls = is_tls
        self._address = address
        self.default_port = 443 if is_tls else 80  # the Host field names any other

    def connect(self) -> None:
        """To the address, and with TLS as the host."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
