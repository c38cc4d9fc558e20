"""[forms.NAME.limits]: what one request may hold. By default it has room for what the form's fields send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from todoke.forms.control_kind import TRAITS
from todoke.model.form import ControlKind, Field, Limits
from todoke.toml.table import Table

_MOST_ROOM = 25 * 1024 * 1024
"""A body is held in memory: more than this for its files, or for its texts, only the site owner can ask for."""
_BESIDE = 100
"""Names and values that scripts and buttons may add to what the form's controls send."""


def read_limits(table: Table, fields: Sequence[Field], charset: str) -> Limits:
    """Read the section; a limit that refuses what the form's own fields may send is noted as a warning."""
    default = Limits()
    files = table.number("files", max(default.files, _most_files(fields)), least=0, most=1_000)
    file_bytes = table.size("file", default.file_bytes, most="1GB")
    texts, longest = _text_bytes(fields, charset)
    room = max(default.body_bytes, min(texts, _MOST_ROOM))
    room += min(_file_room(fields, files, file_bytes), _MOST_ROOM)
    entries = _most_entries(fields)
    uploads = table.size("uploads", default.upload_bytes, most="500MB")
    limits = Limits(
        body_bytes=table.size("body", room, most="1GB"),
        fields=table.number("fields", max(default.fields, entries + _BESIDE), least=1, most=10_000),
        files=files,
        file_bytes=file_bytes,
        field_bytes=table.size(
            "field", max(default.field_bytes, min(longest, _MOST_ROOM)), most="100MB"
        ),
        part_header_bytes=table.size("part_header", default.part_header_bytes, most="1MB"),
        seconds=table.duration(
            "time", timedelta(seconds=default.seconds), least="1s", most="1h"
        ).total_seconds(),
        upload_bytes=uploads,
        upload_file_bytes=file_bytes if "file" in table else uploads,
    )
    _warn(table, limits, fields, entries, longest)
    return limits


def _warn(
    table: Table, limits: Limits, fields: Sequence[Field], entries: int, longest: int
) -> None:
    if "file" in table and limits.file_bytes > limits.body_bytes:
        table.warn(
            "file", "is more than the body of a request may hold.", "Raise limits.body as well."
        )
    needed = sum(1 for field in fields if field.kind == ControlKind.FILE and field.required)
    if limits.files < needed:
        table.warn("files", f"is {limits.files}, and {needed} file fields are required.")
    if limits.fields < entries:
        table.warn("fields", f"is {limits.fields}, and the form's fields may send {entries}.")
    if limits.field_bytes < longest:
        table.warn(
            "field",
            f"is {limits.field_bytes:,} bytes, and the longest `maxlength` may need {longest:,}.",
            "Lower the one or raise the other.",
        )


def _most_entries(fields: Sequence[Field]) -> int:
    """How many names and values the controls of a form send at most, rows that scripts add aside."""
    return sum(
        max(len(field.options) if _sends_options(field) else 1, field.controls)
        + len(field.sent_anyway)
        for field in fields
    )


def _sends_options(field: Field) -> bool:
    return TRAITS[field.kind].sends_many or (field.multiple and TRAITS[field.kind].is_choice)


def _most_files(fields: Sequence[Field]) -> int:
    """One for each file control, and for one that takes several as many as any form may send."""
    return sum(
        field.max_files or (Limits().files if field.multiple else 1)
        for field in fields
        if field.kind == ControlKind.FILE
    )


def _text_bytes(fields: Sequence[Field], charset: str) -> tuple[int, int]:
    """What all texts may have together in a body, and the longest alone, by `maxlength`.

    A UTF-16 code unit is 3 bytes in UTF-8, each of them three letters in a body that is urlencoded. An older charset
    has references for what it lacks: "&#65535;" is 8 bytes, 14 letters.
    """
    alone, encoded = (3, 9) if charset == "utf-8" else (8, 14)
    lengths = [
        (field.maxlength, field.controls)
        for field in fields
        if TRAITS[field.kind].has_length and field.maxlength is not None
    ]
    together = sum(length * count for length, count in lengths)
    return together * encoded, max((length for length, _ in lengths), default=0) * alone


def _file_room(fields: Sequence[Field], files: int, file_bytes: int) -> int:
    """How many bytes the files of one request may have together, as far as the fields allow."""
    wanted = 0
    for field in fields:
        if field.kind == ControlKind.FILE:
            count = field.max_files or (files if field.multiple else 1)
            wanted += count * (field.max_file_bytes or file_bytes)
    return min(wanted, files * file_bytes)
