"""What every room of web/ needs of HTTP: reading a body within limits, one shape of error, who asks and what for.

Nothing here knows forms or stores. `error_response` is the only place where an error becomes an answer.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterable, Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from todoke.model.errors import (
    Crowded,
    RequestError,
    StoreError,
    TooLarge,
    TooMany,
    TooSlow,
)
from todoke.model.form import Form, Site
from todoke.model.language import Translate, translator
from todoke.model.submission import EntryList, FieldErrors
from todoke.web.http.asked import base_path, is_htmx, language_of, scope_wants_json, wants_json
from todoke.web.http.fragment import fault_fragment
from todoke.web.http.refused import Refused, note_refused
from todoke.web.pages import pages

RETRY_AFTER_SECONDS = 5
_LAST_WORD = "todoke.last_word"


_log = logging.getLogger(__name__)


def error_response(  # noqa: PLR0913 - what a page of any room may add
    request: Request,
    error: Exception,
    *,
    language: str = "",
    errors: FieldErrors = (),
    entries: EntryList = (),
    form: Form | None = None,
    action: str = "",
    site: Site | None = None,
    form_origins: Iterable[str] = (),
) -> Response:
    """The answer to an error: the one JSON shape, or a page that says what happened and what to do.

    400, 401, 403, 404, 408, 409, 413, 415, 422, 429 as the error says; 503 with Retry-After for a StoreError; 500 for
    what nobody meant, whose text stays in the log. With `entries` the page keeps what was typed, and with `action` it
    can be posted again, to end at one of `form_origins`.
    """
    status, code, _ = describe(error)
    why = str(error) if isinstance(error, StoreError) else ""
    note_refused(request.scope, Refused(code, errors, why))
    language = language or language_of(request.scope)
    say = translator("door", language).gettext
    text = said_of(error, language)
    headers = headers_of(error, status)
    if wants_json(request):
        return json_error(status, code, text, errors=errors, headers=headers)
    if is_htmx(request.scope):
        return fault_fragment(request.scope, status, text, errors, headers)

    if action:
        headers |= pages.security_headers(form_origins)
    return pages.error_page(
        status,
        say(_TITLES.get(status, "This did not work")),
        text,
        language,
        entries=entries,
        form=form,
        action=action,
        headers=headers,
        base=base_path(request.scope),
        site=site,
    )


def describe(error: Exception) -> tuple[int, str, str]:
    """Status, code and English text of an error, without anything that a stranger should not read."""
    if isinstance(error, RequestError):
        return error.status, error.code, str(error)
    if isinstance(error, StoreError):
        return 503, "unavailable", _UNAVAILABLE
    if isinstance(error, HTTPException):
        return error.status_code, f"http_{error.status_code}", error.detail
    return 500, "internal", "Something went wrong on our side. Nothing of this request is stored."


def said_of(error: Exception, language: str) -> str:
    """What an error says to a visitor."""
    say = translator("door", language).gettext
    if isinstance(error, RequestError) and error.blanks:
        return say(error.pattern) % error.blanks
    text = describe(error)[2]
    if language == "en":
        return text
    # Other details such as a limit are in English only; elsewhere the kind of error is said in the visitor's words.
    return _translated(text, say) or _translated(_kind(error), say) or text


def _translated(text: str, say: Translate) -> str:
    said = say(text) if text else ""
    return said if said != text else ""


def _kind(error: Exception) -> str:
    return str(type(error)()) if isinstance(error, RequestError) else ""


def json_error(
    status: int,
    code: str,
    text: str,
    *,
    errors: FieldErrors = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The one JSON shape of errors."""
    faults = [{"field": e.field, "code": e.code, "message": e.message} for e in errors]
    return json_response(
        {"ok": False, "error": text, "code": code, "errors": faults}, status, headers
    )


def json_response(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON that nobody keeps and nothing takes for a page."""
    return Response(msgspec.json.encode(value), status, _JSON_HEADERS | dict(headers or {}))


class LastWord:
    """What is said of a submission that is stored when its own answer cannot be made.

    It is made ready in the scope before anything is stored, and of next to nothing, so that it does not fail for the
    same reason; `stored` says from when on it holds.
    """

    def __init__(self, scope: Scope) -> None:
        self._json = scope_wants_json(scope)
        self._id = ""
        scope[_LAST_WORD] = self

    def stored(self, submission_id: str) -> None:
        """From now on nothing may say that nothing is stored."""
        self._id = submission_id

    def response(self) -> Response | None:
        """200, because it is stored: JSON, or a page in both languages, with the reference. None before it is."""
        if not self._id:
            return None
        if self._json:
            said = {"ok": True, "id": self._id, "next": "", "message": _STORED}
            return Response(json.dumps(said), 200, _JSON_HEADERS)
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Stored</title>'
            f'<p>{_STORED}</p><p lang="ja">{_STORED_JA}</p><p>{self._id}</p></html>'
        )
        return Response(page, 200, _JSON_HEADERS | {"content-type": "text/html; charset=utf-8"})


def last_word(scope: Scope) -> Response | None:
    """What to answer, whatever goes wrong, once a submission is stored; None before."""
    word: LastWord | None = scope.get(_LAST_WORD)
    return word.response() if word else None


def log_unexpected(error: Exception) -> None:
    """Write down where an unexpected error came from, without its text: that may quote what a visitor typed."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("unexpected %s\n%s", type(error).__name__, where)


def headers_of(error: Exception, status: int) -> dict[str, str]:
    """The header fields of an error's answer."""
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status in {429, 503}:
        seconds = error.retry_after_seconds if isinstance(error, TooMany) else RETRY_AFTER_SECONDS
        headers.setdefault("retry-after", str(seconds))
    if isinstance(error, (Crowded, TooSlow, TooLarge)):
        headers["connection"] = "close"  # the rest of the body is not read
    return headers


BARE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""Of answers that are no page: data and lines of text."""
_JSON_HEADERS = {**BARE_HEADERS, "content-type": "application/json"}

_STORED = (
    "Your answers are stored. Only the page that should say so could not be made, "
    "so please keep this reference; there is no need to send them again."
)
_STORED_JA = (
    "送信内容を受け付けました。受付の画面だけが表示できませんでした。"
    "下の受付番号をお控えください。もう一度送信する必要はありません。"
)
_UNAVAILABLE = (
    "Your answers could not be stored just now, and nothing of them is kept here. "
    "Please send the form again in a moment."
)

_TITLES = {
    400: "The form could not be read",
    403: "This page may not send the form",
    404: "There is nothing here",
    405: "This address takes forms",
    408: "The form took too long to arrive",
    413: "The form is too large",
    415: "This is not sent as a form",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Please try again in a moment",
}
