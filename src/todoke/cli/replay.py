"""`todoke replay`: show the dead letters of a deployment, ask, and hand them to the same code again, once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from todoke.aws.functions.dead_letters import DeadLetter, dead_letters, put_back, replay
from todoke.cli.output import clean, print_json, print_line
from todoke.model.errors import ConfigError, Error

NOTHING = "There are no dead letters."


class CloudError(Error):
    """AWS did not do what was asked of it."""


def replay_dead_letters(
    *, stack: str, dead: str, later: str, limit: int, yes: bool, as_json: bool
) -> int:
    """Replay up to `limit`; 1 when there was none, or when the person said no.

    Raises ConfigError: if it is not said where they are. CloudError: if AWS refuses.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from todoke.aws.functions.clients import client

    try:
        if stack:
            dead, later = _queues_of(client("cloudformation"), stack)
        if not dead or not later:
            raise ConfigError("Say where they are: --stack NAME, or --queue URL and --to URL.")
        return _replay(client("sqs"), dead, later, limit, yes=yes, as_json=as_json)
    except (BotoCoreError, ClientError) as error:
        raise CloudError(f"AWS: {error}") from error


def _queues_of(stacks: Any, name: str) -> tuple[str, str]:
    """The addresses of a stack's queues of dead letters and of hints for later."""
    [described] = stacks.describe_stacks(StackName=name)["Stacks"]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", ())}
    if "DeadLettersQueue" not in outputs or "LaterQueue" not in outputs:
        raise ConfigError(f"The stack {name} is none of todoke's: it names no queues.")
    return outputs["DeadLettersQueue"], outputs["LaterQueue"]


def _replay(sqs: Any, dead: str, later: str, limit: int, *, yes: bool, as_json: bool) -> int:
    letters = list(dead_letters(sqs, dead, limit))
    if not letters:
        if not as_json:
            print_line(NOTHING)
        return 1
    if not as_json:
        _show(letters)
    if not yes and not _agreed(letters):
        for letter in letters:
            put_back(sqs, letter, dead=dead)
        return 1
    for letter in letters:
        replay(sqs, letter, dead=dead, later=later)
        if as_json:
            print_json(_as_json(letter))
    if not as_json:
        print_line(f"{len(letters)} handed to the sender again.")
    return 0


def _show(letters: Sequence[DeadLetter]) -> None:
    for letter in letters:
        what = ", ".join(letter.messages) or "whatever is due"
        died = f"{letter.died_at:%Y-%m-%d %H:%M} UTC"
        print_line(f"{died}  {letter.kind:<10}  {clean(letter.fault)}  ({clean(what)})")


def _as_json(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "died_at": letter.died_at.isoformat(timespec="seconds"),
        "tries": letter.tries,
        "kind": letter.kind,
        "messages": list(letter.messages),
        "fault": letter.fault,
        "replayed": True,
    }


def _agreed(letters: Sequence[DeadLetter]) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("Nobody is there to ask: add --yes to replay them.")
    one = len(letters) == 1
    sys.stderr.write(f"Hand {'it' if one else f'all {len(letters)}'} to the sender again? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
