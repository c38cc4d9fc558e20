"""One mail handed over by one HTTP request. What an answer means is the service's to say; what its loss means, here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, SSLError

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendUnknown
from todoke.services.http.body import WatchedBody

ANSWER_LIMIT = 65_536
"""Octets of an answer that are read."""
LONGEST_PAUSE = 86_400.0
"""Seconds that a service's wish for a pause is obeyed at most."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer: its status, its header fields by names in lower case, and what of its body came."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def retry_after_seconds(self) -> float | None:
        """The service's wish for a pause (Retry-After), None if it stated none."""
        return read_pause(self.headers.get("retry-after", ""), datetime.now(UTC))


def read_pause(retry_after: str, now: datetime) -> float | None:
    """The seconds that a field Retry-After asks for, as a number or a date (RFC 9110 10.2.3); None if it is neither.

    At most LONGEST_PAUSE: a service that means more is asked again then.
    """
    wish = retry_after.strip()
    if wish.isascii() and wish.isdecimal():
        return min(float(wish[:9]), LONGEST_PAUSE)
    try:
        date = parsedate_to_datetime(wish)
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def by_a_gateway(status: int, words: str, *, pause: float | None = None) -> SendUnknown | None:
    """What a status means that no service's own error came with, or None where it says that nothing was taken.

    A proxy before the service, or its own server in trouble, answers so after it was given the whole mail, and nobody
    knows whether that was taken. 503 says "unable to handle the request" (RFC 9110 15.6.4), and is no such answer.
    """
    if status < 500 or status == 503:
        return None
    return SendUnknown(code=str(status), diagnostic=words, retry_after_seconds=pause, stop_all=True)


def post(
    pool: urllib3.PoolManager, url: str, octets: bytes, headers: Mapping[str, str]
) -> HttpAnswer:
    """Write a request and read its answer, whatever that says. Nothing is retried, no redirect is followed.

    Raises SendDeferred: if no octet of the body was asked for, so that nothing was handed over. SendUnknown: if the
    answer was lost after that.
    """
    body = WatchedBody(octets)
    try:
        answer = pool.request(
            "POST",
            url,
            body=body,
            headers={**headers, "Content-Length": str(len(octets))},
            redirect=False,
            preload_content=False,
        )
    except HTTPError as error:
        if body.was_begun:
            words = f"the mail service's answer was lost: {type(error).__name__}"
            raise SendUnknown(diagnostic=words) from error
        words = f"the mail service cannot be reached: {type(error).__name__}"
        reason = Reason.MISCONFIGURED if isinstance(error, SSLError) else Reason.TIMED_OUT
        raise SendDeferred(diagnostic=words, reason=reason, stop_all=True) from error
    fields = {name.lower(): value for name, value in answer.headers.items()}
    return HttpAnswer(answer.status, fields, _read_body(answer))


def _read_body(answer: BaseHTTPResponse) -> bytes:
    """What an answer holds, up to a limit; nothing if its end never came: then its status speaks alone."""
    try:
        return answer.read(ANSWER_LIMIT)
    except HTTPError:
        return b""
    finally:
        answer.close()  # a connection with more to come ends here; one whose answer was read to its end is kept
        answer.release_conn()
