"""What the errors of the SES API v2 mean for one mail. Pure: code, HTTP status and words in, our error out.

From the SendEmail errors of the API reference and the texts of its developer guide. A fault of the account is never a
rejection of the mail that happened to meet it: it waits until the fault is mended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from todoke.model.address import mailbox_key, same_mailbox
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendError, SendRefused
from todoke.model.smtp_codes import own_words
from todoke.services.http.post import by_a_gateway, read_pause
from todoke.services.meaning import refusal

SET_UP_PAUSE_SECONDS = 300.0
DAILY_PAUSE_SECONDS = 900.0
SANDBOX_PAUSE_SECONDS = 3600.0

SET_UP = frozenset(
    {
        "AccountSuspendedException",  # the account may send no more
        "SendingPausedException",  # the account, or the configuration set, is paused
        "MailFromDomainNotVerifiedException",  # MX of the custom MAIL FROM domain
        "NotFoundException",  # the configuration set does not exist
        "ConfigurationSetDoesNotExistException",
        # Common errors of AWS: who we are.
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes that speak of the account or the set-up, which every mail shares."""

TOO_FAST = frozenset(
    {
        "LimitExceededException",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
"""Codes that say: not so fast, or not so many today. They count for the account, so all mails wait."""

_DAILY = re.compile(r"daily (?:message|sending) quota|24[- ]hour", re.IGNORECASE)
_NOT_VERIFIED = re.compile(r"address(?:es)? (?:is|are) not verified", re.IGNORECASE)
_ACCOUNT = re.compile(
    r"sending (?:suspended|paused|disabled)|account (?:is |has been )?(?:suspended|paused)"
    r"|configuration ?set|email ?tags?\b|message ?tags?\b|from ?email ?address|FeedbackForwarding",
    re.IGNORECASE,
)
"""Words of BadRequestException and MessageRejected that speak of what all mails share."""
_SUPPRESSED = re.compile(r"blacklisted|suppress", re.IGNORECASE)
_LISTED = re.compile(r"failed the check[^:]*:\s*(.+)", re.IGNORECASE | re.DOTALL)
_BRACKETED = re.compile(r"<([^<>]+)>")
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
_DENIED_IDENTITY = re.compile(r"on resource\W+arn:[\w-]+:ses:[^:]*:\d*:identity/([^\s`'\"]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Whom a mail was from and to, for errors that name one of them."""

    sender: str
    recipient: str


def read_error(
    code: str, status: int, words: str, parties: Parties, *, retry_after: str = ""
) -> SendError:
    """What an answer other than success means. `status` is that of HTTP, `words` the service's own."""
    diagnostic = " ".join(part for part in (code, words) if part) or f"HTTP {status}"
    pause = read_pause(retry_after, datetime.now(UTC))
    if code in TOO_FAST or status == 429:
        wish = DAILY_PAUSE_SECONDS if _DAILY.search(words) else pause
        return SendDeferred(
            code=code, diagnostic=diagnostic, retry_after_seconds=wish, stop_all=True
        )
    if code in _DENIED and _is_about_the_recipient(words, parties):
        return _may_not_reach(code, diagnostic)
    is_unread = 400 <= status < 500 and (not code or code.isdecimal())  # no answer of this API
    if code in SET_UP or status in {401, 403} or is_unread:
        return _set_up(code or str(status), diagnostic, pause)
    if 400 <= status < 500 and status != 408:
        return _about_the_mail(code, words, diagnostic, parties)
    is_named = bool(code) and not code.isdecimal()  # an error of this API
    lost = None if is_named else by_a_gateway(status, diagnostic, pause=pause)
    if lost is not None:
        return lost
    return SendDeferred(
        code=code,
        diagnostic=diagnostic,
        reason=Reason.OTHER,
        retry_after_seconds=pause,
        stop_all=status in {502, 503, 504},
    )


def _about_the_mail(code: str, words: str, diagnostic: str, parties: Parties) -> SendError:
    """MessageRejected, BadRequestException and the like: about this mail, unless the words say otherwise."""
    if _NOT_VERIFIED.search(words):
        return _not_verified(code, words, diagnostic, parties)
    if _ACCOUNT.search(own_words(words)):
        return _set_up(code, diagnostic, None)
    if _SUPPRESSED.search(words):
        return SendRefused(code=code, diagnostic=diagnostic, reason=Reason.SUPPRESSED)
    return refusal(code, diagnostic, words, None)


def _not_verified(code: str, words: str, diagnostic: str, parties: Parties) -> SendError:
    """Of the sender: nothing can leave. Of the recipient alone: the account is in the sandbox, others may be verified.

    A mail that waits for the account to leave the sandbox is sent when it has; one that was refused would be lost.
    """
    listed = _LISTED.search(words)
    named = [_bare(part) for part in listed[1].split(",")] if listed else []
    others = [name for name in named if not same_mailbox(name, parties.recipient)]
    is_ours = same_mailbox(parties.sender, parties.recipient)
    if not named or others or is_ours:
        return _set_up(code, diagnostic, None)
    return SendDeferred(
        code=code,
        diagnostic=f"{diagnostic} (the account is in the SES sandbox: only verified addresses get mail)",
        reason=Reason.MISCONFIGURED,
        retry_after_seconds=SANDBOX_PAUSE_SECONDS,
    )


def _is_about_the_recipient(words: str, parties: Parties) -> bool:
    """Whether the identity that may not be used is the recipient's own, or its domain, and not also the sender's.

    In the sandbox SES asks for the right to the recipient's identity as well (github.com/aws/aws-sdk-js/issues/3641,
    github.com/cloudposse/terraform-aws-ses/issues/40).
    """
    denied = _DENIED_IDENTITY.search(words)
    return denied is not None and (
        _is_identity_of(parties.recipient, denied[1])
        and not _is_identity_of(parties.sender, denied[1])
    )


def _is_identity_of(mailbox: str, identity: str) -> bool:
    """Whether SES would look at this identity for this mailbox: itself, its domain, or one above that."""
    if "@" in identity:
        return same_mailbox(mailbox, identity)
    domain = mailbox_key(mailbox).rpartition("@")[2]
    return f".{domain}".endswith(f".{identity.lower()}")


def _may_not_reach(code: str, diagnostic: str) -> SendDeferred:
    """One mail's fault: a mail to somebody else may leave. It is sent when the right is given or the sandbox left."""
    words = (
        "SES's sandbox asks for a right to the recipient's identity, too: see docs/services/ses.md"
    )
    return SendDeferred(
        code=code,
        diagnostic=f"{diagnostic} ({words})",
        reason=Reason.MISCONFIGURED,
        retry_after_seconds=SANDBOX_PAUSE_SECONDS,
    )


def _bare(text: str) -> str:
    bracketed = _BRACKETED.search(text)
    return (bracketed[1] if bracketed else text).strip().rstrip(".")


def _set_up(code: str, diagnostic: str, pause: float | None) -> SendDeferred:
    return SendDeferred(
        code=code,
        diagnostic=diagnostic,
        reason=Reason.MISCONFIGURED,
        retry_after_seconds=pause or SET_UP_PAUSE_SECONDS,
        stop_all=True,
    )
