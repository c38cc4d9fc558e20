"""A form as a page of ours, with nothing filled in: for sites that have no page for it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Scope

from todoke.model.form import Form, Site
from todoke.web.door.answer import form_url
from todoke.web.http.asked import base_path, header, language_of
from todoke.web.pages import pages
from todoke.web.pages.codings import chosen, compressed


class EmptyForms:
    """Makes each page once: nothing of a visitor is in it but the language."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made: dict[tuple[str, ...], Response] = {}

    def page(self, scope: Scope, form: Form, upload_origin: str) -> Response:
        """The form in the visitor's language; its script puts large files at `upload_origin`, if there is one."""
        language = language_of(scope, form.language)
        coding = chosen(header(scope, b"accept-encoding"))
        key = (form.name, language, base_path(scope), upload_origin, coding)
        if key not in self._made:
            page = pages.answers_page(
                form,
                language=language,
                site=self._site,
                action=form_url(form, self._site),
                base=base_path(scope),
                upload_origin=upload_origin,
            )
            self._made[key] = compressed(page, coding)
        return self._made[key]
