"""Hand mails to Customers Mail Cloud through its Email Sending API v2 (https://smtps.jp/docs/apiv2/es/emails/).

One recipient a call, and no more calls at once than the service grants one API user. The API has no idempotency key:
once the request was written, an answer that is lost or makes no sense means that nobody knows; the webhook, which
carries our X-Api-Data, will tell. The API key is in the body, so bodies are never logged.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, SSLError

from todoke.delivery import Ceiling, Reason
from todoke.errors import ConfigError, SendDeferred, SendError, SendRefused, SendUnknown
from todoke.mailers.smtp import is_loopback
from todoke.ports import Accepted, Mail, Mailbox
from todoke.serialise import needs_smtputf8, wire
from todoke.settings import Settings

PATH = "/api/v2/emails/send.json"
SIZE_LIMIT = (
    20_000_000  # octets of the whole message after transfer encoding; beyond it the API says 01-001
)
SUBJECT_LIMIT = 512
ANSWER_LIMIT = 65_536

# Error codes that speak of the sender's set-up, which every mail shares. All others are about the mail at hand.
_SET_UP = {
    "13-006": Reason.MISCONFIGURED,  # the From domain has no DKIM set up
}
_REASONS = {
    "01-001": Reason.OTHER,  # "system error", also what too large a message gives
    "11-006": Reason.OTHER,  # bad format of a parameter
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of an answer's `errors`: two digits, hyphen, three digits; the parameter it is about; its words."""

    code: str
    field: str
    message: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.code, self.field, self.message) if part)


class _Body(io.BytesIO):
    """A request's body that knows whether any of it was asked for: before that, connecting had failed."""

    was_begun = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.was_begun = True
        return super().read(size)


class CustomersMailCloudMailer:
    """Hands mails to the plan's host in `settings.mail.customers_mail_cloud.url`.

    Raises ConfigError: if the API key would cross a network unencrypted.
    """

    name = "customers-mail-cloud"

    def __init__(self, settings: Settings) -> None:
        cloud = settings.mail.customers_mail_cloud
        self.ceiling = Ceiling.DELIVERED if cloud.webhook else Ceiling.HANDED_OVER
        self.concurrency = min(settings.mail.concurrency, cloud.connections)
        self._cloud = cloud
        self._envelope_sender = settings.mail.envelope_sender
        self._url = cloud.url.rstrip("/") + PATH
        parts = urlsplit(self._url)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise ConfigError(
                f"mail.customers_mail_cloud.url is {cloud.url}: the API key would travel unencrypted."
            )
        self._pool = urllib3.PoolManager(
            maxsize=self.concurrency,
            block=True,
            retries=False,
            timeout=urllib3.Timeout(
                connect=min(10.0, cloud.timeout_seconds), read=cloud.timeout_seconds
            ),
        )
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Language": "en",  # errors in one language, whoever reads the log
            "User-Agent": "todoke",
        }

    def send(self, mail: Mail) -> Accepted:
        """Hand `mail` over in one call; see ports.Mailer."""
        octets = self._body(mail)
        body = _Body(octets)
        length = {**self._headers, "Content-Length": str(len(octets))}
        try:
            answer = self._pool.request(
                "POST", self._url, body=body, headers=length, redirect=False
            )
        except HTTPError as error:
            if body.was_begun:
                words = f"the mail service's answer was lost: {type(error).__name__}"
                raise SendUnknown(diagnostic=words) from error
            words = f"the mail service cannot be reached: {type(error).__name__}"
            reason = Reason.MISCONFIGURED if isinstance(error, SSLError) else Reason.TIMED_OUT
            raise SendDeferred(diagnostic=words, reason=reason, stop_all=True) from error
        return self._read(answer.status, dict(answer.headers), answer.data[:ANSWER_LIMIT])

    def close(self) -> None:
        """Let go of connections."""
        self._pool.clear()

    def _body(self, mail: Mail) -> bytes:
        if needs_smtputf8(mail):  # the API takes no such address
            words = "Customers Mail Cloud takes no address with a non-ASCII local part"
            raise SendRefused(status_code="5.6.7", diagnostic=words)
        fields: dict[str, Any] = {
            "api_user": self._cloud.api_user,
            "api_key": self._cloud.api_key.reveal(),
            "to": [{"name": "", "address": wire(mail.recipient)}],
            "from": _mailbox(mail.sender),
            "subject": mail.subject[:SUBJECT_LIMIT],
            "text": mail.text,
            "charset": "UTF-8",
            "headers": [{"name": name, "value": value} for name, value in _headers(mail)],
        }
        if mail.html:
            fields["html"] = mail.html
        if mail.reply_to:
            fields["replyto"] = _mailbox(mail.reply_to)
        if self._envelope_sender:
            fields["envfrom"] = wire(self._envelope_sender)
        body = msgspec.json.encode(fields)
        if len(body) * 4 // 3 > SIZE_LIMIT:
            words = (
                f"the mail has {len(body)} octets, and the service takes {SIZE_LIMIT} once encoded"
            )
            raise SendRefused(status_code="5.3.4", diagnostic=words, reason=Reason.TOO_LARGE)
        return body

    def _read(self, status: int, headers: dict[str, str], data: bytes) -> Accepted:
        """Read an answer. The documents give no full table of codes, so the HTTP status decides, and never a guess."""
        said = _decode(data)
        faults = _faults(said)
        words = self._without_secret("; ".join(map(str, faults)) or f"HTTP {status}")
        code = faults[0].code if faults else str(status)
        if status == 200:
            return _read_success(said, faults, code, words)
        raise _failure(status, headers, said, code, words)

    def _without_secret(self, words: str) -> str:
        """What the service says, even if it repeats what it was sent."""
        secret = self._cloud.api_key.reveal()
        return words.replace(secret, "***") if secret else words


def _headers(mail: Mail) -> list[tuple[str, str]]:
    """X-Api-Data comes back in every event as apiData; the Message-ID stays the same over retries."""
    return [("X-Api-Data", mail.token), ("Message-ID", mail.message_id), *mail.headers]


def _mailbox(box: Mailbox) -> dict[str, str]:
    return {"name": box.name, "address": wire(box.address)}


def _decode(data: bytes) -> dict[str, Any] | None:
    """The answer's JSON object, or None when it is none."""
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


def _faults(said: dict[str, Any] | None) -> tuple[Fault, ...]:
    errors = said.get("errors") if said else None
    if not isinstance(errors, list):
        return ()
    return tuple(
        Fault(*(str(entry.get(key) or "")[:300] for key in ("code", "field", "message")))
        for entry in errors
        if isinstance(entry, dict)
    )


def _read_success(
    said: dict[str, Any] | None, faults: tuple[Fault, ...], code: str, words: str
) -> Accepted:
    """200 with an id is acceptance (queued, nothing more). 200 with neither id nor errors could be either."""
    if faults:
        raise _fault(code, words)
    service_id = said.get("id") if said else None
    if isinstance(service_id, str) and service_id:
        return Accepted(service_id=service_id, diagnostic="HTTP 200")
    raise SendUnknown(diagnostic="the mail service answered 200 with nothing that can be read")


def _failure(
    status: int, headers: dict[str, str], said: dict[str, Any] | None, code: str, words: str
) -> SendError:
    """4xx with `errors` is final, unless it is about who we are or how fast; 5xx and what is not JSON is not now."""
    lowered = {name.lower(): value for name, value in headers.items()}
    wish = lowered.get("retry-after", "").strip()
    pause = float(wish) if wish.isdecimal() and len(wish) < 8 else None
    if status in {401, 403}:
        return SendDeferred(
            code=code,
            diagnostic=words,
            reason=Reason.MISCONFIGURED,
            retry_after_seconds=pause or 300.0,
            stop_all=True,
        )
    if status == 429 or status in {502, 503, 504}:
        return SendDeferred(code=code, diagnostic=words, retry_after_seconds=pause, stop_all=True)
    if 400 <= status < 500 and status != 408 and said is not None:
        return _fault(code, words)
    return SendDeferred(code=code, diagnostic=words, reason=Reason.OTHER, retry_after_seconds=pause)


def _fault(code: str, words: str) -> SendError:
    if code in _SET_UP:
        return SendDeferred(
            code=code,
            diagnostic=words,
            reason=_SET_UP[code],
            retry_after_seconds=300.0,
            stop_all=True,
        )
    return SendRefused(code=code, diagnostic=words, reason=_REASONS.get(code, ""))
