"""Send what is due, for ever: threads that claim, hand over and store what came of it.

A hint makes it quick and the store makes it sure: due messages are found by asking, hints may be lost. An outcome that
cannot be stored is held until it can, because to forget it would be to send that mail again. A server may take minutes
to answer: its mail's lease is renewed, and the other connections go on.
"""

from __future__ import annotations

import queue
import threading
import time
from datetime import timedelta

from todoke.model.errors import SendUnknown, StoreCorrupt, StoreError
from todoke.model.log import get_logger
from todoke.model.mail import Mail
from todoke.model.message import Claim, Outcome
from todoke.model.retry import RetryPolicy
from todoke.ports.journal import FollowUp
from todoke.walk.alert import follow_up
from todoke.walk.app import App
from todoke.walk.send.circuit import Circuit, MailRest
from todoke.walk.send.hand_over import Result, compose_mail, send_mail, unfinished
from todoke.walk.send.handed import HandOvers, count_hand_overs
from todoke.walk.send.in_hand import InHand
from todoke.walk.send.rest_log import RestLog
from todoke.walk.send.round import ROUND_REST, claim_allowed, give_back, put_off
from todoke.walk.send.tell import store_outcomes
from todoke.walk.send.window import Window

LONGEST_SLEEP_SECONDS = 30.0  # the store is asked at least this often, whatever hints say
CROWD_PAUSE_SECONDS = 0.05  # while visitors crowd, outcomes gather: one write for many
LONGEST_GATHERING_SECONDS = 0.02
HURRY_SECONDS = (
    3.0  # of the time to stop, what is left for ending connections and storing what that came to
)
STORE_REST_SECONDS = 1.0
STORE_LONGEST_REST_SECONDS = 30.0
log = get_logger(__name__)


class Sender:
    """Threads that send what is due: one that claims and stores outcomes, `concurrency` more that hand over.

    Outcomes are stored in groups: while one group is written, the next gathers. While the mail service is down,
    one mail at a time asks whether it is back. None of its threads ends before `stop`.
    """

    def __init__(self, app: App, *, circuit: Circuit | None = None) -> None:
        self._app = app
        self._policy = RetryPolicy(give_up_after=app.settings.mail.give_up_after)
        self._follow_up: FollowUp = follow_up(app.settings)
        self._circuit = circuit or Circuit(notice=RestLog(app.mailer.name))
        self._todo: queue.SimpleQueue[Claim | None] = queue.SimpleQueue()
        self._came: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()  # None is a hint
        self._is_hinted = False
        self._stopping = threading.Event()
        self._hand_overs = HandOvers(app)
        self._window = Window(app.mailer.concurrency)
        self._in_hand = InHand(app.settings.mail.lease)
        self._asks = ""  # the attempt that asks whether the service is back
        self._under_way: dict[str, Claim] = {}
        # Handed over and not yet stored as such is what a crash repeats: never more than one for each worker.
        self._permits: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._permit(app.mailer.concurrency)
        self._write_seconds = 0.0
        self._unstored: list[Outcome] = []
        self._stuck: dict[str, Outcome] = {}
        self._stops_by = float("inf")
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        workers = range(self._app.mailer.concurrency)
        self._threads = [
            threading.Thread(target=self._run, name="todoke-sender", daemon=True),
            *(
                threading.Thread(target=self._work, name=f"todoke-mail-{n}", daemon=True)
                for n in workers
            ),
        ]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Hint that something is due; cheap, and may be called from any thread."""
        if not self._is_hinted:
            self._is_hinted = True
            self._came.put(None)

    def stop(self, timeout_seconds: float) -> None:
        """Take nothing new, finish what is in flight, and return within about `timeout_seconds`.

        Near the end connections are ended, so that a mail that waits for its answer is stored as not taken, or as
        unknown: it is not sent again as if nothing had happened.
        """
        self._stops_by = time.monotonic() + timeout_seconds
        self._stopping.set()
        self._came.put(None)
        self._join(self._stops_by - min(HURRY_SECONDS, timeout_seconds / 2))
        if any(thread.is_alive() for thread in self._threads):
            self._app.mailer.close()
        self._join(self._stops_by + 0.5)
        if self._in_hand or self._unstored:
            log.error("stopped_early", in_hand=len(self._in_hand), unstored=len(self._unstored))

    def _join(self, until: float) -> None:
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def rest(self) -> MailRest | None:
        """For how long all mail has rested and why, None when it does not."""
        return self._circuit.rest()

    # The claimer: the only thread that talks to the store, but for what an alert must know.

    def _run(self) -> None:
        rest = STORE_REST_SECONDS
        while not self._has_ended():
            try:
                self._turn()
                rest = STORE_REST_SECONDS
            except StoreError as error:
                note = log.error if isinstance(error, StoreCorrupt) else log.warning
                note("store_failed", fault=type(error).__name__, held=len(self._unstored))
                self._sleep(rest)
                rest = min(rest * 2, STORE_LONGEST_REST_SECONDS)
            except Exception:
                log.exception("sender_failed")
                self._sleep(rest)
        self._leave_unknown()
        for _ in range(self._app.mailer.concurrency):
            self._todo.put(None)

    def _has_ended(self) -> bool:
        """True when stopping and nothing is left to store, or the time for it is over."""
        if not self._stopping.is_set():
            return False
        return not (self._in_hand or self._unstored) or time.monotonic() > self._stops_by

    def _leave_unknown(self) -> None:
        """The time to stop is over: what is still handed over ends with the process, its answer unheard."""
        lost = SendUnknown(diagnostic="todoke was stopped before the answer came")
        now = self._app.clock()
        for claim in list(self._under_way.values()):
            self._unstored.append(unfinished(claim, lost, now, self._policy))
            self._in_hand.give_back(claim)
        if self._unstored:
            try:
                self._app.outbox.finish(self._unstored, self._follow_up)
                self._unstored.clear()
            except Exception:
                log.exception("outcomes_not_stored", outcomes=len(self._unstored))

    def _turn(self) -> None:
        """Store what came back, claim what there is room for, and sleep when there was neither."""
        if self._app.courtesy.is_crowded:
            self._sleep(CROWD_PAUSE_SECONDS)
        stored = self._store_outcomes()
        self._hand_overs.look(is_resting=self._circuit.is_open)
        self._renew_leases()
        claimed = 0 if self._stopping.is_set() else self._claim_some()
        if stored or claimed:
            return
        if not self._in_hand and self._circuit.rest_seconds():
            self._sleep(self._circuit.rest_seconds())
        else:
            self._take_back(self._sleep_seconds())

    def _sleep(self, seconds: float) -> None:
        """Rest whatever hints come; when stopping, only for a moment."""
        if self._stopping.is_set():
            time.sleep(min(seconds, 0.2))
        self._stopping.wait(seconds)

    def _sleep_seconds(self) -> float:
        """Until something is due, or a worker or a hint wakes us; with claims in hand a worker will."""
        if self._in_hand:
            return 0.1 if self._stopping.is_set() else 1.0
        if self._stopping.is_set():
            return 0.01
        due = self._app.outbox.next_due()
        wait = (due - self._app.clock()).total_seconds() if due else LONGEST_SLEEP_SECONDS
        return max(0.02, min(wait, LONGEST_SLEEP_SECONDS))

    def _has_room(self) -> bool:
        """True when enough can be claimed to be worth a write."""
        if self._circuit.rest_seconds():
            return False
        if self._circuit.is_open:
            return self._asks not in self._in_hand
        most = self._window.most_in_hand()
        return not self._in_hand or most - len(self._in_hand) >= most // 2

    def _renew_leases(self) -> None:
        """Lengthen the leases of what has been in hand for long."""
        now = self._app.clock()
        if claims := self._in_hand.to_renew(now):
            until = now + self._app.settings.mail.lease
            self._app.outbox.renew(claims, until)
            self._in_hand.renewed(claims, until)

    def _claim_some(self) -> int:
        """Claim as many as the workers can begin soon; one alone while the service is down."""
        if not self._has_room():
            return 0
        self._is_hinted = False  # from here on a hint may tell of what is not found below
        is_to_ask = self._circuit.is_open
        room = 1 if is_to_ask else self._window.most_in_hand() - len(self._in_hand)
        claims, held = claim_allowed(self._app, room, self._follow_up)
        count_hand_overs(self._app.tally, held)
        for claim in claims:
            if claim.message.id in self._stuck:
                continue  # handed over, and not to be stored: never again, while we live
            self._in_hand.take(claim)
            self._asks = claim.attempt.token if is_to_ask else ""
            self._todo.put(claim)
        return len(claims) + len(held)

    def _store_outcomes(self) -> int:
        """Store the outcomes that came back since the last time. Held, in order, while the store cannot."""
        came = len(self._unstored)
        self._gather()
        if not self._unstored:
            return 0
        began = time.monotonic()
        try:
            store_outcomes(self._app, self._follow_up, self._unstored)
        except StoreError:
            raise
        except Exception:
            log.exception("outcomes_not_stored", outcomes=len(self._unstored), held=came)
            for outcome in self._unstored:
                self._store_alone(outcome)
        stored = len(self._unstored)
        give_back(self._app, self._unstored)
        self._hand_overs.note(self._unstored, is_resting=self._circuit.is_open)
        self._unstored.clear()
        self._permit(stored)
        self._window.note(stored)
        self._write_seconds = time.monotonic() - began
        return stored

    def _gather(self) -> None:
        """Take the outcomes that came. After a first one, wait for others about as long as a write of it would take."""
        while self._take_back():
            pass
        lasts = min(self._write_seconds, LONGEST_GATHERING_SECONDS)
        until = time.monotonic() + lasts if self._unstored else 0.0
        while self._in_hand and len(self._unstored) < self._app.mailer.concurrency:
            left = until - time.monotonic()
            if left <= 0 or not self._take_back(left):
                return

    def _take_back(self, timeout_seconds: float = 0.0) -> bool:
        """Take one outcome from the workers, or a hint; False when neither comes."""
        try:
            outcome = self._came.get(timeout_seconds > 0, timeout_seconds)
        except queue.Empty:
            return False
        if outcome is not None:
            self._in_hand.give_back(outcome.claim)
            self._unstored.append(outcome)
        return True

    def _permit(self, mails: int) -> None:
        """Let the workers hand over so many more."""
        for _ in range(mails):
            self._permits.put(None)

    def _store_alone(self, outcome: Outcome) -> None:
        """Store one outcome of a group that failed; without its alerts if they are what fails."""
        for decide in (self._follow_up, _nothing_follows):
            try:
                self._app.outbox.finish([outcome], decide)
                return
            except Exception:
                log.exception("outcome_not_stored", message=outcome.claim.message.id)
        self._stuck[outcome.claim.message.id] = outcome

    # The workers.

    def _work(self) -> None:
        while (claim := self._todo.get()) is not None:
            with self._app.courtesy.turn():
                composed = self._untried(claim) or compose_mail(self._app, claim, self._policy)
                if not self._may_go_on():
                    return  # the store takes nothing, and the time to stop is over: the lease lapses
                outcome = self._finish(claim, composed)
            self._came.put(outcome)

    def _may_go_on(self) -> bool:
        """Wait until one more outcome may be at large; False when the time to stop is over before that."""
        while True:
            try:
                self._permits.get(timeout=1.0)
            except queue.Empty:
                if time.monotonic() > self._stops_by:
                    return False
            else:
                return True

    def _finish(self, claim: Claim, composed: Mail | Result | Outcome) -> Outcome:
        """Hand over what was composed, unless that should no longer be."""
        if isinstance(composed, Outcome):
            return composed
        try:
            if isinstance(composed, Result):
                return self._circuit.after(composed, self._app.clock())
            outcome = self._untried(claim)
            return outcome or self._circuit.after(self._send(claim, composed), self._app.clock())
        except Exception:
            log.exception("worker_failed", message=claim.message.id)
            return Outcome(claim=claim, events=(), retry_at=self._app.clock() + ROUND_REST)

    def _send(self, claim: Claim, mail: Mail) -> Result:
        self._under_way[claim.attempt.token] = claim
        try:
            return send_mail(self._app, claim, mail, self._policy)
        finally:
            del self._under_way[claim.attempt.token]

    def _untried(self, claim: Claim) -> Outcome | None:
        """What becomes of a claim that should not be tried now; None if it should."""
        now = self._app.clock()
        if self._in_hand.is_late(claim, now) or self._stopping.is_set():
            return Outcome(claim=claim, events=(), retry_at=now)
        rest = self._circuit.rest_seconds()
        if rest:
            pause = timedelta(seconds=rest)
            return put_off(self._app, claim, self._policy, pause, self._circuit.fault)
        return None


def _nothing_follows(*_: object) -> tuple[()]:
    return ()
