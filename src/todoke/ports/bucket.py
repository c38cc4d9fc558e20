"""The bucket: where the contents of files lie on AWS, beside the table. Ports and their values.

Under INCOMING a browser puts a file before its form is sent; what no submission took is deleted there within two days.
Under KEPT are the contents of submissions' files, by names that begin with the submission's id, so they sort by time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from todoke.model.submission import Source

INCOMING = "incoming/"
KEPT = "kept/"
SAMPLE_BYTES = 262_144
"""So much of the begin and of the end of a content tells what kind of file it is; a ZIP's names stand at its end."""


class UploadLink(msgspec.Struct, frozen=True):
    """Where a browser posts one file to: these fields first, then the file as the field `file`."""

    url: str
    fields: Mapping[str, str]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of an object: `size` in bytes, SHA-256 in hex, its begin and end, and which version it was."""

    size: int
    digest: str
    sample: bytes
    version: str = ""


class KeptObject(msgspec.Struct, frozen=True):
    """An object under KEPT, and when it was put there."""

    key: str
    put_at: datetime


class Incoming(Protocol):
    """Takes files from browsers before their form is sent. Errors are those of Bucket."""

    def upload_link(self, key: str, *, size: int, seconds: int) -> UploadLink:
        """A link by which anyone may put a content of exactly `size` bytes at `key`, and no other, for `seconds`."""
        ...

    def look(self, key: str, *, size: int) -> Content | None:
        """Read a content through, in pieces; None if there is none, or not of this size."""
        ...


class Contents(Protocol):
    """Keeps the contents of submissions' files. Durability and errors are those of Bucket."""

    def put(self, key: str, content: bytes) -> None:
        """Keep a content, in place of what was there."""
        ...

    def copy(self, source: Source, key: str, digest: str) -> None:
        """Keep at `key` what was looked at as `source`.

        StoreUnavailable also: if it is gone or another content took its place; nothing is then at `key`.
        """
        ...

    def read(self, key: str) -> bytes | None:
        """A whole content; None if there is none."""
        ...

    def remove(self, keys: Sequence[str]) -> None:
        """Remove these; to remove what is not there is no fault."""
        ...

    def kept(self, *, after: str, before: str) -> Iterator[KeptObject]:
        """The objects under KEPT with after < key < before, in the order of their keys."""
        ...

    def download_link(self, key: str, *, name: str, seconds: int) -> str:
        """An address that gives the content for `seconds`, only ever as a download, called `name`."""
        ...


class Bucket(Incoming, Contents, Protocol):
    """Keeps contents under keys. Safe to call from any thread; a put, a copy or a removal is durable when it returns.

    Every method may raise StoreUnavailable: if the bucket cannot do it now, or refuses it.
    """

    def close(self) -> None:
        """Let go of connections."""
        ...


def examine(pieces: Iterable[bytes], version: str = "") -> Content:
    """What a content is, read piece by piece; never more than a piece and the sample is held."""
    digest = hashlib.sha256()
    size = 0
    head, tail = bytearray(), b""
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
        room = SAMPLE_BYTES - len(head)
        head += piece[:room]
        tail = (tail + piece[room:])[-SAMPLE_BYTES:]
    return Content(size=size, digest=digest.hexdigest(), sample=bytes(head) + tail, version=version)
