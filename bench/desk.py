"""How long the desk's pages and searches take in a SQLite store with very much in it.

    .venv/bin/python bench/desk.py [--submissions 1000000] [--file /tmp/desk.db] [--rounds 20]

Fills a store with made-up submissions, half English, half Japanese, of which one mail in fifty failed; a file that has
them already is used as it is. Then asks each question of the list some times from a fresh place in time, and prints the
median and the 95th percentile in milliseconds, one JSON line a question.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from todoke.model import ids
from todoke.model.address import Address, mailbox_key
from todoke.model.care import Care
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Reason, Status
from todoke.model.kept import Kept, KeptAttempt, KeptMessage, Restored
from todoke.model.message import Attempt, Message, Role
from todoke.model.submission import Entry, Submission
from todoke.ports.archive import Page, Query, Scope
from todoke.stores.sqlite import index as index_
from todoke.stores.sqlite.store import SqliteStore

SECRET = b"s" * 32
START = datetime(2026, 1, 1, tzinfo=UTC)
APART = timedelta(seconds=20)
FORMS = ("contact", "leave", "order", "recruit")
MANAGERS = {form: Address(f"{form}@site.example") for form in FORMS}
RARE, JAPANESE_NAME, RARE_NAME = "xylophone", "山田太郎", "勅使河原"

_LETTERS = ("bcdfghklmnprstvw", "aeiou")
_SURNAMES = tuple(
    word
    for line in (
        "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤",
        "清水 山崎 森 池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 青木 坂本",
    )
    for word in line.split()
)
_GIVEN = tuple(
    "太郎花子一郎美咲翔太陽菜大輔直樹裕子拓也香織健太智子和也"[n : n + 2] for n in range(0, 28, 2)
)
_PHRASES = (
    "お問い合わせありがとうございます",
    "商品の在庫について教えてください",
    "先日注文した品物がまだ届いておりません",
    "返品を希望します",
    "見積書を送付してください",
    "予約を変更したいのですが",
    "電話番号が変わりました",
    "修理の保証期間はいつまでですか",
    "採用の面接日程についてご相談です",
    "領収書の発行をお願いします",
)


def submissions(count: int) -> Iterator[Kept]:
    """Made-up submissions, oldest first, each with a confirmation and a notification that came to an end."""
    draw = random.Random(7)
    vocabulary = [_word(draw) for _ in range(30_000)]
    weights = list(itertools.accumulate(1 / (n + 2) for n in range(len(vocabulary))))
    for number in range(count):
        yield _one(draw, number, vocabulary, weights)


def _word(draw: random.Random) -> str:
    return "".join(draw.choice(_LETTERS[n % 2]) for n in range(draw.randint(3, 10)))


def _one(draw: random.Random, number: int, vocabulary: list[str], weights: list[float]) -> Kept:
    english = draw.random() < 0.5
    words = draw.choices(vocabulary, cum_weights=weights, k=draw.randint(10, 80))
    if english:
        name = " ".join(word.capitalize() for word in draw.sample(vocabulary, 2))
        text = "Hello, " + " ".join(words)
    else:
        name = draw.choice(_SURNAMES) + draw.choice(_GIVEN)
        text = "。".join(draw.choice(_PHRASES) + words[n][:4] for n in range(draw.randint(1, 6)))
    if number % 50_000 == 17:
        text, name = f"{text} {RARE}", name if english else RARE_NAME
    visitor = Address(
        f"{draw.choice(vocabulary)}{draw.randint(1, 999)}@example.{'org' if english else 'jp'}"
    )
    at = START + number * APART
    place = ids.place(SECRET, visitor=mailbox_key(visitor))
    id_ = ids.submission_id(at, place)
    form = draw.choice(FORMS)
    submission = Submission(
        id=id_,
        form=form,
        received_at=at,
        entries=(
            Entry("name", name),
            Entry("email", str(visitor)),
            Entry(
                "tel",
                f"0{draw.randint(10, 99)}-{draw.randint(1000, 9999)}-{draw.randint(1000, 9999)}",
            ),
            Entry("message", text),
        ),
        language="en" if english else "ja",
        visitor=visitor,
        token_hash=ids.receipt_hash(ids.receipt_token(SECRET, id_)),
    )
    to = {Role.CONFIRMATION: visitor, Role.NOTIFICATION: MANAGERS[form]}
    messages = tuple(
        _message(submission, at, n, role, address, is_lost=n == 1 and number % 50 == 0)
        for n, (role, address) in enumerate(to.items(), start=1)
    )
    read = Care() if number % 20 == 0 else Care(read_at=at)
    return Kept(
        submission=submission, messages=messages, care=replace(read, starred=number % 500 == 0)
    )


def _message(
    submission: Submission, at: datetime, number: int, role: Role, to: Address, *, is_lost: bool
) -> KeptMessage:
    id_ = ids.message_id(submission.id, number)
    token = ids.new_attempt_token()
    accepted = DeliveryEvent(
        kind=Kind.ACCEPTED, at=at, received_at=at, service="post", token=token, raw=b"250 ok"
    )
    last = _ended(accepted, is_lost=is_lost)
    return KeptMessage(
        message=Message(
            id=id_,
            submission_id=submission.id,
            role=role,
            recipient=to,
            language=submission.language,
            message_id=f"<{id_}@site.example>",
            created_at=at,
        ),
        attempts=(
            KeptAttempt(
                attempt=Attempt(
                    token=token,
                    message_id=id_,
                    number=1,
                    recipient=to,
                    service="post",
                    ceiling=Ceiling.DELIVERED,
                    started_at=at,
                ),
                events=(accepted, last),
            ),
        ),
    )


def _ended(accepted: DeliveryEvent, *, is_lost: bool) -> DeliveryEvent:
    """The event that ends a message."""
    if is_lost:
        return replace(accepted, kind=Kind.BOUNCED, reason=Reason.UNKNOWN_ADDRESS)
    return replace(accepted, kind=Kind.DELIVERED)


def fill(store: SqliteStore, count: int) -> None:
    """Keep so many, and index them."""
    began = time.perf_counter()
    waiting: list[Future[Restored]] = []
    there = store.counts()["submissions"]
    for kept in itertools.islice(submissions(count), there, None):
        waiting.append(store.restore(kept))
        if len(waiting) >= 256:
            for future in waiting:
                future.result()
            waiting.clear()
    for future in waiting:
        future.result()
    print(json.dumps({"filled_seconds": round(time.perf_counter() - began)}))


def index(store: SqliteStore, secrets: Callable[..., frozenset[str]]) -> None:
    """Index what is left."""
    began = time.perf_counter()
    index_.AT_ONCE = 4_096  # nobody waits here
    while store._writer.submit(index_.index_some, secrets).result():  # noqa: SLF001 - as fast as it can
        pass
    print(json.dumps({"indexed_seconds": round(time.perf_counter() - began)}))


def questions(count: int) -> dict[str, Query]:
    """What people ask of the list."""
    forms = frozenset(FORMS[:2])
    bounced = frozenset({Status.BOUNCED.value})
    end = START + count * APART
    return {
        "newest page": Query(),
        "page of a form": Query(form="contact"),
        "page of a scope of forms": Query(scope=Scope(forms=forms)),
        "page of a scope with a mailbox": Query(
            scope=Scope(forms=frozenset({"leave"}), mailbox=MANAGERS["order"])
        ),
        "page of a status": Query(statuses=bounced),
        "page of a status and a form": Query(statuses=bounced, form="order"),
        "page of two statuses": Query(statuses=bounced | {"delivered"}),
        "page of what is not known": Query(statuses=frozenset({"unknown"}), silent_since=end),
        "needs attention": Query(attention=True),
        "unread": Query(unread=True),
        "unread of a form": Query(unread=True, form="leave"),
        "starred": Query(starred=True),
        "not done": Query(done=False),
        "an address": Query(address="nobody1@example.org"),
        "a manager's address": Query(address=MANAGERS["contact"]),
        "a rare word": Query(words=RARE),
        "a common word": Query(words="hello"),
        "the beginning of very many words": Query(words="b"),
        "a common ending of addresses": Query(words="example"),
        "a Japanese name": Query(words=JAPANESE_NAME),
        "a rare Japanese name": Query(words=RARE_NAME),
        "one kanji": Query(words="山"),
        "a phrase": Query(words="返品を希望します"),
        "a word in no document": Query(words="qqqqqq"),
        "a run in no document": Query(words="東京都庁舎前"),
        "two common words": Query(words="hello example"),
        "a common word of a form": Query(words="hello", form="order"),
        "a common word in a scope": Query(words="hello", scope=Scope(forms=forms)),
        "a common word that bounced": Query(words="hello", statuses=bounced),
        "a common word, unread": Query(words="hello", unread=True),
        "a Japanese name of a form that bounced": Query(
            words=JAPANESE_NAME, form="contact", statuses=bounced
        ),
        "a rare word in a scope with a mailbox": Query(
            words=RARE, scope=Scope(forms=frozenset({"leave"}), mailbox=MANAGERS["order"])
        ),
    }


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path, default=Path("/tmp/desk.db"))
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    store = SqliteStore(options.file)
    if store.counts()["submissions"] < options.submissions:
        fill(store, options.submissions)
    index(store, store._secrets)  # noqa: SLF001 - those that it has
    print(
        json.dumps(
            {"submissions": store.counts()["submissions"], "bytes": options.file.stat().st_size}
        )
    )
    draw = random.Random(1)
    end = START + options.submissions * APART
    for name, query in questions(options.submissions).items():

        def page(query: Query = query) -> Page:
            to = end - timedelta(seconds=draw.randint(0, 1000))
            return store.page(dataclasses.replace(query, received_to=to))

        def count(query: Query = query) -> object:
            return store.count(query)

        found = page()
        line = {
            "question": name,
            "found": len(found.timelines),
            "is_cut_short": found.looked_back_to is not None,
            **_figures("page", page, options.rounds),
            **_figures("count", count, options.rounds),
            "count": dataclasses.astuple(store.count(query)),
        }
        print(json.dumps(line), flush=True)
    store.close()


def _figures(what: str, ask: Callable[[], object], rounds: int) -> dict[str, float]:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1000)
    percentile = statistics.quantiles(took, n=20)[-1]
    return {
        f"{what}_p50_ms": round(statistics.median(took), 1),
        f"{what}_p95_ms": round(percentile, 1),
    }


if __name__ == "__main__":
    main()
