"""Large files by the bucket: what is checked before, what becomes of a ticket at the door, and the sweep's tidying."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from support.web.doors import Answer, ask, kept, make_app
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.errors import StoreUnavailable
from todoke.model.form import Confirmation, Field, Form, Limits, Managers
from todoke.model.submission import Entry, File, Submission
from todoke.ports.bucket import INCOMING, KEPT, SAMPLE_BYTES, examine
from todoke.testing import FakeClock, MemoryBucket, MemoryStore
from todoke.walk.accept import IDEMPOTENCY_KEY_WINDOW
from todoke.walk.app import App
from todoke.walk.sweep import sweep
from todoke.walk.uploads.offer import LINK_SECONDS, MOST_AT_ONCE, TICKET_LIFE
from todoke.walk.uploads.tidy import MARK, MOST, tidy_when_due
from todoke.web.pages.assets import SCRIPT, asset_url

PDF = b"%PDF-1.7\n" + b"x" * 6_000_000
CV = Field(name="cv", kind="file", accept=("application/pdf",), required=True)
PICTURES = Field(name="pictures", kind="file", multiple=True, max_files=2, max_file_bytes=1_000)
FORM = Form(
    name="jobs",
    fields=(Field(name="who"), CV, PICTURES),
    managers=Managers(fixed=(Address("m@site.example"),)),
    confirmation=Confirmation(field=""),
    limits=Limits(upload_bytes=20_000_000, upload_file_bytes=15_000_000),
)
OTHER = replace(FORM, name="other")
OPEN = Form(
    name="any",
    managers=Managers(fixed=(Address("m@site.example"),)),
    confirmation=Confirmation(field=""),
)


@pytest.fixture
def clock() -> FakeClock:
    """The clock of app and bucket."""
    return FakeClock()


@pytest.fixture
def bucket(clock: FakeClock) -> MemoryBucket:
    """An empty bucket."""
    return MemoryBucket(clock=clock)


@pytest.fixture
def app(clock: FakeClock, bucket: MemoryBucket) -> App:
    """An app with a bucket and forms that take files."""
    return replace(make_app(FORM, OTHER, OPEN), bucket=bucket, clock=clock)


def offered(**stated: object) -> dict[str, object]:
    """A file as the script offers it."""
    return {"field": "cv", "name": "cv.pdf", "type": "application/pdf", "size": len(PDF)} | stated


def offer(app: App, *files: dict[str, object], form: str = "jobs", **headers: str) -> Answer:
    """Ask for links."""
    body = json.dumps(files).encode()
    return ask(app, f"/u/{form}", body, content_type="application/json", **headers)


def faults(answer: Answer) -> dict[str, str]:
    """The code of each field's fault."""
    assert answer.status == 422, answer.body
    return {e["field"]: e["code"] for e in answer.json["errors"]}


def put(app: App, bucket: MemoryBucket, content: bytes = PDF, **stated: object) -> str:
    """Offer a file and put it into the bucket; its value for the form."""
    answer = offer(app, offered(size=len(content)) | stated)
    assert answer.status == 200, answer.body
    [upload] = answer.json["uploads"]
    assert bucket.post(upload["fields"], content)
    return str(upload["value"])


def send(app: App, form: str = "jobs", **fields: str) -> Answer:
    """Send the form as a script does."""
    return ask(app, f"/f/{form}", urlencode(fields).encode(), accept="application/json")


class TestOffers:
    def test_each_file_gets_a_link_of_its_own(self, app: App) -> None:
        """In order, for keys that nobody can guess, to be kept by no cache, and readable to any page of the site."""
        answer = offer(app, offered(), offered(field="pictures", name="a.png", size=9))
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == "*"
        keys = [upload["fields"]["key"] for upload in answer.json["uploads"]]
        assert len(set(keys)) == 2
        assert all(key.startswith(INCOMING) and len(key) == len(INCOMING) + 26 for key in keys)

    @pytest.mark.parametrize(
        ("stated", "code"),
        [
            ({"field": "who"}, "no_files_here"),
            ({"field": "nothing"}, "no_files_here"),
            ({"name": "cv.exe"}, "file_type"),
            ({"size": 15_000_001}, "file_too_big"),
            ({"field": "pictures", "size": 1_001}, "file_too_big"),
        ],
    )
    def test_what_is_known_to_be_wrong_is_said_before_the_upload(
        self, app: App, stated: dict[str, object], code: str
    ) -> None:
        """Field, extension, size: as the door would say it afterwards."""
        wanted = offered() | stated
        assert faults(offer(app, wanted)) == {str(wanted["field"]): code}

    def test_counts_and_sizes_together(self, app: App) -> None:
        """One file in a control for one, two where two are allowed, and a sum for the whole form."""
        assert faults(offer(app, offered(), offered())) == {"cv": "too_many_files"}
        small = offered(field="pictures", name="a.png", size=9)
        assert faults(offer(app, *[small] * 3)) == {"pictures": "too_many_files"}
        assert faults(offer(app, *[small] * 6)) == {"pictures": "too_many_files"}
        wide = replace(FORM, fields=(replace(CV, multiple=True),))
        app = replace(app, settings=replace(app.settings, forms={"jobs": wide}))
        large = offered(size=12_000_000)
        answer = offer(app, large, large, accept_language="ja")
        assert faults(answer) == {"cv": "files_too_big"}
        assert "19.1 MB" in answer.json["errors"][0]["message"]
        assert "合計" in answer.json["errors"][0]["message"]

    def test_a_form_that_takes_any_fields_takes_no_files(self, app: App) -> None:
        """As at the door: only where a file control asks for them."""
        assert faults(offer(app, offered(), form="any")) == {"cv": "no_files_here"}

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[]",
            b"[1]",
            b'[{"field": "cv"}]',
            b'[{"field": "cv", "name": "a", "size": 0}]',
            b'[{"field": "cv", "name": "a", "size": -1}]',
            b'[{"field": "cv", "name": "a", "size": 1e3}]',
            b'[{"field": "cv", "name": "\\ud800", "size": 1}]',
            json.dumps([offered(name="x" * 2_000)]).encode(),
            json.dumps([offered(type="x" * 2_000)]).encode(),
            b"[" * 20_000,
        ],
    )
    def test_what_is_no_list_of_files_is_refused(self, app: App, body: bytes) -> None:
        """Never a 500."""
        answer = ask(app, "/u/jobs", body, content_type="application/json")
        assert (answer.status, answer.json["code"]) == (400, "malformed")

    def test_too_long_a_list_is_not_read(self, app: App) -> None:
        """64 KB."""
        assert ask(app, "/u/jobs", b" " * 70_000, content_type="application/json").status == 413

    def test_names_lose_their_folders(self, app: App, bucket: MemoryBucket) -> None:
        """As in the door's multipart."""
        value = put(app, bucket, name="C:\\private\\cv.pdf")
        assert send(app, cv=value).status == 200
        [submission] = kept(app)
        assert isinstance(submission.entries[0].value, File)
        assert submission.entries[0].value.name == "cv.pdf"

    def test_without_a_bucket_there_are_no_links(self, app: App) -> None:
        """404 in JSON, whatever is asked for: the script then sends the form as it is."""
        answer = offer(replace(app, bucket=None), offered(), accept="text/html")
        assert (answer.status, answer.json["code"]) == (404, "not_found")

    def test_no_form_other_methods_other_origins(self, app: App) -> None:
        """404, 405, 403; a preflight is answered."""
        assert offer(app, offered(), form="none").status == 404
        assert ask(app, "/u/jobs", method="GET").status == 405
        assert ask(app, "/u/jobs", method="OPTIONS", origin="https://site.example").status == 204
        site = replace(app.settings.site, origins=("https://site.example",))
        closed = replace(app, settings=replace(app.settings, site=site))
        assert offer(closed, offered(), origin="https://evil.example").status == 403
        assert offer(closed, offered(), origin="https://site.example").status == 200

    def test_a_bucket_that_fails_is_a_503(self, app: App, bucket: MemoryBucket) -> None:
        """With Retry-After."""
        bucket.fault = StoreUnavailable("no")
        answer = offer(app, offered())
        assert (answer.status, answer.json["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"]

    def test_a_day_that_is_used_up_is_a_503(self, app: App, clock: FakeClock) -> None:
        """With Retry-After; what is wrong with the files is said all the same, and takes no room."""
        few = replace(app, settings=replace(app.settings, uploads_a_day=3 * len(PDF)))
        assert faults(offer(few, offered(size=15_000_001))) == {"cv": "file_too_big"}
        assert offer(few, offered()).status == 200
        answer = offer(few, offered())
        assert (answer.status, answer.json["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"]
        clock.move(days=1)
        assert offer(few, offered()).status == 200


class TestTickets:
    def test_a_ticket_becomes_the_file(self, app: App, bucket: MemoryBucket) -> None:
        """By the name that the browser stated, with the size and hash of what is in the bucket."""
        value = put(app, bucket)
        assert send(app, who="Aoi", cv=value).status == 200
        [submission] = kept(app)
        file = submission.entries[1].value
        assert isinstance(file, File)
        assert (file.name, file.media_type, file.size) == ("cv.pdf", "application/pdf", len(PDF))
        assert file.digest == hashlib.sha256(PDF).hexdigest()
        assert file.source is not None
        assert file.source.key.startswith(INCOMING)
        assert file.content == b""

    @pytest.mark.parametrize(
        "where", [{"form": "other", "field": "cv"}, {"form": "jobs", "field": "pictures"}]
    )
    def test_of_another_form_or_field(
        self, app: App, bucket: MemoryBucket, where: dict[str, Any]
    ) -> None:
        """It is a text there, and a file control takes no text."""
        value = put(app, bucket)
        answer = send(app, where["form"], **{"cv": put(app, bucket), where["field"]: value})
        assert faults(answer) == {where["field"]: "badInput"}

    def test_forged(self, app: App, bucket: MemoryBucket) -> None:
        """One letter changed: not believed, and the visitor is asked for the file again."""
        value = put(app, bucket)
        answer = send(app, cv=value[:-1] + ("A" if value[-1] != "A" else "B"))
        assert faults(answer) == {"cv": "badInput"}

    @pytest.mark.parametrize(("language", "said"), [("en", "choose it again"), ("ja", "もう一度")])
    def test_too_late(
        self, app: App, bucket: MemoryBucket, clock: FakeClock, language: str, said: str
    ) -> None:
        """After a day: the file must be chosen again, in the visitor's words."""
        value = put(app, bucket)
        clock.move(hours=24)
        answer = ask(
            app,
            "/f/jobs",
            urlencode({"cv": value}).encode(),
            accept="application/json",
            accept_language=language,
        )
        assert faults(answer) == {"cv": "badInput"}
        assert said in answer.json["errors"][0]["message"]

    def test_gone_or_never_arrived_or_of_another_size(self, app: App, bucket: MemoryBucket) -> None:
        """The ticket alone proves nothing."""
        value = put(app, bucket)
        [key] = bucket.objects
        bucket.put(key, PDF + b"x")
        assert faults(send(app, cv=value)) == {"cv": "badInput"}
        bucket.remove([key])
        assert faults(send(app, cv=value)) == {"cv": "badInput"}

    def test_the_content_decides_what_it_is(self, app: App, bucket: MemoryBucket) -> None:
        """A program that calls itself a PDF is refused, as in the form."""
        value = put(app, bucket, content=b"MZ\x90\x00" + b"\0" * 5_000)
        assert faults(send(app, cv=value)) == {"cv": "file_type"}

    def test_one_ticket_many_times_is_looked_at_once_or_not_at_all(
        self, app: App, bucket: MemoryBucket
    ) -> None:
        """Two hundred fields with one large file must not make the door read it two hundred times."""
        value = put(app, bucket)
        bucket.fault = AssertionError("looked at")
        body = urlencode([("cv", value)] * 200).encode()
        answer = ask(app, "/f/jobs", body, accept="application/json")
        assert faults(answer) == {"cv": "too_many_files"}

    def test_a_bucket_that_fails_is_a_503_and_the_page_keeps_the_ticket(
        self, app: App, bucket: MemoryBucket
    ) -> None:
        """The button sends it again; among what was typed it is not shown."""
        value = put(app, bucket)
        bucket.fault = StoreUnavailable("no")
        answer = ask(app, "/f/jobs", urlencode({"who": "Aoi", "cv": value}).encode())
        page = answer.body.decode()
        assert answer.status == 503
        assert f'type="hidden" name="cv" value="{value}"' in page
        assert page.count(value) == 1

    def test_without_a_bucket_a_ticket_is_a_text(self, app: App, bucket: MemoryBucket) -> None:
        """As any other in a file control."""
        value = put(app, bucket)
        assert faults(send(replace(app, bucket=None), cv=value)) == {"cv": "badInput"}

    def test_of_fifty_submissions_with_one_ticket_one_is_kept(
        self, app: App, bucket: MemoryBucket, clock: FakeClock
    ) -> None:
        """Whoever uploads once and sends a form again and again has one file kept; the field asks for another."""
        store = MemoryStore()
        app = replace(app, store=store)
        value = put(app, bucket)
        answers = []
        for number in range(50):
            answers.append(send(app, who=f"n{number}", cv=value))
            clock.move(minutes=20)
        assert answers[0].status == 200
        assert [faults(a) for a in answers[1:]] == [{"cv": "upload_used"}] * 49
        assert store.counts()["submissions"] == 1

    @pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}])
    def test_a_retry_after_a_lost_answer_gets_the_receipt(
        self, app: App, bucket: MemoryBucket, clock: FakeClock, headers: dict[str, str]
    ) -> None:
        """Hours later, from another place, with a key or without one: the same answers are the same submission."""
        value = put(app, bucket)
        body = urlencode({"who": "Aoi", "cv": value}).encode()
        first = ask(app, "/f/jobs", body, accept="application/json", **headers)
        clock.move(hours=5)
        again = ask(
            app, "/f/jobs", body, accept="application/json", user_agent="another", **headers
        )
        assert first.status == again.status == 200
        assert first.json["status_url"] == again.json["status_url"]

    def test_a_ticket_twice_in_one_form_is_one_file(self, app: App, bucket: MemoryBucket) -> None:
        """Each file is copied: one upload must not become as many as a form may hold."""
        value = put(app, bucket, b"x" * 9, field="pictures", name="a.png")
        cv = put(app, bucket)
        body = urlencode([("cv", cv), ("pictures", value), ("pictures", value)]).encode()
        answer = ask(app, "/f/jobs", body, accept="application/json")
        assert faults(answer) == {"pictures": "badInput"}

    def test_more_than_one_write_takes_is_told(self, app: App, bucket: MemoryBucket) -> None:
        """DynamoDB writes 100 items at once; nobody sends so many large files."""
        wide = replace(FORM, fields=(replace(CV, multiple=True),), limits=Limits(files=1_000))
        app = replace(app, settings=replace(app.settings, forms={"jobs": wide}))
        value = put(app, bucket, b"%PDF-1.7 ")
        body = urlencode([("cv", value)] * (MOST_AT_ONCE + 1)).encode()
        answer = ask(app, "/f/jobs", body, accept="application/json")
        assert answer.status == 413
        assert str(MOST_AT_ONCE) in answer.json["error"]

    def test_a_taken_upload_is_taken_for_as_long_as_its_ticket_lives(self) -> None:
        """Or it could be sent once more."""
        assert IDEMPOTENCY_KEY_WINDOW >= TICKET_LIFE

    def test_the_same_again_is_a_repetition(self, app: App, bucket: MemoryBucket) -> None:
        """The file stays where it was put, so the same tickets can be sent twice."""
        value = put(app, bucket)
        first, second = send(app, cv=value), send(app, cv=value)
        assert first.json["id"] == second.json["id"]
        assert len(kept(app)) == 1
        assert len(bucket.objects) == 1

    def test_the_link_ends_after_an_hour(
        self, app: App, bucket: MemoryBucket, clock: FakeClock
    ) -> None:
        """So who finds one later can put nothing."""
        [upload] = offer(app, offered()).json["uploads"]
        clock.move(seconds=LINK_SECONDS)
        assert not bucket.post(upload["fields"], PDF)


class TestPages:
    def test_our_own_page_brings_the_script_and_may_upload(self, app: App) -> None:
        """The hosted form, and the one that comes back with faults; not where there is no bucket or no file."""
        for answer in (ask(app, "/f/jobs", method="GET"), ask(app, "/f/jobs", b"who=Aoi")):
            assert f'<script src="{asset_url(SCRIPT)}" defer></script>' in answer.body.decode()
            assert (
                "connect-src 'self' https://bucket.example;"
                in answer.headers["content-security-policy"]
            )
        for other in (
            ask(app, "/f/any", method="GET"),
            ask(replace(app, bucket=None), "/f/jobs", method="GET"),
        ):
            assert SCRIPT not in other.body.decode()
            assert "connect-src 'self';" in other.headers["content-security-policy"]

    def test_a_file_that_is_there_need_not_come_again(self, app: App, bucket: MemoryBucket) -> None:
        """Another field is wrong: the page keeps the ticket, names the file, and asks for no other."""
        strict = replace(FORM, fields=(Field(name="who", required=True), CV, PICTURES))
        app = replace(app, settings=replace(app.settings, forms={"jobs": strict}))
        cv = put(app, bucket, name="<cv>.pdf")
        picture = put(app, bucket, b"x" * 9, field="pictures", name="a.png")
        body = urlencode({"cv": cv, "pictures": picture}).encode()
        answer = ask(app, "/f/jobs", body)
        page = answer.body.decode()
        assert answer.status == 422
        assert f'<input type="hidden" name="cv" value="{cv}">' in page
        assert f'<input type="hidden" name="pictures" value="{picture}">' in page
        assert "&lt;cv&gt;.pdf" in page
        assert 'name="cv" type="file"' not in page
        assert 'name="pictures" type="file"' in page
        assert page.count(cv) == page.count(picture) == 1
        again = ask(app, "/f/jobs", body + b"&who=Aoi")
        assert again.status == 303

    def test_a_file_that_is_wrong_must_come_again(self, app: App, bucket: MemoryBucket) -> None:
        """Its ticket is not kept, or the visitor could never get past it."""
        value = put(app, bucket, content=b"MZ\x90\x00" + b"\0" * 5_000)
        page = ask(app, "/f/jobs", urlencode({"cv": value}).encode()).body.decode()
        assert value not in page
        assert 'name="cv" type="file"' in page

    def test_a_file_that_was_sent_before_must_come_again(
        self, app: App, bucket: MemoryBucket
    ) -> None:
        """With the answers as they are; the page has the script, and not the ticket that is used up."""
        value = put(app, bucket)
        assert send(app, who="Aoi", cv=value).status == 200
        answer = ask(app, "/f/jobs", urlencode({"who": "Jun", "cv": value}).encode())
        page = answer.body.decode()
        assert answer.status == 422
        assert "This file was sent before" in page
        assert value not in page
        assert 'value="Jun"' in page
        assert 'name="cv" type="file"' in page
        assert f'<script src="{asset_url(SCRIPT)}" defer></script>' in page

    def test_a_page_without_the_script_is_better_than_none(
        self, app: App, bucket: MemoryBucket
    ) -> None:
        """The bucket cannot be asked: the form is there all the same."""
        bucket.fault = StoreUnavailable("no")
        answer = ask(app, "/f/jobs", method="GET")
        assert answer.status == 200
        assert SCRIPT not in answer.body.decode()


class TestContents:
    @pytest.mark.parametrize("size", [0, 1, SAMPLE_BYTES, SAMPLE_BYTES + 1, 3 * SAMPLE_BYTES + 7])
    @pytest.mark.parametrize("piece", [1_000_000, 100_003, SAMPLE_BYTES])
    def test_begin_and_end_are_the_sample(self, size: int, piece: int) -> None:
        """However it is cut: all of a short content, both ends of a long one, and the hash of the whole."""
        content = bytes(n % 251 for n in range(size))
        found = examine(content[at : at + piece] for at in range(0, size, piece))
        wanted = (
            content
            if size <= 2 * SAMPLE_BYTES
            else content[:SAMPLE_BYTES] + content[-SAMPLE_BYTES:]
        )
        assert found.sample == wanted
        assert (found.size, found.digest) == (size, hashlib.sha256(content).hexdigest())


class TestTidying:
    def sweeping(self, clock: FakeClock, bucket: MemoryBucket) -> App:
        """An app with a real store."""
        return replace(make_app(FORM), store=MemoryStore(), bucket=bucket, clock=clock)

    def key(self, clock: FakeClock, number: int = 0) -> str:
        """The key of a file that is put now."""
        id_ = ids.submission_id(clock(), ids.place(b"s" * 32))
        return f"{KEPT}{id_}/0011.{number:05}"

    def test_what_no_submission_names_goes_and_the_rest_stays(
        self, clock: FakeClock, bucket: MemoryBucket
    ) -> None:
        """A crash between the put and the write leaves an object; a day later it is gone, a submission's own is not."""
        app = self.sweeping(clock, bucket)
        lost, incoming = self.key(clock), f"{INCOMING}x"
        bucket.put(lost, b"lost")
        bucket.put(incoming, b"not ours to tidy")
        id_ = ids.submission_id(clock(), ids.place(b"s" * 32))
        submission = Submission(
            id=id_,
            form="jobs",
            received_at=clock(),
            entries=(Entry("a", "b"),),
            language="en",
            visitor=Address(""),
            token_hash="h",
        )
        app.store.add(submission, (), None).result()
        own = f"{KEPT}{id_}/0011.00000"
        bucket.put(own, b"own")
        clock.move(minutes=59)
        young = self.key(clock)
        bucket.put(young, b"perhaps being written")
        clock.move(minutes=30)
        assert tidy_when_due(app) == 1
        assert lost not in bucket.objects
        assert {own, young, incoming} <= bucket.objects.keys()

    def test_once_a_day(self, clock: FakeClock, bucket: MemoryBucket) -> None:
        """The next look begins where the last ended."""
        app = self.sweeping(clock, bucket)
        assert tidy_when_due(app) == 0
        first = app.store.mark(MARK)
        bucket.put(self.key(clock), b"lost")
        clock.move(hours=23, minutes=59)
        assert tidy_when_due(app) == 0
        assert app.store.mark(MARK) == first
        clock.move(minutes=1)
        assert tidy_when_due(app) == 1
        assert bucket.objects == {}

    def test_a_file_that_is_being_brought_from_another_store_stays(
        self, clock: FakeClock, bucket: MemoryBucket
    ) -> None:
        """Its submission is old and not yet written: when it was put decides."""
        app = self.sweeping(clock, bucket)
        old = self.key(clock)
        clock.move(days=3)
        bucket.put(old, b"on its way")
        assert tidy_when_due(app) == 0
        assert old in bucket.objects

    def test_what_is_not_ours_stays(self, clock: FakeClock, bucket: MemoryBucket) -> None:
        """What somebody put there by hand names no submission."""
        app = self.sweeping(clock, bucket)
        for name in ("backup.zip", "0/1", f"{'z' * 26}/0011.00000"):
            bucket.put(f"{KEPT}{name}", b"by hand")
        clock.move(days=2)
        assert tidy_when_due(app) == 0
        assert len(bucket.objects) == 3

    def test_a_day_with_very_many_is_done_in_parts(
        self, clock: FakeClock, bucket: MemoryBucket
    ) -> None:
        """A sweep has only so much time; the next goes on where it stopped."""
        app = self.sweeping(clock, bucket)
        for _ in range(MOST + 5):
            bucket.put(self.key(clock), b"lost")
            clock.move(microseconds=1)
        clock.move(days=2)
        assert tidy_when_due(app) == MOST
        assert tidy_when_due(app) == 5
        assert tidy_when_due(app) == 0
        assert bucket.objects == {}

    def test_the_sweep_does_it_and_survives_its_failure(
        self, clock: FakeClock, bucket: MemoryBucket
    ) -> None:
        """A bucket that fails is for the next sweep."""
        app = self.sweeping(clock, bucket)
        lost = self.key(clock)
        bucket.put(lost, b"lost")
        clock.move(days=2)
        bucket.fault = StoreUnavailable("no")
        sweep(app)
        bucket.fault = None
        assert lost in bucket.objects
        sweep(app)
        assert lost not in bucket.objects
