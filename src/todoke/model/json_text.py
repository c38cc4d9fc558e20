"""JSON of our values and of others, also where a text holds what no encoding has a place for.

That is a lone surrogate in ours (JSON brings some). Services put the words of other mail servers into their calls as
they came: half a character, a control character, octets that are no UTF-8. One such word must not cost the other events
of a call, so what cannot be read is replaced in its place, and all else stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from todoke.model.address import Address

T = TypeVar("T")
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What reading JSON of strangers may raise."""
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one character
    r"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\."
    r"|(?P<control>[\0-\x1f])",
    re.DOTALL,
)


def _text(value: object) -> str:
    """What msgspec does not write by itself: an address, which is a text of a class of its own."""
    if isinstance(value, str):
        return str(value)
    raise NotImplementedError


def _of_text(kind: type, value: Any) -> Any:
    """The reverse."""
    if kind is Address and isinstance(value, str):
        return Address(value)
    raise NotImplementedError


def to_json(value: Any) -> str:
    """The JSON of a value, on one line."""
    try:
        return msgspec.json.encode(value, enc_hook=_text).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value, enc_hook=_text))


def from_json(text: str) -> Any:
    """What `to_json` made the text of, as lists, texts and numbers. Raises ValueError: if it is no JSON."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def reader(kind: Any) -> Callable[[str], Any]:
    """What reads the JSON of a kind of value. It raises ValueError: if the text is not of one."""
    decode = msgspec.json.Decoder(kind, dec_hook=_of_text).decode

    def read(text: str) -> Any:
        try:
            return decode(text)
        except msgspec.DecodeError:
            return msgspec.convert(json.loads(text), kind, dec_hook=_of_text)

    return read


def read_mended(decoder: msgspec.json.Decoder[T], octets: bytes) -> T:
    """What JSON says, even where its strings hold what no text can. Raises one of UNREADABLE."""
    try:
        return decoder.decode(octets)
    except UNREADABLE:
        return decoder.decode(mended(octets))


def mended(octets: bytes) -> bytes:
    """The same JSON with strings that can be read. What could be read before means the same."""
    return _ESCAPE.sub(_mend, octets.decode("utf-8", "replace")).encode()


def _mend(found: re.Match[str]) -> str:
    if found["half"]:
        return "\ufffd"
    return " " if found["control"] else found[0]
