"""The contents of submissions' files in the bucket beside the table, where there is one.

They are there before the submission is, and go before it goes: so a submission is never without its files, and an
erasure that was cut short is found and finished by the next one. A crash in between leaves objects that no submission
names; these can be found by their time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from todoke.mail.inert import clean_line
from todoke.model.errors import StoreCorrupt, StoreError, StoreUnavailable
from todoke.model.submission import File, Submission, files
from todoke.ports.bucket import KEPT, Contents

LINK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """Puts, reads and removes them. `nonce` is that of the write that added the submission."""

    bucket: Contents

    def keep(self, submission: Submission, nonce: bytes) -> bool:
        """Put the contents of all files that are not empty; whether there are any. If one fails, none stays."""
        put: list[str] = []
        try:
            for position, file in _filled(submission):
                key = content_key(submission.id, nonce, position)
                put.append(key)
                if file.source is None:
                    self.bucket.put(key, file.content)
                else:
                    self.bucket.copy(file.source, key, file.digest)
        except BaseException:
            with contextlib.suppress(StoreError):
                self.bucket.remove(put)
            raise
        return bool(put)

    def read(self, submission: Submission, nonce: bytes, position: int) -> bytes:
        """The content of the file at a position. Raises StoreCorrupt: if it is not there."""
        content = self.bucket.read(content_key(submission.id, nonce, position))
        if content is None:
            raise StoreCorrupt(f"A file of {submission.id} is not in the bucket.")
        return content

    def link(self, submission: Submission, nonce: bytes, position: int, name: str) -> str:
        """An address that gives it for some minutes."""
        key = content_key(submission.id, nonce, position)
        shown = clean_line(name, limit=150).replace("/", "_").replace("\\", "_") or "file"
        return self.bucket.download_link(key, name=shown, seconds=LINK_SECONDS)

    def remove(self, submission: Submission, nonce: bytes) -> None:
        """Remove the contents of all its files."""
        self.bucket.remove([content_key(submission.id, nonce, at) for at, _ in _filled(submission)])


def required(kept: KeptFiles | None) -> KeptFiles:
    """The bucket's files. Raises StoreUnavailable: if there is no bucket here, though a submission has files in one."""
    if kept is None:
        raise StoreUnavailable(
            "Files of a submission lie in a bucket: set TODOKE_UPLOADS to its name."
        )
    return kept


def _filled(submission: Submission) -> Iterator[tuple[int, File]]:
    return ((at, file) for at, _, file in files(submission.entries) if file.size)


def content_key(submission_id: str, nonce: bytes, position: int) -> str:
    """An object's name in the bucket: the submission's id, so that it sorts by time, then which write and file."""
    return f"{KEPT}{submission_id}/{nonce.hex()}.{position:05}"
