"""What is known of how a form was sent, and by whom: all that the door gathers for the guard before anything is stored.

It decides nothing. What it needs of others takes a bounded time, and what nobody can say is not known.
"""

from __future__ import annotations

from msgspec.structs import replace
from starlette.types import Scope

from todoke.forms.suspicion.circumstances import Circumstances
from todoke.model.form import Form
from todoke.model.submission import EntryList
from todoke.walk.app import App
from todoke.web.door.captchas import Captchas
from todoke.web.door.circumstances import Observer
from todoke.web.door.proof import Proofs


class Evidence:
    """Gathers it, in one thread, from the request and its control fields. No answer is needed for it."""

    def __init__(self, app: App) -> None:
        self._captchas = Captchas(app.captcha) if app.captcha else None
        self._observer = Observer(app.settings, app.clock)
        self._proofs = Proofs(app.settings.secret, app.clock)

    async def gather(self, scope: Scope, form: Form, controls: EntryList) -> Circumstances:
        """What is known of this one."""
        work = self._proofs.worth(form, controls)
        known = self._observer.circumstances(scope, form, controls, work)
        if self._captchas is None:
            return known
        return replace(known, captcha=await self._captchas.verdict(form, controls))

    def spend(self, form: Form, controls: EntryList) -> None:
        """It is stored: what it brought counts for nothing else."""
        self._proofs.spend(form, controls)
        if self._captchas is not None:
            self._captchas.spend(form, controls)
