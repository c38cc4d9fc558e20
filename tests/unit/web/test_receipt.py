"""The receipt over HTTP: who sees what, how it moves, and the one thing that can be done there."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from starlette.applications import Starlette

from support.web.stories import (
    EVENTS,
    NOW,
    Answer,
    ask,
    call,
    make_app,
    make_message,
    make_timeline,
    post,
    stored,
)
from support.web.stories import token_of as token
from todoke.model.delivery import FAILED_READINGS, Kind, Reason
from todoke.model.form import Site
from todoke.model.message import Role, Timeline
from todoke.model.zone import Zone
from todoke.testing import MemoryStore
from todoke.web import receipt
from todoke.web.receipt import Pace

JSON = {"accept": "application/json"}
AT_ONCE = Pace(poll_seconds=0, slow_poll_seconds=0, quiet_seconds=0, total_seconds=0.2)


def receipts(store: MemoryStore, *, pace: Pace = AT_ONCE, **changes: object) -> Starlette:
    """The receipt's routes alone."""
    return Starlette(routes=receipt.routes(make_app(store, **changes), pace=pace))


def one(status: str = "bounced", **changes: object) -> MemoryStore:
    """A store with one submission whose confirmation has this status."""
    return stored(make_timeline(make_message(status, **changes)))


def test_page_is_for_its_reader_alone() -> None:
    """The page may not be kept, indexed, framed or traced, and nothing inline runs in it."""
    answer = call(receipts(one()), f"/s/{token('s1')}")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("status", EVENTS)
def test_page_says_what_the_json_says(status: str) -> None:
    """Label, sentence and steps of the JSON are on the page, so that it needs no JavaScript."""
    app = receipts(one(status))
    told = json.loads(call(app, f"/s/{token('s1')}", headers=JSON).body)
    page = call(app, f"/s/{token('s1')}").text.replace("&#39;", "'")
    [message] = told["messages"]
    for text in (message["label"], message["text"], *[s["label"] for s in message["steps"]]):
        assert text in page
    assert message["status"] == ("failed" if status in FAILED_READINGS else status)
    assert ('action="/s/' + token("s1") + '/address" hidden' in page) != message["can_correct"]


TIMES = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\d{1,2} \w+ \d{4}, \d\d:\d\d \w+|\d+年\d+月\d+日 \d\d:\d\d（\w+）"
)
_HOW: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("failed", (Kind.FAILED,)),
    ("rejected", (Kind.REJECTED,)),
    ("rejected", (Kind.ACCEPTED, Kind.REJECTED)),
    ("bounced", (Kind.ACCEPTED, Kind.BOUNCED)),
    ("bounced", (Kind.ACCEPTED, Kind.DELIVERED, Kind.BOUNCED)),
    ("bounced", (Kind.ACCEPTED, Kind.DEFERRED, Kind.BOUNCED)),
    ("bounced", (Kind.ANSWER_LOST, Kind.FAILED, Kind.BOUNCED)),
    ("bounced", (Kind.BOUNCED, Kind.COMPLAINED)),
)
FAILURES = [(status, kinds, Reason.SUPPRESSED) for status, kinds in _HOW] + [
    ("bounced", (Kind.ACCEPTED, Kind.BOUNCED), reason) for reason in (*Reason, None)
]
"""How a mail fails, and for which reason."""


@pytest.mark.parametrize(("language", "corrections"), [("en", 0), ("en", 3), ("ja", 3)])
@pytest.mark.parametrize("role", [Role.CONFIRMATION, Role.NOTIFICATION])
@pytest.mark.parametrize(("headers", "rest"), [({}, ""), (JSON, ""), ({}, "/events")])
def test_every_failure_looks_the_same(
    headers: dict[str, str], rest: str, role: Role, language: str, corrections: int
) -> None:
    """However and why ever a mail failed, page, JSON, stream and header fields are the same octets but for times."""
    seen = set()
    for status, kinds, reason in FAILURES:
        made = make_message(status, role, kinds=kinds, reason=reason, corrections=corrections)
        store = OneStore(make_timeline(made, language=language))
        answer = call(receipts(store), f"/s/{token('s1')}{rest}", headers=headers)
        assert answer.status == 200
        seen.add((TIMES.sub("TIME", answer.text), *sorted(map(str, answer.headers.items()))))
    assert len(seen) == 1
    [(text, *_)] = seen
    assert not re.search("bounced|rejected|suppress|refus", text)


def test_a_failure_is_timed_to_the_minute() -> None:
    """No second tells a refusal at the hand-over from a mail that came back, and none is before the message came."""
    soon = make_timeline(make_message("rejected"), received_at=NOW)
    message = json.loads(call(receipts(OneStore(soon)), f"/s/{token('s1')}", headers=JSON).body)
    for at in (message["messages"][0]["since"], message["messages"][0]["steps"][2]["at"]):
        assert at == "2026-11-23T06:34:00Z"


@dataclass
class OneStore(MemoryStore):
    """A store whose only receipt is this one."""

    told: Timeline

    def __post_init__(self) -> None:
        super().__init__()

    def receipt(self, token_hash: str) -> Timeline | None:
        """That receipt."""
        return self.told


def test_title_says_what_failed() -> None:
    """Without JavaScript, too, the page's title begins with the mail that failed; of the rest it says nothing."""

    def title(status: str) -> str:
        page = call(receipts(one(status)), f"/s/{token('s1')}").text
        return page.partition("<title>")[2].partition("</title>")[0]

    for status in FAILED_READINGS:
        assert title(status) == (
            "Your confirmation was not delivered · We have your message · Hoshino Paper"
        )
    assert title("unknown") == title("delivered") == "We have your message · Hoshino Paper"


def test_page_has_the_short_reference_and_the_whole() -> None:
    """The six characters that mails name stand large, the whole identifier below, and the page leads back."""
    store = stored(
        make_timeline(
            make_message("queued", submission_id="06k3f0q9c2m7v1d4t8s5r6p0ab"),
            id_="06k3f0q9c2m7v1d4t8s5r6p0ab",
        )
    )
    site = Site(name="Hoshino Paper", url="https://shop.example/")
    path = f"/s/{token('06k3f0q9c2m7v1d4t8s5r6p0ab')}"
    page = call(receipts(store, site=site), path).text
    assert '<dd class="number">r6p0ab</dd>' in page
    assert "06k3f0q9c2m7v1d4t8s5r6p0ab</span>" in page
    assert page.count('href="https://shop.example/"') == 2


def test_the_address_of_a_correction_leads_to_the_receipt() -> None:
    """Whoever reloads or opens the address that the form went to comes to the receipt, which answers for itself."""
    for guess in (token("s1"), token("s2"), "x"):
        answer = call(receipts(one()), f"/s/{guess}/address")
        assert (answer.status, answer.headers["location"]) == (303, f"/s/{guess}")


def test_no_answers_on_the_page() -> None:
    """Neither an answer nor a whole address of the visitor is on the page."""
    page = call(receipts(one()), f"/s/{token('s1')}").text
    for private in ("Hana", "kozo", "hana@", "550"):
        assert private not in page


@pytest.mark.parametrize("headers", [{}, JSON])
def test_unknown_tokens_answer_alike(headers: dict[str, str]) -> None:
    """A wrong token, an erased submission's and nonsense get the very same answer."""
    store = one()
    app = receipts(store)
    store.erase(submission_id="s1")
    answers = [
        call(app, f"/s/{guess}{rest}", headers=headers)
        for guess in (token("s1"), token("s2"), "x", "%00", "é")
        for rest in ("", "/events")
    ]
    assert {404} == {a.status for a in answers}
    assert len({(a.body, tuple(sorted(a.headers.items()))) for a in answers}) == 1


def test_store_that_is_down() -> None:
    """When the store cannot be read, the answer is 503 with Retry-After and says that nothing is lost."""
    store = one()
    store.close()
    for rest in ("", "/events"):
        answer = call(receipts(store), f"/s/{token('s1')}{rest}")
        assert answer.status == 503
        assert "retry-after" in answer.headers
        assert "stays stored" in answer.text


def events(answer: Answer) -> list[tuple[str, str]]:
    """The messages of an event stream: (event, data)."""
    found = []
    for block in answer.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if line[:1] not in {":", ""})
        if "data" in lines:
            found.append((lines.get("event", "message"), lines["data"]))
    return found


def test_stream_tells_the_present_and_ends_when_final() -> None:
    """A stream begins with the receipt as it is, and ends once everything is final."""
    answer = call(receipts(one("delivered")), f"/s/{token('s1')}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    [(first, data), last] = events(answer)
    assert first == "message"
    assert json.loads(data)["messages"][0]["status"] == "delivered"
    assert last == ("end", "{}")


@dataclass
class ChangingStore(MemoryStore):
    """A store whose receipt changes with every read, and fails in between."""

    statuses: Iterator[str] = field(default_factory=lambda: iter(()))

    def __post_init__(self) -> None:
        super().__init__()

    def receipt(self, token_hash: str):  # type: ignore[no-untyped-def]
        """The next story."""
        status = next(self.statuses)
        if status == "down":
            self.close()
            return super().receipt(token_hash)
        return make_timeline(make_message(status)) if status else None


def test_stream_tells_each_change_once() -> None:
    """Each change is one message; reading the same again is none, and a store that is down for a while ends nothing."""
    story = iter(["queued", "queued", "accepted", "down", "accepted", "bounced", "bounced"])
    answer = call(receipts(ChangingStore(story)), f"/s/{token('s1')}/events")
    told = [json.loads(data)["messages"][0]["status"] for name, data in events(answer)[:-1]]
    assert told == ["queued", "accepted", "failed"]


def test_stream_ends_when_the_submission_is_erased() -> None:
    """When the submission is gone, so is the stream."""
    answer = call(
        receipts(ChangingStore(iter(["queued", "queued", ""]))), f"/s/{token('s1')}/events"
    )
    assert [name for name, _ in events(answer)] == ["message", "end"]


def test_stream_ends_after_its_time_with_heartbeats() -> None:
    """A stream of something that does not move speaks now and then, and ends after its time."""
    pace = Pace(poll_seconds=0.01, heartbeat_seconds=0.02, total_seconds=0.2)
    answer = call(receipts(one("queued"), pace=pace), f"/s/{token('s1')}/events")
    assert answer.text.count(": still here") >= 2
    assert [name for name, _ in events(answer)] == ["message", "end"]


def test_where_there_are_no_streams_pages_poll() -> None:
    """A reader gets 503 and goes on by polling."""
    app = receipts(one(), pace=replace(AT_ONCE, streams=0))
    assert call(app, f"/s/{token('s1')}/events").status == 503


def test_streams_are_bounded_when_all_come_at_once() -> None:
    """Each is begun, all but two are told to poll at once, and the places are free again afterwards."""
    app = receipts(one("queued"), pace=Pace(poll_seconds=60, streams=2))
    paths = [f"/s/{token('s1')}/events"] * 6 + ["/s/unknown/events"] * 2

    async def all_at_once() -> list[str]:
        asked = {asyncio.create_task(ask(app, path)) for path in paths}
        ended: set[asyncio.Task[Answer]] = set()
        while len(ended) < 6:
            done, asked = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            ended |= done
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        return sorted(
            str(answer.status)
            if answer.status == 404
            else str([name for name, _ in events(answer)])
            for answer in (task.result() for task in ended)
        )

    for _ in range(2):
        assert asyncio.run(all_at_once()) == ["404", "404", *["['message', 'poll']"] * 4]


def correct(store: MemoryStore, address: str, **headers: str) -> tuple[Answer, list[str]]:
    """Correct the address as the page's form does; the answer, and the hints given."""
    hints: list[str] = []
    app = receipts(store, hint=lambda: hints.append("hint"))
    return post(app, f"/s/{token('s1')}/address", f"address={address}", **headers), hints


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_corrections_count_for_the_address_that_sends_them(accept: str) -> None:
    """Each is a mail to an address of a stranger's choice, as a submission is; what sends no mail does not count."""
    app = make_app(one(), most_from_one_address=1, trusted_proxies=1)
    asgi = Starlette(routes=receipt.routes(app))
    here, path = {"accept": accept, "x-forwarded-for": "198.51.100.1"}, f"/s/{token('s1')}/address"
    assert post(asgi, path, "address=none", **here).status == 422
    assert app.allowance.take("198.51.100.1")
    answer = post(asgi, path, "address=hana%40example.org", **here)
    assert (answer.status, answer.headers["retry-after"]) == (429, "60")
    assert post(asgi, path, "address=hana%40example.org", accept=accept).status in {200, 303}


def test_corrections_count_for_the_network_that_sends_them() -> None:
    """As a confirmation that a form asks for does."""
    app = make_app(one(), max_confirmations_of_network=1, trusted_proxies=1)
    asgi = Starlette(routes=receipt.routes(app))
    path, here = f"/s/{token('s1')}/address", {"x-forwarded-for": "198.51.100.1"}
    assert post(asgi, path, "address=none", **here).status == 422
    assert app.networks.take("198.51.100.0")
    assert post(asgi, path, "address=hana%40example.org", **here).status == 429
    there = {"x-forwarded-for": "198.51.101.1"}
    assert post(asgi, path, "address=hana%40example.org", **there).status == 303


def test_the_page_of_a_corrected_address_tells_the_earlier_one() -> None:
    """With what became of it and when, in the site's zone: the page is made, not only its values."""
    store = one()
    assert correct(store, "hana%40example.org")[0].status == 303
    page = call(receipts(store), f"/s/{token('s1')}")
    assert page.status == 200
    _, _, earlier = page.text.partition("data-earlier")
    assert re.search(r"<time datetime=\"[^\"]+Z\">\d+ \w+ \d{4}, \d\d:\d\d UTC</time>", earlier)


def test_correction_makes_a_new_attempt_due() -> None:
    """A corrected address gets a new attempt, and the visitor goes back to the receipt."""
    store = one("bounced")
    answer, hints = correct(store, "hanako%40example.com")
    assert (303, f"/s/{token('s1')}") == (answer.status, answer.headers["location"])
    assert hints == ["hint"]
    [message] = [m for m in store.timeline("s1").messages if m.message.role is Role.CONFIRMATION]
    assert message.message.recipient == "hanako@example.com"
    assert message.standing.status == "queued"
    assert message.corrections == 1


@pytest.mark.parametrize("typed", ["", "nonsense", "a@b", "a@example.com,b@example.com"])
def test_correction_to_what_is_no_address(typed: str) -> None:
    """What is no address changes nothing; the page keeps it and says what is wrong beside it."""
    store = one("bounced")
    answer, hints = correct(store, typed)
    assert answer.status == 422
    assert 'aria-describedby="address-error"' in answer.text
    assert "<title>Please check the address · Your confirmation was not delivered" in answer.text
    assert '<div class="summary" role="alert" tabindex="-1" autofocus' in answer.text
    assert f'value="{typed}"' in answer.text
    assert not hints
    assert store.timeline("s1").messages[0].corrections == 0


def test_correction_asks_what_may_have_been_meant() -> None:
    """Full-width letters change nothing; the page says which address they look like."""
    store = one("bounced")
    answer, hints = correct(store, quote("ｈａｎａ＠example.com"))
    assert (answer.status, hints) == (422, [])
    assert "Did you mean hana@example.com?" in answer.text


def test_correction_to_an_address_of_docomo() -> None:
    """With dots in a row, quoted or not: one mailbox, asked for once."""
    store = one("bounced")
    assert correct(store, quote("aya..h@docomo.ne.jp"))[0].status == 303
    assert correct(store, quote('"Aya..h"@docomo.ne.jp'))[0].status == 303
    assert store.timeline("s1").messages[0].corrections == 1


def test_correction_escapes_what_was_typed() -> None:
    """What was typed comes back as text, never as markup."""
    answer, _ = correct(one(), "%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in answer.text
    assert answer.status == 422


@pytest.mark.parametrize("status", ["queued", "accepted", "deferred", "delivered", "undetermined"])
def test_what_did_not_fail_cannot_be_corrected(status: str) -> None:
    """A confirmation that is under way or arrived goes to nobody else."""
    store = one(status)
    answer, hints = correct(store, "other%40example.com")
    assert answer.status == 409
    assert not hints
    assert store.timeline("s1").messages[0].message.recipient == "hana@example.com"


def test_corrections_are_limited() -> None:
    """After `max_corrections` there are no more."""
    store = one("bounced")
    app = receipts(store, max_corrections=0)
    assert post(app, f"/s/{token('s1')}/address", "address=x%40example.com").status == 409


def test_correction_in_json() -> None:
    """A program gets the receipt, or what is wrong with the field."""
    answer, _ = correct(one(), "nonsense", **JSON)
    told = json.loads(answer.body)
    assert (answer.status, told["ok"]) == (422, False)
    assert [(e["field"], e["code"]) for e in told["errors"]] == [("address", "typeMismatch")]
    answer, _ = correct(one(), "new%40example.com", **JSON)
    told = json.loads(answer.body)
    assert (answer.status, told["messages"][0]["status"]) == (200, "queued")
    assert told["messages"][0]["to"] == "n•••@example.com"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
    ],
)
def test_correction_from_elsewhere(headers: dict[str, str]) -> None:
    """Another site's page cannot correct an address, even if it knew the link."""
    store = one()
    answer, hints = correct(store, "evil%40example.com", **headers)
    assert answer.status == 403
    assert not hints


def test_origin_decides_for_old_browsers() -> None:
    """Without fetch metadata a foreign Origin is refused; our own, none, and "null" pass."""
    path, body = f"/s/{token('s1')}/address", b"address=new%40example.com"
    form = {"content-type": "application/x-www-form-urlencoded"}

    def status(**headers: str) -> int:
        given = {**form, **headers}
        return call(receipts(one()), path, method="POST", headers=given, body=body).status

    assert status(origin="https://evil.example") == 403
    assert status(origin="http://[::") == 403
    assert status(origin="http://127.0.0.1:8000") == 303
    assert status(origin="null") == 303
    assert status() == 303


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"address=a@example.com", 415),
        ("application/json", b"[1]", 400),
        ("application/json", b"{", 400),
        ("application/x-www-form-urlencoded", b"address=%ff", 422),
        ("application/x-www-form-urlencoded", b"\xff", 400),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 9000, 413),
        ("application/x-www-form-urlencoded", b"a&" * 300, 400),
    ],
)
def test_bodies_that_are_no_form(content_type: str, body: bytes, status: int) -> None:
    """A body that cannot be read is the caller's fault, never a 500."""
    headers = {"content-type": content_type, "sec-fetch-site": "same-origin"}
    path = f"/s/{token('s1')}/address"
    assert status == call(receipts(one()), path, method="POST", headers=headers, body=body).status


def test_correction_of_an_unknown_receipt() -> None:
    """There is nothing to correct where there is no receipt."""
    assert post(receipts(one()), "/s/nobody/address", "address=a%40example.com").status == 404


def test_page_speaks_the_visitors_language() -> None:
    """The page of a Japanese submission is Japanese, and says so to the browser."""
    store = stored(make_timeline(make_message("bounced"), language="ja"))
    page = call(receipts(store), f"/s/{token('s1')}").text
    assert '<html lang="ja">' in page
    assert "送信内容を受け付けました" in page


def test_time_moves_the_reading() -> None:
    """The same evidence reads unknown once the service's time is over."""
    store = one("accepted")

    def later() -> datetime:
        return NOW.replace(year=2027)

    told = json.loads(call(receipts(store, clock=later), f"/s/{token('s1')}", headers=JSON).body)
    assert told["messages"][0]["status"] == "unknown"


@pytest.mark.parametrize(
    ("language", "received"),
    [("en", "24 November 2026, 01:32 JST"), ("ja", "2026年11月24日 01:32（日本時間）")],
)
def test_the_page_tells_times_in_the_site_s_zone(language: str, received: str) -> None:
    """With its name; the postmark bears the same day, and the JSON the words that the page's script puts there."""
    at = datetime(2026, 11, 23, 16, 32, tzinfo=UTC)
    store = stored(make_timeline(make_message("queued"), received_at=at, language=language))
    app = make_app(store)
    zone = Zone("Asia/Tokyo", ZoneInfo("Asia/Tokyo"))
    site = replace(app.settings.site, time_zone=zone)
    settings = replace(app.settings, site=site)
    routes = receipt.routes(replace(app, settings=settings), pace=AT_ONCE)
    page = call(Starlette(routes=routes), f"/s/{token('s1')}").text
    assert f'<time datetime="2026-11-23T16:32:00Z">{received}</time>' in page
    assert ">2026</text>" in page
    assert ">11 · 24</text>" in page
    told = json.loads(call(Starlette(routes=routes), f"/s/{token('s1')}", headers=JSON).body)
    assert told["received_at"] == "2026-11-23T16:32:00Z"
    stored_step = told["messages"][0]["steps"][0]
    assert (stored_step["at"], stored_step["when"]) == ("2026-11-23T16:32:00Z", received)


def test_what_is_in_review_says_so_and_opens_nothing() -> None:
    """Page and JSON say that somebody looks first, and why to nobody; a correction is refused and sends nothing."""
    store = stored(
        make_timeline(make_message("in_review"), make_message("in_review", Role.NOTIFICATION))
    )
    app = receipts(store)
    told = json.loads(call(app, f"/s/{token('s1')}", headers=JSON).body)
    assert {m["status"] for m in told["messages"]} == {"in_review"}
    assert not told["final"]
    assert not any(m["can_correct"] for m in told["messages"])
    page = call(app, f"/s/{token('s1')}").text
    assert "Somebody looks at it before any mail about it leaves" in page
    assert "too_fast" not in page + json.dumps(told)
    answer = post(app, f"/s/{token('s1')}/address", "address=other%40example.com")
    assert answer.status == 409
    timeline = store.timeline("s1")
    assert timeline is not None
    assert all(m.is_in_review for m in timeline.messages)
    assert timeline.messages[0].message.recipient == "hana@example.com"
