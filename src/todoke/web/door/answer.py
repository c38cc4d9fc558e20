"""What the door says: one function for each end of the walk, as a page or a redirect for people, as JSON for programs.

Pure but for the making of pages. No answer claims that a mail was sent: at the door the messages are queued, or in
review.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from todoke.forms.control_fields import NEXT
from todoke.forms.hint import address_hints
from todoke.forms.redirect import redirect_of
from todoke.model.address import NOBODY, Address
from todoke.model.delivery import Reading
from todoke.model.errors import RequestError, StoreError, TooMany
from todoke.model.form import Form, Site
from todoke.model.language import translator
from todoke.model.message import Role
from todoke.model.own_url import own_url
from todoke.model.submission import EntryList, FieldError, FieldErrors, first_text
from todoke.model.url import origin_of
from todoke.web.door.meant import meant_by
from todoke.web.http.asked import base_path, header, is_htmx, is_script, scope_wants_json
from todoke.web.http.errors import error_response, headers_of, json_error, json_response, said_of
from todoke.web.http.fragment import fault_fragment, stored_fragment
from todoke.web.http.refused import Refused, note_refused
from todoke.web.pages import pages
from todoke.web.pages.controls import Uploaded


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One request at the door, as far as it was understood. `entries` are all of it, control fields included.

    `answers` are what is kept of them, `controls` what steers, by our own names.

    `upload_origin` is where a page of ours may put large files, `uploaded` are those that it brought.
    """

    scope: Scope
    form: Form
    site: Site
    language: str
    entries: EntryList = ()
    answers: EntryList = ()
    controls: EntryList = ()
    upload_origin: str = ""
    uploaded: tuple[Uploaded, ...] = ()

    @property
    def redirect(self) -> str:
        """Where to go after success, or "" for the receipt."""
        wanted = first_text(self.controls, NEXT) or meant_by(self.scope).next
        return redirect_of(self.form, self.site, wanted)

    @property
    def action(self) -> str:
        """Where the form is sent again from a page of ours: by the way it came, on which its fields mean the same."""
        path = meant_by(self.scope).path
        if not path:
            return form_url(self.form, self.site)
        return own_url(self.site.door_url, quote(path, safe=_IN_PATHS))

    @property
    def form_origins(self) -> tuple[str, ...]:
        """Where a form on a page of ours may end: form-action counts for redirects, too (CSP 3)."""
        return tuple(filter(None, [origin_of(self.redirect)]))


_IN_PATHS = "/@:!$&'()*+,;=~"


class SeeOther(Response):
    """303 to `location`. Most answers are one, so its header fields are made without Starlette's reading of them."""

    def __init__(self, location: str) -> None:
        self.status_code = 303
        self.background = None
        self.body = b""
        self.raw_headers = [(b"location", location.encode("ascii")), *_SEE_OTHER]


_SEE_OTHER = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-length", b"0"),
)


def form_url(form: Form, site: Site) -> str:
    """The address that takes this form."""
    return own_url(site.door_url, f"/f/{form.name}")


def answer_stored(
    arrival: Arrival,
    submission_id: str,
    token: str,
    roles: Iterable[Role],
    status: Reading,
    visitor: Address = NOBODY,
) -> Response:
    """200 with the receipt's link, or 303 to the redirect or the receipt. A repetition is answered as the first was.

    `status` is that of its messages now. A script is never led where it may not read: it would tell the visitor that
    the form failed. It learns what to ask about the address of the `visitor`; the receipt asks it of all others.
    """
    scope, redirect = arrival.scope, arrival.redirect
    receipt = own_url(arrival.site.door_url, f"/s/{token}")
    if not scope_wants_json(scope) and not is_htmx(scope):
        places = [redirect or receipt]
        if is_script(scope):
            places = [place for place in (redirect, receipt) if place and _may_read(scope, place)]
        if places:
            return SeeOther(places[0])
    say = translator("door", arrival.language).gettext
    if not scope_wants_json(scope):
        headers = {"hx-redirect": redirect or receipt} if is_htmx(scope) else {}
        text = say("Thank you. Your answers are stored.")
        return stored_fragment(text, say("Your receipt"), receipt, headers)
    return json_response(
        {
            "ok": True,
            "id": submission_id,
            "status_url": receipt,
            "next": redirect or receipt,
            "message": say("Thank you. Your answers are stored."),
            "messages": [{"role": role.value, "status": status} for role in roles],
            "hints": [
                hint._asdict() for hint in address_hints(arrival.form, visitor, arrival.language)
            ],
        }
    )


def answer_faults(arrival: Arrival, errors: FieldErrors) -> Response:
    """422: what is wrong with each field; the page keeps what was typed."""
    note_refused(arrival.scope, Refused("invalid", errors))
    if scope_wants_json(arrival.scope):
        say = translator("door", arrival.language).gettext
        return json_error(422, "invalid", say("Please check your answers."), errors=errors)
    if is_htmx(arrival.scope):
        say = translator("door", arrival.language).gettext
        return fault_fragment(arrival.scope, 422, say("Please check your answers."), errors, {})
    return _page_again(arrival, errors, 422)


def answer_refused(arrival: Arrival, error: RequestError) -> Response:
    """408 or 413: the form with what came of it, to be mended and sent again; files must be chosen anew.

    Raises the error itself: where nothing came that could be shown.
    """
    if not arrival.entries:
        raise error
    say = translator("door", arrival.language).gettext
    part = say("Perhaps only a part of it arrived: please check it before you send it again.")
    said = (said_of(error, arrival.language), part)
    answer = _page_again(
        arrival, tuple(FieldError("", error.code, text) for text in said), error.status
    )
    answer.headers.update(headers_of(error, error.status))
    note_refused(arrival.scope, Refused(error.code))
    return answer


def _page_again(arrival: Arrival, errors: FieldErrors, status: int) -> Response:
    return pages.answers_page(
        arrival.form,
        arrival.entries,
        errors,
        arrival.language,
        status,
        site=arrival.site,
        action=arrival.action,
        base=base_path(arrival.scope),
        form_origins=arrival.form_origins,
        upload_origin=arrival.upload_origin,
        uploaded=arrival.uploaded,
    )


def answer_reused_key(arrival: Arrival) -> Response:
    """422: the Idempotency-Key came before with other answers, so one of the two is not what the visitor means."""
    say = translator("door", arrival.language).gettext
    text = say(
        "Nothing of this is stored: its key came before, with other answers. Each sending needs a key of its own."
    )
    code = "idempotency_key_reused"
    faults = (FieldError("", code, text),)
    is_json = scope_wants_json(arrival.scope)
    answer = json_error(422, code, text) if is_json else answer_faults(arrival, faults)
    note_refused(arrival.scope, Refused(code))
    return answer


def answer_used_uploads(arrival: Arrival, fields: Iterable[str]) -> Response:
    """422: another submission took what was uploaded for these fields. The page asks for all files anew."""
    say = translator("door", arrival.language).gettext
    text = say("This file was sent before, with other answers. Please choose it again.")
    errors = tuple(FieldError(name, "upload_used", text) for name in fields)
    return answer_faults(arrival, errors)


def answer_not_now(arrival: Arrival, error: StoreError | TooMany) -> Response:
    """503 or 429: nothing was stored. The page keeps what was typed and can send it again."""
    return error_response(
        Request(arrival.scope),
        error,
        language=arrival.language,
        entries=arrival.entries,
        form=arrival.form,
        action=arrival.action,
        site=arrival.site,
        form_origins=arrival.form_origins,
    )


def _may_read(scope: Scope, place: str) -> bool:
    """Whether the script that asks may follow to `place`: within its own page's origin, which is the door's."""
    if header(scope, b"sec-fetch-site") != "same-origin":
        return False
    return place.startswith("/") or origin_of(place) == header(scope, b"origin")
