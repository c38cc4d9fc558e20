"""Read the parameters of an API call: JSON, multipart or urlencoded, in every shape that known clients send.

Real JSON values and text holding JSON are taken alike (one SDK puts JSON strings into a JSON object). Each error
is one entry of the documented answer {"errors": [{"code", "field", "message"}]}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from mail_cloud_sandbox.mail import Attachment

# Codes that have been seen; the vendor's full table has not. Each is used for what it was seen for, or for the
# nearest thing to it.
SYSTEM_ERROR = "01-001"
"""Also what an over-large message gives, with a 5xx."""
BAD_PARAMETER = "11-006"
SENDER_NOT_ALLOWED = "13-006"
NOT_FOUND = "12-001"

MAX_BODY_BYTES = 40 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One entry of the errors in an answer."""

    code: str
    field: str
    message: str


class Refused(Exception):
    """The call is answered with `status` and these errors."""

    def __init__(self, *entries: ErrorEntry, status: int = 400) -> None:
        super().__init__("; ".join(f"{e.code} {e.field} {e.message}" for e in entries))
        self.entries = entries
        self.status = status


_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def parsed(text: str | bytes) -> Any:
    """The JSON value.

    Raises ValueError: if it is none, or has half a character (an unpaired surrogate), which no encoding can write.
    RecursionError: if it is nested too deep.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text))
    value = json.loads(text)
    if _HALF.search(text):
        json.dumps(value, ensure_ascii=False).encode()
    return value


_CONTENT_ID = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]{1,200}")
"""What RFC 5322 lets a msg-id be made of, but for quotes."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The values and files of a call, as they came."""

    values: Mapping[str, Any]
    files: Mapping[str, Attachment]

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of `name`, which may be text, an array of texts, or text holding one; none when it is absent."""
        value = self.values.get(name)
        if isinstance(value, str) and value.lstrip().startswith("["):
            with suppress(ValueError, RecursionError):
                value = parsed(value)
        values = value if isinstance(value, list) else [value]
        return tuple(one for one in values if isinstance(one, str) and one)

    def text(self, name: str) -> str:
        """The value of `name` as text; "" when it is absent."""
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


async def read_parameters(request: Request) -> Parameters:
    """The parameters of a call.

    Raises Refused: if the body is too large or is in none of the encodings.
    """
    if request.headers.get("content-type", "").lower().startswith("application/json"):
        return Parameters(_json_object(await _body(request)), {})
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise too_large()
    values: dict[str, Any] = {}
    files: dict[str, Attachment] = {}
    try:
        form = await request.form(max_files=50, max_fields=200, max_part_size=MAX_BODY_BYTES)
    except ClientDisconnect:
        raise
    except Exception as error:
        raise Refused(ErrorEntry(BAD_PARAMETER, "", "The body cannot be read.")) from error
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            media_type = value.content_type or "application/octet-stream"
            stated = value.headers.get("content-id", "").strip().strip("<>")
            content_id = stated if _CONTENT_ID.fullmatch(stated) else ""
            content = await value.read()
            files[name] = Attachment(value.filename or "file", media_type, content, content_id)
        else:
            values[name] = value
    await form.close()
    return Parameters(values, files)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise too_large()
    return bytes(body)


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        content = parsed(body)
    except (ValueError, RecursionError) as error:
        raise Refused(ErrorEntry(BAD_PARAMETER, "", "The body is not JSON.")) from error
    if not isinstance(content, dict):
        raise Refused(ErrorEntry(BAD_PARAMETER, "", "The body is not a JSON object."))
    return content


def too_large() -> Refused:
    """The uninformative answer that an over-large message gets."""
    return Refused(ErrorEntry(SYSTEM_ERROR, "", "system error"), status=500)


def errors_response(error: Refused) -> Response:
    """The documented shape of errors."""
    entries = [{"code": e.code, "field": e.field, "message": e.message} for e in error.entries]
    return JSONResponse({"errors": entries}, status_code=error.status)
