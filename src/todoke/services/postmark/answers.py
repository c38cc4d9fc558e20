"""What Postmark's answers other than success mean for one mail. Pure: status, error code and words in, our error out.

From the list of API error codes in its documentation. A fault of the account is never a rejection of the mail that
happened to meet it: it waits until the fault is mended. A code that is not listed is tried again, and loses no mail.
"""

from __future__ import annotations

import re

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendError, SendRefused
from todoke.model.smtp_codes import own_words
from todoke.services.http.post import by_a_gateway
from todoke.services.meaning import refusal

SET_UP_PAUSE_SECONDS = 300.0
PENDING_PAUSE_SECONDS = 3600.0

SET_UP = frozenset(
    {
        10,  # bad or missing API token
        400,  # no sender signature for the From address
        401,  # the sender signature is not confirmed
        405,  # not allowed to send: out of credits
        413,  # the account may not send
    }
)
"""What every mail shares."""
PENDING = 412
"""The account waits for approval: mails to the From address's own domain are taken, and no others yet."""
INVALID = 300
"""Validation failed: of this mail, unless the words name what all mails share."""
INACTIVE = 406
"""The recipient bounced or complained before, and is on the stream's suppression list."""
FORBIDDEN_ATTACHMENT = 411
MAINTENANCE = 100
LOST_IN_MOST_CASES = 500
"""The HTTP status of which Postmark says that the message was not taken, in most cases."""

_SHARED = re.compile(
    r"'?\bFrom\b'?|ReplyTo|MessageStream|message stream|Metadata|\bTag\b", re.IGNORECASE
)
"""Fields that are the same in all mails, in the words of a failed validation."""


def read_error(
    status: int, code: int | None, words: str, *, pause: float | None = None
) -> SendError:
    """The meaning of an answer. `code` is its ErrorCode, None where it has none; `pause` the service's own wish."""
    diagnostic = f"{code} {words}".strip() if code is not None else f"HTTP {status}"
    shown = str(status if code is None else code)
    if code is None:
        return _without_code(status, diagnostic, pause)
    if code in SET_UP or status in {401, 403}:
        return _set_up(shown, diagnostic, pause)
    if code == INVALID and _SHARED.search(own_words(words)):
        return SendDeferred(
            code=shown,
            diagnostic=diagnostic,
            reason=Reason.MISCONFIGURED,
            retry_after_seconds=pause,
            suspects_set_up=True,
        )
    if code == INACTIVE:
        return SendRefused(code=shown, diagnostic=diagnostic, reason=Reason.SUPPRESSED)
    if code == INVALID:
        return refusal(shown, diagnostic, words, Reason.OTHER)
    if code == FORBIDDEN_ATTACHMENT:
        return SendRefused(code=shown, diagnostic=diagnostic, reason=Reason.CONTENT)
    if code == PENDING:
        return SendDeferred(
            code=shown,
            diagnostic=diagnostic,
            reason=Reason.MISCONFIGURED,
            retry_after_seconds=PENDING_PAUSE_SECONDS,
        )
    return SendDeferred(
        code=shown,
        diagnostic=diagnostic,
        reason=Reason.OTHER,
        retry_after_seconds=pause,
        stop_all=code == MAINTENANCE or status in {429, 502, 503, 504},
    )


def _without_code(status: int, diagnostic: str, pause: float | None) -> SendError:
    """The HTTP status speaks alone: a proxy, a wrong address, or Postmark in trouble."""
    if status == 413:
        return SendRefused(code="413", diagnostic=diagnostic, reason=Reason.TOO_LARGE)
    if 400 <= status < 500 and status not in {408, 422, 429}:
        return _set_up(str(status), diagnostic, pause)
    lost = by_a_gateway(status, diagnostic, pause=pause) if status != LOST_IN_MOST_CASES else None
    if lost is not None:
        return lost
    return SendDeferred(
        code=str(status),
        diagnostic=diagnostic,
        reason=Reason.OTHER,
        retry_after_seconds=pause,
        stop_all=status in {429, 503},
    )


def _set_up(code: str, diagnostic: str, pause: float | None) -> SendDeferred:
    return SendDeferred(
        code=code,
        diagnostic=diagnostic,
        reason=Reason.MISCONFIGURED,
        retry_after_seconds=pause or SET_UP_PAUSE_SECONDS,
        stop_all=True,
    )
