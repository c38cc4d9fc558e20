"""A month of a million, of a hundred million and of a thousand million submissions on AWS: which limit is met first.

PYTHONPATH=tests:bench python bench/month.py [--json] [--submissions 400]

The real functions and store run over an emulated table, and each request is booked to the partition key and the index
shard that it touches. Then a minute at the peak is played with keys that the real code makes: the busiest second of
each key and shard is what AWS's limits are held against. docs/scale.md explains the table. Nothing here ran on AWS.
Exit 1 when a partition key or an index shard takes more than it may.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aws import (
    CALL_MS,
    CONNECTIONS,
    CPU_OF_GB,
    MAIL_MS,
    MEMORY_GB,
    PRICES,
    PRICES_OF,
    QUIET_BARE_MS,
    STREAM_BATCH,
    Bench,
    at_rest,
    bill,
    init_times,
    measure,
)

import support.mail.mails as mails
from support.aws.emulators import dynamodb_local, ministack
from support.aws.lambda_events import Invocation
from support.places import ROOT
from todoke.aws.functions.upkeep import make_sweep
from todoke.model import ids
from todoke.model.log import log_to_stderr
from todoke.stores.dynamodb.items import shard_of
from todoke.stores.dynamodb.table import SHARDS

MONTH_SECONDS = 30 * 86_400
LOADS = {"a million": 1e6, "a hundred million": 1e8, "a thousand million": 1e9}
PEAK = 10
"""Times the mean of a month."""
BATCHES = {"in full batches": 100, "in batches of two": 2}
HOOKS = {"in full batches": "full", "in batches of two": "of two"}
"""What bench/aws.py calls them."""
MAILS = 2
MOST_RATE = 1e6
BUSY_VISITOR = 5.0
"""Submissions a second from one address at the peak: a script of the site's own, say."""
BOUNCED = 0.01
SECRET = b"s" * 32

KEY_WRITES, KEY_READS = 1_000, 3_000
"""Units a second of one partition, and so of one partition key or of one index shard."""
TABLE_WRITES, NEW_TABLE_WRITES = 40_000, 4_000
"""Units a second of a table on demand: its default quota, and what a new one takes at once."""
MOST_PARALLEL = 10
"""Calls at once for one shard of a stream (ParallelizationFactor)."""
API_REQUESTS = 10_000
LAMBDA_AT_ONCE = 1_000
CLOUD_CONNECTIONS = 10
"""Of Customers Mail Cloud, in all."""
TEMPLATE = {"RequestsPerSecond": 50, "HooksPerSecond": 100, "SenderConcurrency": 3}
"""Defaults of parameters. A test compares them with the template."""
SWEEP_EVERY, SWEEP_SECONDS = 300, 280
"""Seconds between two sweeps, and how long one may take."""
FIRST_HTTP, LATER_HTTP = 300e6, 0.90e-6
"""Requests of a month at the first price; dollars of each beyond."""


@dataclass
class Bookings:
    """What requests touched: units for each partition key, and for each index."""

    writes: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    index_writes: Counter[str] = field(default_factory=Counter)
    image_bytes: int = 0
    calls: int = 0

    def listen(self, client: Any) -> None:
        """Book each request of this client from now on."""
        events = client.meta.events
        events.register("before-parameter-build.dynamodb", self._ask)
        events.register("after-call.dynamodb", self._book)

    def _ask(self, params: dict[str, Any], context: Any, **_: Any) -> None:
        context["todoke_asked"] = params

    def _book(self, model: Any, parsed: dict[str, Any], context: Any, **_: Any) -> None:
        asked, is_read = context["todoke_asked"], model.name in {"GetItem", "BatchGetItem", "Query"}
        keys = list(_keys_in(asked))
        self.calls += 1
        self.image_bytes += sum(map(_size, _items_in(asked)))
        told = parsed.get("ConsumedCapacity") or ()
        for capacity in told if isinstance(told, list) else [told]:
            units = capacity.get("Table", {}).get("CapacityUnits", 0.0)
            for key in keys:
                (self.reads if is_read else self.writes)[key] += units / len(keys)
            if not is_read:
                for name, index in capacity.get("GlobalSecondaryIndexes", {}).items():
                    self.index_writes[name] += index["CapacityUnits"]


def _keys_in(asked: Mapping[str, Any]) -> Iterator[str]:
    """The partition keys of a request; a question to an index has none."""
    if "TransactItems" in asked:
        for row in asked["TransactItems"]:
            for action in row.values():
                yield from _keys_in(action)
    elif "RequestItems" in asked:
        yield from (key["k"]["S"] for one in asked["RequestItems"].values() for key in one["Keys"])
    elif "Item" in asked or "Key" in asked:
        yield (asked.get("Item") or asked["Key"])["k"]["S"]
    elif ":k" in asked.get("ExpressionAttributeValues", {}):
        yield asked["ExpressionAttributeValues"][":k"]["S"]


def _items_in(asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "Item" in asked:
        yield asked["Item"]
    for row in asked.get("TransactItems", ()):
        for action in row.values():
            yield from _items_in(action)


def _size(item: Mapping[str, Any]) -> int:
    """Bytes of an item: names and values."""
    return sum(len(name) + sum(map(len, value.values())) for name, value in item.items())


@dataclass(frozen=True)
class Share:
    """What one submission costs on the average, by where it is booked; calls and milliseconds of processor by function.

    `shared` are units of the partition keys that many submissions touch, by name; all others are a visitor's own.
    """

    own_writes: float
    own_reads: float
    shared_writes: Mapping[str, float]
    shared_reads: Mapping[str, float]
    index_writes: Mapping[str, float]
    image_bytes: float
    swept_cpu_ms: float
    swept_calls: float

    @property
    def table_writes(self) -> float:
        """Of the table itself."""
        return self.own_writes + sum(self.shared_writes.values())

    @property
    def table_reads(self) -> float:
        """Of the table itself."""
        return self.own_reads + sum(self.shared_reads.values())


def observe(emulator: Any, submissions: int, batch: int) -> Share:
    """Take `submissions` through door, sender, hooks of `batch` events and the sweep; what each was booked as."""
    bench = Bench(emulator)
    bookings = Bookings()
    homes = {_home_of(bench.post(10**6))}
    bench.sender({"Records": bench.new_records()}, Invocation())
    bench.hook(bench.mailer.sent[:2])
    bench.mailer.sent.clear()
    bench.new_records()
    bookings.listen(bench.client)
    homes |= {_home_of(bench.post(number)) for number in range(submissions)}
    records = bench.new_records()
    for start in range(0, len(records), STREAM_BATCH):
        bench.sender({"Records": records[start : start + STREAM_BATCH]}, Invocation())
    sent = sorted(bench.mailer.sent, key=lambda mail: mail.token[:26])
    returned = {mail.token for mail in _every(sent, BOUNCED)}
    for start in range(0, len(sent), batch):
        bench.hook(sent[start : start + batch], returned=returned)
    bench.sender({"Records": bench.new_records()}, Invocation())  # the alerts
    sweep = make_sweep(bench.later(minutes=10), {}, queues=bench.queues)
    before = bookings.calls
    counted, _ = bench.counted(lambda: sweep({}, Invocation()))
    return Share(
        own_writes=_own(bookings.writes, homes) / submissions,
        own_reads=_own(bookings.reads, homes) / submissions,
        shared_writes=_shared(bookings.writes, homes, submissions),
        shared_reads=_shared(bookings.reads, homes, submissions),
        index_writes={k: v / submissions for k, v in bookings.index_writes.items()},
        image_bytes=bookings.image_bytes / submissions,
        swept_cpu_ms=counted["cpu_ms"] / submissions,
        swept_calls=(bookings.calls - before) / submissions,
    )


def _home_of(answer: Mapping[str, Any]) -> str:
    return str(json.loads(answer["body"])["id"])[ids.TIME_DIGITS :][: ids.HOME_DIGITS]


def _every(sent: list[Any], share: float) -> list[Any]:
    """So many of the visitors' mails, evenly."""
    visitors = [mail for mail in sent if mail.recipient != mails.MANAGER]
    return visitors[:: max(1, round(1 / share))]


def _own(units: Counter[str], homes: set[str]) -> float:
    return sum(n for key, n in units.items() if key in homes)


def _shared(units: Counter[str], homes: set[str], submissions: int) -> dict[str, float]:
    manager = ids.home(SECRET, mails.MANAGER.key)
    named: Counter[str] = Counter()
    for key, n in units.items():
        if key not in homes:
            named["the manager's address" if key == manager else key.partition("/")[0]] += n
    return {name: n / submissions for name, n in named.items()}


@dataclass(frozen=True)
class Peak:
    """The busiest second of a minute at the peak: units of the busiest partition key and shard of each index."""

    rate: float
    key: float
    shards: Mapping[str, float]


def play(rate: float, share: Share, seconds: int = 60) -> Peak:
    """A minute at `rate` submissions a second, each with the id and the place that the real code gives it."""
    chance = random.Random(rate)
    start = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
    keys: Counter[tuple[int, str]] = Counter()
    shards: Counter[tuple[int, str]] = Counter()
    busy = min(1.0, BUSY_VISITOR / rate)
    for number in range(round(rate * seconds)):
        second = chance.random() * seconds
        visitor = "busy@example.com" if chance.random() < busy else f"visitor{number}@example.net"
        place = ids.place(
            SECRET, visitor=visitor, repeat_key=f"{visitor} {number}", of_visitor=True
        )
        id_ = ids.submission_id(start + timedelta(seconds=second), place)
        keys[int(second), place[: ids.HOME_DIGITS]] += 1
        shards[int(second), shard_of(id_)] += 1
    busiest = max(shards.values())
    return Peak(
        rate=rate,
        key=max(keys.values()) * share.own_writes,
        shards={name: busiest * units for name, units in share.index_writes.items()},
    )


@dataclass(frozen=True)
class Limit:
    """A limit in submissions a second: `whose` it is, and `mend`, what to do when it is near."""

    name: str
    rate: float
    whose: str
    mend: str


@dataclass(frozen=True)
class Times:
    """Seconds that a function works on one submission, and calls of the webhook for it."""

    door: float
    sender: float
    hooks: float
    sweep: float
    hook_calls: float


def times_of(found: Mapping[str, Any], batches: str, share: Share, scale: float) -> Times:
    """What the counted calls and the processor times here would be on Lambda (see bench/aws.py)."""

    def works(function: str, cpu_ms: float, calls: float) -> float:
        return (cpu_ms * scale / (MEMORY_GB[function] * CPU_OF_GB) + calls * CALL_MS) / 1000

    door, sending, hook = found["door"], found["sending"], found["hooks"][HOOKS[batches]]
    return Times(
        door=works("web", door["cpu_ms"], door["calls"]),
        sender=works("sender", sending["cpu_ms"], sending["calls"] / CONNECTIONS)
        + MAILS * MAIL_MS / 1000 / CONNECTIONS,
        hooks=works("web", hook["cpu_ms"], hook["calls"]),
        sweep=works("sweep", share.swept_cpu_ms, share.swept_calls),
        hook_calls=hook["http"],
    )


def limits(share: Share, times: Times) -> list[Limit]:
    """Every limit, the nearest first."""
    functions = times.door + times.hooks + times.sender
    found = [
        Limit("RequestsPerSecond", TEMPLATE["RequestsPerSecond"], "template", "set it to the peak"),
        Limit(
            "HooksPerSecond",
            TEMPLATE["HooksPerSecond"] / times.hook_calls,
            "template",
            "set it to the peak",
        ),
        Limit(
            "SenderConcurrency",
            TEMPLATE["SenderConcurrency"] / times.sender,
            "template",
            "0: no limit",
        ),
        Limit(
            "connections to the mail service",
            CLOUD_CONNECTIONS * 1000 / (MAILS * MAIL_MS),
            "mail service",
            "ask it for more",
        ),
        Limit(
            "calls for the stream's shards",
            _where_met(lambda rate: shards_of_stream(rate, share) / times.sender),
            "template",
            f"CallsOfAShard, {MOST_PARALLEL} at most",
        ),
        Limit(
            "writes of a new table",
            NEW_TABLE_WRITES / share.table_writes,
            "AWS",
            "warm throughput before the day",
        ),
        Limit(
            "writes of a table",
            TABLE_WRITES / share.table_writes,
            "AWS",
            "Service Quotas, table-level write throughput",
        ),
        Limit(
            "requests to an account's APIs",
            API_REQUESTS / (1 + times.hook_calls),
            "AWS",
            "Service Quotas, API Gateway throttle rate",
        ),
        Limit(
            "functions at once",
            LAMBDA_AT_ONCE / functions,
            "AWS",
            "Service Quotas, concurrent executions",
        ),
        Limit(
            "a sweep in its time",
            SWEEP_SECONDS / (times.sweep * SWEEP_EVERY),
            "template",
            "more memory for it",
        ),
        Limit("one visitor's key", KEY_WRITES / share.own_writes, "key", "nothing: one person"),
    ]
    for name, units in share.index_writes.items():
        rate = len(SHARDS) * KEY_WRITES / units
        found.append(Limit(f"index {name}, {len(SHARDS)} shards", rate, "key", "more shards"))
    for name, units in share.shared_writes.items():
        found.append(Limit(f"writes of {name}", KEY_WRITES / units, "key", "another design"))
    for name, units in share.shared_reads.items():
        found.append(Limit(f"reads of {name}", KEY_READS / units, "key", "another design"))
    return sorted(found, key=lambda limit: limit.rate)


def shards_of_stream(rate: float, share: Share) -> int:
    """A shard for each partition of the table: as many as its writes need; a new table has four."""
    return max(4, math.ceil(rate * share.table_writes / KEY_WRITES))


def _where_met(capacity: Callable[[float], float]) -> float:
    """The least rate that `capacity`, which may grow with the rate, does not bear."""
    rate = 1.0
    while rate <= capacity(rate) and rate < MOST_RATE:
        rate *= 1.01
    return rate


def dollars(found: Mapping[str, Any], batches: str, scale: float, month: float) -> dict[str, float]:
    """A month's bill, by part."""
    each = bill(dict(found), HOOKS[batches], scale)
    parts = {name: each[name] * month / 1e6 for name in PRICES}
    beyond = max(0.0, each["n_http"] * month - FIRST_HTTP)
    parts["http"] -= beyond * (PRICES["http"] - LATER_HTTP)
    return parts | {"fixed": sum(at_rest().values())}


def main() -> int:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--submissions", type=int, default=400)
    options = parser.parse_args()
    log_to_stderr("warning")
    is_local = (ROOT / ".emulators" / "DynamoDBOnLoopback.class").exists()
    emulator = dynamodb_local() if is_local else ministack()
    found = measure(emulator, options.submissions)
    scale = min(1.0, QUIET_BARE_MS / init_times(5)["bare boto3 client"])
    told = {n: simulate(emulator, found, n, scale, options.submissions) for n in BATCHES}
    sys.stdout.write(json.dumps(told) + "\n" if options.json else as_text(told))
    hot = [name for one in told.values() for name in one["hot"]]
    return 1 if hot else 0


def simulate(
    emulator: Any, found: Mapping[str, Any], batches: str, scale: float, submissions: int
) -> dict[str, Any]:
    """Everything there is to say of webhooks in such batches; `hot` are the keys that would take too much."""
    share = observe(emulator, submissions, BATCHES[batches])
    times = times_of(found, batches, share, scale)
    loads = {}
    for name, month in LOADS.items():
        peak = month / MONTH_SECONDS * PEAK
        played = play(peak, share)
        loads[name] = {
            "mean": month / MONTH_SECONDS,
            "peak": peak,
            "table_writes": peak * share.table_writes,
            "busiest_key": played.key,
            "busiest_shards": dict(played.shards),
            "shared_writes": {n: peak * u for n, u in share.shared_writes.items()},
            "shared_reads": {n: peak * u for n, u in share.shared_reads.items()},
            "stream_shards": shards_of_stream(peak, share),
            "functions": {
                "door": peak * times.door,
                "hooks": peak * times.hooks,
                "sender": peak * times.sender,
            },
            "sweep_seconds": month / MONTH_SECONDS * SWEEP_EVERY * times.sweep,
            "dollars": dollars(found, batches, scale, month),
        }
    highest = loads[max(LOADS, key=lambda name: LOADS[name])]
    most = {
        "a visitor's key": (highest["busiest_key"], KEY_WRITES),
        **{f"index {n}": (u, KEY_WRITES) for n, u in highest["busiest_shards"].items()},
        **{f"writes of {n}": (u, KEY_WRITES) for n, u in highest["shared_writes"].items()},
        **{f"reads of {n}": (u, KEY_READS) for n, u in highest["shared_reads"].items()},
    }
    return {
        "share": asdict(share),
        "times": asdict(times),
        "loads": loads,
        "limits": [asdict(limit) for limit in limits(share, times)],
        "hot": [name for name, (units, bearable) in most.items() if units > bearable],
    }


def as_text(told: Mapping[str, Any]) -> str:
    """For a person."""
    lines = [
        f"A month on AWS, the peak {PEAK} times its mean. {PRICES_OF}. Nothing here ran on AWS."
    ]
    for batches, one in told.items():
        names = list(one["loads"])
        columns = [one["loads"][name] for name in names]
        lines += ["", f"Webhooks {batches}", f"{'':<40}" + "".join(f"{n:>20}" for n in names)]
        rows: dict[str, list[float]] = {
            "submissions a second, mean": [c["mean"] for c in columns],
            "at the peak": [c["peak"] for c in columns],
            "write units of the table": [c["table_writes"] for c in columns],
            "busiest visitor's key": [c["busiest_key"] for c in columns],
        }
        for what in ("busiest_shards", "shared_writes", "shared_reads"):
            for name in columns[0][what]:
                words = {"busiest_shards": "busiest shard of", "shared_writes": "writes of"}
                rows[f"{words.get(what, 'reads of')} {name}"] = [c[what][name] for c in columns]
        rows["shards of the stream"] = [c["stream_shards"] for c in columns]
        for name in columns[0]["functions"]:
            rows[f"functions at once: {name}"] = [c["functions"][name] for c in columns]
        rows["a sweep, seconds of 280 (mean rate)"] = [c["sweep_seconds"] for c in columns]
        for name in columns[0]["dollars"]:
            rows[f"dollars: {name}"] = [c["dollars"][name] for c in columns]
        rows["dollars: together"] = [sum(c["dollars"].values()) for c in columns]
        lines += [f"{n:<40}" + "".join(f"{v:>20,.2f}" for v in row) for n, row in rows.items()]
        lines += ["", "Limits, the nearest first            submissions a second"]
        lines += [
            f"  {limit['name']:<40}{limit['rate']:>14,.0f}  {limit['whose']:<13}{limit['mend']}"
            for limit in one["limits"]
        ]
        lines += [f"HOT  {name}" for name in one["hot"]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
