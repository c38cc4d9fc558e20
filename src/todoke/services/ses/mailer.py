"""Hand mails to Amazon SES with SendEmail of its API v2, as raw MIME: the same octets that SMTP would carry.

One recipient a call. The attempt's token travels as a message tag and as a header field, and comes back in every event.
SES has no idempotency key: once the request was written, an answer that is lost or makes no sense means that nobody
knows. SES writes a Message-ID and a Date of its own in place of ours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from todoke.mail.mime import needs_smtputf8, refuse_smtputf8, serialise, wire
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendError, SendRefused, SendUnknown
from todoke.model.log import get_logger
from todoke.model.mail import Mail
from todoke.model.redaction import Redaction
from todoke.model.settings import Settings
from todoke.ports.mailer import Accepted
from todoke.services.http.body import WatchedBody
from todoke.services.ses.answers import SET_UP_PAUSE_SECONDS, TOO_FAST, Parties, read_error
from todoke.services.ses.client import open_client
from todoke.services.ses.settings import NAME, SesSettings

SIZE_LIMIT = 40_000_000
"""Octets of a message after base64, "40 MB" in the service quotas: taken for the smaller of what that can mean."""
TAG = "todoke-attempt"
"""The message tag that holds the attempt's token: letters, digits, - and _ alone."""
FIELD = "X-Todoke-Attempt"
"""The header field that holds it too: older notifications have no tags, but may have the header."""
ASK_RATE_EVERY_SECONDS = 3600.0
ASK_RATE_AFTER_SECONDS = 60.0

log = get_logger(__name__)


class SesMailer:
    """Hands mails to the account and region that botocore finds, or the settings state.

    Nothing is asked of SES before the first mail.
    """

    name = NAME

    def __init__(self, settings: Settings) -> None:
        mail = settings.mail
        self.concurrency = mail.concurrency
        self._ses = mail.own_as(SesSettings)
        self.ceiling = self._ses.ceiling
        self._returns_to = mail.envelope_sender
        self._lock = threading.Lock()
        self._local = threading.local()
        self._client: Any = None
        self._pace = SendRate()

    def send(self, mail: Mail) -> Accepted:
        """Hand `mail` over in one call; see ports.Mailer."""
        request = self._request(mail)
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 see open_client

        parties = Parties(sender=mail.sender.address, recipient=mail.recipient)
        self._local.body, self._local.token = None, ""
        try:
            client = self._opened()
            self._pace.wait(client)
            answer = client.send_email(**request)
        except ClientError as error:
            refusal = _refusal(error.response, parties, Redaction(self._local.token))
            if refusal.code in TOO_FAST:
                self._pace.learn(client)
            raise refusal from error
        except BotoCoreError as error:
            raise self._fault(error) from error
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            if not self._was_begun():
                raise
            raise self._fault(error) from error  # botocore fell over what it was answered
        service_id = answer.get("MessageId")
        if isinstance(service_id, str) and service_id:
            return Accepted(service_id=service_id, diagnostic="HTTP 200")
        raise SendUnknown(diagnostic="SES answered 200 with nothing that can be read")

    def close(self) -> None:
        """Let go of connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _request(self, mail: Mail) -> dict[str, Any]:
        if needs_smtputf8(mail):
            refuse_smtputf8(mail, "Amazon SES takes no address with a non-ASCII local part")
        tagged = msgspec.structs.replace(mail, headers=(*mail.headers, (FIELD, mail.token)))
        octets = serialise(tagged)
        encoded = len(octets) * 4 // 3
        if encoded > SIZE_LIMIT:
            words = f"the mail has {encoded} octets once encoded, and SES takes {SIZE_LIMIT}"
            raise SendRefused(status_code="5.3.4", diagnostic=words, reason=Reason.TOO_LARGE)
        request: dict[str, Any] = {
            "FromEmailAddress": wire(mail.sender.address),
            "Destination": {"ToAddresses": [wire(mail.recipient)]},
            "Content": {"Raw": {"Data": octets}},
            "EmailTags": [{"Name": TAG, "Value": mail.token}],
        }
        if self._ses.configuration_set:
            request["ConfigurationSetName"] = self._ses.configuration_set
        if self._returns_to:
            request["FeedbackForwardingEmailAddress"] = wire(self._returns_to)
        return request

    def _opened(self) -> Any:
        """The client, opened once; its requests note whether their body was asked for."""
        with self._lock:
            if self._client is None:
                client = open_client(self._ses, connections=self.concurrency)
                client.meta.events.register("before-send.sesv2.SendEmail", self._watch)
                self._client = client
            return self._client

    def _watch(self, request: Any, **_: Any) -> None:
        """botocore calls it in the thread that sends, with the request as it will be written."""
        body = request.body
        octets = body.encode() if isinstance(body, str) else bytes(body)
        request.headers["Content-Length"] = str(len(octets))
        self._local.body = request.body = WatchedBody(octets)
        self._local.token = _text(request.headers.get("X-Amz-Security-Token", ""))

    def _was_begun(self) -> bool:
        """Whether the request of this thread's call began to be written."""
        body: WatchedBody | None = self._local.body
        return body is not None and body.was_begun

    def _fault(self, error: Exception) -> SendError:
        """No answer that can be read. Only the error's name is told: its words quote what was sent."""
        name = type(error).__name__
        if self._was_begun():
            return SendUnknown(diagnostic=f"the answer of SES was lost: {name}")
        if self._local.body is not None and name != "SSLError":
            words = f"SES cannot be reached: {name}"
            return SendDeferred(diagnostic=words, reason=Reason.TIMED_OUT, stop_all=True)
        return SendDeferred(
            diagnostic=f"SES cannot be asked: {name}",
            reason=Reason.MISCONFIGURED,
            retry_after_seconds=SET_UP_PAUSE_SECONDS,
            stop_all=True,
        )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _refusal(response: dict[str, Any], parties: Parties, redaction: Redaction) -> SendError:
    """What an error means, without the session's token: AWS repeats the header fields of a wrong signature."""
    error = response.get("Error", {})
    meta = response.get("ResponseMetadata", {})
    headers = {str(k).lower(): str(v) for k, v in meta.get("HTTPHeaders", {}).items()}
    return read_error(
        str(error.get("Code", "")),
        int(meta.get("HTTPStatusCode", 0)),
        redaction.text(str(error.get("Message", ""))[:1000]),
        parties,
        retry_after=headers.get("retry-after", ""),
    )


class SendRate:
    """Keeps to the account's own rate (MaxSendRate, mails a second) once SES has said that we are too fast.

    Then the rate is asked for, and again each hour; without an answer there is no pace. An account that is never too
    fast is never asked. Safe to call from several threads.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._asked_at = -ASK_RATE_EVERY_SECONDS
        self._between = 0.0
        self._next = 0.0

    def learn(self, client: Any) -> None:
        """Ask for the rate, unless it was asked for within a minute."""
        with self._lock:
            if self._monotonic() - self._asked_at > ASK_RATE_AFTER_SECONDS:
                self._ask(client)

    def wait(self, client: Any) -> None:
        """Wait until one more mail may be sent."""
        if not self._between:
            return
        with self._lock:
            now = self._monotonic()
            if now - self._asked_at > ASK_RATE_EVERY_SECONDS:
                self._ask(client)
            turn = max(now, self._next)
            self._next = turn + self._between
        self._sleep(turn - now)

    def _ask(self, client: Any) -> None:
        self._asked_at = self._monotonic()
        self._between = _seconds_between(client)


def _seconds_between(client: Any) -> float:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 see open_client

    try:
        rate = float(client.get_account()["SendQuota"]["MaxSendRate"])
    except (BotoCoreError, ClientError, LookupError, TypeError, ValueError) as error:
        log.info("send_rate_unknown", error=type(error).__name__)
        return 0.0
    return 1.0 / rate if rate > 0 else 0.0
