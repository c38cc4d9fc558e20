"""Hand mails to Customers Mail Cloud through its Email Sending API v2 (https://smtps.jp/docs/apiv2/es/emails/).

One recipient a call, and no more calls at once than the service grants one API user. The API has no idempotency key:
once the request was written, an answer that is lost or makes no sense means that nobody knows; the webhook, which
carries our X-Api-Data, will tell. The API key is in the body, so bodies are never logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from urllib3.filepost import encode_multipart_formdata

from todoke.mail.mime import needs_smtputf8, refuse_smtputf8, wire
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendError, SendRefused, SendUnknown
from todoke.model.mail import Mail, Mailbox
from todoke.model.settings import Settings
from todoke.ports.mailer import Accepted
from todoke.services.customers_mail_cloud.client import (
    HEADERS,
    ApiFault,
    open_pool,
    read_faults,
    read_object,
    require_tls,
    without_secret,
)
from todoke.services.customers_mail_cloud.settings import NAME, CustomersMailCloudSettings
from todoke.services.http.post import HttpAnswer, by_a_gateway, post
from todoke.services.meaning import refusal

PATH = "/api/v2/emails/send.json"
SIZE_LIMIT = 20_000_000  # octets of the whole message after transfer encoding
SUBJECT_LIMIT = 512  # characters
HEADER_OCTETS = 4_096  # of what the service adds: Received, DKIM, boundaries

# What is wrong with the set-up, which every mail shares: these wait until it is mended. All else is about one mail.
SET_UP_CODES = frozenset({"13-006"})  # the From domain has no DKIM set up
SET_UP_FIELDS = frozenset({"api_user", "api_key", "from", "envfrom", "charset", "headers"})
SET_UP_PAUSE_SECONDS = 300.0
SYSTEM_ERROR = "01-001"  # also what too large a message gives


class CustomersMailCloudMailer:
    """Hands mails to the plan's host in the settings.

    Raises ConfigError: if the API key would cross a network unencrypted.
    """

    name = NAME

    def __init__(self, settings: Settings) -> None:
        cloud = settings.mail.own_as(CustomersMailCloudSettings)
        self.ceiling = cloud.ceiling
        self.concurrency = min(settings.mail.concurrency, cloud.connections)
        self._cloud = cloud
        self._envelope_sender = settings.mail.envelope_sender
        self._url = cloud.url.rstrip("/") + PATH
        require_tls("url", cloud.url)
        self._pool = open_pool(cloud, connections=self.concurrency)

    def send(self, mail: Mail) -> Accepted:
        """Hand `mail` over in one call; see ports.Mailer."""
        size = size_estimate(mail)
        if size > SIZE_LIMIT:
            words = f"the mail takes about {size} octets, and the service takes {SIZE_LIMIT}"
            raise SendRefused(status_code="5.3.4", diagnostic=words, reason=Reason.TOO_LARGE)
        body, content_type = self._body(mail)
        answer = post(self._pool, self._url, body, {**HEADERS, "Content-Type": content_type})
        try:
            return self._read(answer)
        except SendDeferred as error:
            if error.code == SYSTEM_ERROR and _may_be_too_large(mail):
                raise SendRefused(
                    code=error.code, diagnostic=error.diagnostic, reason=Reason.TOO_LARGE
                ) from error
            raise

    def close(self) -> None:
        """Let go of connections."""
        self._pool.clear()

    def _body(self, mail: Mail) -> tuple[bytes, str]:
        """A call's body and its media type: JSON, or with files multipart/form-data with JSON in its parts."""
        if needs_smtputf8(mail):  # the API takes no such address
            refuse_smtputf8(
                mail, "Customers Mail Cloud takes no address with a non-ASCII local part"
            )
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
        if not mail.attachments:
            return msgspec.json.encode(fields), "application/json"
        return _multipart(fields, mail)

    def _read(self, answer: HttpAnswer) -> Accepted:
        """Read an answer. The documents give no full table of codes, so the HTTP status decides, and never a guess."""
        said = read_object(answer.data)
        faults = [self._clean(fault) for fault in read_faults(said)]
        if answer.status != 200:
            raise _failure(answer, faults, is_api=said is not None and "errors" in said)
        if faults:
            raise _fault(faults)
        service_id = said.get("id") if said else None
        if isinstance(service_id, str) and service_id:
            return Accepted(service_id=service_id, diagnostic="HTTP 200")
        raise SendUnknown(diagnostic="the mail service answered 200 with nothing that can be read")

    def _clean(self, fault: ApiFault) -> ApiFault:
        """The fault without our secret, wherever the service may repeat it."""
        parts = (fault.code, fault.field, fault.message)
        return ApiFault(*(without_secret(part, self._cloud)[:300] for part in parts))


def size_estimate(mail: Mail) -> int:
    """About how many octets the message will have when the service has encoded it, rather more than fewer.

    Each text in base64, which is what its documents count in, and each header field as encoded words.
    """
    fields = [("Subject", mail.subject), *_headers(mail)]
    header = sum(len(name) + 2 * len(value.encode()) + 8 for name, value in fields)
    # A line ends with CRLF in a message.
    texts = [len(text.encode()) + text.count("\n") for text in (mail.text, mail.html)]
    files = [len(attachment.content) for attachment in mail.attachments]
    return HEADER_OCTETS * (1 + len(files)) + header + sum(map(_in_base64, texts + files))


def _in_base64(octets: int) -> int:
    encoded = -(-octets // 3) * 4
    return encoded + -(-encoded // 76) * 2


def _may_be_too_large(mail: Mail) -> bool:
    """Whether the message could pass the limit in the widest encoding, quoted-printable: three octets for one."""
    texts = 3 * len((mail.text + mail.html).encode())
    return texts + sum(2 * len(a.content) for a in mail.attachments) > SIZE_LIMIT


def _multipart(fields: Mapping[str, Any], mail: Mail) -> tuple[bytes, str]:
    """`attachments` says how many files follow, as attachment1 and so on."""
    parts: list[tuple[str, Any]] = [
        (name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        for name, value in fields.items()
    ]
    parts.append(("attachments", str(len(mail.attachments))))
    parts += [
        (f"attachment{n}", (a.name, a.content, a.media_type))
        for n, a in enumerate(mail.attachments, start=1)
    ]
    return encode_multipart_formdata(parts)


def _headers(mail: Mail) -> list[tuple[str, str]]:
    """X-Api-Data comes back in every event as apiData; the Message-ID stays the same over retries."""
    return [("X-Api-Data", mail.token), ("Message-ID", mail.message_id), *mail.headers]


def _mailbox(box: Mailbox) -> dict[str, str]:
    return {"name": box.name, "address": wire(box.address)}


def _failure(answer: HttpAnswer, faults: Sequence[ApiFault], *, is_api: bool) -> SendError:
    """4xx with `errors` is final, unless it is about who we are or how fast. 5xx without is no word of the API's.

    Then it is unknown what became of the mail. All else: not now.
    """
    status, pause = answer.status, answer.retry_after_seconds
    code, words = _code(faults) or str(status), _words(faults) or f"HTTP {status}"
    if status in {401, 403}:
        return _waits(code, words, pause or SET_UP_PAUSE_SECONDS)
    lost = None if is_api else by_a_gateway(status, words, pause=pause)
    if lost is not None:
        return lost
    if status == 429 or status in {502, 503, 504}:
        return SendDeferred(code=code, diagnostic=words, retry_after_seconds=pause, stop_all=True)
    if 400 <= status < 500 and status != 408 and is_api:
        return _fault(faults)
    return SendDeferred(code=code, diagnostic=words, reason=Reason.OTHER, retry_after_seconds=pause)


def _fault(faults: Sequence[ApiFault]) -> SendError:
    """What `errors` say: refused for good, unless one of them is about the set-up."""
    code, words = _code(faults), _words(faults)
    if any(f.code in SET_UP_CODES or f.field in SET_UP_FIELDS for f in faults):
        return _waits(code, words, SET_UP_PAUSE_SECONDS)
    if any(f.field for f in faults):
        return SendRefused(code=code, diagnostic=words, reason=Reason.OTHER)
    return refusal(code, words, words, Reason.OTHER)


def _waits(code: str, words: str, pause_seconds: float) -> SendDeferred:
    """Nothing can be handed over until somebody mends the set-up; no mail is refused for that."""
    return SendDeferred(
        code=code,
        diagnostic=words,
        reason=Reason.MISCONFIGURED,
        retry_after_seconds=pause_seconds,
        stop_all=True,
    )


def _code(faults: Sequence[ApiFault]) -> str:
    return next((fault.code for fault in faults if fault.code), "")


def _words(faults: Sequence[ApiFault]) -> str:
    return "; ".join(map(str, faults))
