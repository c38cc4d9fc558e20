"""The file of --parameters: the values of a template's parameters, and tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stack_review.errors import InputError
from stack_review.template import document


@dataclass(frozen=True)
class Given:
    """Values by parameter, and tags by key."""

    values: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def read_parameters(path: Path | None) -> Given:
    """Read JSON or YAML: an object of values; `{Parameters, Tags}` as CodePipeline has it; or the list of the AWS CLI.

    Raises InputError: if it cannot be read or is none of these.
    """
    if path is None:
        return Given()
    found = document(read_text(path), str(path)) or {}
    if isinstance(found, list):
        return Given(_from_list(found, path))
    if not isinstance(found, dict):
        raise InputError(f"{path} is no list and no table of parameters.")
    if isinstance(found.get("Parameters"), dict):
        return Given(_texts(found["Parameters"], path), _texts(found.get("Tags") or {}, path))
    return Given(_texts(found, path))


def read_text(path: Path) -> str:
    """A file's text. Raises InputError: if it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"{path} cannot be read: {reason}.") from error


def _from_list(found: list[Any], path: Path) -> dict[str, str]:
    try:
        return {str(row["ParameterKey"]): _text(row["ParameterValue"]) for row in found}
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: each entry has a ParameterKey and a ParameterValue.") from error


def _texts(found: Mapping[str, Any], path: Path) -> dict[str, str]:
    nested = [key for key, value in found.items() if isinstance(value, dict) or value is None]
    if nested:
        raise InputError(f"{path}: the value of {nested[0]} is no text.")
    return {str(key): _text(value) for key, value in found.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
