"""What a person saw in a rehearsal, kept in a small file beside the configuration, without any secret."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec.structs import replace

from todoke.model.errors import ConfigError

FILE = "todoke-rehearsal.json"
_VERSION = 1


class Sight(StrEnum):
    """Whether what must be seen was seen."""

    YES = "yes"
    NO = "no"
    SKIPPED = "skipped"


class Observation(msgspec.Struct, frozen=True):
    """What was seen of one exercise, when, by which todoke; `note` is what the person wrote of it."""

    answer: Sight
    at: datetime
    todoke: str
    note: str = ""


class RehearsalRecord(msgspec.Struct, frozen=True):
    """The observations of each stack, by the exercises' names."""

    version: int = _VERSION
    stacks: dict[str, dict[str, Observation]] = {}

    def of(self, stack: str) -> Mapping[str, Observation]:
        """Those of one stack."""
        return self.stacks.get(stack, {})

    def with_one(self, stack: str, name: str, seen: Observation) -> RehearsalRecord:
        """The same with one more, or another in its place."""
        return replace(self, stacks=self.stacks | {stack: {**self.of(stack), name: seen}})


def path_beside(config: Path) -> Path:
    """Where the record is kept."""
    return config.parent / FILE


def read_record(path: Path) -> RehearsalRecord:
    """The record; an empty one where there is no file. Raises ConfigError: if it cannot be read, or is none."""
    try:
        record = msgspec.json.decode(path.read_bytes(), type=RehearsalRecord)
    except FileNotFoundError:
        return RehearsalRecord()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ConfigError(
            f"{path} is no record of a rehearsal: {error}. Mend it, or move it away to begin anew."
        ) from error
    if record.version > _VERSION:
        raise ConfigError(f"{path} is of a newer todoke (version {record.version}).")
    return record


def write_record(path: Path, record: RehearsalRecord) -> None:
    """Keep it, whole or not at all. Raises ConfigError: if it cannot be written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
