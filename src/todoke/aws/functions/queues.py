"""The two queues: hints for later, and dead letters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from todoke.aws.functions.hint import LONGEST_DELAY_SECONDS, Hint, write_hint
from todoke.model.errors import Error

LATER = "TODOKE_QUEUE"
DEAD = "TODOKE_DEAD_LETTERS"


class QueueUnavailable(Error):
    """The queue did not take it."""


class Queues(Protocol):
    """Where hints go that are not for now. Both raise QueueUnavailable: if the queue cannot take one."""

    def later(self, hint: Hint, now: datetime) -> bool:
        """Bring the hint back when it is due; False when that is too late for a queue: the sweep finds it."""
        ...

    def bury(self, hint: Hint) -> None:
        """Keep for a person what cannot be handled."""
        ...


class SqsQueues:
    """Queues of SQS, by the addresses in the environment. The client is made when one is first needed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._later = environ.get(LATER, "")
        self._dead = environ.get(DEAD, "")

    def later(self, hint: Hint, now: datetime) -> bool:
        """See Queues."""
        wait = math.ceil(hint.seconds_until_due(now))
        if wait > LONGEST_DELAY_SECONDS:
            return False
        self._send(self._later, hint, DelaySeconds=wait)
        return True

    def bury(self, hint: Hint) -> None:
        """See Queues."""
        self._send(self._dead, hint)

    def _send(self, url: str, hint: Hint, **more: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        from todoke.aws.functions.clients import client

        if not url:
            raise QueueUnavailable(f"There is no queue: set {LATER} and {DEAD}.")
        try:
            client("sqs").send_message(QueueUrl=url, MessageBody=write_hint(hint), **more)
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(
                f"The queue did not take it ({type(error).__name__})."
            ) from error
