"""A mail as the sandbox's API was given it, checked, and the RFC 5322 message made of it. Values; no I/O."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, "" for none, and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file sent along; with a `content_id` the HTML may show it (RFC 2392)."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One call of the API, as it was asked for."""

    api_user: str
    sender: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: Mailbox | None = None
    envelope_from: str = ""
    subject: str
    text: str
    html: str = ""
    charset: str = "utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every address it goes to, each once, as written first."""
        once: dict[str, str] = {}
        for mailbox in (*self.to, *self.cc, *self.bcc):
            once.setdefault(mailbox.address.casefold(), mailbox.address)
        return tuple(once.values())

    @property
    def api_data(self) -> str:
        """The value of X-Api-Data, which comes back in each event; "" if there is none."""
        return next((value for name, value in self.headers if name.casefold() == "x-api-data"), "")


_SERVICES_OWN = frozenset({"return-path", "from", "to", "cc", "bcc", "subject", "mime-version"})
"""Header fields that have parameters of their own, or are the service's: not taken from `headers`."""


def source(mail: Mail, *, message_id: str, return_path: str, at: datetime) -> bytes:
    """The message as it would be handed to the recipient's server, CRLF throughout, Bcc left out.

    A Date, Message-ID or Reply-To in `headers` stands in the place of the service's own.
    """
    given = {name.casefold() for name, _ in mail.headers}
    own = [
        ("Return-Path", f"<{return_path}>"),
        ("Date", format_datetime(at)),
        ("Message-ID", message_id),
        ("From", _mailboxes((mail.sender,))),
        ("To", _mailboxes(mail.to)),
        ("Cc", _mailboxes(mail.cc)),
        ("Reply-To", _mailboxes((mail.reply_to,)) if mail.reply_to else ""),
        ("Subject", _encoded(mail.subject)),
    ]
    lines = [
        (name, value)
        for name, value in own
        if value and (name.casefold() in _SERVICES_OWN or name.casefold() not in given)
    ]
    lines += [(n, _encoded(value)) for n, value in mail.headers if not _is_services_own(n)]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return head.encode("utf-8", "replace") + _body(mail).as_bytes(policy=SMTP)


def _is_services_own(name: str) -> bool:
    return name.casefold() in _SERVICES_OWN or name.casefold().startswith("content-")


def _body(mail: Mail) -> EmailMessage:
    """The MIME entity alone: its own header fields hold nothing a caller wrote but checked file names."""
    body = EmailMessage(policy=SMTP)
    if mail.text or not mail.html:
        body.set_content(mail.text, charset=_able(mail.text, mail.charset))
        if mail.html:
            body.add_alternative(mail.html, subtype="html", charset=_able(mail.html, mail.charset))
    else:
        body.set_content(mail.html, subtype="html", charset=_able(mail.html, mail.charset))
    for file in in_order(mail):
        maintype, _, subtype = _media_type(file.media_type).partition("/")
        name = _file_name(file.name)
        if file.content_id and mail.html:
            _html_of(body).add_related(
                file.content,
                maintype=maintype,
                subtype=subtype,
                filename=name,
                cid=f"<{file.content_id}>",
                disposition="inline",
            )
        else:
            body.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=name)
    return body


def _html_of(body: EmailMessage) -> MIMEPart:
    """The entity that is the HTML, with what belongs to it."""
    if body.get_content_type() != "multipart/alternative":
        return body
    *_, html = body.iter_parts()
    return html


def in_order(mail: Mail) -> tuple[Attachment, ...]:
    """The files as the message has them: those that belong to the HTML before the others."""
    return tuple(sorted(mail.attachments, key=lambda file: not (file.content_id and mail.html)))


def files_of(source: bytes) -> list[tuple[str, str, bytes]]:
    """Content-ID ("" for none), media type and content of each file of such a message, in its order."""
    parts = (part for part in message_from_bytes(source).walk() if part.get_content_disposition())
    return [
        (
            str(part.get("Content-ID", "")).strip().strip("<>"),
            part.get_content_type(),
            content if isinstance(content := part.get_payload(decode=True), bytes) else b"",
        )
        for part in parts
    ]


def _able(text: str, charset: str) -> str:
    """`charset` if it can write `text`, else UTF-8."""
    try:
        text.encode(charset)
    except UnicodeError:
        return "utf-8"
    return charset


def _media_type(declared: str) -> str:
    bare = declared.partition(";")[0].strip().lower()
    known = re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+", bare)
    fits = known and not bare.startswith(("multipart/", "message/"))
    return bare if fits else "application/octet-stream"


def _file_name(name: str) -> str:
    """Drop folders and what could end a header line or pose as an encoded word (RFC 2047)."""
    last = re.split(r"[\\/]", name)[-1].replace("=?", "__")
    return "".join(c for c in last if c.isprintable())[:200] or "file"


def _mailboxes(mailboxes: tuple[Mailbox, ...]) -> str:
    return ", ".join(f"{_phrase(m.name)} <{m.address}>" if m.name else m.address for m in mailboxes)


def _phrase(name: str) -> str:
    if name.isascii() and "=?" not in name:
        return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return _encoded(name)


_WORD_BYTES = 42
"""An encoded word is at most 75 characters long (RFC 2047 section 2): 42 bytes become 56 in base64."""


def _encoded(text: str) -> str:
    """`text` as a header field's value; text that is not plain ASCII, or poses as an encoded word, as base64 words."""
    if text.isascii() and "=?" not in text:
        return text
    words, word = [], b""
    for character in text:
        data = character.encode("utf-8", "replace")
        if len(word) + len(data) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += data
    return "\r\n ".join(f"=?UTF-8?B?{b64encode(w).decode()}?=" for w in (*words, word))


def listed(mail: Mail) -> list[dict[str, Any]]:
    """What the inbox says of a mail's files, in their order: names and sizes, no content."""
    return [
        {
            "name": _file_name(file.name),
            "media_type": file.media_type,
            "bytes": len(file.content),
            **({"content_id": file.content_id} if file.content_id else {}),
        }
        for file in in_order(mail)
    ]
