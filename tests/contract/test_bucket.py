"""The Bucket port, over the fake and over S3 as ministack has it; then what is S3's alone."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.aws.buckets import STAGE_NAMES, STAGES, BucketStage, s3_environment
from todoke.model.errors import StoreUnavailable
from todoke.model.submission import Source
from todoke.ports.bucket import INCOMING, KEPT, SAMPLE_BYTES
from todoke.stores.dynamodb.s3_bucket import S3Bucket

LARGE = (bytes(range(251)) * 11_953)[:3_000_000]
KEY = f"{INCOMING}06h0eabc"


@pytest.fixture(params=STAGE_NAMES)
def stage(request: pytest.FixtureRequest) -> Iterator[BucketStage]:
    """An empty bucket of each kind."""
    with STAGES[request.param]() as made:
        yield made


def source_of(stage: BucketStage, content: bytes) -> tuple[Source, str]:
    """What was looked at, for a copy, and its hash."""
    found = stage.bucket.look(KEY, size=len(content))
    assert found is not None
    return Source(KEY, found.version, found.sample), found.digest


class TestLinks:
    def test_a_file_of_this_size_is_taken(self, stage: BucketStage) -> None:
        """Under the key of the link, and again if it is put again."""
        link = stage.bucket.upload_link(KEY, size=len(LARGE), seconds=60)
        assert stage.post(link, LARGE)
        assert stage.post(link, LARGE)
        assert stage.all_keys() == [KEY]
        assert stage.bucket.read(KEY) == LARGE

    @pytest.mark.parametrize("content", [b"", LARGE[:-1], LARGE + b"x"])
    def test_one_of_another_size_is_not(self, stage: BucketStage, content: bytes) -> None:
        """Nor one byte less, nor one more."""
        link = stage.bucket.upload_link(KEY, size=len(LARGE), seconds=60)
        assert not stage.post(link, content)
        assert stage.all_keys() == []

    @pytest.mark.parametrize(
        "changed",
        [
            {"key": "kept/x"},
            {"Content_Type": "text/html"},
            {"acl": "public-read"},
            {"x_amz_tagging": "a"},
        ],
    )
    def test_nor_by_other_fields(self, stage: BucketStage, changed: dict[str, str]) -> None:
        """Another key, another type, or a field that was not signed."""
        link = stage.bucket.upload_link(KEY, size=3, seconds=60)
        assert not stage.post(link, b"abc", **changed)
        assert stage.all_keys() == []

    def test_nor_too_late(self, stage: BucketStage) -> None:
        """A link that ended takes nothing."""
        link = stage.bucket.upload_link(KEY, size=3, seconds=0)
        assert not stage.post(link, b"abc")

    def test_a_download_is_never_opened_in_place(self, stage: BucketStage) -> None:
        """As an attachment of no known type, by any name."""
        stage.bucket.put("kept/x/0", b"<script>")
        link = stage.bucket.download_link("kept/x/0", name='写真 "1".html', seconds=60)
        headers, content = stage.download(link)
        assert content == b"<script>"
        assert headers["content-type"] == "application/octet-stream"
        shown = "attachment; filename*=utf-8''%E5%86%99%E7%9C%9F%20%221%22.html"
        assert headers["content-disposition"] == shown


class TestLooking:
    def test_size_hash_and_both_ends(self, stage: BucketStage) -> None:
        """All that the door must know of a content."""
        stage.bucket.put(KEY, LARGE)
        found = stage.bucket.look(KEY, size=len(LARGE))
        assert found is not None
        assert (found.size, found.digest) == (len(LARGE), hashlib.sha256(LARGE).hexdigest())
        assert found.sample == LARGE[:SAMPLE_BYTES] + LARGE[-SAMPLE_BYTES:]

    def test_nothing_there_or_another_size(self, stage: BucketStage) -> None:
        """None, and reading gives None as well."""
        assert stage.bucket.look(KEY, size=3) is None
        assert stage.bucket.read(KEY) is None
        stage.bucket.put(KEY, b"abcd")
        assert stage.bucket.look(KEY, size=3) is None

    def test_a_copy_is_of_what_was_looked_at(self, stage: BucketStage) -> None:
        """And both are there afterwards."""
        stage.bucket.put(KEY, LARGE)
        source, digest = source_of(stage, LARGE)
        stage.bucket.copy(source, "kept/x/0", digest)
        assert stage.bucket.read("kept/x/0") == LARGE
        assert stage.all_keys() == [KEY, "kept/x/0"]

    def test_another_content_in_its_place_is_not_copied(self, stage: BucketStage) -> None:
        """Who swaps the file between look and copy gains nothing."""
        stage.bucket.put(KEY, b"harmless")
        source, digest = source_of(stage, b"harmless")
        stage.bucket.put(KEY, b"malware!")
        with pytest.raises(StoreUnavailable):
            stage.bucket.copy(source, "kept/x/0", digest)
        stage.bucket.remove([KEY])
        with pytest.raises(StoreUnavailable):
            stage.bucket.copy(source, "kept/x/0", digest)
        assert stage.all_keys() == []


class TestKeys:
    def test_between_two_bounds_in_order_and_only_what_is_kept(self, stage: BucketStage) -> None:
        """Both bounds left out; each with when it was put."""
        begun = datetime.now(UTC) - timedelta(seconds=5)
        for name in ("c", "a", "b", "d", "b/1"):
            stage.bucket.put(KEPT + name, b"x")
        stage.bucket.put(f"{INCOMING}b", b"x")
        found = list(stage.bucket.kept(after=f"{KEPT}a", before=f"{KEPT}d"))
        assert [kept.key for kept in found] == [f"{KEPT}b", f"{KEPT}b/1", f"{KEPT}c"]
        assert all(begun < kept.put_at < begun + timedelta(minutes=5) for kept in found)

    def test_removing_many_and_what_is_not_there(self, stage: BucketStage) -> None:
        """To remove twice is no fault."""
        keys = [f"{KEPT}{n}" for n in range(12)]
        for key in keys:
            stage.bucket.put(key, b"x")
        stage.bucket.remove([])
        stage.bucket.remove(keys[:10])
        stage.bucket.remove(keys[:11])
        assert stage.all_keys() == [keys[11]]


@pytest.mark.aws
class TestS3:
    def test_more_keys_than_one_page_holds(self) -> None:
        """A listing goes on where the page before it ended; a removal is cut into what S3 takes."""
        with STAGES["s3"]() as stage:
            keys = [f"{KEPT}{n:04}" for n in range(1_003)]
            for key in keys:
                stage.client.put_object(Bucket=stage.bucket.name, Key=key, Body=b"")
            assert [k.key for k in stage.bucket.kept(after=KEPT, before="kept0")] == keys
            stage.bucket.remove(keys)
            assert stage.all_keys() == []

    def test_no_bucket_is_unavailable_not_absent(self) -> None:
        """A wrong name must not look like a file that never arrived."""
        with STAGES["s3"]() as stage:
            wrong = S3Bucket("nobody-s")
            for ask in (
                lambda: wrong.look(KEY, size=1),
                lambda: wrong.read(KEY),
                lambda: wrong.put(KEY, b""),
                lambda: list(wrong.kept(after="", before="z")),
            ):
                with pytest.raises(StoreUnavailable, match="NoSuchBucket"):
                    ask()
            assert stage.all_keys() == []

    def test_nobody_there_is_unavailable(self) -> None:
        """The name of the error, and nothing of the request."""
        with (
            s3_environment("http://127.0.0.1:9"),
            pytest.raises(StoreUnavailable, match="S3 does not answer"),
        ):
            S3Bucket("b").read(KEY)


class TestPolicy:
    """What the link says, as S3 will read it: no emulator need be believed."""

    def policy(self) -> tuple[str, Any]:
        with s3_environment(""):
            link = S3Bucket("uploads").upload_link(KEY, size=12, seconds=3_600)
        return link.url, json.loads(base64.b64decode(link.fields["policy"]))

    def test_it_pins_key_size_and_type_and_ends(self) -> None:
        """Each field of the form is in it, so that none can be added or changed."""
        begun = datetime.now(UTC)
        url, policy = self.policy()
        assert url == "https://uploads.s3.us-east-1.amazonaws.com/"
        end = datetime.fromisoformat(policy["expiration"])
        assert timedelta(minutes=59) < end - begun < timedelta(minutes=61)
        stated = policy["conditions"]
        for condition in (
            {"bucket": "uploads"},
            {"key": KEY},
            {"Content-Type": "application/octet-stream"},
            ["content-length-range", 12, 12],
        ):
            assert condition in stated
        assert not [c for c in stated if isinstance(c, list) and c[0] == "starts-with"]

    def test_the_host_is_that_of_the_region(self) -> None:
        """A redirect from elsewhere has no CORS headers: no browser would follow it."""
        with s3_environment(""):
            import os  # noqa: PLC0415

            os.environ["AWS_REGION"] = "ap-northeast-1"
            link = S3Bucket("uploads").upload_link(KEY, size=1, seconds=60)
        assert link.url == "https://uploads.s3.ap-northeast-1.amazonaws.com/"

    def test_a_copy_whose_hash_is_another_is_removed(self) -> None:
        """S3 states the SHA-256 of what it copied; two contents of one ETag do not pass for one another."""

        class Client:
            def __init__(self) -> None:
                self.removed: list[str] = []

            def copy_object(self, **asked: Any) -> Any:
                assert asked["CopySourceIfMatch"] == '"etag"'
                assert asked["ChecksumAlgorithm"] == "SHA256"
                told = base64.b64encode(hashlib.sha256(b"malware!").digest()).decode()
                return {"CopyObjectResult": {"ChecksumSHA256": told}}

            def delete_objects(self, **asked: Any) -> Any:
                self.removed += [found["Key"] for found in asked["Delete"]["Objects"]]
                return {}

        client = Client()
        bucket = S3Bucket("uploads", make=lambda: client)
        source = Source(KEY, '"etag"')
        with pytest.raises(StoreUnavailable, match="not the one"):
            bucket.copy(source, "kept/x", hashlib.sha256(b"harmless").hexdigest())
        assert client.removed == ["kept/x"]
        bucket.copy(source, "kept/y", hashlib.sha256(b"malware!").hexdigest())
        assert client.removed == ["kept/x"]

    def test_what_s3_did_not_remove_is_told(self) -> None:
        """An erasure must not pass for done."""

        class Client:
            def delete_objects(self, **_: Any) -> Any:
                return {"Errors": [{"Key": "kept/x", "Code": "SlowDown"}]}

        with pytest.raises(StoreUnavailable, match="SlowDown"):
            S3Bucket("uploads", make=Client).remove(["kept/x"])
