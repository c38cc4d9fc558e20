"""What a submission costs on AWS: every request and unit counted against an emulated table, at list prices; init times.

PYTHONPATH=tests python bench/aws.py [--json] [--submissions 100] [--starts 9]

The real handlers and the real store run here; what DynamoDB would charge is what the emulator says it consumed. Time on
Lambda (`gb_seconds`) is not measured but estimated: from the processor time here, brought to that of a machine on which
a bare boto3 client starts in QUIET_BARE_MS, and the waits stated below. The mailer is a fake, so the processor time of
its own HTTP is not in it. Exit 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from botocore.session import get_session

import support.mail.mails as mails
from stack_review.resolve import resolved
from stack_review.template import parse
from support.aws.emulators import client_of, dynamodb_local, ministack, new_table
from support.aws.lambda_events import (
    Invocation,
    MemoryQueues,
    http_event,
    passes_filter,
    records_of,
)
from support.aws.lambda_runtime import Environment
from support.places import ROOT
from todoke.aws.deploy.prepare import own_template
from todoke.aws.functions.embedded_metrics import NAMESPACE, with_metrics
from todoke.aws.functions.gateway import make_web
from todoke.aws.functions.handler import Handler
from todoke.aws.functions.relay import Relay
from todoke.model.form import Managers
from todoke.model.log import log_to_stderr
from todoke.model.settings import Secret
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.services.table import TOKENED
from todoke.stores.dynamodb.store import DynamoStore
from todoke.testing import FakeMailer
from todoke.walk.app import App, utc_now
from todoke.wiring import read_change

PRICES_OF = "us-east-1, list prices as published in November 2026, no free tier"
PRICES = {
    "http": 1.00e-6,  # an HTTP API's request of up to 512 KB
    "invocations": 0.20e-6,
    "gb_seconds": 0.0000133334,  # arm64
    "write_units": 0.625e-6,  # 1 KB; a transaction's count twice
    "read_units": 0.125e-6,  # 4 KB, strongly consistent
    "sqs": 0.40e-6,
    "kb_out": 0.09e-6,
    "kb_logs": 0.50e-6,
}
"""Dollars for one of each."""
POLLER_REQUESTS = 5 * 30 * 86_400 / 20
"""A month of Lambda's five pollers of an idle queue, each asking every 20 seconds."""
SWEEPS = 30 * 288
LEAST = {"full": 4.29, "of two": 7.24}
"""Dollars a million, of designs A and B: the least that was thought possible."""
FREE_ALARM_METRICS, ALARM_METRIC = 10, 0.10
"""Metrics that an account's alarms may watch free of charge, and dollars a month of each beyond them."""
GOALS = {"full": 5.0, "of two": 8.0, "at rest": 0.30, "init": 1.6}

MEMORY_GB = {"web": 0.25, "sender": 0.25, "sweep": 1.0}
CPU_OF_GB = 1 / 1.769  # a function of 1,769 MB has one processor
CALL_MS = 5.0
"""How long a function waits for one call of DynamoDB."""
MAIL_MS = 50.0
"""How long it waits for the mail service to take a mail; a sender's connections wait at the same time."""
CONNECTIONS = 3
STREAM_BATCH = 20
HOOK_SECRET = "0123456789abcdef0123456789abcdef"
LOG_LINE_BYTES = 26
"""What CloudWatch adds to each line."""
ACCESS_LOG_BYTES = 122 + LOG_LINE_BYTES
QUIET_BARE_MS = 219.0
"""The anchor that processor times are brought to, for this machine may be slow or busy."""
MESSAGE = (
    "Do you have washi paper in A3, and could I see samples? I would come by next Thursday. " * 2
)


class Meter:
    """Counts what one client asks of DynamoDB, and what the log takes."""

    def __init__(self, client: Any) -> None:
        self.counted: Counter[str] = Counter()
        client.meta.events.register("provide-client-params.dynamodb", self._ask_for_units)
        client.meta.events.register("after-call.dynamodb", self._count)
        handler = logging.StreamHandler(self)
        handler.setFormatter(logging.getLogger().handlers[0].formatter)
        logging.getLogger().handlers = [handler]

    def write(self, line: str) -> None:
        """A line of the log."""
        self.counted["log_bytes"] += len(line) + LOG_LINE_BYTES

    def _ask_for_units(self, params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any]:
        if "ReturnConsumedCapacity" not in model.input_shape.members:
            return params
        return {**params, "ReturnConsumedCapacity": "INDEXES"}

    def _count(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        told = parsed.get("ConsumedCapacity", ())
        units = sum(t["CapacityUnits"] for t in (told if isinstance(told, list) else [told]) if t)
        is_read = model.name in {"GetItem", "BatchGetItem", "Query"}
        self.counted["read_units" if is_read else "write_units"] += units
        self.counted[model.name] += 1
        self.counted["calls"] += 1


class Bench:
    """Functions over an empty table."""

    def __init__(self, emulator: Any) -> None:
        self.client = client_of(emulator)
        self.table = new_table(self.client)
        self.meter = Meter(self.client)
        self.streams = get_session().create_client(
            "dynamodbstreams",
            region_name="us-east-1",
            endpoint_url=emulator.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.arn = self.client.describe_table(TableName=self.table)["Table"]["LatestStreamArn"]
        cloud = CustomersMailCloudSettings(hook_secret=Secret(HOOK_SECRET))
        form = mails.CONTACT
        form = dataclasses.replace(form, managers=Managers(fixed=(mails.MANAGER,)))
        usual = mails.settings(forms={"contact": form})
        mail = dataclasses.replace(usual.mail, service="customers-mail-cloud", own=cloud)
        self.settings = dataclasses.replace(usual, mail=mail)
        source = CustomersMailCloudEvents(cloud)
        self.mailer = FakeMailer(name=source.name)
        self.app = App(
            settings=self.settings,
            store=DynamoStore(
                self.table,
                secret=self.settings.secret,
                clock=utc_now,
                client=self.client,
                tokened=TOKENED,
                numbered=frozenset(),
            ),
            mailer=self.mailer,
            sources={source.name: source},
        )
        self.web = self._told(make_web(self.app, {}))
        self.queues = MemoryQueues()
        relay = Relay(self.app, self.queues, read_change(self.app.store), connections=CONNECTIONS)
        self.sender = self._told(relay.handle)
        self.seen = 0

    def _told(self, handler: Handler) -> Handler:
        """A function that also writes its figures."""
        return with_metrics(handler, self.app, {NAMESPACE: "todoke/forms"}, self.meter.write)

    def counted(self, do: Any) -> tuple[Counter[str], Any]:
        """What one step counts, and what it gives."""
        self.meter.counted.clear()
        began = time.process_time()
        given = do()
        found = Counter(self.meter.counted)
        found["cpu_ms"] = (time.process_time() - began) * 1000  # type: ignore[assignment]
        return found, given

    def post(self, number: int) -> Any:
        """A visitor's form, answered as JSON."""
        fields = {"name": "Hanako Sato", "email": f"hanako.sato{number}@example.net", "topic": "s"}
        body = urlencode({**fields, "message": MESSAGE}).encode()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        answer = self.web(
            http_event("POST", "/f/contact", body=body, headers=headers), Invocation()
        )
        assert answer["statusCode"] == 200, answer
        return answer

    def later(self, **units: float) -> App:
        """The same, a while later."""
        return dataclasses.replace(self.app, clock=lambda: utc_now() + timedelta(**units))

    def hook(self, sent: list[Any], returned: Collection[str] = ()) -> Any:
        """One webhook call with a delivery of each of these mails; those of `returned` tokens failed."""
        items = [
            {
                "created": f"{utc_now() + timedelta(hours=9):%Y-%m-%d %H:%M:%S}",
                "returnPath": "forms@return.sub1.smtps.jp",
                "from": "forms@example.org",
                "to": mail.recipient,
                "messageId": f"id-{mail.token}",
                "reason": "550 5.1.1 User unknown" if mail.token in returned else "250 2.0.0 OK",
                "senderIp": "192.0.2.20",
                "sourceIp": "",
                "status": "failed" if mail.token in returned else "succeeded",
                "subject": mail.subject,
                "apiData": mail.token,
            }
            for mail in sent
        ]
        event = json.dumps({"deliveries": items}, ensure_ascii=False)
        body = urlencode({"server_composition": "sub1", "event_type": "deliveries", "event": event})
        path = f"/hooks/customers-mail-cloud/{HOOK_SECRET}"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = self.web(
            http_event("POST", path, body=body.encode(), headers=headers), Invocation()
        )
        assert answer["statusCode"] == 200, answer
        return answer

    def new_records(self) -> list[dict[str, Any]]:
        """The records of the stream since the last time that the template's filter lets through."""
        found = records_of(self.streams, self.arn)
        fresh, self.seen = found[self.seen :], len(found)
        return [record for record in fresh if passes_filter(record)]


def measure(emulator: Any, submissions: int) -> dict[str, Any]:
    """Each step by itself, for one submission on the average; webhooks in full batches and of two events."""
    bench = Bench(emulator)
    bench.post(10**6)  # what is only loaded once is loaded
    bench.sender({"Records": bench.new_records()}, Invocation())
    bench.hook(bench.mailer.sent[:2])
    bench.new_records()
    bench.mailer.sent.clear()
    door: Counter[str] = Counter()
    for number in range(submissions):
        counted, answer = bench.counted(lambda n=number: bench.post(n))
        door += counted
        door["bytes_out"] += len(answer["body"]) + sum(map(len, answer["headers"].values())) + 300
    assert door["PutItem"] == submissions, "more than one write at the door"
    records = bench.new_records()
    sending: Counter[str] = Counter()
    for start in range(0, len(records), STREAM_BATCH):
        batch = records[start : start + STREAM_BATCH]
        counted, answer = bench.counted(lambda b=batch: bench.sender({"Records": b}, Invocation()))
        assert answer == {"batchItemFailures": []}
        sending += counted
        sending["invocations"] += 1
    extra = len(bench.new_records())
    sent = list(bench.mailer.sent)
    assert len(sent) == 2 * submissions, len(sent)
    ordered = sorted(sent, key=lambda mail: mail.token[:26])
    half = len(ordered) // 2 // 2 * 2
    hooks = {}
    for name, part, size in (("full", ordered[:half], 100), ("of two", ordered[half:], 2)):
        counted_all: Counter[str] = Counter()
        for start in range(0, len(part), size):
            counted, answer = bench.counted(lambda p=part[start : start + size]: bench.hook(p))
            counted_all += counted
            counted_all["http"] += 1
        hooks[name] = scaled(counted_all, len(part) / 2)
    return {
        "door": scaled(door, submissions),
        "sending": scaled(sending, submissions),
        "extra_records": extra / submissions,
        "hooks": hooks,
        "records": len(records) / submissions,
    }


def scaled(counted: Counter[str], by: float) -> dict[str, float]:
    """For one submission."""
    return {name: value / by for name, value in counted.items()}


def bill(found: dict[str, Any], batches: str, scale: float) -> dict[str, float]:
    """Dollars for a million submissions, by part; `scale` brings processor times to the anchor."""
    door, sending, hook = found["door"], found["sending"], found["hooks"][batches]
    http = 1 + hook["http"]
    # A hook's batch of 100 is as full as the stream's of 20: busy. Batches of two are a quiet site's: each alone.
    sender_calls = sending["invocations"] if batches == "full" else found["records"]
    amounts = {
        "http": http,
        "invocations": http + sender_calls + found["extra_records"],
        "gb_seconds": gb_seconds(door, "web", scale)
        + gb_seconds(hook, "web", scale)
        # In a full batch the connections wait at the same time; one submission alone waits for each of its mails.
        + gb_seconds(sending, "sender", scale, 2, CONNECTIONS if batches == "full" else 1),
        "write_units": sum(part.get("write_units", 0) for part in (door, sending, hook)),
        "read_units": sum(part.get("read_units", 0) for part in (door, sending, hook)),
        "sqs": 0.0,
        "kb_out": door["bytes_out"] / 1000,
        "kb_logs": (
            sum(part.get("log_bytes", 0) for part in (door, sending, hook))
            + http * ACCESS_LOG_BYTES
        )
        / 1000,
    }
    return {name: amount * PRICES[name] * 1e6 for name, amount in amounts.items()} | {
        f"n_{name}": amount for name, amount in amounts.items()
    }


def gb_seconds(
    part: dict[str, float], function: str, scale: float, mails: int = 0, at_once: int = 1
) -> float:
    """What a function would be billed for it on Lambda: the time it works and the time it waits."""
    memory = MEMORY_GB[function]
    works = part["cpu_ms"] * scale / (memory * CPU_OF_GB)
    waits = (part.get("calls", 0) * CALL_MS + mails * MAIL_MS) / at_once
    return (works + waits) / 1000 * memory


def at_rest() -> dict[str, float]:
    """Dollars a month with nobody there."""
    sweep_seconds = SWEEPS * 0.15
    return {
        "the queue's pollers": POLLER_REQUESTS * PRICES["sqs"],
        "sweeps": SWEEPS * (PRICES["invocations"] + 1e-6 + 10 * PRICES["read_units"])
        + sweep_seconds * MEMORY_GB["sweep"] * PRICES["gb_seconds"],
        "alarms": max(0, alarm_metrics() - FREE_ALARM_METRICS) * ALARM_METRIC,
    }


def alarm_metrics() -> int:
    """How many metrics the alarms of a stack watch that tells somebody, else as it comes."""
    template = parse(own_template().read_text("utf-8"))
    usual = {n: str(p["Default"]) for n, p in template.parameters.items() if "Default" in p}
    found = resolved(template, usual | {"AlarmAddress": "a@example.com"}).resources.values()
    alarms = [one.properties for one in found if one.type == "AWS::CloudWatch::Alarm"]
    return sum(
        len([m for m in alarm.get("Metrics", ()) if "MetricStat" in m]) or 1 for alarm in alarms
    )


CONFIGURATION = """
[site]
name = "Example"
url = "https://www.example.jp"
[mail]
service = "customers-mail-cloud"
from = "Example <forms@example.jp>"
[mail.customers_mail_cloud]
api_user = "forms"
[forms.contact]
managers = ["manager@example.jp"]
"""
BARE = 'import boto3\nclient = boto3.client("dynamodb")\n\n\ndef handler(event, context):\n    return event\n'


def init_times(starts: int) -> dict[str, float]:
    """Milliseconds of processor time from the start of the runtime client until it asks for work.

    The median of runs taken in turn. Not the time on the clock, which here is mostly that of other processes.
    """
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "todoke.toml").write_text(CONFIGURATION)
        (folder / "bare.py").write_text(BARE)
        environ = {
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "TODOKE_TABLE": "any",
            "TODOKE_SECRET": "ab" * 32,
            "TODOKE_CMC_HOOK_SECRET": HOOK_SECRET,
            "TODOKE_CMC_API_KEY": "key",
            "TODOKE_DOOR_URL": "https://door.example.jp",
        }
        handlers = {
            "bare boto3 client": "bare.handler",
            **{n: f"todoke.aws.functions.{n}" for n in ("web", "sender", "sweep")},
        }
        for _ in range(starts):
            for label, handler in handlers.items():
                with Environment(handler, environ, folder) as function:
                    answer = function.wait_until_ready()
                    assert answer is None, answer
                    found.setdefault(label, []).append(function.init_cpu_seconds * 1000)
    return {label: statistics.median(times) for label, times in found.items()}


def main() -> int:
    """Print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--starts", type=int, default=9)
    options = parser.parse_args()
    log_to_stderr("info")
    is_local = (ROOT / ".emulators" / "DynamoDBOnLoopback.class").exists()
    emulator = dynamodb_local() if is_local else ministack()
    found = measure(emulator, options.submissions)
    inits = init_times(options.starts)
    scale = min(1.0, QUIET_BARE_MS / inits["bare boto3 client"])
    bills = {name: bill(found, name, scale) for name in ("full", "of two")}
    rest = at_rest()
    missed = missed_goals(bills, inits, rest)
    told = {
        "prices": PRICES_OF,
        "emulator": "DynamoDB Local" if is_local else "ministack",
        "submissions": options.submissions,
        "load_average": os.getloadavg()[0],
        "steps": {k: found[k] for k in ("door", "sending", "hooks")},
        "dollars_per_million": bills,
        "dollars_a_month_at_rest": rest,
        "init_ms": inits,
        "missed": missed,
    }
    sys.stdout.write(json.dumps(told) + "\n" if options.json else as_text(told))
    return 1 if missed else 0


def missed_goals(
    bills: dict[str, dict[str, float]], inits: dict[str, float], rest: dict[str, float]
) -> list[str]:
    """The goals that are not reached."""
    missed = [
        f"webhooks {name}: {total(bills[name]):.2f} of {GOALS[name]:.2f} dollars a million"
        for name in bills
        if total(bills[name]) > GOALS[name]
    ]
    if sum(rest.values()) > GOALS["at rest"]:
        missed.append(
            f"at rest: {sum(rest.values()):.2f} of {GOALS['at rest']:.2f} dollars a month"
        )
    for name in ("web", "sender", "sweep"):
        ratio = inits[name] / inits["bare boto3 client"]
        if ratio > GOALS["init"]:
            missed.append(f"init of {name}: {ratio:.2f} of {GOALS['init']} times a bare client")
    return missed


def total(parts: dict[str, float]) -> float:
    """The sum of a bill."""
    return sum(dollars for name, dollars in parts.items() if not name.startswith("n_"))


def as_text(told: dict[str, Any]) -> str:
    """For a person."""
    lines = [
        f"{told['submissions']} submissions over {told['emulator']}; {told['prices']}",
        "",
        "counted for one submission      writes  units  reads  units  cpu ms",
    ]
    steps = {"door": told["steps"]["door"], "sending both mails": told["steps"]["sending"]}
    steps |= {f"webhooks, batches {n}": s for n, s in told["steps"]["hooks"].items()}
    for name, step in steps.items():
        writes = sum(step.get(k, 0) for k in ("PutItem", "TransactWriteItems", "DeleteItem"))
        reads = sum(step.get(k, 0) for k in ("GetItem", "BatchGetItem", "Query"))
        lines.append(
            f"  {name:<28} {writes:>7.2f} {step.get('write_units', 0):>6.2f} {reads:>6.2f}"
            f" {step.get('read_units', 0):>6.2f} {step['cpu_ms']:>7.2f}"
        )
    lines += ["", "dollars for a million         webhooks full       of two"]
    for part in PRICES:
        full, two = (told["dollars_per_million"][n] for n in ("full", "of two"))
        lines.append(
            f"  {part:<22} {full[f'n_{part}']:>9.4f} {full[part]:>7.2f}"
            f" {two[f'n_{part}']:>9.4f} {two[part]:>7.2f}"
        )
    sums = [total(told["dollars_per_million"][n]) for n in ("full", "of two")]
    lines.append(f"  {'together':<32} {sums[0]:>7.2f} {'':>9} {sums[1]:>7.2f}")
    lines.append(
        f"  {'least thought possible':<32} {LEAST['full']:>7.2f} {'':>9} {LEAST['of two']:>7.2f}"
    )
    lines.append(f"  {'goal':<32} {GOALS['full']:>7.2f} {'':>9} {GOALS['of two']:>7.2f}")
    lines += ["", "dollars a month at rest (of the alarms' metrics ten are free)"]
    lines += [f"  {k:<32} {v:>7.2f}" for k, v in told["dollars_a_month_at_rest"].items()]
    bare = told["init_ms"]["bare boto3 client"]
    lines += ["", f"init, ms of processor time (load average {told['load_average']:.1f})"]
    lines += [f"  {k:<32} {v:>7.0f}  {v / bare:.2f}" for k, v in told["init_ms"].items()]
    lines += ["", *(f"MISSED  {m}" for m in told["missed"])] if told["missed"] else []
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
