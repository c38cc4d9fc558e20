"""Tell webhooks for ever: threads of their own for each, so that one that hangs holds up neither mails nor another.

A hint makes it quick and the store makes it sure, as it is for mails. A webhook that is down rests ever longer, and
is asked by one notice whether it is back.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.model.webhook import Webhook
from todoke.ports.courier import Courier
from todoke.walk.app import App
from todoke.walk.notices.off import off_since
from todoke.walk.notices.tell import AT_ONCE, Came, tell_some

THREADS = 2
"""For each webhook: so many notices are on their way to it at once."""
ASKED_EVERY_SECONDS = 5.0
"""The store is asked at least this often, whatever hints say."""
FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0
CROWD_PAUSE_SECONDS = 0.25
log = get_logger(__name__)


@dataclass(slots=True)
class _Line:
    """One webhook: whether there may be something new, and how often in a row it was down."""

    webhook: Webhook
    woken: threading.Event = field(default_factory=threading.Event)
    downs: int = 0

    @property
    def rest_seconds(self) -> float:
        """How long it rests now."""
        if not self.downs:
            return 0.0
        return min(FIRST_REST_SECONDS * (1 << min(self.downs - 1, 10)), LONGEST_REST_SECONDS)


class Teller:
    """Threads that tell the webhooks of `app`; none ends before `stop`."""

    def __init__(self, app: App, courier: Courier) -> None:
        self._app = app
        self._courier = courier
        self._lines = [_Line(webhook) for webhook in app.settings.webhooks.values()]
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads, with what is there already."""
        self._threads = [
            threading.Thread(
                target=self._run, args=[line], name=f"todoke-{line.webhook.name}-{n}", daemon=True
            )
            for line in self._lines
            for n in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Hint that something is due; cheap, and may be called from any thread."""
        for line in self._lines:
            line.woken.set()

    def stop(self, timeout_seconds: float) -> None:
        """Begin nothing new, and return within about so long; what is on its way then is told again after a start."""
        until = time.monotonic() + timeout_seconds
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, line: _Line) -> None:
        while not self._stopping.is_set():
            try:
                self._turn(line)
            except StoreError as error:
                log.warning("notices_put_off", error=type(error).__name__)
                self._stopping.wait(FIRST_REST_SECONDS)
            except Exception:
                log.exception("teller_failed", webhook=line.webhook.name)
                self._stopping.wait(FIRST_REST_SECONDS)

    def _turn(self, line: _Line) -> None:
        if self._app.courtesy.is_crowded:
            self._stopping.wait(CROWD_PAUSE_SECONDS)
        line.woken.clear()
        came = tell_some(
            self._app,
            self._courier,
            line.webhook,
            limit=1 if line.downs else AT_ONCE,
            may_begin=lambda: not self._stopping.is_set(),
        )
        if came is Came.DOWN:
            line.downs += 1
            self._stopping.wait(line.rest_seconds)
        elif came is Came.TOLD:
            line.downs = 0
        else:
            line.woken.wait(self._sleep_seconds(line))

    def _sleep_seconds(self, line: _Line) -> float:
        """Until something is due; of one that is told nothing, until somebody may have turned it on."""
        due = self._app.notices.next_notice(line.webhook.name)
        if due is None or off_since(self._app.shelf, line.webhook.name):
            return ASKED_EVERY_SECONDS
        wait = (due - self._app.clock()).total_seconds()
        return max(0.05, min(wait, ASKED_EVERY_SECONDS))
