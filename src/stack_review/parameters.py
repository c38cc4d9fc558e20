"""The values of a template's parameters, and tags: read from a file, known or hidden, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stack_review.errors import InputError
from stack_review.review import Parameter
from stack_review.template import document

HIDDEN = "****"
"""What AWS says instead of a hidden value (NoEcho)."""


@dataclass(frozen=True)
class Inputs:
    """What a stack is given: values by parameter, and tags by key."""

    values: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def read_parameters(path: Path | None) -> Inputs:
    """Read JSON or YAML: an object of values; `{Parameters, Tags}` as CodePipeline has it; or the list of the AWS CLI.

    Raises InputError: if it cannot be read or is none of these.
    """
    if path is None:
        return Inputs()
    content = document(read_text(path), str(path)) or {}
    if isinstance(content, list):
        return Inputs(_from_list(content, path))
    if not isinstance(content, dict):
        raise InputError(f"{path} is no list and no table of parameters.")
    if isinstance(content.get("Parameters"), dict):
        return Inputs(_texts(content["Parameters"], path), _texts(content.get("Tags") or {}, path))
    return Inputs(_texts(content, path))


def read_text(path: Path) -> str:
    """A file's text. Raises InputError: if it cannot be read."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"{path} cannot be read: {reason}.") from error


def known(values: Mapping[str, str], pseudo: Mapping[str, str]) -> dict[str, str]:
    """The values that conditions and properties may be worked out with; a hidden one is not known."""
    return {key: value for key, value in values.items() if value != HIDDEN} | dict(pseudo)


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Parameter, ...]:
    """The parameters whose values differ, by name."""
    names = sorted({*before, *after})
    return tuple(
        Parameter(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    )


def _from_list(rows: list[Any], path: Path) -> dict[str, str]:
    try:
        return {str(row["ParameterKey"]): _text(row["ParameterValue"]) for row in rows}
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: each entry has a ParameterKey and a ParameterValue.") from error


def _texts(table: Mapping[str, Any], path: Path) -> dict[str, str]:
    nested = [key for key, value in table.items() if isinstance(value, dict) or value is None]
    if nested:
        raise InputError(f"{path}: the value of {nested[0]} is no text.")
    return {str(key): _text(value) for key, value in table.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
