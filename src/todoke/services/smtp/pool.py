"""Sessions with one server, shared by threads: as few as do, and no more than the server grants.

Connecting is here for one thread at a time, so that a wrong password is tried once and not once for each thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred
from todoke.services.smtp.session import Session

ASK_AGAIN_SECONDS = 60.0
"""So long no more sessions are asked for than a server granted; what it grants changes with what else it has to do."""


class SessionPool:
    """Lends sessions, and opens one where none is idle. Safe to call from several threads.

    `open_` opens a session, or raises SendDeferred. `most` is how many there may be, `monotonic` a clock that never
    steps.
    """

    def __init__(
        self,
        open_: Callable[[], Session],
        most: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = open_
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._idle: list[Session] = []
        self._live = 0
        self._granted = most
        self._ask_again_at = 0.0
        self._is_opening = False
        self._failure: SendDeferred | None = None
        self._failed_at = 0.0
        self._closings = 0

    def take(self) -> tuple[Session, bool]:
        """A session for the caller alone, and whether it is new. Waits while all that are granted are in use.

        Raises SendDeferred: as `open_` does, also where another thread's try failed while this one waited, or for as
        long as the last failure wished: on AWS each call of a function sends, and has no circuit of before.
        """
        began, closings = self._monotonic(), self._closings
        while True:
            session = self._idle_one(began, closings)
            if session is not None:
                if session.is_alive():
                    return session, False
                self.discard(session)
            elif fresh := self._fresh_one():
                return fresh, True

    def give_back(self, session: Session) -> None:
        """Let others have the session."""
        with self._changed:
            self._idle.append(session)
            self._changed.notify()

    def discard(self, session: Session) -> None:
        """End a session that was taken."""
        with self._changed:
            self._live -= 1
            self._changed.notify_all()
        session.end()

    def discard_idle(self) -> None:
        """End all that nobody uses."""
        with self._changed:
            idle, self._idle = self._idle, []
            self._live -= len(idle)
            self._changed.notify_all()
        for session in idle:
            session.end()

    def close(self) -> None:
        """The same, and whoever waits for a session waits no longer."""
        with self._changed:
            self._closings += 1
        self.discard_idle()

    def _idle_one(self, began: float, closings: int) -> Session | None:
        """An idle session, the one used last; None: this thread is to open one."""
        with self._changed:
            while True:
                if self._closings != closings:
                    raise SendDeferred(diagnostic="todoke stops", reason=Reason.TIMED_OUT)
                if self._idle:
                    return self._idle.pop()
                if self._failure and not self._is_opening:
                    pause = self._pause(self._failure)
                    if pause or self._failed_at >= began:
                        raise _again(self._failure, pause)
                if not self._is_opening and self._may_ask():
                    self._is_opening = True
                    return None
                self._changed.wait()

    def _pause(self, failure: SendDeferred) -> float:
        """For how many seconds from now no session is wished for."""
        return max(0.0, self._failed_at + (failure.retry_after_seconds or 0.0) - self._monotonic())

    def _may_ask(self) -> bool:
        return self._live < self._granted or self._monotonic() >= self._ask_again_at

    def _fresh_one(self) -> Session | None:
        """Open a session. None: the server grants no more than there are, so one of them is to be waited for."""
        try:
            session = self._open()
        except SendDeferred as error:
            if self._note_refusal(error):
                return None
            raise
        except BaseException:
            self._note_end()
            raise
        with self._changed:
            self._live += 1
            self._granted = max(self._granted, self._live)
            self._failure = None
        self._note_end()
        return session

    def _note_refusal(self, error: SendDeferred) -> bool:
        """Whether it is only that there are as many as the server grants: it refuses at once, and others work.

        Where it says nothing at all, it may be down, and those others may wait for minutes to learn that.
        """
        with self._changed:
            now = self._monotonic()
            is_limit = self._live > 0 and not isinstance(error.__cause__, TimeoutError)
            if is_limit:
                self._granted = self._live
                self._ask_again_at = now + max(ASK_AGAIN_SECONDS, error.retry_after_seconds or 0.0)
            else:
                self._failure, self._failed_at = error, now
        self._note_end()
        return is_limit

    def _note_end(self) -> None:
        with self._changed:
            self._is_opening = False
            self._changed.notify_all()


def _again(failure: SendDeferred, pause: float) -> SendDeferred:
    """The same failure for another mail: an error that is raised twice tells of two places."""
    return SendDeferred(
        str(failure),
        code=failure.code,
        status_code=failure.status_code,
        diagnostic=failure.diagnostic,
        reason=failure.reason,
        retry_after_seconds=pause or failure.retry_after_seconds,
        stop_all=failure.stop_all,
        suspects_set_up=failure.suspects_set_up,
    )
