"""Proof of work at the door: a challenge for whoever asks for one, and whether a form came with one that is solved.

It is a signal and no wall: who has no JavaScript brings none, and is taken like everybody. What was brought once is
remembered in this process alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.responses import Response
from starlette.types import Scope

from todoke.forms.suspicion.circumstances import ProofOfWork
from todoke.model.form import Form
from todoke.model.proof import VALID_FOR, new_challenge, solved
from todoke.model.submission import EntryList, first_text
from todoke.walk.app import App
from todoke.web.http.errors import json_response

FIELD = "altcha"
"""The field that ALTCHA's widget adds to a form."""
_QUERY = b"challenge"
MOST_REMEMBERED = 20_000
"""Solved challenges; of more, the oldest are forgotten, and could count once more."""


def is_for_challenge(scope: Scope, form: Form) -> bool:
    """Whether not the form is asked for, but a challenge."""
    is_asked: bool = scope["query_string"] == _QUERY
    return form.proof_of_work and is_asked


def challenge(app: App, form: Form) -> Response:
    """200 with a challenge as JSON."""
    return json_response(new_challenge(app.settings.secret, form.name, app.clock()))


class Proofs:
    """Takes the answers to challenges. To be used in one thread."""

    def __init__(self, secret: bytes, clock: Callable[[], datetime]) -> None:
        self._secret = secret
        self._clock = clock
        self._used: dict[str, datetime] = {}
        """The oldest stand first."""

    def part(self, form: Form, answers: EntryList) -> tuple[EntryList, ProofOfWork]:
        """The visitor's answers without the proof, and what it is worth."""
        rest = tuple(e for e in answers if e.name != FIELD)
        nonce = solved(self._secret, form.name, first_text(answers, FIELD), self._clock())
        is_done = nonce and nonce not in self._used
        return rest, ProofOfWork.DONE if is_done else ProofOfWork.MISSING

    def spend(self, form: Form, answers: EntryList) -> None:
        """What came with a proof is stored: it counts no more. A form that came back may bring it again until then."""
        now = self._clock()
        nonce = solved(self._secret, form.name, first_text(answers, FIELD), now)
        if nonce:
            self._remember(nonce, now)

    def _remember(self, nonce: str, now: datetime) -> None:
        self._used[nonce] = now
        oldest, at = next(iter(self._used.items()))
        if len(self._used) > MOST_REMEMBERED or at < now - VALID_FOR:
            del self._used[oldest]
