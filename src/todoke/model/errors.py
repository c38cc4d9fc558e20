"""Every error todoke raises on purpose, in one tree, sorted by what the caller can do.

Error                       base; its message is the class docstring unless one is given
+ ConfigError               a setting is wrong                    stop at start; exit 2
+ RequestError              the caller must change the request    HTTP `status`; never retried
|   + Malformed 400  + Forged 401  + OriginRefused 403  + NotFound 404  + TooSlow 408
|   + TooLarge 413  + Unsupported 415  + TooMany 429  + Uncertain 500  + Crowded 503  + Unverifiable 503
+ SendError                 one hand-over did not end in acceptance
|   + SendDeferred          not taken now                         retry later, as a new attempt
|   |   + SetUpFault        what all mails share is wrong         all rest until it is mended
|   + SendRefused           not taken ever                        rejected; no retry
|   + SendUnknown           the answer was lost                   evidence decides, never silence
+ MalformedMail             bytes are no mail                     tell it, and go on
+ RecordsUnavailable        a service's records cannot be read    ask again another day
+ LiftRefused               it keeps an address on its list       tell its words; no retry
+ StoreError                the store could not do it             503 with Retry-After; sweep repairs
    + StoreUnavailable      now: disk full, I/O error, throttled  retry later
    |   + StoreGone         its files were deleted or replaced    a human is needed; 503 until then
    |       + StoreEmptied  or cut to nothing
    + StoreCorrupt          ever: a human is needed               stop

Expected outcomes are values, not errors: FieldErrors, Duplicate, None from a claim that was lost.
"""

from __future__ import annotations

import inspect

from todoke.model.delivery import Reason


class Error(Exception):
    """Something went wrong in todoke."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or "").partition("\n")[0])


class ConfigError(Error):
    """The configuration is wrong."""


class RequestError(Error):
    """The request cannot be answered as it is."""

    status = 400
    code = "bad_request"

    def __init__(self, message: str | None = None, **blanks: str) -> None:
        """`blanks` fill those of the message (`%(origin)s`), whatever language it is translated to."""
        self.pattern, self.blanks = message or "", blanks
        super().__init__(message % blanks if message and blanks else message)


class Malformed(RequestError):
    """The body of the request cannot be read as a form."""

    status = 400
    code = "malformed"


class Forged(RequestError):
    """The request does not prove who sent it."""

    status = 401
    code = "forged"


class OriginRefused(RequestError):
    """This page's origin is not one of the site's `origins`."""

    status = 403
    code = "origin_refused"


class NotFound(RequestError):
    """There is nothing here."""

    status = 404
    code = "not_found"


class TooSlow(RequestError):
    """The request did not arrive in time."""

    status = 408
    code = "too_slow"


class TooLarge(RequestError):
    """The request is larger than the form allows."""

    status = 413
    code = "too_large"


class Unsupported(RequestError):
    """A form is sent as urlencoded, multipart, plain text or JSON; this is none of them."""

    status = 415
    code = "unsupported"


class TooMany(RequestError):
    """More forms came from your network than are taken at once. Please send it again in a minute."""

    status = 429
    code = "too_many"
    retry_after_seconds = 60


class Uncertain(RequestError):
    """It is not certain that your answers are stored. If you send them again, they may arrive twice."""

    status = 500
    code = "uncertain"


class Crowded(RequestError):
    """Please try again in a moment"""

    status = 503
    code = "crowded"


class Unverifiable(RequestError):
    """Who sent this cannot be verified now; please send it again."""

    status = 503
    code = "unverifiable"


class SendError(Error):
    """A hand-over of a message did not end in acceptance.

    `code` is the service's own answer (an SMTP reply code or an API error code), `status_code` the
    enhanced status code of RFC 3463 (x.y.z) where there is one, `diagnostic` its words. `reason` is there where the
    mailer knows it better than these tell.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str = "",
        status_code: str = "",
        diagnostic: str = "",
        reason: Reason | None = None,
    ) -> None:
        super().__init__(message or diagnostic or None)
        self.code = code
        self.status_code = status_code
        self.diagnostic = diagnostic
        self.reason = reason


class SendDeferred(SendError):
    """The service did not take the message now; it may later.

    `retry_after_seconds` is the service's own wish, when it stated one. `stop_all` is True when the
    fault is ours or the service's and not the message's (no connection, wrong password): every other
    message would fare the same, so the sender rests instead of trying each. `suspects_set_up` is True when the words
    of an answer to one mail are about our sender, client or login: then all rest once another is answered alike.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str = "",
        status_code: str = "",
        diagnostic: str = "",
        reason: Reason | None = None,
        retry_after_seconds: float | None = None,
        stop_all: bool = False,
        suspects_set_up: bool = False,
    ) -> None:
        super().__init__(
            message, code=code, status_code=status_code, diagnostic=diagnostic, reason=reason
        )
        self.retry_after_seconds = retry_after_seconds
        self.stop_all = stop_all
        self.suspects_set_up = suspects_set_up


class SetUpFault(SendDeferred):
    """What every mail shares is wrong: nothing can be handed over until somebody mends the settings."""

    def __init__(self, words: str, *, code: str = "", status_code: str = "") -> None:
        super().__init__(
            code=code,
            status_code=status_code,
            diagnostic=words,
            reason=Reason.MISCONFIGURED,
            stop_all=True,
        )


class SendRefused(SendError):
    """The service refused the message for good.

    `command` is the SMTP command that was answered so, "" where there is none. `is_doubtful` is True when the answer
    does not say that this recipient or this mail is at fault: then it may be the set-up (walk/send/doubt.py).
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str = "",
        status_code: str = "",
        diagnostic: str = "",
        reason: Reason | None = None,
        command: str = "",
        is_doubtful: bool = False,
    ) -> None:
        super().__init__(
            message, code=code, status_code=status_code, diagnostic=diagnostic, reason=reason
        )
        self.command = command
        self.is_doubtful = is_doubtful


class SendUnknown(SendError):
    """The message was handed over and the answer was lost: it may or may not have been taken.

    `stop_all` is True when a gateway answered in the service's place: what it is given now would be lost likewise.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str = "",
        diagnostic: str = "",
        retry_after_seconds: float | None = None,
        stop_all: bool = False,
    ) -> None:
        super().__init__(message, code=code, diagnostic=diagnostic)
        self.retry_after_seconds = retry_after_seconds
        self.stop_all = stop_all


class MalformedMail(Error):
    """This is no mail: it has no header field at all."""


class RecordsUnavailable(Error):
    """The mail service's records cannot be read now."""


class LiftRefused(Error):
    """The mail service keeps an address on its suppression list. The text has its own words."""


class StoreError(Error):
    """The store failed."""


class StoreUnavailable(StoreError):
    """The store cannot write now; nothing of this request was kept."""


class StoreGone(StoreUnavailable):
    """The store's files were deleted or replaced while it was open; nothing is accepted into them."""


class StoreEmptied(StoreGone):
    """Another program emptied one of the store's files while it was open."""


class StoreCorrupt(StoreError):
    """The store's file is damaged or is not a todoke store."""
