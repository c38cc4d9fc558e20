"""A form as a page of ours, with nothing filled in: for sites that have no page for it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Scope

from todoke.forms.control_fields import LOADED
from todoke.forms.suspicion.load import write_load
from todoke.model.form import Form
from todoke.walk.app import App
from todoke.web.door.answer import form_url
from todoke.web.door.proof import challenge, is_for_challenge
from todoke.web.door.rush import Rush
from todoke.web.http.asked import base_path, header, language_of
from todoke.web.http.errors import json_response
from todoke.web.pages import pages
from todoke.web.pages.codings import chosen, compressed

_JSON = "application/json"


class EmptyForms:
    """Makes each page once a second: nothing of a visitor is in it but the language, and the time."""

    def __init__(self, app: App, rush: Rush) -> None:
        self._app = app
        self._rush = rush
        self._second = 0
        self._made: dict[tuple[str, ...], Response] = {}

    def page(self, scope: Scope, form: Form, upload_origin: str) -> Response:
        """The form in the visitor's language; its script puts large files at `upload_origin`, if there is one.

        With ?challenge a challenge, where the form asks for a proof of work. Where nothing but JSON is asked for, only
        what says when a page was loaded, for a script of the site.
        """
        if is_for_challenge(scope, form):
            return challenge(self._app, form)
        now = self._app.clock()
        secret = self._app.settings.secret
        accept = header(scope, b"accept")
        if _JSON in accept and "html" not in accept:
            loaded = write_load(secret, form.name, now)
            return json_response({LOADED: loaded}, headers={"vary": "accept"})
        offers_work = self._offers_work(form)
        if (second := int(now.timestamp())) != self._second:
            self._second, self._made = second, {}
        language = language_of(scope, form.language)
        coding = chosen(header(scope, b"accept-encoding"))
        key = (form.name, language, base_path(scope), upload_origin, coding, str(offers_work))
        if key not in self._made:
            page = pages.answers_page(
                form,
                language=language,
                site=self._app.settings.site,
                action=form_url(form, self._app.settings.site),
                base=base_path(scope),
                upload_origin=upload_origin,
                loaded=write_load(secret, form.name, now, offers_work=offers_work),
                offers_work=offers_work,
            )
            self._made[key] = compressed(page, coding)
        return self._made[key]

    def _offers_work(self, form: Form) -> bool:
        return form.proof_of_work and (not form.work_when_busy or self._rush.is_on(form.name))
