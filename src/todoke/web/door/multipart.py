"""Read multipart/form-data (RFC 7578, WHATWG HTML 4.10.21.7) from a whole body.

python-multipart finds the parts; what a part's headers mean is decided here, because browsers
write them their own way: no RFC 2047, no RFC 2231, only %22, %0D and %0A for what would break the line.
"""

from __future__ import annotations

import binascii
import logging
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from todoke.model.charset import Charset
from todoke.model.errors import Malformed, TooLarge
from todoke.model.form import Limits
from todoke.model.submission import Entry, EntryList, File
from todoke.web.door.charset import (
    charsets_for,
    choose_charset,
    make_entry,
    make_file_entry,
    read_label,
    read_text,
)
from todoke.web.http.header import first_parameter, read_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# It warns of each damaged body, which the answer already tells the sender; a stranger could fill the log.
logging.getLogger("python_multipart").setLevel(logging.ERROR)

MAX_NAME_BYTES = 1_024
MAX_HEADERS = 16


@dataclass(slots=True)
class Part:
    """One part: `file_name` None means a field; `charset` is the one it declares itself (RFC 7578 4.5)."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: bytes = b""
    file_name: bytes | None = None
    charset: Charset | None = None
    media_type: str = ""
    content: bytes = b""

    @property
    def is_unused_file_control(self) -> bool:
        """Whether nothing was chosen: browsers then send an empty file without a name."""
        return self.file_name == b"" and not self.content


def read_multipart(
    boundary: bytes, body: bytes, *, limits: Limits, labels: tuple[str, ...]
) -> EntryList:
    """The entries of a multipart body; `labels` are the charsets declared outside and inside it.

    Malformed: if it is cut short or no multipart. TooLarge: if a part or their number passes `limits`.
    """
    return read_parts(_split(boundary, body, limits), labels)


def read_parts(parts: list[Part], labels: tuple[str, ...]) -> EntryList:
    """The entries that parts stand for, all in one charset; see `read_multipart`."""
    inside = (p.content for p in parts if p.name.lower() == b"_charset_" and p.file_name is None)
    before, after = labels[:1], labels[1:]
    candidates = charsets_for((*before, next(inside, b"").decode("latin-1"), *after))
    charset = choose_charset(candidates, _texts(parts))
    return tuple(_entry(part, charset) for part in parts if not part.is_unused_file_control)


def _texts(parts: list[Part]) -> Iterator[bytes]:
    """What has to be decoded with the charset of the whole form."""
    for part in parts:
        yield part.name
        if part.file_name is not None:
            yield part.file_name
        elif part.charset is None:
            yield part.content


def _entry(part: Part, charset: Charset) -> Entry:
    if part.file_name is None:
        return make_entry(part.name, part.content, charset, part.charset or charset)
    file_name, lossy = read_text(part.file_name, charset)
    file = File(name=strip_path(file_name), media_type=part.media_type, content=part.content)
    return make_file_entry(part.name, file, part.file_name, lossy, charset)


_WINDOWS_PATH = re.compile(r"[A-Za-z]:|\\|\.{1,2}\\|.*\\\.{1,2}(?:\\|\Z)", re.DOTALL)


def strip_path(name: str) -> str:
    r"""The file's name without folders.

    Folders come from folder uploads ("photos/1.jpg") and from Internet Explorer (C:\photos\1.jpg). A backslash that
    begins no path is a letter of the name, as on any Unix.
    """
    name = name.rpartition("/")[2]
    if _WINDOWS_PATH.match(name):
        name = name.rpartition("\\")[2].rpartition(":")[2]
    return "" if name in {".", ".."} else name


def _split(boundary: bytes, body: bytes, limits: Limits) -> list[Part]:
    reader = Reader(limits)
    if body.startswith(b"--" + boundary + b"\n"):
        body = _with_crlf(boundary, body, limits)
    try:
        parser = MultipartParser(
            boundary,
            reader.callbacks(),
            max_header_count=MAX_HEADERS,
            max_header_size=limits.part_header_bytes,
        )
        parser.write(body)
    except FormParserError as error:
        if str(error).startswith("Maximum header"):
            raise TooLarge("A part of the form has more header than is allowed.") from error
        raise Malformed("The multipart body is damaged.") from error
    if not reader.ended:
        raise Malformed("The multipart body ends before its last boundary.")
    return reader.parts


def _with_crlf(boundary: bytes, body: bytes, limits: Limits) -> bytes:
    """The same body with the line ends that RFC 2046 asks for: programs that write it by hand often use "\\n" alone.

    Contents stay as they are.
    """
    delimiter = b"\n--" + boundary
    if body.count(delimiter) > limits.fields + limits.files:
        raise TooLarge(f"A form may hold {limits.fields} fields at most.")
    pieces = [b""]
    for piece in (b"\n" + body).split(delimiter)[1:]:
        head, blank, content = piece.partition(b"\n\n")
        head = head.replace(b"\n", b"\r\n")
        pieces.append(head + b"\r\n\r\n" + content if blank else piece)
    return (b"\r\n--" + boundary).join(pieces)[2:]


class Reader:
    """Collects parts as the parser finds them, and stops it at the first limit that is passed."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parts: list[Part] = []
        self.ended = False
        self._part = Part()
        self._header: list[bytes] = []
        self._value: list[bytes] = []
        self._chunks: list[bytes] = []
        self._size = 0
        self._header_bytes = 0
        self._fields = 0
        self._files = 0

    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_header_name,
            "on_header_value": self._add_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._part = Part()
        self._chunks = []
        self._size = 0
        self._header_bytes = 0

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header.append(data[start:end])
        self._count_header(end - start)

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value.append(data[start:end])
        self._count_header(end - start)

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self.limits.part_header_bytes:
            raise TooLarge("A part of the form has more header than is allowed.")

    def _end_header(self) -> None:
        name = b"".join(self._header).lower()
        if name in self._part.headers and name.startswith(b"content-"):
            raise Malformed("A part has the same header twice.")
        self._part.headers[name] = b"".join(self._value)
        self._header, self._value = [], []

    def _end_headers(self) -> None:
        part = self._part
        kind, parameters = read_header(part.headers.get(b"content-disposition", b""))
        names = [value for key, value in parameters if key == b"name"]
        if kind != b"form-data" or len(names) != 1:
            raise Malformed("A part does not say once which field it is.")
        part.name = unescape(names[0])
        part.file_name = _file_name(parameters)
        media_type, parameters = read_header(part.headers.get(b"content-type", b""))
        part.charset = read_label(first_parameter(parameters, b"charset").decode("latin-1"))
        part.media_type = _media_type(media_type)
        if len(part.name) > MAX_NAME_BYTES:
            raise TooLarge("A field's name is longer than is allowed.")
        # A file control in which nothing was chosen counts as a field: no kind of part is without a limit.
        if part.file_name:
            self._count_file()
        else:
            self._count_field()

    def _count_file(self) -> None:
        self._files += 1
        if self._files > self.limits.files:
            raise TooLarge(f"A form may hold {self.limits.files} files at most.")

    def _count_field(self) -> None:
        self._fields += 1
        if self._fields > self.limits.fields:
            raise TooLarge(f"A form may hold {self.limits.fields} fields at most.")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.file_name is None:
            what, limit = "A field", self.limits.field_bytes
        else:
            if self._part.file_name == b"" and self._size == 0:
                self._count_file()
            what, limit = "A file", self.limits.file_bytes
        self._size += end - start
        if self._size > limit:
            raise TooLarge(f"{what} may hold {limit} bytes at most.")
        self._chunks.append(data[start:end])

    def _end_part(self) -> None:
        encoding = self._part.headers.get(b"content-transfer-encoding", b"")
        self._part.content = _decode_transfer(encoding, b"".join(self._chunks))
        self._chunks = []
        self.parts.append(self._part)

    def _end(self) -> None:
        self.ended = True


def unescape(text: bytes) -> bytes:
    """Undo what browsers escape in a name or file name (WHATWG HTML 4.10.21.7): newlines and quotation marks.

    They do not escape the percent sign, so nothing else may be decoded.
    """
    if b"%" not in text:
        return text
    return text.replace(b"%22", b'"').replace(b"%0D", b"\r").replace(b"%0A", b"\n")


def _file_name(parameters: list[tuple[bytes, bytes]]) -> bytes | None:
    """The file name, or None for a field.

    RFC 7578 4.2 forbids filename*; programs that send it alone mean a file all the same. It never wins over
    filename: what a filter before us has seen is what counts.
    """
    plain = [value for key, value in parameters if key == b"filename"]
    if len(plain) > 1:
        raise Malformed("A part has two file names.")
    if plain:
        return unescape(plain[0])
    extended = re.fullmatch(rb"(?i)utf-8'[^']*'(.*)", first_parameter(parameters, b"filename*"))
    return unquote_to_bytes(extended[1]) if extended else None


def _media_type(essence: bytes) -> str:
    if re.fullmatch(rb"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}", essence) is None:
        return "application/octet-stream"
    return essence.decode("ascii")


def _decode_transfer(encoding: bytes, content: bytes) -> bytes:
    """Undo a Content-Transfer-Encoding. RFC 7578 4.7 deprecates it and no browser sends it; programs do."""
    match encoding.strip().lower():
        case b"" | b"binary" | b"8bit" | b"7bit":
            return content
        case b"quoted-printable":
            return quopri.decodestring(content)
        case b"base64":
            try:
                return binascii.a2b_base64(b"".join(content.split()), strict_mode=True)
            except binascii.Error as error:
                raise Malformed("A part is not the base64 that it says it is.") from error
        case _:
            raise Malformed("A part has a Content-Transfer-Encoding that does not exist.")
