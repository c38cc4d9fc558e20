"""Attributes of Python as DynamoDB writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def wire_key(key: tuple[str, str]) -> dict[str, Any]:
    """A primary key."""
    return {"k": {"S": key[0]}, "r": {"S": key[1]}}


def wire(item: Mapping[str, str | int | bytes]) -> dict[str, Any]:
    """An item's attributes, or the values of an expression."""
    return {name: _value(value) for name, value in item.items()}


def _value(value: str | int | bytes) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    return {"N": str(value)} if isinstance(value, int) else {"B": value}
