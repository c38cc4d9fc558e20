"""A Mail as RFC 5322 bytes, written by hand and verified: no header appears that was not meant.

Python's email package decodes encoded words while it writes (CVE-2024-6923), so that visitors' text can become a
header field. Here every text that is not plain is encoded by us (RFC 2047), nothing is ever decoded, and the
written header block is read back line by line before it may leave. Bodies are base64, quoted-printable or 7bit
(RFC 2045), so any server can carry them; addresses in the header are ASCII unless a local part is not (RFC 6532).
"""

from __future__ import annotations

import binascii
import re
from base64 import encodebytes
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import NoReturn
from urllib.parse import quote

from todoke.model.address import Address, AddressError
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendRefused, SetUpFault
from todoke.model.mail import CONTROL, Attachment, Mail, Mailbox

LINE_LIMIT = 998  # octets without CRLF, RFC 5322 2.1.1
_PLAIN = re.compile(
    r"[\x21-\x7e]+(?: [\x21-\x7e]+)*"
)  # printable ASCII, single spaces between words
_ATOMS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/?^_`{|}~-]+)*"
)  # RFC 5322 3.2.3
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")
_MEDIA_TYPE = re.compile(r"[a-z]+/[A-Za-z0-9!#$&^_.+-]{1,100}")
_TOKENS = re.compile(r"[A-Za-z0-9!#$&+^_.-]+(?: [A-Za-z0-9!#$&+^_.-]+)*")
_PIECE = 18  # octets of a name in a line, each three letters at most
_ENCODED_LINE = 76  # octets of a line that holds an encoded word, RFC 2047 2


class HeaderMismatch(SendRefused):
    """The written header is not the intended one; the mail must not leave."""


def serialise(mail: Mail) -> bytes:
    """Write `mail` as RFC 5322 octets: CRLF line ends only, no line over 998 octets.

    Raises SendRefused: if an address is none, a value holds a control character, or the header block that was
    written is not the one that was meant. SetUpFault: if the sender is at fault, which all mails share.
    """
    fields = _fields(mail)
    content_type, body = _body(mail)
    fields.append(("MIME-Version", "1.0"))
    fields.extend(content_type)
    head = "".join([f"{name}: {value}\r\n" for name, value in fields]).encode("utf-8", "replace")
    _verify(head, [name for name, _ in fields])
    data = head + b"\r\n" + body
    ends = data.count(b"\r\n")
    if data.count(b"\n") != ends or data.count(b"\r") != ends:
        raise HeaderMismatch("the mail has a line end that is not CRLF", status_code="5.6.0")
    return data


def needs_smtputf8(mail: Mail) -> bool:
    """True when only a server that speaks SMTPUTF8 (RFC 6531) can take `mail`: an address of it is not ASCII."""
    boxes = [
        mail.sender.address,
        mail.recipient,
        *([mail.reply_to.address] if mail.reply_to else []),
    ]
    return any(box.needs_smtputf8 for box in boxes)


def refuse_smtputf8(mail: Mail, words: str) -> NoReturn:
    """Raise what it means for `mail` that SMTPUTF8 is not there: `words` say of whom.

    SendRefused: for the recipient's address. SetUpFault, or for Reply-To alone SendDeferred: for the site's own.
    """
    if mail.sender.address.needs_smtputf8:
        raise SetUpFault(f"{words} (mail.from)", status_code="5.6.7")
    if mail.recipient.needs_smtputf8:
        raise SendRefused(status_code="5.6.7", diagnostic=words)
    raise SendDeferred(
        status_code="5.6.7", diagnostic=f"{words} (Reply-To)", reason=Reason.MISCONFIGURED
    )


def wire(address: Address) -> str:
    """The address as envelopes and header fields carry it: an IDNA domain, the local part as it is or in quotes.

    Raises SendRefused: if it is no address.
    """
    try:
        return address.wire
    except AddressError as error:
        raise SendRefused(f"not a mail address: {error}", status_code="5.1.3") from error


def header_names(head: bytes) -> list[str]:
    """The field names of a header block, read as a strict receiver reads them: by lines, without decoding anything."""
    names: list[str] = []
    for line in head.removesuffix(b"\r\n").split(b"\r\n"):
        if line[:1] in {b" ", b"\t"} and names:
            continue
        name, colon, _ = line.partition(b":")
        names.append(name.decode("latin-1") if colon else "")
    return names


def _verify(head: bytes, intended: list[str]) -> None:
    if header_names(head) != intended:
        raise HeaderMismatch("the header written is not the one intended", status_code="5.6.0")
    if max(map(len, head.split(b"\r\n"))) > LINE_LIMIT or b"\x00" in head:
        raise HeaderMismatch("a header line is too long or holds NUL", status_code="5.6.0")


def _fields(mail: Mail) -> list[tuple[str, str]]:
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise SendRefused("the Message-ID is malformed", status_code="5.6.0")
    fields = [
        ("Date", _date(mail.date)),
        ("From", _sender(mail.sender)),
        ("To", wire(mail.recipient)),
    ]
    if mail.reply_to:
        fields.append(("Reply-To", _mailbox(mail.reply_to, len("Reply-To"))))
    fields.append(("Subject", _text(mail.subject, len("Subject"))))
    fields.append(("Message-ID", mail.message_id))
    for name, value in mail.headers:
        if not _NAME.fullmatch(name):
            raise SendRefused("a header field has a malformed name", status_code="5.6.0")
        fields.append((name, _text(value, len(name))))
    return fields


@lru_cache(maxsize=1024)
def _date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC))


def _sender(box: Mailbox) -> str:
    """The site's own mailbox. Raises SetUpFault: if it cannot be written, which is no fault of this mail."""
    try:
        return _mailbox(box, len("From"))
    except SendRefused as refused:
        raise SetUpFault(f"mail.from cannot be written: {refused}") from refused


@lru_cache(maxsize=1024)
def _mailbox(box: Mailbox, name_length: int) -> str:
    """`name <address>` (RFC 5322 3.4), the name as atoms, quoted or encoded (RFC 2047 5 rule 3)."""
    address = wire(box.address)
    if not box.name:
        return address
    name = box.name
    if not _ATOMS.fullmatch(name) or "=?" in name or len(name) > 60:
        quotable = _PLAIN.fullmatch(name) and "=?" not in name and len(name) <= 60
        name = _quoted(name) if quotable else _encoded(name, name_length)
    return f"{name}\r\n <{address}>" if len(name) + len(address) > 60 else f"{name} <{address}>"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@lru_cache(maxsize=1024)
def _text(value: str, name_length: int) -> str:
    """An unstructured value: as it is when it is short, plain and cannot be taken for an encoded word, else encoded."""
    fits = len(value) + name_length <= 76 or (len(value) <= 900 and " " not in value)
    if not value or (fits and "=?" not in value and _PLAIN.fullmatch(value)):
        return value
    return _encoded(value, name_length)


def _encoded(text: str, name_length: int) -> str:
    """`text` as encoded words of whole characters, each on a line of 76 octets at most (RFC 2047 2 and 5).

    The first stands beside the field's name, if that leaves room for a character.
    """
    if CONTROL.search(text):
        raise SendRefused("a header value holds a control character", status_code="5.6.0")
    words: list[str] = []
    chunk: list[bytes] = []
    size, room = 0, _room(name_length + len(": "))
    if room < 4:
        words, room = [""], _room(1)
    for character in text:
        octets = character.encode("utf-8", "replace")
        if size + len(octets) > room:
            words.append(_word(b"".join(chunk)))
            chunk, size, room = [], 0, _room(1)
        chunk.append(octets)
        size += len(octets)
    words.append(_word(b"".join(chunk)))
    return "\r\n ".join(words)


def _room(before: int) -> int:
    """How many octets of text an encoded word holds on a line with so many octets before it."""
    return (_ENCODED_LINE - before - len(_word(b""))) // 4 * 3


def _word(octets: bytes) -> str:
    return f"=?utf-8?B?{binascii.b2a_base64(octets, newline=False).decode()}?="


def _body(mail: Mail) -> tuple[list[tuple[str, str]], bytes]:
    """The fields that describe the body, and the body: texts, or multipart/mixed (RFC 2046 5.1.3) of them and files."""
    fields, octets = _texts(mail)
    if not mail.attachments:
        return fields, octets
    # No letter of a boundary of texts stands in its place: neither begins with the other.
    boundary = f"=_files_{binascii.crc32(mail.message_id.encode()):08x}"
    parts = [(fields, octets), *(_file(attachment) for attachment in mail.attachments)]
    written: list[bytes] = []
    for head, body in parts:
        lines = "".join([f"{name}: {value}\r\n" for name, value in head]).encode("ascii")
        _verify(lines, [name for name, _ in head])
        written += [f"--{boundary}\r\n".encode(), lines, b"\r\n", body, b"\r\n"]
    written.append(f"--{boundary}--\r\n".encode())
    return [("Content-Type", f'multipart/mixed; boundary="{boundary}"')], b"".join(written)


def _file(attachment: Attachment) -> tuple[list[tuple[str, str]], bytes]:
    """A file's part. Its name stands there as RFC 2231 has it, in pieces that leave no line too long."""
    media_type = attachment.media_type
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise SendRefused("an attachment has a malformed media type", status_code="5.6.0")
    head = [
        ("Content-Type", media_type + _parameter("name", attachment.name)),
        ("Content-Disposition", "attachment" + _parameter("filename", attachment.name)),
        ("Content-Transfer-Encoding", "base64"),
    ]
    return head, encodebytes(attachment.content).replace(b"\n", b"\r\n")


def _parameter(name: str, value: str) -> str:
    """A parameter of any text: quoted where it is plain, else in UTF-8, percent-encoded, in pieces (RFC 2231)."""
    if _TOKENS.fullmatch(value) and "=?" not in value:
        return f';\r\n {name}="{value}"'
    octets = value.encode("utf-8", "replace")
    pieces = [octets[at : at + _PIECE] for at in range(0, len(octets), _PIECE)] or [b""]
    if len(pieces) == 1:
        return f";\r\n {name}*=UTF-8''{quote(octets, safe='')}"
    said = [f"{name}*{n}*={quote(piece, safe='')}" for n, piece in enumerate(pieces)]
    said[0] = said[0].replace("=", "=UTF-8''", 1)
    return "".join(f";\r\n {one}" for one in said)


def _texts(mail: Mail) -> tuple[list[tuple[str, str]], bytes]:
    """The fields that describe the texts, and these: multipart/alternative (RFC 2046 5.1.4), or the plain one alone."""
    encoding, text = _encode_body(mail.text)
    if not mail.html:
        return [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", encoding),
        ], text
    html_encoding, html = _encode_body(mail.html)
    # "=_" can stand in no base64 and no quoted-printable line (RFC 2045 6.7), and 7bit text with it is not left 7bit.
    boundary = f"=_{binascii.crc32(mail.message_id.encode()):08x}"
    parts = (
        f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode(),
        text,
        f"\r\n--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {html_encoding}\r\n\r\n".encode(),
        html,
        f"\r\n--{boundary}--\r\n".encode(),
    )
    return [("Content-Type", f'multipart/alternative; boundary="{boundary}"')], b"".join(parts)


def _encode_body(text: str) -> tuple[str, bytes]:
    """`text` with CRLF line ends in the transfer encoding that suits it (RFC 2045 6)."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    data = text.encode("utf-8", "replace")
    if data.isascii() and _fits_7bit(data):
        return "7bit", data.replace(b"\n", b"\r\n")
    if len(data) > len(text) * 3 // 2:  # quoted-printable would write three letters for each octet
        return "base64", _base64_lines(data.replace(b"\n", b"\r\n"))
    # Its soft line breaks are like the first line end it meets, so it gets LF alone, and all become CRLF here.
    return "quoted-printable", binascii.b2a_qp(data, istext=True).replace(b"\n", b"\r\n")


def _fits_7bit(data: bytes) -> bool:
    return b"\x00" not in data and b"=_" not in data and max(map(len, data.split(b"\n"))) <= 78


def _base64_lines(data: bytes) -> bytes:
    whole = binascii.b2a_base64(data, newline=False)
    return b"\r\n".join([whole[i : i + 76] for i in range(0, len(whole), 76)])
