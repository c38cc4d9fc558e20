"""One mailer behind the port, with a server that misbehaves as asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from todoke.ports.mailer import Mailer


@dataclass
class MailerDesk:
    """How to make a service take, defer, refuse, and lose its answer."""

    mailer: Mailer
    defer: Callable[[], None]
    refuse: Callable[[], None]
    lose: Callable[[], None]
    hang: Callable[[], None]
