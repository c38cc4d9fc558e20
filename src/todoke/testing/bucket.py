"""A bucket in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from todoke.model.errors import StoreUnavailable
from todoke.model.submission import Source
from todoke.ports.bucket import KEPT, Content, KeptObject, UploadLink, examine
from todoke.ports.clock import Clock
from todoke.testing.peers import FakeClock


@dataclass(slots=True)
class MemoryBucket:
    """A bucket that forgets all when the process ends; `fault` is raised for as long as it is set.

    `objects` are the contents and when each was put; `post` is what a browser does with an upload link.
    """

    clock: Clock = field(default_factory=FakeClock)
    url: str = "https://bucket.example/"
    objects: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    fault: Exception | None = None

    def upload_link(self, key: str, *, size: int, seconds: int) -> UploadLink:
        """See Bucket."""
        self._answer()
        until = self.clock() + timedelta(seconds=seconds)
        fields = {"key": key, "size": str(size), "until": until.isoformat()}
        return UploadLink(self.url, fields)

    def post(self, fields: Mapping[str, str], content: bytes) -> bool:
        """Put a content by the fields of a link; whether it was taken."""
        is_good = self.clock() < datetime.fromisoformat(fields["until"])
        is_good = is_good and len(content) == int(fields["size"])
        if is_good:
            self.put(fields["key"], content)
        return is_good

    def look(self, key: str, *, size: int) -> Content | None:
        """See Bucket."""
        content = self.read(key)
        if content is None or len(content) != size:
            return None
        return examine([content], version=hashlib.sha256(content).hexdigest())

    def put(self, key: str, content: bytes) -> None:
        """See Bucket."""
        self._answer()
        self.objects[key] = (content, self.clock())

    def copy(self, source: Source, key: str, digest: str) -> None:
        """See Bucket."""
        content = self.read(source.key)
        if content is None or hashlib.sha256(content).hexdigest() != digest:
            raise StoreUnavailable("The file is gone, or another.")
        self.put(key, content)

    def read(self, key: str) -> bytes | None:
        """See Bucket."""
        self._answer()
        return self.objects[key][0] if key in self.objects else None

    def remove(self, keys: Sequence[str]) -> None:
        """See Bucket."""
        self._answer()
        for key in keys:
            self.objects.pop(key, None)

    def kept(self, *, after: str, before: str) -> Iterator[KeptObject]:
        """See Bucket."""
        self._answer()
        for key in sorted(k for k in self.objects if k.startswith(KEPT) and after < k < before):
            yield KeptObject(key, self.objects[key][1])

    def download_link(self, key: str, *, name: str, seconds: int) -> str:
        """See Bucket."""
        self._answer()
        return f"{self.url}{key}?name={quote(name, safe='')}&seconds={seconds}"

    def close(self) -> None:
        """See Bucket."""

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault
