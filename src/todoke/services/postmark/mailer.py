"""Hand mails to Postmark through its Email API (https://postmarkapp.com/developer/api/email-api), one recipient a call.

The API has no idempotency key: once the request was written, an answer that is lost or makes no sense means that nobody
knows; the webhook, whose calls carry our token as metadata, will tell. Batches are not used: an answer is for one mail.
"""

from __future__ import annotations

from typing import Any

import msgspec

from todoke.mail.mime import needs_smtputf8, refuse_smtputf8, wire
from todoke.model.address import Address
from todoke.model.delivery import Reason
from todoke.model.errors import SendRefused, SendUnknown
from todoke.model.mail import Mail, Mailbox
from todoke.model.settings import Settings
from todoke.ports.mailer import Accepted
from todoke.services.http.post import HttpAnswer, post
from todoke.services.postmark.answers import read_error
from todoke.services.postmark.client import error_of, headers_of, open_pool, read_object
from todoke.services.postmark.settings import METADATA, NAME, PostmarkSettings

PATH = "/email"
SIZE_LIMIT = 10_000_000
"""Octets of a call, "10 MB" in the documentation: taken for the smaller of what that can mean."""
BODY_LIMIT = 5_000_000
"""Octets of the text, and of the HTML."""
SUBJECT_LIMIT = 2_000
"""Characters."""


class PostmarkMailer:
    """Hands mails to the server whose token the settings have.

    Raises ConfigError: if the token would cross a network unencrypted.
    """

    name = NAME

    def __init__(self, settings: Settings) -> None:
        self._postmark = postmark = settings.mail.own_as(PostmarkSettings)
        self.ceiling = postmark.ceiling
        self.concurrency = settings.mail.concurrency
        self._url = postmark.url.rstrip("/") + PATH
        self._headers = headers_of(postmark)
        self._pool = open_pool(postmark, connections=self.concurrency)

    def send(self, mail: Mail) -> Accepted:
        """Hand `mail` over in one call; see ports.Mailer."""
        return self._read(post(self._pool, self._url, self._body(mail), self._headers))

    def close(self) -> None:
        """Let go of connections."""
        self._pool.clear()

    def _body(self, mail: Mail) -> bytes:
        """The call's JSON. Raises SendRefused: for what Postmark takes from nobody."""
        if needs_smtputf8(mail):
            refuse_smtputf8(mail, "Postmark takes no address with a non-ASCII local part")
        octets = msgspec.json.encode(self._fields(mail))
        longest = max(len(mail.text.encode()), len(mail.html.encode()))
        if len(octets) > SIZE_LIMIT or longest > BODY_LIMIT:
            words = f"the mail takes {len(octets)} octets; Postmark takes {SIZE_LIMIT}, and {BODY_LIMIT} for a text"
            raise SendRefused(status_code="5.3.4", diagnostic=words, reason=Reason.TOO_LARGE)
        return octets

    def _fields(self, mail: Mail) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "From": _mailbox(mail.sender),
            "To": _bare(mail.recipient),
            "Subject": mail.subject[:SUBJECT_LIMIT],
            "TextBody": mail.text,
            "MessageStream": self._postmark.message_stream,
            "Metadata": {METADATA: mail.token},
            "Headers": [{"Name": name, "Value": value} for name, value in _headers(mail)],
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        if mail.html:
            fields["HtmlBody"] = mail.html
        if mail.attachments:
            fields["Attachments"] = [
                {"Name": a.name, "Content": a.content, "ContentType": a.media_type}
                for a in mail.attachments
            ]
        if mail.reply_to:
            fields["ReplyTo"] = _mailbox(mail.reply_to)
        if self._postmark.tag:
            fields["Tag"] = self._postmark.tag
        return fields

    def _read(self, answer: HttpAnswer) -> Accepted:
        said = read_object(answer.data)
        code, words = error_of(said, self._postmark)
        if answer.status != 200 or code:
            raise read_error(answer.status, code, words, pause=answer.retry_after_seconds)
        service_id = said.get("MessageID") if said else None
        if isinstance(service_id, str) and service_id:
            return Accepted(service_id=service_id, diagnostic=words or "HTTP 200")
        raise SendUnknown(diagnostic="Postmark answered 200 with nothing that can be read")


def _headers(mail: Mail) -> list[tuple[str, str]]:
    """Without X-PM-KeepID Postmark puts a Message-ID of its own in place of ours, which is the same over retries."""
    return [("Message-ID", mail.message_id), ("X-PM-KeepID", "true"), *mail.headers]


def _mailbox(box: Mailbox) -> str:
    """`"Name" <address>` with what could end the name escaped (RFC 5322 3.2.4)."""
    if not box.name:
        return _bare(box.address)
    name = box.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{_bare(box.address)}>'


def _bare(address: Address) -> str:
    """The address without quotes: Postmark's letters for a local part have dots anywhere, and no quotes.

    See https://postmarkapp.com/support/article/1180-what-does-errorcode-300-mean. Raises SendRefused: as `wire`.
    """
    wire(address)
    return address.bare
