"""The bucket in S3. The client is made when it is first needed: most forms and most starts need none."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote

from todoke.model.errors import StoreUnavailable
from todoke.model.submission import Source
from todoke.ports.bucket import KEPT, Content, KeptObject, UploadLink, examine

T = TypeVar("T")

CONNECT_SECONDS, READ_SECONDS = 2.0, 20.0
OCTETS = "application/octet-stream"
_ATTEMPTS = 3
_PIECE_BYTES = 1_048_576
_MOST_KEYS = 1_000  # DeleteObjects' own limit
_ABSENT = frozenset({"NoSuchKey", "404"})
_REPLACED = frozenset({"PreconditionFailed", "412"})


def make_s3_client() -> Any:
    """A client for the region and endpoint in the environment (AWS_REGION, AWS_ENDPOINT_URL).

    Raises StoreUnavailable: if no region is named, or the like.
    """
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        signature_version="s3v4",
        # Links must name the bucket's own region: a redirect has no CORS headers, so no browser would follow it.
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        tcp_keepalive=True,
    )
    try:
        return get_session().create_client(
            "s3", region_name=os.environ.get("AWS_REGION"), config=config
        )
    except (BotoCoreError, ValueError) as error:
        raise StoreUnavailable(f"S3 cannot be used: {error}") from error


class S3Bucket:
    """See Bucket. `name` is the bucket's; `make` makes botocore's client."""

    def __init__(self, name: str, make: Callable[[], Any] = make_s3_client) -> None:
        self.name = name
        self._make = make
        self._made: Any = None
        self._lock = Lock()

    def upload_link(self, key: str, *, size: int, seconds: int) -> UploadLink:
        """See Bucket. Nothing is asked of S3: a link is a signature."""
        answer = self._ask(
            lambda client: client.generate_presigned_post(
                Bucket=self.name,
                Key=key,
                Fields={"Content-Type": OCTETS},
                Conditions=[{"Content-Type": OCTETS}, ["content-length-range", size, size]],
                ExpiresIn=seconds,
            )
        )
        return UploadLink(answer["url"], answer["fields"])

    def look(self, key: str, *, size: int) -> Content | None:
        """See Bucket."""

        def read(client: Any) -> Content | None:
            answer = client.get_object(Bucket=self.name, Key=key)
            with closing(answer["Body"]) as body:
                if answer["ContentLength"] != size:
                    return None
                return examine(body.iter_chunks(_PIECE_BYTES), answer["ETag"])

        return self._ask_for(read)

    def put(self, key: str, content: bytes) -> None:
        """See Bucket."""
        self._ask(
            lambda client: client.put_object(
                Bucket=self.name, Key=key, Body=content, ContentType=OCTETS
            )
        )

    def copy(self, source: Source, key: str, digest: str) -> None:
        """See Bucket. The version is the ETag; S3 also says the copy's SHA-256, which must be the one looked at."""
        answer = self._ask(
            lambda client: client.copy_object(
                Bucket=self.name,
                Key=key,
                CopySource={"Bucket": self.name, "Key": source.key},
                CopySourceIfMatch=source.version,
                ChecksumAlgorithm="SHA256",
            )
        )
        told = answer.get("CopyObjectResult", {}).get("ChecksumSHA256")
        if told is not None and told != _base64(digest):
            self.remove([key])
            raise StoreUnavailable("A file in the bucket is not the one that was looked at.")

    def read(self, key: str) -> bytes | None:
        """See Bucket."""

        def read(client: Any) -> bytes:
            with closing(client.get_object(Bucket=self.name, Key=key)["Body"]) as body:
                content: bytes = body.read()
                return content

        return self._ask_for(read)

    def remove(self, keys: Sequence[str]) -> None:
        """See Bucket."""
        for start in range(0, len(keys), _MOST_KEYS):
            answer = self._remove(keys[start : start + _MOST_KEYS])
            if answer.get("Errors"):
                code = answer["Errors"][0].get("Code", "")
                raise StoreUnavailable(f"S3 does not remove a file: {code}")

    def kept(self, *, after: str, before: str) -> Iterator[KeptObject]:
        """See Bucket. Page by page, so however many there are, few are held."""
        while True:
            answer = self._page(after)
            for listed in answer.get("Contents", ()):
                after = listed["Key"]
                if after >= before:
                    return
                yield KeptObject(after, listed["LastModified"])
            if not answer.get("IsTruncated"):
                return

    def download_link(self, key: str, *, name: str, seconds: int) -> str:
        """See Bucket. Nothing is asked of S3: a link is a signature."""
        disposition = f"attachment; filename*=utf-8''{quote(name, safe='', errors='replace')}"
        link: str = self._ask(
            lambda client: client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self.name,
                    "Key": key,
                    "ResponseContentDisposition": disposition,
                    "ResponseContentType": OCTETS,
                    "ResponseCacheControl": "no-store",
                },
                ExpiresIn=seconds,
            )
        )
        return link

    def close(self) -> None:
        """See Bucket."""
        with self._lock:
            if self._made is not None:
                self._made.close()
                self._made = None

    def _page(self, after: str) -> Any:
        return self._ask(
            lambda client: client.list_objects_v2(Bucket=self.name, Prefix=KEPT, StartAfter=after)
        )

    def _remove(self, keys: Sequence[str]) -> Any:
        wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        return self._ask(lambda client: client.delete_objects(Bucket=self.name, Delete=wanted))

    def _ask_for(self, question: Callable[[Any], T]) -> T | None:
        """Ask for an object; None if it is not there."""
        try:
            return self._ask(question)
        except _Absent:
            return None

    def _ask(self, question: Callable[[Any], T]) -> T:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            return question(self._client())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _ABSENT:
                raise _Absent("A file is no longer in the bucket.") from error
            if code in _REPLACED:
                raise StoreUnavailable("A file in the bucket was replaced.") from error
            raise StoreUnavailable(f"S3 refuses: {code}") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"S3 does not answer: {type(error).__name__}") from error

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


class _Absent(StoreUnavailable):
    """There is no such object."""


def _base64(digest: str) -> str:
    return b64encode(bytes.fromhex(digest)).decode()
