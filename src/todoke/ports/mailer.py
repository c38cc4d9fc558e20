"""What the use cases need of a mailer: it hands one mail to a service."""

from __future__ import annotations

from typing import Protocol

import msgspec

from todoke.model.delivery import Ceiling
from todoke.model.mail import Mail


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The service took responsibility: its own id for the message ("" if it gave none) and its words."""

    service_id: str = ""
    diagnostic: str = ""


class Mailer(Protocol):
    """Hands one mail to a service. Safe to call from several threads, up to `concurrency` at once.

    `name` is the service's; `ceiling` the best it can prove. Nothing is retried inside `send`.
    """

    name: str
    concurrency: int

    @property
    def ceiling(self) -> Ceiling:
        """May change between claims; an attempt keeps the one it was made with."""
        ...

    def send(self, mail: Mail) -> Accepted:
        """Hand `mail` over, once.

        Raises SendDeferred: if it was not taken and may be later. SendRefused: if it will never be taken.
        SendUnknown: if the answer was lost after the mail may have been taken.
        """
        ...

    def close(self) -> None:
        """Let go of connections. What waits for an answer on one may end at once, as not taken or as unknown."""
        ...
