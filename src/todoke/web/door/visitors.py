"""Tell the owner of visitors that the door refuses: which form, why, and which of its own fields; no value."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Scope

from todoke.model.errors import OriginRefused
from todoke.model.form import Form
from todoke.model.submission import FieldErrors
from todoke.model.url import origin_of
from todoke.walk.app import App
from todoke.walk.refusal import STRANGE_FIELD, Refusal
from todoke.web.http.asked import header
from todoke.web.http.refused import why_refused

LONGEST_ORIGIN = 100
"""Characters of an origin that are told: it is a stranger's word."""


def note_refusals(app: App) -> Callable[[Scope, int], None]:
    """What notes an answer of 400 or more to a request under a form's address."""
    forms = app.settings.forms

    def note(scope: Scope, status: int) -> None:
        form, refused = forms.get(scope["path_params"]["form"]), why_refused(scope)
        is_about_origin = refused.code == OriginRefused.code
        app.refusals.note(
            Refusal(
                form=form.name if form else "",
                status=status,
                code=refused.code or f"http_{status}",
                faults=known_faults(form, refused.errors),
                origin=_origin(scope) if is_about_origin else "",
                why=refused.why,
            )
        )

    return note


def known_faults(form: Form | None, errors: FieldErrors) -> tuple[tuple[str, str], ...]:
    """Each faulty field of the form with its code. A name that is not the form's own is a stranger's. Pure.

    Without a name the fault is the form's as a whole, and its code is told already.
    """
    known = {field.name for field in form.fields or ()} if form else set()
    if form:
        known |= {form.confirmation.field, form.managers.field}
    return tuple(
        dict.fromkeys(
            (error.field if error.field in known else STRANGE_FIELD, str(error.code))
            for error in errors
            if error.field
        )
    )


def _origin(scope: Scope) -> str:
    return origin_of(header(scope, b"origin"))[:LONGEST_ORIGIN] or "(not an origin)"
