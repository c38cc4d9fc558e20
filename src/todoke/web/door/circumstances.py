"""How a form was sent, read off the request's header fields and a hidden field: what the guard may know."""

from __future__ import annotations

import re

from starlette.types import Scope

from todoke.forms.control_fields import LOADED
from todoke.forms.suspicion.circumstances import (
    UNKNOWN,
    Agent,
    Circumstances,
    PageOwner,
    ProofOfWork,
)
from todoke.forms.suspicion.load import with_load
from todoke.model.form import Form
from todoke.model.settings import Settings
from todoke.model.short_cache import short_cache
from todoke.model.submission import EntryList, first_text
from todoke.model.url import origin_of
from todoke.ports.clock import Clock
from todoke.web.http.asked import header

_BROWSER = re.compile(r"Mozilla/\d|Opera/\d")
_FETCH_METADATA = re.compile(r"(?:Chrome|Firefox)/(\d{1,4})\.")
"""Browsers that state Fetch Metadata wherever the connection is secure: Chrome since 80, Firefox since 90."""
_SINCE = 90


class Observer:
    """Reads the circumstances of the requests to one site."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        site = settings.site
        self._secret = settings.secret
        self._clock = clock
        self._is_any = "*" in site.origins
        self._own = {origin_of(url) for url in (*site.origins, site.url, site.door_url)} - {""}
        self._is_secure = site.door_url.startswith("https://")

    def circumstances(
        self,
        scope: Scope,
        form: Form,
        controls: EntryList,
        work: ProofOfWork = ProofOfWork.NOT_ASKED,
    ) -> Circumstances:
        """What the header fields say, a hidden field of the form's page, and the `work` that came along.

        Of a form without review nothing is looked at, for nobody asks.
        """
        if not form.review:
            return UNKNOWN
        known = self._by_fields(scope, work)
        stated = first_text(controls, LOADED) if controls else ""
        if not stated:
            return known
        return with_load(known, self._secret, form.name, stated, self._clock())

    def _by_fields(self, scope: Scope, work: ProofOfWork) -> Circumstances:
        name = header(scope, b"user-agent")
        return Circumstances(
            agent=Agent.BROWSER if _BROWSER.match(name) else Agent.PROGRAM,
            has_browsers_fields=self._has_browsers_fields(scope, name),
            page=self._page(scope),
            work=work,
        )

    def _has_browsers_fields(self, scope: Scope, name: str) -> bool:
        """Whether what each browser sends is there. Without TLS, or Fetch Metadata, they state less."""
        if header(scope, b"sec-fetch-site"):
            return True
        if self._is_secure and _states_metadata(name):
            return False
        stated = header(scope, b"origin") or header(scope, b"referer")
        return bool(stated and header(scope, b"accept") and header(scope, b"accept-language"))

    def _page(self, scope: Scope) -> PageOwner:
        """By Origin, or where that says nothing by Referer."""
        if self._is_any or not self._own:
            return PageOwner.UNKNOWN
        stated = header(scope, b"origin")
        if stated in {"", "null"}:
            stated = header(scope, b"referer")
        if not stated:
            return PageOwner.UNKNOWN
        origin = origin_of(stated)
        own_host = f"//{header(scope, b'host').lower()}"
        return (
            PageOwner.OWN if origin in self._own or origin.endswith(own_host) else PageOwner.OTHER
        )


@short_cache(1024)
def _states_metadata(name: str) -> bool:
    found = _FETCH_METADATA.search(name)
    return found is not None and int(found[1]) >= _SINCE
