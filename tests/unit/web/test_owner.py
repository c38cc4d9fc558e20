"""What the owner may read of how it goes, and that nobody else may."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.web.stories import (
    CONTACT,
    NOW,
    SECRET,
    Answer,
    call,
    make_app,
    make_message,
    make_timeline,
    post,
    stored,
)
from todoke.model.delivery import Reason
from todoke.model.errors import StoreUnavailable
from todoke.model.form import Site
from todoke.model.settings import Secret
from todoke.ports.outbox import Backlog
from todoke.server.asgi import without_sender
from todoke.testing import MemoryStore
from todoke.walk.app import App
from todoke.walk.send.circuit import MailRest
from todoke.walk.tally import Counted
from todoke.web.owner import owner_key

TOKEN = "mayuri-0123456789-token"
PUBLIC = Site(name="Hoshino Paper", door_url="https://forms.hoshino.example")
HERE = Site(name="Hoshino Paper", door_url="http://127.0.0.1:8000")


def ask(app: App, path: str = "/metrics", rest: MailRest | None = None, **headers: str) -> Answer:
    """Ask as from this machine."""
    asgi = without_sender(app, mail_rest=lambda: rest, tells_owner=True)
    return call(asgi, path, headers=headers)


def figures(answer: Answer) -> Mapping[tuple[str, ...], float]:
    """Each figure by its name and the values of its labels, in the order of their names."""
    found = {}
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            labels = sorted(re.findall(r'(\w+)="([^"]*)"', name))
            found[name.partition("{")[0], *(said for _, said in labels)] = float(value)
    return found


@pytest.mark.parametrize("path", ["/metrics", "/status"])
def test_a_neighbour_may_read_where_no_proxy_can_look_like_one(path: str) -> None:
    """Where the door itself is on this machine, or its proxies are known to say whom they speak for."""
    assert ask(make_app(MemoryStore(), site=HERE), path).status == 200
    assert ask(make_app(MemoryStore(), site=PUBLIC, trusted_proxies=1), path).status == 200
    shut = ask(make_app(MemoryStore(), site=PUBLIC), path)
    assert (shut.status, shut.headers["www-authenticate"]) == (401, 'Bearer realm="todoke"')
    assert "TODOKE_METRICS_TOKEN" in shut.text


@pytest.mark.parametrize("path", ["/metrics", "/status"])
def test_a_strangers_request_through_a_proxy_on_this_machine_is_shut_out(path: str) -> None:
    """It comes over the loopback, and is not from here."""
    app = make_app(MemoryStore(), site=HERE, trusted_proxies=1)
    assert ask(app, path, **{"x-forwarded-for": "192.0.2.7"}).status == 401
    assert ask(app, path, host="forms.hoshino.example").status == 401


@pytest.mark.parametrize("path", ["/metrics", "/status"])
@pytest.mark.parametrize(
    ("stated", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        (f"Bearer {owner_key(SECRET).reveal()}", 200),
        (f"Bearer {TOKEN}x", 401),
        ("Bearer ", 401),
        ("Bearer", 401),
        (f"Basic {TOKEN}", 401),
        (f"Bearer {owner_key(b'other' * 8).reveal()}", 401),
    ],
)
def test_the_token_opens_from_anywhere_and_a_wrong_one_nowhere(
    path: str, stated: str, status: int
) -> None:
    """Also on this machine: whoever states one means to prove it. The commands' key is made of the secret."""
    app = make_app(MemoryStore(), site=PUBLIC, metrics_token=Secret(TOKEN))
    far = {"host": "forms.hoshino.example", "x-forwarded-for": "192.0.2.7"}
    assert ask(app, path, authorization=stated, **far).status == status
    here = make_app(MemoryStore(), site=HERE, metrics_token=Secret(TOKEN))
    assert ask(here, path, authorization=stated).status == status


def test_without_a_token_set_no_stated_one_is_right() -> None:
    """Nothing is not a token, nor is an empty secret's key."""
    app = make_app(MemoryStore(), site=PUBLIC, secret=b"")
    for stated in ("Bearer ", "Bearer", f"Bearer {owner_key(b'').reveal()}"):
        assert ask(app, authorization=stated).status == 401


def test_on_aws_there_is_neither() -> None:
    """Each function has counts of its own, which would mean nothing."""
    asgi = without_sender(make_app(MemoryStore(), site=HERE))
    assert [call(asgi, path).status for path in ("/metrics", "/status")] == [404, 404]


def test_the_figures_are_those_of_the_issue() -> None:
    """What is accepted, refused, handed over, told and waiting, and when mail last left and was heard of."""
    store = stored(
        make_timeline(make_message("queued"), received_at=NOW - timedelta(hours=2)),
        make_timeline(make_message("accepted", submission_id="s2"), id_="s2"),
    )
    store.put_mark("heard/smtp", NOW - timedelta(minutes=5))
    store.put_mark("handed_over/smtp", NOW - timedelta(minutes=1))
    app = make_app(store, site=HERE)
    app.tally.count(Counted.HAND_OVERS, "accepted", times=7)
    app.tally.count(Counted.EVENTS, "bounced", "new")
    app.tally.count(Counted.HOOK_CALLS, "smtp", "200")
    asgi = without_sender(
        app, mail_rest=lambda: MailRest(61.5, Reason.MISCONFIGURED), tells_owner=True
    )
    assert post(asgi, "/f/contact", "email=x").status == 422
    answer = call(asgi, "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = figures(answer)
    expected = {
        ("todoke_submissions_accepted_total", "contact"): 0,
        ("todoke_requests_refused_total", "invalid", "contact", "422"): 1,
        ("todoke_requests_refused_total", "origin_refused", "contact", "403"): 0,
        ("todoke_requests_refused_total", "unavailable", "contact", "503"): 0,
        ("todoke_field_faults_total", "typeMismatch", "email", "contact"): 1,
        ("todoke_handovers_total", "accepted"): 7,
        ("todoke_handovers_total", "rejected"): 0,
        ("todoke_delivery_events_total", "new", "bounced"): 1,
        ("todoke_webhook_calls_total", "smtp", "200"): 1,
        ("todoke_mail_rests",): 1,
        ("todoke_mail_rest_seconds",): 61.5,
        ("todoke_messages_due",): 1,
        ("todoke_submissions",): 2,
        ("todoke_last_webhook_timestamp_seconds",): (NOW - timedelta(minutes=5)).timestamp(),
        ("todoke_last_handover_timestamp_seconds",): (NOW - timedelta(minutes=1)).timestamp(),
        ("todoke_store_up",): 1,
    }
    assert {key: found.get(key) for key in expected} == expected
    assert found["todoke_oldest_due_seconds",] >= 0


def test_strangers_add_a_bounded_number_of_figures() -> None:
    """However many forms, fields and methods they make up: labels are the site's own words and ours."""
    app = make_app(MemoryStore(), site=HERE)
    asgi = without_sender(app, tells_owner=True)
    for n in range(40):
        post(asgi, f"/f/made-up-{n}", f"field{n}=x")
        post(asgi, "/f/contact", f"field{n}=x&topic=value{n}", origin=f"https://o{n}.example")
        call(asgi, "/f/contact", method=f"VERB{n}")
        call(asgi, f"/hooks/service{n}/secret", method="POST")
    written = call(asgi, "/metrics").text
    assert not any(
        word in written for word in ("made-up", "field3", "value3", "VERB", "service3", "o3.ex")
    )
    fields = {field.name for field in CONTACT.fields or ()}
    assert len(app.tally.counts(Counted.FAULTS)) <= len(fields)
    assert len(app.tally.counts(Counted.REFUSED)) <= 4


def test_a_store_that_cannot_be_read_leaves_the_rest_to_be_seen() -> None:
    """What was counted is known without it."""

    class BrokenStore(MemoryStore):
        def backlog(self) -> Backlog:
            raise StoreUnavailable("/srv/todoke.db cannot be used now")

    found = figures(ask(make_app(BrokenStore(), site=HERE)))
    assert found["todoke_store_up",] == 0
    assert ("todoke_messages_due",) not in found
    assert found["todoke_submissions_accepted_total", "contact"] == 0


def test_the_status_says_what_only_the_server_knows() -> None:
    """Whether it is ready, since when it runs, why mail rests and who was refused; no value of a field."""
    app = make_app(MemoryStore(), site=HERE)
    rest = MailRest(61.5, Reason.MISCONFIGURED, "535 5.7.8 no", 40.0)
    asgi = without_sender(app, mail_rest=lambda: rest, tells_owner=True)
    post(asgi, "/f/contact", "email=kaede&topic=zzz")
    told: dict[str, Any] = json.loads(call(asgi, "/status").body)
    assert (told["ready"], told["why_not"], told["started_at"]) == (True, "", NOW.isoformat())
    assert told["mail_rests"] == {
        "seconds": 61.5,
        "reason": "misconfigured",
        "words": "535 5.7.8 no",
        "next_try_seconds": 40.0,
    }
    assert told["refused"] == [{"form": "contact", "status": 422, "code": "invalid", "times": 1}]
    assert told["latest_refused"][0]["fields"]["email"] == "typeMismatch"
    assert "kaede" not in json.dumps(told)


def test_the_owners_key_is_not_the_secret_and_nobodys_without_one() -> None:
    """Another secret makes another key."""
    assert owner_key(SECRET) != owner_key(SECRET[::-1])
    assert SECRET.decode() not in owner_key(SECRET).reveal()
    assert not owner_key(b"")
    assert replace(make_app(MemoryStore()).settings, secret=b"").secret == b""
