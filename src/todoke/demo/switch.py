"""The demo's switch between version 1 (the mail service's answer is all that is known) and version 2 (it reports back).

One object that both sides read: the local mail service tells its events only while it is on, and by it the mailer
states what can be proved of a mail. Attempts keep the ceiling that they were made with.
"""

from __future__ import annotations

from pathlib import Path

from todoke.model.delivery import Ceiling
from todoke.model.mail import Mail
from todoke.ports.mailer import Accepted, Mailer


class WebhookSwitch:
    """On or off, kept in a file over restarts; on where nothing is kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_on = not (path.exists() and path.read_text("ascii").strip() == "off")

    def is_on(self) -> bool:
        """Whether the mail service's webhook is on."""
        return self._is_on

    def turn(self, state: str) -> None:
        """Turn it "on" or "off"."""
        draft = self._path.with_suffix(".new")
        draft.write_text(state + "\n", "ascii")
        draft.replace(self._path)
        self._is_on = state == "on"


class SwitchedMailer:
    """A mailer whose service can prove a delivery only while the switch is on."""

    def __init__(self, mailer: Mailer, switch: WebhookSwitch) -> None:
        self.name = mailer.name
        self.concurrency = mailer.concurrency
        self._mailer = mailer
        self._switch = switch

    @property
    def ceiling(self) -> Ceiling:
        """See Mailer."""
        return self._mailer.ceiling if self._switch.is_on() else Ceiling.HANDED_OVER

    def send(self, mail: Mail) -> Accepted:
        """See Mailer."""
        return self._mailer.send(mail)

    def close(self) -> None:
        """See Mailer."""
        self._mailer.close()
