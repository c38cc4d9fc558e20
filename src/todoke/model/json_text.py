"""JSON of our values, also where a text holds what no encoding has a place for: a lone surrogate (JSON brings some)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from todoke.model.address import Address

T = TypeVar("T")


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
