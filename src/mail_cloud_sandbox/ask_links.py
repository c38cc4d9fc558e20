"""Ask whether the targets of links answer: one HEAD each, because a person pressed a button for it.

A mail's links come from whoever wrote it, so the sandbox must not be led to the machine or the network it stands in
(server-side request forgery). Only http and https on their own ports are asked, and only where every address of the
host is public; the connection goes to the very address that was looked at, so a name that changes meanwhile leads
nowhere else. No redirect is followed, nothing is sent along but the question, and of the answer only its head is read.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from mail_cloud_sandbox.public_address import is_public
from mail_cloud_sandbox.words import Words

MOST_ASKED = 50
SECONDS_EACH = 5.0
SECONDS_IN_ALL = 20.0
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be asked: ports, and the addresses that `admits` says yes to."""

    ports: Collection[int] = (80, 443)
    admits: Callable[[str], bool] = is_public


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a question, in a sentence. `is_good` None: it was not asked."""

    words: str
    is_good: bool | None


PUBLIC = Reach()
_LATE = Told("No answer in time.", is_good=False)


def ask_all(targets: Sequence[str], reach: Reach = PUBLIC) -> dict[str, Told]:
    """Ask for each target once, MOST_ASKED at most, within SECONDS_IN_ALL."""
    once = list(dict.fromkeys(targets))[:MOST_ASKED]
    left, told = deque(once), dict[str, Told]()

    def work() -> None:
        with suppress(IndexError):
            while True:
                url = left.popleft()
                told[url] = ask(url, reach)

    # Daemons: an answer that drips for ever must not hold up the end of the process.
    workers = [threading.Thread(target=work, daemon=True) for _ in range(min(_AT_ONCE, len(once)))]
    for worker in workers:
        worker.start()
    ends_at = time.monotonic() + SECONDS_IN_ALL
    for worker in workers:
        worker.join(max(0.0, ends_at - time.monotonic()))
    left.clear()
    return {url: told.get(url, _LATE) for url in once}


def ask(url: str, reach: Reach = PUBLIC) -> Told:
    """Ask for one target. Nothing is raised: what goes wrong is the answer."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return Told("Not asked: it is no address.", is_good=None)
    if parts.scheme not in {"http", "https"} or not host:
        return Told("Not asked: it is no web address.", is_good=None)
    if port not in reach.ports:
        return Told(Words("Not asked: port {port} is not the web's.", port=port), is_good=None)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return Told("The host is not known.", is_good=False)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(reach.admits(address) for address in addresses):
        return Told("Not asked: it leads to this machine or its network.", is_good=None)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _head(parts.scheme, host, addresses[0], port, path)


def _head(scheme: str, host: str, address: str, port: int, path: str) -> Told:
    timeout = urllib3.Timeout(connect=SECONDS_EACH, read=SECONDS_EACH)
    pool: urllib3.HTTPConnectionPool
    if scheme == "https":
        pool = urllib3.HTTPSConnectionPool(
            address,
            port,
            timeout=timeout,
            retries=False,
            server_hostname=host,
            assert_hostname=host,
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout, retries=False)
    shown = f"[{host}]" if ":" in host else host
    named = shown if port in {80, 443} else f"{shown}:{port}"
    fields = {"Host": named, "User-Agent": "mail-cloud-sandbox", "Accept": "*/*"}
    started = time.monotonic()
    try:
        answer = pool.urlopen("HEAD", path, headers=fields, redirect=False, preload_content=False)
        answer.close()
    except urllib3.exceptions.SSLError:
        return Told("Its certificate is not trusted.", is_good=False)
    except (urllib3.exceptions.HTTPError, ValueError, OSError):
        late = time.monotonic() - started >= SECONDS_EACH
        return _LATE if late else Told("No answer.", is_good=False)
    finally:
        pool.close()
    return _told(answer.status, answer.headers.get("location", ""))


def _told(status: int, location: str) -> Told:
    if 300 <= status < 400 and location:
        return Told(
            Words("{status}, leads on to {place}", status=status, place=location[:500]),
            is_good=True,
        )
    if status in {405, 501}:
        return Told(Words("{status}: it answers, but no HEAD.", status=status), is_good=None)
    return Told(str(status), is_good=200 <= status < 400)
