"""`todoke aws status` and `todoke aws logs`."""

from __future__ import annotations

import dataclasses
import re

from stack_review.session import Aws
from todoke.aws.deploy.logs import logs
from todoke.aws.deploy.status import Queue, status_of
from todoke.cli.output import clean, print_json, print_line, style
from todoke.model.errors import ConfigError

_AGE = re.compile(r"(\d{1,5}) ?([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def status(aws: Aws, stack: str, *, as_json: bool) -> int:
    """Print how the stack is; 1 when an alarm rings or it is not as it was deployed."""
    now = status_of(aws, stack)
    if as_json:
        print_json(dataclasses.asdict(now) | {"is_well": now.is_well})
        return 0 if now.is_well else 1
    print_line(
        f"{style(now.stack, 'bold')}  {style(now.status, 'green' if now.is_well else 'red')}"
    )
    for key, value in now.outputs.items():
        print_line(f"  {key}: {clean(value)}")
    for alarm in now.alarms:
        colour = {"OK": "green", "ALARM": "red"}.get(alarm.state, "yellow")
        print_line(
            f"  alarm {alarm.name}: {style(alarm.state, colour)} {style(alarm.reason, 'dim')}".rstrip()
        )
    for queue in now.queues:
        print_line(f"  queue {queue.name}: {_depth(queue)}")
    return 0 if now.is_well else 1


def print_logs(
    aws: Aws, stack: str, *, function: str, since: str, follow: bool, as_json: bool
) -> None:
    """Print what the functions wrote. Raises ConfigError: if `since` is no age such as 15m."""
    match = _AGE.fullmatch(since)
    if match is None:
        raise ConfigError(f"--since is an age such as 15m, 2h or 1d; it is {since!r}.")
    seconds = int(match[1]) * _SECONDS[match[2]]
    for line in logs(aws, stack, function=function, since_seconds=seconds, follow=follow):
        if as_json:
            print_json({"at": line.at.isoformat(), "function": line.function, "text": line.text})
        else:
            print_line(
                f"{line.at:%Y-%m-%d %H:%M:%SZ} {style(line.function, 'cyan')} {clean(line.text)}"
            )


def _depth(queue: Queue) -> str:
    oldest = "" if queue.oldest_seconds is None else f", the oldest {queue.oldest_seconds:.0f} s"
    return f"{queue.waiting} waiting, {queue.in_hand} in hand, {queue.delayed} delayed{oldest}"
