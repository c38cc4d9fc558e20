"""Somebody's address typed into a form over and over, from many networks: few mails reach them, and nothing is lost."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from pathlib import Path

import pytest
import urllib3

from support.run.serving import JSON, Served, Sink, eventually, serve
from todoke.ports.archive import Query
from todoke.stores.sqlite.store import SqliteStore

pytestmark = pytest.mark.acceptance

POSTS, NETWORKS, THREADS = 1_000, 250, 8
HONEST = 50
SPELLINGS = [
    f"{local}@{domain}"
    for local in (
        *("anna.lee", "Anna.Lee", "annalee", "ANNALEE", "a.n.n.a.l.e.e"),
        *("annalee+1", "annalee+2", "anna.lee+shop", "Anna.lee+x.y", "a.nnalee"),
    )
    for domain in ("victim.example", "Victim.Example")
]
CONFIGURATION = """
[site]
name = "Hoshino Paper"
url = "http://127.0.0.1/"
door_url = "http://127.0.0.1/"
trusted_proxies = 1

[mail]
service = "smtp"
from = "Hoshino Paper <desk@shop.test>"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[forms.contact]
managers = ["manager@shop.test"]

[forms.order]
managers = ["manager@shop.test"]
"""


def test_one_victim_from_many_networks(tmp_path: Path) -> None:
    """Of a thousand posts in twenty spellings over two forms three confirmations are sent; each post is stored and
    mailed to the manager, and other visitors have theirs."""
    sink = Sink()
    try:
        with serve(tmp_path, CONFIGURATION.format(port=sink.port)) as served:
            _attack(served)
            everyone = POSTS + HONEST
            eventually(
                lambda: len(sink.to("manager@shop.test")) == everyone, seconds=180, what="the mails"
            )
            eventually(lambda: _waiting(served) == 0, seconds=60, what="the end of all work")
            assert served.stop() == 0
    finally:
        sink.close()
    to = Counter(address.lower() for address, _ in sink.mails)
    assert sum(n for address, n in to.items() if address.endswith("@victim.example")) == 3
    assert [to[f"honest{n}@site.example"] for n in range(HONEST)] == [1] * HONEST
    store = SqliteStore(tmp_path / "data" / "todoke.db")
    try:
        assert store.counts()["submissions"] == everyone
        assert store.count(Query(statuses=frozenset({"withheld"})), everyone).number == POSTS - 3
        assert store.count(Query(attention=True), everyone).number == 0
    finally:
        store.close()


def _attack(served: Served) -> None:
    """Post for the victim from everywhere, and now and then for somebody else; each is answered alike."""
    numbers = itertools.count()
    faults: list[object] = []

    def post() -> None:
        http = urllib3.PoolManager(retries=False)
        for number in numbers:
            if number >= POSTS + HONEST:
                return
            address = SPELLINGS[number % len(SPELLINGS)]
            if number >= POSTS:
                address = f"honest{number - POSTS}@site.example"
            network = number % NETWORKS
            answer = http.request(
                "POST",
                f"{served.url}/f/{('contact', 'order')[number % 2]}",
                fields={"email": address, "message": f"number {number}"},
                encode_multipart=False,
                headers=JSON | {"X-Forwarded-For": f"198.51.{network % 250}.7"},
            )
            told = [m["role"] for m in answer.json()["messages"]] if answer.status == 200 else []
            if told != ["confirmation", "notification"]:
                faults.append(answer.data)

    threads = [threading.Thread(target=post) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def _waiting(served: Served) -> int:
    return int(json.loads(served.command("status", "--json"))["waiting"])
