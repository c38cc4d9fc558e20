"""JSON of our values, also where a text holds what no encoding has a place for: a lone surrogate (JSON brings some)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_json(value: Any) -> str:
    """The JSON of a value, on one line."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value))


def from_json(text: str) -> Any:
    """What `to_json` made the text of, as lists, texts and numbers. Raises ValueError: if it is no JSON."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def reader(kind: Any) -> Callable[[str], Any]:
    """What reads the JSON of a kind of value. It raises ValueError: if the text is not of one."""
    decode = msgspec.json.Decoder(kind).decode

    def read(text: str) -> Any:
        try:
            return decode(text)
        except msgspec.DecodeError:
            return msgspec.convert(json.loads(text), kind)

    return read
