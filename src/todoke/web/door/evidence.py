"""What is known of how a form was sent, and by whom: all that the door gathers for the guard before anything is stored.

It decides nothing. What it needs of others takes a bounded time, and what nobody can say is not known.
"""

from __future__ import annotations

import asyncio

from msgspec.structs import replace
from starlette.types import Scope

from todoke.forms.suspicion.circumstances import Circumstances
from todoke.model.captcha import CaptchaVerdict
from todoke.model.form import Form
from todoke.model.submission import EntryList
from todoke.walk.app import App
from todoke.web.door.captchas import Captchas
from todoke.web.door.circumstances import Observer
from todoke.web.door.dns_lists import DnsLists, open_dns_lists
from todoke.web.door.proof import Proofs
from todoke.web.door.rush import Rush
from todoke.web.http.asked import client_address


class Evidence:
    """Gathers it, in one thread, from the request and its control fields. No answer is needed for it."""

    def __init__(self, app: App, rush: Rush, lists: DnsLists | None = None) -> None:
        self._rush = rush
        self._captchas = Captchas(app.captcha) if app.captcha else None
        self._lists = lists or open_dns_lists(app.settings.guard.dns_lists)
        self._proxies = app.settings.trusted_proxies
        self._observer = Observer(app.settings, app.clock)
        self._proofs = Proofs(app.settings.secret, app.clock)

    async def gather(self, scope: Scope, form: Form, controls: EntryList) -> Circumstances:
        """What is known of this one."""
        if form.work_when_busy:
            self._rush.note(form.name)
        work = self._proofs.worth(form, controls)
        known = self._observer.circumstances(scope, form, controls, work)
        if self._captchas is None and self._lists is None:
            return known
        captcha, is_listed = await asyncio.gather(
            self._captcha(form, controls), self._is_listed(scope, form)
        )
        return replace(known, captcha=captcha, is_listed=is_listed)

    async def _captcha(self, form: Form, controls: EntryList) -> CaptchaVerdict:
        if self._captchas is None:
            return CaptchaVerdict.UNKNOWN
        return await self._captchas.verdict(form, controls)

    async def _is_listed(self, scope: Scope, form: Form) -> bool:
        """Nobody is asked where nobody would look at the answer."""
        if self._lists is None or not form.review:
            return False
        return await self._lists.is_listed(client_address(scope, self._proxies))

    def spend(self, form: Form, controls: EntryList) -> None:
        """It is stored: what it brought counts for nothing else."""
        self._proofs.spend(form, controls)
        if self._captchas is not None:
            self._captchas.spend(form, controls)
