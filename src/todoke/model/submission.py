"""What a visitor sent: an entry list, and the submission it becomes once a form accepts it.

Values only; where an entry list comes from is not known here.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from todoke.model.address import Address


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file's content lies until its submission is kept: in an object of the bucket (bucket.py).

    `version` tells the content that was looked at from one that takes its place. `sample` is its begin and end, None
    while nothing is known of it but what the browser said.
    """

    key: str
    version: str = ""
    sample: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file from a file control: its name as sent (never a path), declared media type, and bytes.

    `size` (in bytes) and `digest` (SHA-256 in hex) are those of the content; they stay where a timeline carries
    the file without it. A file that came by the bucket has a `source` instead of the content until it is kept.
    """

    name: str
    media_type: str
    content: bytes = field(repr=False)
    size: int = -1
    digest: str = ""
    source: Source | None = None

    def __post_init__(self) -> None:
        if self.size < 0:
            object.__setattr__(self, "size", len(self.content))
        if not self.digest:
            object.__setattr__(self, "digest", hashlib.sha256(self.content).hexdigest())

    def without_content(self) -> File:
        """The same file as a timeline carries it."""
        return dataclasses.replace(self, content=b"", source=None)


class Entry(msgspec.Struct, frozen=True):
    """One name-value pair of an entry list (WHATWG HTML 4.10.21.4).

    `raw` holds the value's bytes as received when they could not be decoded without loss; `value` then shows
    them with U+FFFD, so that nothing is lost and nothing breaks. For a file these are the bytes of its name. When
    the entry's own name shows U+FFFD, `raw` is that name, percent-encoded, then "=", then the value's bytes.
    """

    name: str
    value: str | File
    raw: bytes | None = None


EntryList = tuple[Entry, ...]


def texts(entries: EntryList, name: str) -> tuple[str, ...]:
    """All text values sent under `name`, in order."""
    return tuple(e.value for e in entries if e.name == name and isinstance(e.value, str))


def first_text(entries: EntryList, name: str) -> str:
    """The first text value sent under `name`, or an empty string."""
    return next(iter(texts(entries, name)), "")


def without(entries: EntryList, name: str) -> EntryList:
    """The entries but for those of this name."""
    return tuple(entry for entry in entries if entry.name != name)


def files(entries: EntryList) -> Iterator[tuple[int, Entry, File]]:
    """Each file entry with its position in the list."""
    for position, entry in enumerate(entries):
        if isinstance(entry.value, File):
            yield position, entry, entry.value


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in one field: `code` for programs (WHATWG ValidityState names where they fit), `message` for people.

    `field` is the control's name; an empty string means the form as a whole.
    """

    field: str
    code: str
    message: str


FieldErrors = tuple[FieldError, ...]


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted sending of a form.

    `id` is of ids.submission_id. `token_hash` is the ids.receipt_hash of the receipt link's token; the token itself is
    never stored.
    `visitor` is the visitor's mail address as typed, NOBODY when the form has none. `retain_until` is when
    retention erases it, None for never. `signals` names what a guard found suspicious; where there are any, it is
    kept for review: its messages are not due before somebody has looked at it.
    """

    id: str
    form: str
    received_at: datetime
    entries: EntryList
    language: str
    visitor: Address
    token_hash: str
    retain_until: datetime | None = None
    signals: tuple[str, ...] = ()

    def with_contents(self, contents: Mapping[int, bytes]) -> Submission:
        """The same with its files' content, by their positions; there is one for each file."""
        entries = list(self.entries)
        for position, entry, file in files(self.entries):
            whole = File(name=file.name, media_type=file.media_type, content=contents[position])
            entries[position] = msgspec.structs.replace(entry, value=whole)
        return msgspec.structs.replace(self, entries=tuple(entries))

    def without_contents(self) -> Submission:
        """The same as a timeline carries it: its files without their content."""
        entries = tuple(
            msgspec.structs.replace(e, value=e.value.without_content())
            if isinstance(e.value, File)
            else e
            for e in self.entries
        )
        return msgspec.structs.replace(self, entries=entries)


class RepeatKey(msgspec.Struct, frozen=True, kw_only=True):
    """What makes two requests one submission: an Idempotency-Key, or the same answers from the same place.

    `key` is a hash; `fingerprint` hashes the content, so that a key used again for other content is noticed.
    It holds until `expires_at`. `of_visitor` is True when equal keys can only come of one visitor's address.
    `uploads` names what else can be taken but once until then: the files that came by the bucket (hashes, too).
    """

    key: str
    fingerprint: str
    expires_at: datetime
    of_visitor: bool = False
    uploads: tuple[str, ...] = ()
