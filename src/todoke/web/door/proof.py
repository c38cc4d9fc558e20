"""Proof of work at the door: a challenge for whoever asks for one, and whether a form came with one that is solved.

It is a signal and no wall: who has no JavaScript brings none, and is taken like everybody. What was brought once is
remembered in this process alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.responses import Response
from starlette.types import Scope

from todoke.forms.control_fields import LOADED, WORK
from todoke.forms.suspicion.circumstances import ProofOfWork
from todoke.forms.suspicion.load import offered_work
from todoke.model.form import Form
from todoke.model.proof import VALID_FOR, new_challenge, solved
from todoke.model.submission import EntryList, first_text
from todoke.walk.app import App
from todoke.web.http.errors import json_response

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

    def worth(self, form: Form, controls: EntryList) -> ProofOfWork:
        """What came of it, for a form that may ask for one.

        Where it asks only while many send it, none is missed but of a page that says that it offered one: others were
        loaded before, or are not ours.
        """
        if not form.proof_of_work:
            return ProofOfWork.NOT_ASKED
        nonce = solved(self._secret, form.name, first_text(controls, WORK), self._clock())
        if nonce and nonce not in self._used:
            return ProofOfWork.DONE
        loaded = first_text(controls, LOADED)
        if form.work_when_busy and not offered_work(self._secret, form.name, loaded):
            return ProofOfWork.NOT_ASKED
        return ProofOfWork.MISSING

    def spend(self, form: Form, controls: EntryList) -> None:
        """What came with a proof is stored: it counts no more. A form that came back may bring it again until then."""
        if not form.proof_of_work:
            return
        now = self._clock()
        nonce = solved(self._secret, form.name, first_text(controls, WORK), now)
        if nonce:
            self._remember(nonce, now)

    def _remember(self, nonce: str, now: datetime) -> None:
        self._used[nonce] = now
        oldest, at = next(iter(self._used.items()))
        if len(self._used) > MOST_REMEMBERED or at < now - VALID_FOR:
            del self._used[oldest]
