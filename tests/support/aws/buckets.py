"""Buckets for tests: the fake, and S3 as ministack has it, each with what a browser does to it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest
import urllib3
from urllib3.fields import RequestField

from todoke.ports.bucket import Bucket, UploadLink
from todoke.stores.dynamodb.s3_bucket import S3Bucket, make_s3_client
from todoke.testing import MemoryBucket

_numbers = itertools.count(1)
ENVIRON = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class BucketStage(Protocol):
    """A bucket with a browser before it."""

    bucket: Bucket

    def post(self, link: UploadLink, content: bytes, **changed: str) -> bool:
        """Post a content by a link, some of its fields changed; whether it was taken."""
        ...

    def download(self, link: str) -> tuple[Mapping[str, str], bytes]:
        """Header fields and body of what a download link gives."""
        ...

    def all_keys(self) -> list[str]:
        """The keys of all objects."""
        ...


@dataclass
class MemoryStage:
    """The fake's."""

    bucket: MemoryBucket

    def post(self, link: UploadLink, content: bytes, **changed: str) -> bool:
        """See BucketStage. Fields are not signed here: a changed one is refused as S3 would."""
        return not changed and self.bucket.post(link.fields, content)

    def download(self, link: str) -> tuple[Mapping[str, str], bytes]:
        """See BucketStage."""
        path, _, query = link.removeprefix("https://bucket.example/").partition("?")
        content = self.bucket.read(path)
        assert content is not None
        shown = query.partition("name=")[2].partition("&")[0]
        return {
            "content-type": "application/octet-stream",
            "content-disposition": f"attachment; filename*=utf-8''{shown}",
        }, content

    def all_keys(self) -> list[str]:
        """See BucketStage."""
        return sorted(self.bucket.objects)


@dataclass
class S3Stage:
    """ministack's."""

    bucket: S3Bucket
    client: Any

    def post(self, link: UploadLink, content: bytes, **changed: str) -> bool:
        """See BucketStage."""
        parts = [
            RequestField.from_tuples(name.replace("_", "-"), value)
            for name, value in (dict(link.fields) | changed).items()
        ]
        parts.append(RequestField.from_tuples("file", ("file", content)))
        body, kind = urllib3.encode_multipart_formdata(parts)
        answer = urllib3.request(
            "POST", link.url, body=body, headers={"content-type": kind}, retries=False
        )
        return answer.status == 204

    def download(self, link: str) -> tuple[Mapping[str, str], bytes]:
        """See BucketStage."""
        answer = urllib3.request("GET", link, retries=False)
        assert answer.status == 200, answer.data
        return {name.lower(): value for name, value in answer.headers.items()}, answer.data

    def all_keys(self) -> list[str]:
        """See BucketStage."""
        answer = self.client.list_objects_v2(Bucket=self.bucket.name)
        return [found["Key"] for found in answer.get("Contents", ())]


@contextmanager
def memory_stage() -> Iterator[BucketStage]:
    """The fake, on the present time as S3 is."""
    yield MemoryStage(MemoryBucket(clock=lambda: datetime.now(UTC)))


@contextmanager
def s3_stage() -> Iterator[BucketStage]:
    """A new bucket in ministack."""
    from support.aws.emulators import ministack  # noqa: PLC0415 - not for who has no botocore

    with s3_environment(ministack().url):
        client = make_s3_client()
        name = f"uploads-{os.getpid()}-{next(_numbers)}"
        client.create_bucket(Bucket=name)
        bucket = S3Bucket(name)
        yield S3Stage(bucket, client)
        bucket.close()
        client.close()


@contextmanager
def s3_environment(endpoint: str) -> Iterator[None]:
    """The variables by which clients find S3 and their credentials; an endpoint of "" is AWS's own."""
    before = dict(os.environ)
    os.environ.update(ENVIRON | ({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


STAGES: dict[str, Callable[[], Any]] = {"memory": memory_stage, "s3": s3_stage}
STAGE_NAMES = [pytest.param("memory"), pytest.param("s3", marks=pytest.mark.aws)]
