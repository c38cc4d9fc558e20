"""The DynamoDB store with a bucket beside it: files are there before their submission, and gone before it goes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

import support.aws.emulators as aws_emulators
from support.aws.buckets import STAGE_NAMES, STAGES, BucketStage
from support.store.desk import SECRET, START, VISITOR, Desk
from todoke.model.delivery import Kind
from todoke.model.errors import StoreUnavailable
from todoke.model.kept import Restored
from todoke.model.submission import Entry, File, Source
from todoke.ports.bucket import INCOMING, KEPT, Bucket
from todoke.ports.outbox import Added, Duplicate
from todoke.stores.dynamodb.items import current_key
from todoke.stores.dynamodb.s3_bucket import S3Bucket
from todoke.stores.dynamodb.store import DynamoStore
from todoke.testing import MemoryBucket

pytestmark = pytest.mark.aws

PHOTO = File(name="photo.png", media_type="image/png", content=b"\x89PNG\x00" + b"x" * 700_000)
EMPTY = File(name="empty.txt", media_type="text/plain", content=b"")
LARGE = b"%PDF-1.7\n" + b"y" * 20_000_000


@dataclass
class BucketDesk(Desk):
    """Hands for a store with a bucket."""

    stage: BucketStage = None  # type: ignore[assignment]

    def uploaded(self, content: bytes = LARGE) -> File:
        """A file that came by the bucket, as the door saw it there."""
        key = f"{INCOMING}{next(self.numbers)}"
        self.stage.bucket.put(key, content)
        found = self.stage.bucket.look(key, size=len(content))
        assert found is not None
        return File(
            name="cv.pdf",
            media_type="application/pdf",
            content=b"",
            size=found.size,
            digest=found.digest,
            source=Source(key, found.version, found.sample),
        )

    def kept(self) -> list[str]:
        """The keys of what is kept."""
        return [key for key in self.stage.all_keys() if key.startswith(KEPT)]


def store_with(bucket: Bucket | None, name: str = "") -> DynamoStore:
    """A store in DynamoDB Local, in a new table or in this one."""
    client = aws_emulators.shared_client(aws_emulators.dynamodb_local)
    table = name or aws_emulators.new_table(client)
    return DynamoStore(table, secret=SECRET, clock=lambda: START, bucket=bucket, client=client)


@pytest.fixture(params=STAGE_NAMES)
def desk(request: pytest.FixtureRequest) -> Iterator[BucketDesk]:
    """A store with each kind of bucket."""
    with STAGES[request.param]() as stage:
        store = store_with(stage.bucket)
        yield BucketDesk(store, stage=stage)
        store.close()


def table_name(desk: Desk) -> str:
    """The table of its store."""
    return desk.store._table.name  # type: ignore[attr-defined, no-any-return]


class TestKeeping:
    def test_small_and_large_come_back_whole(self, desk: BucketDesk) -> None:
        """What came in the form, what came by the bucket, and one of no bytes; far more than a table would take."""
        entries = (
            Entry("a", PHOTO),
            Entry("b", desk.uploaded()),
            Entry("c", EMPTY),
            Entry("d", "x"),
        )
        told = desk.add(desk.submission(entries=entries))
        shown = [e.value for e in told.submission.entries[:3]]
        assert [f.size for f in shown if isinstance(f, File)] == [len(PHOTO.content), len(LARGE), 0]
        assert all(isinstance(f, File) and f.content == b"" and f.source is None for f in shown)
        id_ = told.submission.id
        assert desk.store.file(id_, 0) == PHOTO
        large = desk.store.file(id_, 1)
        assert large is not None
        assert (large.name, large.content) == ("cv.pdf", LARGE)
        assert large.digest == hashlib.sha256(LARGE).hexdigest()
        assert desk.store.file(id_, 2) == EMPTY
        assert [desk.store.file(id_, at) for at in (3, 4, -1)] == [None] * 3
        assert all(key.startswith(f"{KEPT}{id_}/") for key in desk.kept())
        assert len(desk.kept()) == 2

    def test_links_are_given_for_what_lies_there(self, desk: BucketDesk) -> None:
        """And for nothing else: no text, no file of no bytes, no submission that is not there."""
        hostile = replace(PHOTO, name="\u202egnp.exe/..\\a\n")
        entries = (Entry("a", hostile), Entry("c", EMPTY), Entry("d", "x"))
        id_ = desk.add(desk.submission(entries=entries)).submission.id
        link = desk.store.file_link(id_, 0)
        assert link is not None
        headers, content = desk.stage.download(link)
        assert content == PHOTO.content
        assert headers["content-type"] == "application/octet-stream"
        shown = headers["content-disposition"]
        assert shown.startswith("attachment; filename*=utf-8''")
        assert not any(code in shown for code in ("%E2%80%AE", "%2F", "%5C", "%0A"))
        assert [desk.store.file_link(id_, at) for at in (1, 2, 3, -1)] == [None] * 4
        assert desk.store.file_link("nobody", 0) is None

    def test_a_repetition_leaves_no_copy_and_the_upload_stays(self, desk: BucketDesk) -> None:
        """A double submit is one submission, and its files are there once."""
        repeat = desk.repeat("k")
        file = desk.uploaded()
        first = desk.submission(entries=(Entry("b", file),), repeat=repeat)
        assert isinstance(desk.add_with(repeat, first), Added)
        kept = desk.kept()
        desk.move(seconds=1)
        again = desk.submission(entries=(Entry("b", file),), repeat=repeat)
        assert desk.add_with(repeat, again) == Duplicate(first.id, same_content=True)
        assert desk.kept() == kept
        assert file.source is not None
        assert file.source.key in desk.stage.all_keys()
        assert desk.store.file(first.id, 0) is not None

    def test_at_the_same_microsecond_the_loser_removes_only_its_own(self, desk: BucketDesk) -> None:
        """Two requests with one key may even have one id: their copies have names of their own."""
        repeat = desk.repeat("k")
        submission = desk.submission(entries=(Entry("b", PHOTO),), repeat=repeat)
        assert isinstance(desk.add_with(repeat, submission), Added)
        assert isinstance(desk.add_with(repeat, submission), Duplicate)
        assert desk.store.file(submission.id, 0) == PHOTO

    def test_a_file_that_was_swapped_or_is_gone_keeps_nothing(self, desk: BucketDesk) -> None:
        """No submission, no copy of any of its files."""
        file = desk.uploaded(b"harmless")
        assert file.source is not None
        desk.stage.bucket.put(file.source.key, b"malware!")
        submission = desk.submission(entries=(Entry("a", PHOTO), Entry("b", file)))
        with pytest.raises(StoreUnavailable):
            desk.store.add(submission, (), None).result()
        assert desk.kept() == []
        assert desk.store.timeline(submission.id) is None

    def test_files_that_lie_in_the_table_stay_readable(self, desk: BucketDesk) -> None:
        """A bucket that was added later changes nothing for them."""
        old = store_with(None, table_name(desk))
        submission = desk.submission(entries=(Entry("a", PHOTO),))
        old.add(submission, (), None).result()
        assert desk.store.file(submission.id, 0) == PHOTO
        assert desk.store.file_link(submission.id, 0) is None
        assert desk.store.erase(submission_id=submission.id) == 1

    def test_work_goes_on_beside_the_files(self, desk: BucketDesk) -> None:
        """Later writes of the submission keep them."""
        told = desk.add(desk.submission(entries=(Entry("a", PHOTO),)))
        for claim in desk.claim():
            desk.finish(claim, Kind.ACCEPTED)
        assert desk.store.file(told.submission.id, 0) == PHOTO


class TestMoving:
    def test_the_contents_move_along(self, desk: BucketDesk) -> None:
        """Into another table with a bucket of its own; to repeat it leaves no further copies."""
        entries = (Entry("a", PHOTO), Entry("b", desk.uploaded(b"%PDF-1.7 short")))
        id_ = desk.add(desk.submission(entries=entries)).submission.id
        bucket = MemoryBucket()
        other = store_with(bucket)
        [kept] = desk.store.walk()
        assert other.restore(kept).result() is Restored.NEW
        assert other.restore(kept).result() is Restored.SAME
        assert other.file(id_, 0) == PHOTO
        assert [content for content, _ in bucket.objects.values()] == [
            PHOTO.content,
            b"%PDF-1.7 short",
        ]
        assert list(other.walk()) == [kept]


class TestErasing:
    @pytest.mark.parametrize("condition", ["id", "address", "age", "retention"])
    def test_nothing_is_left_in_the_bucket(self, desk: BucketDesk, condition: str) -> None:
        """By every condition."""
        until = desk.now + timedelta(days=1)
        file = desk.uploaded(b"%PDF-1.7 short")
        entries = (Entry("a", PHOTO), Entry("b", file))
        id_ = desk.add(desk.submission(entries=entries, retain_until=until)).submission.id
        assert len(desk.kept()) == 2
        done = {
            "id": lambda: desk.store.erase(submission_id=id_),
            "address": lambda: desk.store.erase(address=VISITOR),
            "age": lambda: desk.store.erase(received_before=desk.now + timedelta(seconds=1)),
            "retention": lambda: desk.store.erase(retained_before=until),
        }[condition]()
        assert done == 1
        assert desk.kept() == []
        assert desk.store.timeline(id_) is None

    def test_no_time_to_live_takes_a_submission_from_its_files(self, desk: BucketDesk) -> None:
        """DynamoDB would delete the item and leave the objects; without files it may."""
        until = desk.now + timedelta(days=1)
        with_files = desk.add(desk.submission(entries=(Entry("a", PHOTO),), retain_until=until))
        desk.move(seconds=1)
        without = desk.add(desk.submission(retain_until=until))
        table = desk.store._table  # type: ignore[attr-defined]
        assert "e" not in table.get(current_key(with_files.submission.id))
        assert "e" in table.get(current_key(without.submission.id))
        for claim in desk.claim():
            desk.finish(claim, Kind.ACCEPTED)
        assert "e" not in table.get(current_key(with_files.submission.id))

    def test_an_erasure_that_was_cut_short_is_finished_by_the_next(self) -> None:
        """While the bucket fails, the submission stays, to be found; then all of it goes."""
        bucket = MemoryBucket()
        desk = Desk(store_with(bucket))
        id_ = desk.add(desk.submission(entries=(Entry("a", PHOTO),))).submission.id
        bucket.fault = StoreUnavailable("no")
        with pytest.raises(StoreUnavailable):
            desk.store.erase(submission_id=id_)
        assert desk.store.timeline(id_) is not None
        bucket.fault = None
        assert desk.store.erase(submission_id=id_) == 1
        assert bucket.objects == {}

    def test_without_the_bucket_it_says_what_is_missing(self, desk: BucketDesk) -> None:
        """Nothing is erased by half, and no file is empty."""
        id_ = desk.add(desk.submission(entries=(Entry("a", PHOTO),))).submission.id
        blind = store_with(None, table_name(desk))
        for ask in (lambda: blind.file(id_, 0), lambda: blind.erase(submission_id=id_)):
            with pytest.raises(StoreUnavailable, match="TODOKE_UPLOADS"):
                ask()
        assert desk.store.file(id_, 0) == PHOTO

    def test_no_client_of_s3_is_made_for_forms_without_files(self) -> None:
        """It takes as long to make as all the rest of a start."""

        def make() -> None:
            raise AssertionError("made")

        desk = Desk(store_with(S3Bucket("uploads", make=make)))
        id_ = desk.add().submission.id
        desk.finish(desk.claim()[0], Kind.ACCEPTED)
        assert desk.store.file_link(id_, 0) is None
        assert desk.store.erase(submission_id=id_) == 1
        desk.store.close()
