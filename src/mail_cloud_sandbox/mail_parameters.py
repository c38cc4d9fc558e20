"""The mail that a call's parameters ask for, with every fault in them named as the service names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from mail_cloud_sandbox.mail import Attachment, Mail, Mailbox
from mail_cloud_sandbox.parameters import (
    BAD_PARAMETER,
    SENDER_NOT_ALLOWED,
    ErrorEntry,
    Parameters,
    Refused,
    parsed,
    too_large,
)

MAX_RECIPIENTS = 10
"""In each of to, cc and bcc."""
MAX_SUBJECT = 512
MAX_FILES = 10
MAX_MESSAGE_BYTES = 20 * 1024 * 1024
"""After base64, which makes 4 bytes of 3."""

_T = TypeVar("_T")


def read_mail(given: Parameters, *, from_domains: Collection[str] | None) -> Mail:
    """The mail that the parameters ask for.

    Raises Refused: with every fault in them, the sender's domain included where `from_domains` lists those
    allowed; with a 500 if the message is larger than 20 MB.
    """
    errors: list[ErrorEntry] = []

    def read(name: str, reader: Callable[[Any], _T], default: _T) -> _T:
        try:
            return reader(_value(given, name))
        except ValueError as error:
            errors.append(ErrorEntry(BAD_PARAMETER, name, str(error)))
            return default

    nobody = Mailbox("", "")
    sender = read("from", _sender, nobody)
    attachments = _attachments(given, errors)
    mail = Mail(
        api_user=given.text("api_user"),
        sender=sender,
        to=read("to", _required_mailboxes, ()),
        cc=read("cc", _mailboxes, ()),
        bcc=read("bcc", _mailboxes, ()),
        reply_to=read("replyto", _optional_mailbox, None),
        envelope_from=read("envfrom", _optional_address, ""),
        subject=read("subject", _subject, ""),
        text=given.text("text"),
        html=given.text("html"),
        charset=read("charset", _charset, "utf-8"),
        headers=read("headers", _headers, ()),
        attachments=attachments,
    )
    if not mail.text and not mail.html:
        errors.append(ErrorEntry(BAD_PARAMETER, "text", "text is required."))
    domain = sender.address.rpartition("@")[2].casefold()
    if from_domains is not None and domain and domain not in from_domains:
        errors.append(ErrorEntry(SENDER_NOT_ALLOWED, "", f"DKIM is not set up for {domain}."))
    if errors:
        raise Refused(*errors)
    if _encoded_size(mail) > MAX_MESSAGE_BYTES:
        raise too_large()
    return mail


def _encoded_size(mail: Mail) -> int:
    files = sum(len(a.content) for a in mail.attachments)
    return len(mail.text.encode()) + len(mail.html.encode()) + -(-files // 3) * 4


def _value(given: Parameters, name: str) -> Any:
    """The value of `name`; text that looks like JSON is read as JSON."""
    value = given.values.get(name)
    if name in {"subject", "charset", "envfrom"} or not isinstance(value, str):
        return value
    if not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return parsed(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not JSON.") from error


_ADDRESS = re.compile(
    r"(?:[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}|\"[!#-\[\]-~]{1,62}\")"  # or a quoted string, RFC 5321 4.1.2
    r"@(?=.{1,253}\Z)([^\s@<>()\[\]\\,;:\"_.]+\.)+[^\s@<>()\[\]\\,;:\"_.]{2,}"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _address(value: Any) -> str:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value.strip()):
        raise ValueError("The address is not valid.")
    return value.strip()


def _mailbox(value: Any) -> Mailbox:
    """An object with name and address (type 2)."""
    if not isinstance(value, dict):
        raise ValueError("An object with name and address is expected.")  # noqa: TRY004 - one kind of fault
    name = value.get("name", "")
    if not isinstance(name, str) or _CONTROL.search(name):
        raise ValueError("The name is not valid.")
    return Mailbox(name, _address(value.get("address")))


def _sender(value: Any) -> Mailbox:
    if value in (None, ""):
        raise ValueError("from is required.")
    return _mailbox(value)


def _optional_mailbox(value: Any) -> Mailbox | None:
    return None if value in (None, "") else _mailbox(value)


def _optional_address(value: Any) -> str:
    return "" if value in (None, "") else _address(value)


def _mailboxes(value: Any) -> tuple[Mailbox, ...]:
    """A plain address (type 1), an object (type 2) or an array of objects (type 3)."""
    if value in (None, "", []):
        return ()
    if isinstance(value, str):
        return (Mailbox("", _address(value)),)
    entries = value if isinstance(value, list) else [value]
    if len(entries) > MAX_RECIPIENTS:
        raise ValueError(f"At most {MAX_RECIPIENTS} addresses are allowed.")
    return tuple(_mailbox(entry) for entry in entries)


def _required_mailboxes(value: Any) -> tuple[Mailbox, ...]:
    mailboxes = _mailboxes(value)
    if not mailboxes:
        raise ValueError("to is required.")
    return mailboxes


def _subject(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("subject is required.")
    if len(value) > MAX_SUBJECT:
        raise ValueError(f"At most {MAX_SUBJECT} characters are allowed.")
    if _CONTROL.search(value):
        raise ValueError("Control characters are not allowed.")
    return value


_CHARSETS = {"": "utf-8", "utf-8": "utf-8", "iso-2022-jp": "iso-2022-jp"}


def _charset(value: Any) -> str:
    known = _CHARSETS.get(str(value or "").lower())
    if known is None:
        raise ValueError("UTF-8 or ISO-2022-JP is expected.")
    return known


_HEADER_NAME = re.compile(r"[!-9;-~]+")


def _headers(value: Any) -> tuple[tuple[str, str], ...]:
    if value in (None, ""):
        return ()
    if not isinstance(value, list):
        raise ValueError("An array of objects with name and value is expected.")  # noqa: TRY004 - as above
    return tuple(_header(entry) for entry in value)


def _header(entry: Any) -> tuple[str, str]:
    name, value = (
        (entry.get("name"), entry.get("value")) if isinstance(entry, dict) else (None,) * 2
    )
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
        raise ValueError("A header's name is not valid.")
    if not isinstance(value, str) or _CONTROL.search(value):
        raise ValueError(f"The value of the header {name} is not valid.")
    return name, value


def _attachments(given: Parameters, errors: list[ErrorEntry]) -> tuple[Attachment, ...]:
    """The files attachment1 to attachmentN; N is what `attachments` says."""
    stated = given.text("attachments").strip() or "0"
    names = [
        f"attachment{n}"
        for n in range(1, int(stated) + 1 if stated.isdecimal() and len(stated) < 4 else 1)
    ]
    if not stated.isdecimal() or len(names) != int(stated) or set(names) != set(given.files):
        errors.append(
            ErrorEntry(
                BAD_PARAMETER, "attachments", "The number of files is not that of attachments."
            )
        )
        return ()
    if len(names) > MAX_FILES:
        errors.append(
            ErrorEntry(BAD_PARAMETER, "attachments", f"At most {MAX_FILES} files are allowed.")
        )
    return tuple(given.files[name] for name in names)
