"""The answers in a body that is refused, as far as it came: for a page that shows them again. No file's bytes.

It reads what it can and raises nothing, for such a body is cut short, or too much.
"""

from __future__ import annotations

import re

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from starlette.types import Receive

from todoke.model.errors import RequestError, TooLarge
from todoke.model.form import Limits
from todoke.model.submission import EntryList
from todoke.web.door.body import parse
from todoke.web.door.multipart import MAX_HEADERS, Reader, read_parts
from todoke.web.http.body import let_pass
from todoke.web.http.header import first_parameter, read_header

KEPT_BYTES = 196_608
"""Of all answers together: as many as a page shows, in UTF-8."""
_ENCODED_BYTES = 3 * KEPT_BYTES
_LIMITS = Limits(body_bytes=_ENCODED_BYTES, fields=1_000, files=1_000, field_bytes=_ENCODED_BYTES)
_LONGEST_BOUNDARY = 256
_CUT_ESCAPE = re.compile(rb"%[0-9A-Fa-f]?\Z")


async def salvage(
    content_type: str, charset: str, so_far: bytes, rest: Receive | None, seconds: float
) -> EntryList:
    """The answers in a body of which `so_far` came; `rest` is let pass, and read on the way (`let_pass`)."""
    arrived = Arrived(content_type, charset)
    arrived.take(so_far)
    if rest is not None:
        await let_pass(rest, seconds, arrived.take)
    return arrived.entries()


class Arrived:
    """Takes a body piece by piece, and keeps KEPT_BYTES of answers at most. `charset` is the form's."""

    def __init__(self, content_type: str, charset: str) -> None:
        kind, parameters = read_header(content_type.encode("latin-1", "replace"))
        boundary = first_parameter(parameters, b"boundary")
        self._content_type, self._charset = content_type, charset
        self._label = first_parameter(parameters, b"charset").decode("latin-1")
        self._text = bytearray()
        self._fields = _Fields()
        self._parser: MultipartParser | None = None
        if kind == b"multipart/form-data" and 0 < len(boundary) <= _LONGEST_BOUNDARY:
            callbacks = self._fields.callbacks()
            self._parser = MultipartParser(boundary, callbacks, max_header_count=MAX_HEADERS)

    def take(self, piece: bytes) -> None:
        """Some more of it came."""
        if self._parser is None:
            self._text += piece[: max(0, _ENCODED_BYTES - len(self._text))]
        elif not self._fields.ended:
            try:
                self._parser.write(piece)
            except (FormParserError, RequestError):
                self._fields.ended = True

    def entries(self) -> EntryList:
        """What was found; of a file, its name."""
        try:
            if self._parser is not None:
                self._fields.end_part_under_way()
                return read_parts(self._fields.parts, (self._label, self._charset))
            text = _CUT_ESCAPE.sub(b"", bytes(self._text))
            return parse(self._content_type, text, limits=_LIMITS, charset=self._charset)
        except RequestError:
            return ()


class _Fields(Reader):
    """Keeps fields, the last one as far as it came, and of files only their names; stops at what is too much."""

    def __init__(self) -> None:
        super().__init__(_LIMITS)
        self._is_in_part = False
        self._kept = 0

    def end_part_under_way(self) -> None:
        """The rest of it does not come."""
        if self._is_in_part:
            self._end_part()

    def _end_headers(self) -> None:
        super()._end_headers()
        self._is_in_part = True

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.file_name is None:
            self._kept += end - start
            if self._kept > KEPT_BYTES:
                self._is_in_part = False  # what is shown of a field is the whole of it
                raise TooLarge
            super()._add_data(data, start, end)

    def _end_part(self) -> None:
        self._is_in_part = False
        super()._end_part()
