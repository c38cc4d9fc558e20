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
    """Where hints go that are not for now. All raise QueueUnavailable: if the queue cannot be reached, or take one."""

    def later(self, hint: Hint, now: datetime) -> bool:
        """Bring the hint back when it is due; False when that is too late for a queue: the sweep finds it."""
        ...

    def bury(self, hint: Hint) -> None:
        """Keep for a person what cannot be handled."""
        ...

    def bring_again(self, handle: str, seconds: int) -> None:
        """Bring the queue's message with this receipt handle again after so long, if it is not deleted by then."""
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

    def bring_again(self, handle: str, seconds: int) -> None:
        """See Queues."""
        self._ask(
            "change_message_visibility",
            self._later,
            ReceiptHandle=handle,
            VisibilityTimeout=seconds,
        )

    def _send(self, url: str, hint: Hint, **more: Any) -> None:
        self._ask("send_message", url, MessageBody=write_hint(hint), **more)

    def _ask(self, operation: str, url: str, **words: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        from todoke.aws.functions.clients import client

        if not url:
            raise QueueUnavailable(f"There is no queue: set {LATER} and {DEAD}.")
        try:
            getattr(client("sqs"), operation)(QueueUrl=url, **words)
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(
                f"The queue did not take it ({type(error).__name__})."
            ) from error
