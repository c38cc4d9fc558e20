"""The lines of a backup: what each may be, and how they are read out of a file that may be anything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TextIO

import msgspec

from todoke.model.delivery import DeliveryEvent
from todoke.model.erased import Erased
from todoke.model.errors import Error
from todoke.model.json_text import reader
from todoke.model.kept import Kept
from todoke.model.submission import files
from todoke.ports.suppressions import SuppressionList

VERSION = 3
"""Of the lines. A reader knows its own and those before it: version 1 had no HMAC, 2 no erasures."""
LONGEST = 2_200_000_000
"""Characters of a line: a submission with the 1 GB of body and 500 MB of uploads that a form may allow, in base 64."""
_BEGINNING = 65_536


class DamagedBackup(Error):
    """The file is no backup, or not a whole one."""


class Head(msgspec.Struct, frozen=True, tag_field="kind", tag="backup"):
    """The first line: who wrote it when, and a name of the secret that its ids and links were made with."""

    version: int
    todoke: str
    written_at: datetime
    secret: str


class SubmissionLine(msgspec.Struct, frozen=True, tag_field="kind", tag="submission"):
    kept: Kept


class OrphanLine(msgspec.Struct, frozen=True, tag_field="kind", tag="orphan"):
    event: DeliveryEvent


class MarkLine(msgspec.Struct, frozen=True, tag_field="kind", tag="mark"):
    name: str
    at: datetime


class SuppressionsLine(msgspec.Struct, frozen=True, tag_field="kind", tag="suppressions"):
    listed: SuppressionList


class ErasedLine(msgspec.Struct, frozen=True, tag_field="kind", tag="erased"):
    erased: Erased


class EndLine(msgspec.Struct, frozen=True, tag_field="kind", tag="end"):
    lines: int
    sha256: str
    hmac: str = ""


Line = Head | SubmissionLine | OrphanLine | MarkLine | SuppressionsLine | ErasedLine | EndLine
_read: Callable[[str], Line] = reader(Line)


def lines_of(file: TextIO, *, longest: int = LONGEST) -> Iterator[str]:
    """The lines of a file that may be anything: what does not begin as a line of a backup is not read on.

    Raises DamagedBackup: at such a line, and at one of more than `longest` characters.
    """
    number = 0
    while text := file.readline(_BEGINNING):
        number += 1
        if not text.startswith('{"kind":'):
            raise DamagedBackup(f"Line {number}: it is no line of a backup: it begins otherwise.")
        if not text.endswith("\n"):
            text += file.readline(longest - len(text))
        if len(text) >= longest:
            raise DamagedBackup(f"Line {number}: it is longer than any line of a backup.")
        yield text


def read_line(text: str, number: int) -> Line:
    """The line of this number. Raises DamagedBackup: if it is none, or contradicts itself."""
    try:
        line = _read(text)
    except (
        ValueError,
        RecursionError,
    ) as error:  # the second of JSON that is nested without an end
        raise DamagedBackup(f"Line {number}: it is no line of a backup: {error}") from error
    if isinstance(line, SubmissionLine):
        _check(line.kept, number)
    return line


def _check(kept: Kept, number: int) -> None:
    """What the lines of a backup cannot contradict without being another's work."""
    for _, _, file in files(kept.submission.entries):
        if hashlib.sha256(file.content).hexdigest() != file.digest:
            raise DamagedBackup(f"Line {number}: the content of a file is not what was received.")
    for message in kept.messages:
        numbers = [tried.attempt.number for tried in message.attempts]
        if numbers != list(range(1, len(numbers) + 1)):
            raise DamagedBackup(f"Line {number}: attempts of {message.message.id} are missing.")
