"""The guard: which signals put a submission in review, by its answers, by how it was sent, and by what came before.

It refuses nothing and loses nothing. What it remembers of texts is a keyed hash, in this process alone: two processes
count apart, and a restart forgets.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from todoke.forms.suspicion.answers import Roles, free_texts, in_answers, roles_of
from todoke.forms.suspicion.circumstances import Circumstances, of_sending
from todoke.model.form import Form, Site
from todoke.model.log import get_logger
from todoke.model.signal import LEARNED, REPEATED, signals_of
from todoke.model.submission import EntryList
from todoke.ports.lessons import Lessons
from todoke.walk.learn import Teacher

WITHIN_SECONDS = 3_600.0
OFTEN = 4
"""How many times the same text comes within that time before it counts."""
LEAST_LENGTH = 40
"""Characters: shorter texts ("Please send me the catalogue.") come from many people."""
MOST_REMEMBERED = 4_096
"""Texts; of more, those are forgotten that have not come for the longest."""
_LOOKED_AT = 4_096
ASK_EVERY_SECONDS = 60.0
_log = get_logger(__name__)


class Guard:
    """Decides of each submission which signals it is kept with: none unless they reach the threshold together."""

    def __init__(
        self,
        site: Site,
        threshold: int,
        teacher: Teacher,
        lessons: Lessons,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.teacher = teacher
        self._lessons = lessons
        self._monotonic = monotonic
        self._ask_after = 0.0
        self._lock = threading.Lock()
        self._threshold = threshold
        self._own_hosts = site.hosts
        self._roles: dict[str, Roles] = {}
        self._repetition = Repetition(monotonic)

    def signals(self, form: Form, answers: EntryList, known: Circumstances) -> tuple[str, ...]:
        """The names of the signals because of which it is to be reviewed. The visitor's address need not be there."""
        if not form.review:
            return ()
        roles = self._roles_of(form)
        found = {*of_sending(known), *in_answers(roles, answers, self._own_hosts)}
        texts = free_texts(roles, answers)
        text = max(texts, key=len, default="")
        if len(text) >= LEAST_LENGTH and self._repetition.is_often(text):
            found.add(REPEATED)
        if not found:
            return ()
        self._ask_for_lessons()
        if self.teacher.is_spam(texts):
            found.add(LEARNED)
        return signals_of(found, self._threshold)

    def forget(self, form: Form, answers: EntryList) -> None:
        """What was looked at was not stored, or had been before: who sends it again repeats nothing by that."""
        if form.review:
            text = max(free_texts(self._roles_of(form), answers), key=len, default="")
            if len(text) >= LEAST_LENGTH:
                self._repetition.forget(text)

    def _roles_of(self, form: Form) -> Roles:
        roles = self._roles.get(form.name)
        if roles is None:
            roles = self._roles[form.name] = roles_of(form)
        return roles

    def _ask_for_lessons(self) -> None:
        """Read what was learned, beside what is under way: nobody waits for it, and it is done once a minute at most.

        It is asked for where something is suspicious only: what was learned decides nothing alone.
        """
        with self._lock:
            now = self._monotonic()
            if now < self._ask_after:
                return
            self._ask_after = now + ASK_EVERY_SECONDS
        threading.Thread(target=self._read_lessons, name="lessons", daemon=True).start()

    def _read_lessons(self) -> None:
        try:
            self.teacher.refresh(self._lessons)
        except Exception as error:  # noqa: BLE001 the filter stays as it was
            _log.warning("lessons_not_read", error=type(error).__name__)


class Repetition:
    """How often the same text came lately. Safe to call from several threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._key = secrets.token_bytes(32)
        """Python keys the hash of a text as well, unless PYTHONHASHSEED says with what."""
        self._lock = threading.Lock()
        self._seen: OrderedDict[int, tuple[int, float]] = OrderedDict()
        """How often, and when for the first time; what came last stands last."""

    def is_often(self, text: str) -> bool:
        """Whether it came OFTEN times within the time, this time included. Case and blanks make no difference."""
        hashed = self._hashed(text)
        now = self._monotonic()
        with self._lock:
            times, since = self._seen.pop(hashed, (0, now))
            times, since = (times + 1, since) if now - since < WITHIN_SECONDS else (1, now)
            self._seen[hashed] = (times, since)
            if len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)
        return times >= OFTEN

    def forget(self, text: str) -> None:
        """It came once less. Nothing comes of it for a text that is not remembered."""
        hashed = self._hashed(text)
        with self._lock:
            times, since = self._seen.get(hashed, (0, 0.0))
            if times > 1:
                self._seen[hashed] = (times - 1, since)
            else:
                self._seen.pop(hashed, None)

    def _hashed(self, text: str) -> int:
        return hash((self._key, " ".join(text[:_LOOKED_AT].casefold().split())))
