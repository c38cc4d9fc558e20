"""How a notice is signed, what it says, when it is told again, and what its webhook's answers come to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.places import ROOT
from support.run.serving import eventually
from support.store.desk import Desk
from support.web.doors import OPEN_FORM, make_app
from todoke.model.notice import MailNews, Notice, NoticeType
from todoke.model.submission import Entry, File, Submission
from todoke.model.webhook import Webhook
from todoke.model.webhook_key import new_key, read_key
from todoke.ports.courier import Reply
from todoke.testing import FakeClock, FakeCourier, MemoryStore
from todoke.walk.app import App
from todoke.walk.notices.body import body_of
from todoke.walk.notices.cause import of_submission
from todoke.walk.notices.off import off_since, turn_on
from todoke.walk.notices.pause import tell_of_pause
from todoke.walk.notices.schedule import PAUSES, next_try
from todoke.walk.notices.sign import signature, signed_headers
from todoke.walk.notices.spell import tell_webhooks
from todoke.walk.notices.tell import Came, tell_some
from todoke.walk.notices.teller import Teller

VECTORS = Path(ROOT / "shared" / "corpora" / "webhook-signatures" / "standard_webhooks.jsonl")
NOW = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
CRM = Webhook(name="crm", url="https://crm.example/hook", keys=(b"k" * 24,))
ANSWERS = replace(CRM, answers=True)


def vectors() -> list[dict[str, Any]]:
    """The signatures that the standard's own tests make."""
    lines = VECTORS.read_text("utf-8").splitlines() if VECTORS.exists() else []
    return [said for said in map(json.loads, lines) if said["op"] == "sign"]


@pytest.mark.skipif(not VECTORS.exists(), reason="the corpus is not here")
def test_the_standard_s_own_answers() -> None:
    """Of secrets with a prefix or not, padded or not."""
    said = vectors()
    assert len(said) >= 10
    for one in said:
        key = read_key(one["secret"])
        assert key is not None
        stamp, body = str(one["timestamp"]), one["payload"].encode()
        assert signature(key, one["msg_id"], stamp, body) == one["signature"]


def test_a_known_answer() -> None:
    """The one that all languages' suites share."""
    key = read_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert key is not None
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets() -> None:
    """What is none is told; a new one is one."""
    assert read_key(new_key()) != read_key(new_key())
    assert len(read_key(new_key()) or b"") == 32
    assert [read_key(t) for t in ("", "whsec_", "whsec_!", "whsec_ä")] == [None] * 4


def test_each_key_signs() -> None:
    """So a receiver that knows the old one, or the new one, takes it."""
    headers = signed_headers("id", NOW, b"{}", (b"a" * 24, b"b" * 24))
    stamp = headers["webhook-timestamp"]
    assert stamp == str(int(NOW.timestamp()))
    for key, said in zip((b"a", b"b"), headers["webhook-signature"].split(), strict=True):
        mac = hmac.new(key * 24, f"id.{stamp}.{{}}".encode(), hashlib.sha256)
        assert said == f"v1,{base64.b64encode(mac.digest()).decode()}"


@dataclass
class Hall:
    """An app with a webhook, a store, a clock, and what is posted."""

    app: App
    store: MemoryStore
    clock: FakeClock
    courier: FakeCourier
    webhook: Webhook

    def add(self, count: int = 1, **options: Any) -> list[Notice]:
        """Keep submissions with their notices."""
        made = []
        for _ in range(count):
            submission = Desk(self.store, now=self.clock.move(seconds=1)).submission(**options)
            notices = of_submission(
                {"crm": self.webhook}, submission.id, submission.form, submission.received_at
            )
            self.store.add(submission, (), None, notices).result()
            made += notices
        return made

    def tell(self, **options: Any) -> Came:
        """One round."""
        return tell_some(self.app, self.courier, self.webhook, **options)


def hall(*replies: Reply, webhook: Webhook = CRM) -> Hall:
    """One whose webhook answers so."""
    store, clock = MemoryStore(), FakeClock(NOW)
    app = replace(make_app(webhooks={"crm": webhook}), store=store, clock=clock)
    courier = FakeCourier(list(replies) or [Reply(status=204)])
    return Hall(app, store, clock, courier, webhook)


def test_what_is_taken_is_told_once() -> None:
    """In a round of what is due; then nothing is left."""
    there = hall()
    notices = there.add(3)
    assert there.tell() is Came.TOLD
    assert there.courier.ids == [n.id for n in notices]
    assert there.tell() is Came.NOTHING
    kept = there.store.notice(notices[0].id)
    assert kept is not None
    assert kept.was_told


@pytest.mark.parametrize("status", [301, 302, 304, 400, 404, 500])
def test_anything_but_2xx_is_a_failure(status: int) -> None:
    """It comes again under the same id, with a time and a signature of its own."""
    there = hall(Reply(status=status), Reply(status=200))
    [notice] = there.add()
    there.tell()
    assert there.tell() is Came.NOTHING
    there.clock.move(seconds=6)
    assert there.tell() is Came.TOLD
    (_, first, _), (_, second, _) = there.courier.posted
    assert first["webhook-id"] == second["webhook-id"] == notice.id
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert first["webhook-signature"] != second["webhook-signature"]


def test_ten_tries_in_75_hours() -> None:
    """Then it is given up, and waits for somebody who has it told again."""
    there = hall(Reply(fault="no_answer"))
    [notice] = there.add()
    began, moments = there.clock.now, []
    while (due := there.store.next_notice("crm")) is not None:
        there.clock.now = max(there.clock.now, due)
        there.tell()
        moments.append(there.clock.now - began)
    assert len(moments) == len(there.courier.ids) == 10
    assert timedelta(hours=75) < moments[-1] < timedelta(hours=84)
    kept = there.store.notice(notice.id)
    assert kept is not None
    assert (kept.due_at, kept.was_told, len(kept.tries)) == (None, False, 10)
    there.courier.replies = [Reply(status=200)]
    assert there.store.redeliver(notice.id, there.clock.now)
    assert there.tell() is Came.TOLD
    assert set(there.courier.ids) == {notice.id}


def test_a_pause_that_is_asked_for() -> None:
    """It is kept, up to a day, and never makes a pause shorter."""
    assert next_try(1, NOW, 600, draw=min) == NOW + timedelta(seconds=600)
    assert next_try(1, NOW, 1, draw=min) == NOW + timedelta(seconds=5)
    assert next_try(1, NOW, 10**12, draw=min) == NOW + timedelta(hours=24)
    assert next_try(9, NOW, None, draw=max) == NOW + PAUSES[-1] * 1.1
    assert next_try(10, NOW, 5) is None


def test_who_is_down_is_not_asked_by_the_others() -> None:
    """One finds it out; the rest stays due, untried."""
    there = hall(Reply(fault="timed_out"))
    there.add(4)
    assert there.tell() is Came.DOWN
    assert len(there.courier.posted) == 1
    there.courier.replies = [Reply(status=200)]
    assert there.tell() is Came.TOLD
    assert len(there.courier.posted) == 4


def test_what_may_not_begin_stays_due() -> None:
    """Where the time is over."""
    there = hall()
    there.add(2)
    assert there.tell(may_begin=lambda: not there.courier.posted) is Came.TOLD
    assert len(there.courier.posted) == 1
    assert there.tell() is Came.TOLD
    assert len(there.courier.posted) == 2


def test_who_is_gone_is_told_nothing_until_enabled() -> None:
    """410: what waits, waits; then all of it is told, and what was refused too."""
    there = hall(Reply(status=410))
    there.add(2)
    assert there.tell() is Came.DOWN
    assert off_since(there.store, "crm") == there.clock.now
    there.add()
    there.clock.move(hours=1)
    assert there.tell() is Came.NOTHING
    assert len(there.courier.posted) == 1
    there.courier.replies = [Reply(status=200)]
    turn_on(there.store, "crm", there.clock.now)
    assert off_since(there.store, "crm") is None
    assert there.tell() is Came.TOLD
    assert len(set(there.courier.ids)) == 3


def test_a_pause_of_a_form_is_told() -> None:
    """By one call; once for each pause, and nothing without webhooks."""
    there = hall()
    until = there.clock.now + timedelta(hours=1)
    for _ in range(2):
        tell_of_pause(there.app, "any", reason="complaints", until=until)
    there.tell()
    [(_, _, said)] = there.courier.posted
    assert said["type"] == "form.paused"
    assert said["data"] == {
        "form": "any",
        "reason": "complaints",
        "until": "2031-05-06T13:00:00Z",
    }
    tell_of_pause(replace(make_app(), store=there.store), "any", reason="complaints")
    assert there.store.next_notice("crm") is None


def test_a_spell_ends() -> None:
    """All webhooks are told, each what it waits for; one that is down, or that the store fails, holds up no other."""
    there = hall()
    there.add(9)
    app = replace(there.app, courier=there.courier)
    tell_webhooks(app, 30)
    assert len(there.courier.posted) == 9
    there.add(3)
    tell_webhooks(app, 0)
    assert len(there.courier.posted) == 9
    there.store.close()
    tell_webhooks(app, 30)
    tell_webhooks(replace(app, courier=None), 30)
    assert len(there.courier.posted) == 9


def test_threads_tell_and_end() -> None:
    """As it comes, by hints; one that is down rests, while another is told."""
    slow = replace(CRM, name="slow", url="https://slow.example/")
    there = hall()

    class Halves(FakeCourier):
        def post(self, webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> Reply:
            answer = super().post(webhook, body, headers)
            return Reply(fault="timed_out") if webhook.name == "slow" else answer

    courier = Halves()
    webhooks = {"crm": CRM, "slow": slow}
    app = make_app(webhooks=webhooks)
    teller = Teller(replace(app, store=there.store, clock=there.clock), courier)
    teller.start()
    try:
        for _ in range(6):
            submission = Desk(there.store, now=there.clock.now).submission()
            notices = of_submission(webhooks, submission.id, "contact", there.clock.now)
            there.store.add(submission, (), None, notices).result()
            teller.wake()
        eventually(lambda: [n for n, _, _ in courier.posted].count("crm") == 6)
        assert 1 <= [n for n, _, _ in courier.posted].count("slow") <= 2
    finally:
        teller.stop(5)


def test_a_clock_that_is_set_back() -> None:
    """A notice comes late then, and is not lost."""
    there = hall(Reply(status=500), Reply(status=200))
    there.add()
    there.tell()
    there.clock.move(days=-1)
    assert there.tell() is Came.NOTHING
    there.clock.move(days=1, minutes=1)
    assert there.tell() is Came.TOLD


def test_a_process_that_died_with_claims() -> None:
    """Its lease lapses, and they are told."""
    there = hall()
    there.add()
    there.store.claim_notices(
        "crm", now=there.clock.now, lease_until=there.clock.now + timedelta(minutes=5), limit=9
    )
    assert there.tell() is Came.NOTHING
    there.clock.move(minutes=5)
    assert there.tell() is Came.TOLD


def test_without_a_key_nothing_is_told() -> None:
    """What is not signed cannot be believed: it waits."""
    there = hall(webhook=replace(CRM, keys=()))
    there.add()
    assert there.tell() is Came.NOTHING
    assert there.courier.posted == []


def test_thin_unless_answers_are_asked_for() -> None:
    """No answer; with `answers` the texts, and neither a secret nor a file."""
    entries = (
        Entry("name", "花子"),
        Entry("password", "s3cret-word"),
        Entry("cv", File(name="cv.pdf", media_type="application/pdf", content=b"%PDF")),
    )
    there = hall()
    [notice] = there.add(entries=entries)
    there.tell()
    told = there.courier.posted[0][2]
    assert told["type"] == "submission.accepted"
    assert told["data"] == {
        "submission": {
            "id": notice.submission_id,
            "reference": notice.submission_id[-6:],
            "form": "contact",
            "received_at": told["timestamp"],
        }
    }
    there = hall(webhook=ANSWERS)
    there.add(entries=entries)
    there.tell()
    assert there.courier.posted[0][2]["data"]["answers"] == [{"name": "name", "value": "花子"}]


def examples() -> list[dict[str, Any]]:
    """What is said of each type."""
    id_ = "0" * 10 + "abcdefghijklmnop"
    about = {"webhook": "crm", "at": NOW, "form": "contact"}
    mail = MailNews(id=f"{id_}-1", role="confirmation", status="bounced", attempt=1, reason="other")
    submission = Submission(
        id=id_,
        form="contact",
        received_at=NOW,
        entries=(Entry("text", "half \ud800"),),
        language="en",
        visitor=OPEN_FORM.managers.fixed[0],
        token_hash="",
    )
    of_mail = Notice(
        id=f"{id_}-x", type=NoticeType.FAILED, submission_id=id_, message=mail, **about
    )
    accepted = Notice(id=f"{id_}-y", type=NoticeType.ACCEPTED, submission_id=id_, **about)
    paused = Notice(id="z", type=NoticeType.PAUSED, reason="complaints", until=NOW, **about)
    test = Notice(id="t", webhook="crm", type=NoticeType.TEST, at=NOW)
    bodies = [body_of(accepted, submission), *map(body_of, [of_mail, accepted, paused, test])]
    return [json.loads(body) for body in bodies]


def test_what_is_said_is_what_is_documented() -> None:
    """The JSON schema knows each type, and nothing is said that it does not name."""
    schema = json.loads((ROOT / "docs" / "webhooks.schema.json").read_text("utf-8"))
    assert set(schema["properties"]["type"]["enum"]) == {t.value for t in NoticeType}
    said = schema["properties"]["data"]["properties"]
    assert schema["required"] == ["type", "timestamp", "data"]
    seen: set[str] = set()
    for example in examples():
        assert set(example) == {"type", "timestamp", "data"}
        assert set(example["data"]) <= set(said)
        for name, value in example["data"].items():
            seen.add(name)
            if isinstance(value, dict):
                assert set(said[name]["required"]) <= set(value) <= set(said[name]["properties"])
    assert seen == set(said)
