"""A storm of webhook calls on the real process: events repeated, shuffled, batched and in part forged, from 16 sides.

Whatever comes, each mail ends in the state that the set of its true events implies, and no call is answered 5xx. The
oracle is a table of its own, below; it does not ask todoke what a word means. The short form runs in `make test`;
`make storm` sets TODOKE_STORM_MAILS=1000 for the long one. TODOKE_STORM_SEED repeats a run.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
import urllib3

from mail_cloud_sandbox.app import build
from support.run.serving import Served, eventually, post_json, serve
from support.web.local_server import serving
from todoke.model.message import MessageTimeline
from todoke.ports.archive import Query
from todoke.stores.sqlite.store import SqliteStore

pytestmark = pytest.mark.acceptance

MAILS = int(os.environ.get("TODOKE_STORM_MAILS", "100"))
EVENTS_EACH = 10
MOST_REPEATS = 20
POSTERS = 16
FORGED = 0.05

SECRET, KEY = "a-path-of-32-characters-or-more-1", "the-console's-key"
ENVIRON = {
    "TODOKE_CMC_API_KEY": "any",
    "TODOKE_CMC_HOOK_SECRET": SECRET,
    "TODOKE_CMC_WEBHOOK_KEY": KEY,
}
CONFIGURATION = """
[site]
name = "Storm"
url = "http://127.0.0.1/"
door_url = "http://127.0.0.1/"
alert_to = ["silent+owner@example.org"]
max_confirmations = 0
max_confirmations_of_form = 0
max_confirmations_of_site = 0
max_alerts = 0
pause_confirmations = false

[mail]
service = "customers-mail-cloud"
from = "Desk <desk@example.org>"

[mail.customers_mail_cloud]
url = "{sandbox}"
api_user = "api@example.org"

[forms.contact]
managers = ["silent+manager@example.org"]
"""
SUPPRESSED = "Recipient address <x@example.net> is suppressed to send mail. (in reply to RCPT TO)"
UNKNOWN_USER = "550 5.1.1 User unknown (in reply to RCPT TO)"
AWAY = "Automatic reply: I am out of office"

# The oracle: what each word means, lowest rank first. The highest that was said of a mail is its state.
RANKS = ("accepted", "deferred", "undetermined", "rejected", "delivered", "bounced")
MEANINGS = {
    ("deliveries", "queued", ""): "accepted",
    ("deliveries", "deferred", "451 4.7.1 Greylisted (in reply to RCPT TO)"): "deferred",
    ("bounces", "6", ""): "undetermined",
    ("bounces", "99", AWAY): "undetermined",
    ("deliveries", "failed", SUPPRESSED): "rejected",
    ("bounces", "10", SUPPRESSED): "rejected",
    ("bounces", "11", ""): "rejected",
    ("deliveries", "succeeded", ""): "delivered",
    ("deliveries", "failed", UNKNOWN_USER): "bounced",
    ("bounces", "2", UNKNOWN_USER): "bounced",
    ("bounces", "5", "552 5.2.2 Mailbox full"): "bounced",
    ("bounces", "99", "something else"): "bounced",
}
FAILURES = {"rejected", "bounced"}


@dataclass
class Mail:
    """One mail that the service took, and the true events of it."""

    token: str
    service_id: str
    to: str
    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    said: set[str] = field(default_factory=lambda: {"accepted"})

    @property
    def state(self) -> str:
        """What the true events imply."""
        return max(self.said, key=RANKS.index)


@dataclass(frozen=True)
class Call:
    """One webhook call, and the answer it must get."""

    secret: str
    headers: dict[str, str]
    body: bytes
    expected: int


def test_storm_of_events_ends_in_the_state_that_their_set_implies(tmp_path: Path) -> None:
    """Order, repetition, batches and forgeries change nothing: each mail's state and journal are those of its set."""
    seed = int(os.environ.get("TODOKE_STORM_SEED", str(random.randrange(10**6))))
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    with (
        serving(build(tmp_path / "sandbox", pace_seconds=0)) as sandbox,
        serve(tmp_path, CONFIGURATION.format(sandbox=sandbox), **ENVIRON) as served,
    ):
        mails = sent_mails(served, sandbox)
        tell_all(mails, chance)
        calls = storm_of(mails, chance)
        began = time.monotonic()
        answers = post_all(served.url, calls)
        seconds = time.monotonic() - began
        eventually(lambda: alerts_left(served, sandbox), what="the alerts", seconds=120)
        assert served.stop() == 0
    assert answers == Counter((call.expected, call.expected) for call in calls)
    check(tmp_path / "data" / "todoke.db", mails)
    states = Counter(mail.state for mail in mails)
    print(
        f"{len(mails)} mails, {sum(len(m.events) for m in mails)} events in {len(calls)} calls of"
        f" {sum(len(c.body) for c in calls) / 1e6:.1f} MB, {seconds:.1f} s; {dict(states)}"
    )


def sent_mails(served: Served, sandbox: str) -> list[Mail]:
    """Submit until the service has taken so many mails; each with its token and the service's id."""
    numbers = iter(range(MAILS // 2))
    lock = threading.Lock()

    def submit() -> None:
        http = urllib3.PoolManager(retries=False, timeout=30)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            post_json(http, f"{served.url}/f/contact", {"email": f"silent+{number}@example.net"})

    run_together(submit, 4)
    return list(
        eventually(
            lambda: len(found := inbox(sandbox)) >= MAILS // 2 * 2 and found,
            seconds=240,
            what="every mail in the inbox",
        )  # type: ignore[call-overload]
    )


def inbox(sandbox: str) -> list[Mail]:
    """All mails that the service has taken."""
    found, following = [], ""
    while True:
        page = urllib3.request("GET", f"{sandbox}/inbox.json?before={following}").json()
        found += [Mail(m["api_data"], m["message_id"], m["to"]) for m in page["messages"]]
        following = page["next"]
        if not following:
            return found


def tell_all(mails: list[Mail], chance: random.Random) -> None:
    """Give each mail its true events, all different; a mail never hears more than its own highest rank."""
    start = datetime.now(ZoneInfo("Asia/Tokyo")) - timedelta(minutes=1)
    for mail in mails:
        highest = chance.randrange(len(RANKS))
        words = [word for word, state in MEANINGS.items() if RANKS.index(state) <= highest]
        for number in range(EVENTS_EACH):
            event_type, status, reason = word = chance.choice(words)
            created = f"{start + timedelta(seconds=number):%Y-%m-%d %H:%M:%S}"
            mail.events.append((event_type, item_of(mail, chance, status, reason, created)))
            mail.said.add(MEANINGS[word])


def item_of(
    mail: Mail, chance: random.Random, status: str, reason: str, created: str
) -> dict[str, object]:
    """An item of version 2, or, for every fifth, of version 1, which the message's id alone ties to its mail."""
    shared = {"created": created, "reason": reason, "subject": "Storm", "senderIp": "192.0.2.20"}
    stated: dict[str, object] = {**shared, "messageId": mail.service_id, "status": status}
    if status.isdecimal() and chance.random() < 0.1:
        stated["status"] = int(status)
    if chance.random() < 0.2:
        return {**stated, "envelopeTo": mail.to, "envelopeFrom": "d@return.sandbox.example"}
    return {**stated, "to": mail.to, "from": "desk@example.org", "apiData": mail.token}


def storm_of(mails: list[Mail], chance: random.Random) -> list[Call]:
    """Every event 1 to 20 times, shuffled, in batches of 1 to 100 and a few of thousands, with forgeries among them."""
    by_type: dict[str, list[dict[str, object]]] = defaultdict(list)
    for mail in mails:
        for event_type, item in mail.events:
            by_type[event_type] += [item] * chance.randint(1, MOST_REPEATS)
    calls = []
    for event_type, items in by_type.items():
        items += [forged_item(mails, chance) for _ in range(int(len(items) * FORGED / 2))]
        chance.shuffle(items)
        while items:
            size = (
                chance.randint(1_000, 3_000) if chance.random() < 0.01 else chance.randint(1, 100)
            )
            batch, items[:] = items[:size], items[size:]
            calls.append(true_call(event_type, batch, chance))
    calls += [forged_call(mails, chance) for _ in range(max(4, int(len(calls) * FORGED / 2)))]
    chance.shuffle(calls)
    return calls


def forged_item(mails: list[Mail], chance: random.Random) -> dict[str, object]:
    """An item that would change a mail's state, if it were believed: for another recipient, or of an unknown token."""
    mail = chance.choice(mails)
    status = chance.choice(["2", "succeeded", "failed", "10"])
    item = item_of(
        mail, chance, status, UNKNOWN_USER, f"2031-01-01 00:00:{chance.randrange(60):02}"
    )
    if chance.random() < 0.5:
        item["envelopeTo" if "envelopeTo" in item else "to"] = "mallory@example.net"
        return item
    return {**item, "messageId": "<forged@example.net>", "apiData": "0" * len(mail.token)}


def true_call(event_type: str, items: list[dict[str, object]], chance: random.Random) -> Call:
    """A call that proves itself in one of the ways that the console offers, in one of its encodings."""
    headers, parameters = {}, {"server_composition": "sandbox", "event_type": event_type}
    proof = chance.choice(["body", "bearer", "basic"])
    if proof == "body":
        parameters["api_key"] = KEY
    elif proof == "bearer":
        headers["Authorization"] = f"Bearer {KEY}"
    else:
        headers["Authorization"] = f"Basic {b64encode(f'cmc:{KEY}'.encode()).decode()}"
    return Call(SECRET, *_encoded(parameters, event_type, items, headers, chance), expected=200)


def forged_call(mails: list[Mail], chance: random.Random) -> Call:
    """A call with a wrong secret in its path, or a wrong key, and events that would change what is known."""
    mail = chance.choice(mails)
    items = [
        item_of(mail, chance, status, UNKNOWN_USER, "2031-01-01 00:00:00") for status in ("2", "5")
    ]
    wrong_path = chance.random() < 0.5
    parameters = {"event_type": "bounces", "api_key": KEY if wrong_path else "guessed"}
    secret = SECRET[:-1] + "2" if wrong_path else SECRET
    call = _encoded(parameters, "bounces", items, {}, chance)
    return Call(secret, *call, expected=404 if wrong_path else 401)


def _encoded(
    parameters: dict[str, str],
    event_type: str,
    items: list[dict[str, object]],
    headers: dict[str, str],
    chance: random.Random,
) -> tuple[dict[str, str], bytes]:
    event = json.dumps({event_type: items}, ensure_ascii=chance.random() < 0.5)
    event = event.replace("<", "\\u003C").replace(">", "\\u003E")
    if chance.random() < 0.5:
        body = urlencode({**parameters, "event": event}).encode()
        return {**headers, "Content-Type": "application/x-www-form-urlencoded"}, body
    body = f'{json.dumps(parameters)[:-1]}, "event": {event}}}'.encode()
    return {**headers, "Content-Type": "application/json"}, body


def post_all(url: str, calls: list[Call]) -> Counter[tuple[int, int]]:
    """Post them from 16 sides at once; how often each answer came for each that was expected."""
    answers: Counter[tuple[int, int]] = Counter()
    left: Iterator[Call] = iter(calls)
    lock = threading.Lock()

    def post() -> None:
        http = urllib3.PoolManager(retries=False, timeout=120)
        while True:
            with lock:
                call = next(left, None)
            if call is None:
                return
            answer = http.request(
                "POST",
                f"{url}/hooks/customers-mail-cloud/{call.secret}",
                body=call.body,
                headers=call.headers,
            )
            with lock:
                answers[call.expected, answer.status] += 1

    run_together(post, POSTERS)
    return answers


def run_together(work, count: int) -> None:
    """Run it in so many threads at once; a failure in one is a failure."""
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def alerts_left(served: Served, sandbox: str) -> bool:
    """Whether every alert that the storm caused is handed over."""
    rows = served.command("list", "--json", "--limit", str(MAILS)).splitlines()
    messages = [message for row in rows for message in json.loads(row)["messages"]]
    alerts = [message for message in messages if message["role"] == "alert"]
    return bool(alerts) and not any(message["status"] == "queued" for message in alerts)


def check(database: Path, mails: list[Mail]) -> None:
    """Hold the store against the oracle: state, journal and alerts of each mail."""
    store = SqliteStore(database)
    found: dict[str, MessageTimeline] = {}
    alerts: Counter[str] = Counter()
    before = ""
    while True:
        page = store.page(Query(before=before, limit=100))
        for timeline in page.timelines:
            for message in timeline.messages:
                alerts[message.message.about] += 1
                found[message.attempts[0].attempt.token] = message
        before = page.next
        if not before:
            break
    orphans = store.orphans(10)
    store.close()
    assert {mail.token for mail in mails} <= set(found)
    for mail in mails:
        message = found[mail.token]
        (attempt,) = message.attempts
        assert message.standing.status.value == mail.state, mail
        assert attempt.attempt.recipient == mail.to
        true = [event for event in attempt.events if event.recipient == mail.to]
        assert len(true) == len(mail.events) + 1  # and the answer of the API
        others = {event.recipient for event in attempt.events} - {mail.to}
        assert others <= {"mallory@example.net"}
        told = alerts[message.message.id]
        assert told == 1 if mail.state in FAILURES else told <= 1
    assert orphans
    assert {event.service_id for event in orphans} == {"<forged@example.net>"}
