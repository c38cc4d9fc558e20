"""One HTTP request, and what it came to."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

MOST_BYTES = 4096


class WebFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one HTTP request came to: a status (0 for none), what the other clock said, and ours at that moment."""

    url: str
    at: datetime
    status: int = 0
    date: datetime | None = None
    error: str = ""
    body: bytes = b""


def ask(url: str, *, seconds: float, method: str = "GET", announced: int = 0) -> WebFacts:
    """What `url` answers. No redirect is followed, nothing is retried, certificates are checked; it never raises.

    A body of `announced` bytes is said to follow, and does not: who finds it too large says so at once (RFC 9110
    15.5.14), and who waits for it answers nothing.
    """
    headers = {"User-Agent": "todoke doctor", "Accept-Encoding": "identity"}
    if announced:
        headers |= {"Content-Length": str(announced), "Content-Type": "application/octet-stream"}
    with urllib3.PoolManager(retries=False, timeout=seconds, cert_reqs="CERT_REQUIRED") as pool:
        try:
            answer = pool.request(
                method,
                url,
                redirect=False,
                preload_content=False,
                headers=headers,
            )
            body = answer.read(MOST_BYTES)
            answer.release_conn()
        except (HTTPError, ValueError, OSError) as error:
            return WebFacts(url=url, at=datetime.now(UTC), error=_reason(error))
    date = _date(answer.headers.get("date", ""))
    return WebFacts(url=url, at=datetime.now(UTC), status=answer.status, date=date, body=body)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _reason(error: Exception) -> str:
    """The error's name, and of TLS its words, which say what is wrong with a certificate."""
    name = type(error).__name__
    return f"{name}: {str(error)[:200]}" if name == "SSLError" else name
