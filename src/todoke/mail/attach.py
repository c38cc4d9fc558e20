"""Which of a visitor's files a notification carries, and as what: names that lead nowhere, types that start nothing.

Only to managers, only where the form says so. What does not fit, and what runs when it is opened, stays at the desk:
mail servers refuse a whole mail for such a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from todoke.forms.accept import types_of
from todoke.forms.file_kinds import EXTENSION
from todoke.forms.media_types import ACTIVE, PROGRAMS
from todoke.model.form import Form
from todoke.model.mail import Attachment
from todoke.model.settings import Room
from todoke.model.submission import File, Submission, files

UNTYPED = "application/octet-stream"
NAME_LIMIT = 80
"""Characters of a name."""
_PART = 3_000  # octets of a part's header with a long name, and of what stands around the part
_BAD = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u2028\u2029\ud800-\udfff]')
_EDGES = " .\u3000"
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
"""Names that Windows keeps for devices."""


def attachable(submission: Submission, form: Form, room: Room) -> tuple[int, ...]:
    """The positions of the files that a notification of this form has room for, in the order they came.

    A file that has none lets a smaller one after it pass. `room` is the service's own.
    """
    left, octets = form.attach, room.octets
    chosen: list[int] = []
    for position, _entry, file in files(submission.entries):
        encoded = encoded_size(file.size)
        full = room.files is not None and len(chosen) >= room.files
        if full or file.size > left or (octets is not None and encoded > octets):
            continue
        if not file.size or runs(file.name):
            continue
        left -= file.size
        octets = None if octets is None else octets - encoded
        chosen.append(position)
    return tuple(chosen)


def encoded_size(octets: int) -> int:
    """How many octets a file has in a mail: base64 in lines of 76 with CRLF (RFC 2045 6.8), and its part's header."""
    encoded = -(-octets // 3) * 4
    return encoded + -(-encoded // 76) * 2 + _PART


def runs(name: str) -> bool:
    """Whether a file of this name runs, or makes something run, when a person opens it."""
    return _extension(name) in PROGRAMS


def attachment(file: File, number: int) -> Attachment:
    """A file as a mail carries it. `number` names one that has no name."""
    types = types_of(_extension(file.name))
    media_type = types[0] if types and types[0] not in ACTIVE else UNTYPED
    return Attachment(
        name=safe_name(file.name, number), media_type=media_type, content=file.content
    )


def safe_name(name: str, number: int) -> str:
    """`name` without a path, controls, characters that steer or hide, or what a file system takes for something else.

    Several extensions stay as they are; a long name is cut before its last one.
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = _BAD.sub("_", "".join(_visible(last))).rstrip(_EDGES)
    plain = re.sub(r"\s+", " ", plain)
    found = EXTENSION.search(plain)
    ending = found[0] if found and len(found[0]) < 20 else ""
    stem = plain[: len(plain) - len(ending)]
    stem = stem[: NAME_LIMIT - len(ending)].strip(_EDGES) or f"file-{number}"
    return f"_{stem}{ending}" if _DEVICES.match(stem) else stem + ending


def _visible(text: str) -> Iterator[str]:
    return (c for c in text if unicodedata.category(c) not in ("Cf", "Cc", "Cs", "Zl", "Zp", "Co"))


def _extension(name: str) -> str:
    found = EXTENSION.search("".join(_visible(name)).rstrip(_EDGES).lower())
    return found[0] if found else ""
