"""The door: POST /f/{form}. A request comes in; a durable submission, or what is wrong with it, goes out.

It reads the body, asks accept, waits for the one durable write, and answers as HTML or JSON. Documented in
docs/door.md. Nothing it says claims that a mail was sent: at this point the mails are queued.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from msgspec.structs import replace as replaced
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from todoke.forms import control_fields
from todoke.forms.rewritten import find_rewritten, restore
from todoke.forms.secret import secret_names
from todoke.model import ids
from todoke.model.delivery import Reading
from todoke.model.errors import (
    NotFound,
    RequestError,
    StoreError,
    TooLarge,
    TooMany,
    TooSlow,
    Uncertain,
)
from todoke.model.form import Form, Limits
from todoke.model.language import LANGUAGES
from todoke.model.submission import EntryList, FieldErrors, first_text
from todoke.ports.outbox import Duplicate
from todoke.walk import accept
from todoke.walk.app import App
from todoke.walk.tally import Counted
from todoke.walk.uploads import tickets
from todoke.walk.uploads.offer import redeem
from todoke.web.door import body
from todoke.web.door.again import first_of
from todoke.web.door.answer import (
    Arrival,
    answer_faults,
    answer_not_now,
    answer_refused,
    answer_reused_key,
    answer_stored,
    answer_used_uploads,
)
from todoke.web.door.arrived import salvage
from todoke.web.door.charset import charset_of
from todoke.web.door.empty import EmptyForms
from todoke.web.door.evidence import Evidence
from todoke.web.door.interpreter import Interpreter
from todoke.web.door.keys import idempotency_key, page_key
from todoke.web.door.meant import meant_by
from todoke.web.door.question import question
from todoke.web.door.rush import Rush
from todoke.web.door.uploads import upload_origin
from todoke.web.door.visitors import note_refusals
from todoke.web.http.asked import (
    client_address,
    header,
    language_of,
    network_of,
    peer_of,
    scope_wants_json,
    wants_page,
)
from todoke.web.http.body import read_body
from todoke.web.http.cors import Cors, Typed
from todoke.web.http.errors import LastWord, error_response, last_word, log_unexpected
from todoke.web.http.wait import Waiting, apart
from todoke.web.pages.controls import Uploaded, uploaded_by

ALLOW = "GET, HEAD, POST, OPTIONS"
PATH = "/f/"


def routes(app: App) -> list[Route]:
    """The door's routes: every path under /f/, so that a wrong address, too, is answered to scripts elsewhere."""
    return [Route(f"{PATH}{{form:path}}", guarded(app), name="door")]


def guarded(app: App) -> Interpreter:
    """The door as strangers meet it."""
    door = Door(app)
    cors = Cors(door, app.settings.site, note_refusals(app), typed=door.typed)
    return Interpreter(app, cors)


class Door:
    """The ASGI app that takes forms. Plain ASGI and no Request: this is the path that must be fast."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._site = app.settings.site
        rush = Rush()
        self._evidence = Evidence(app, rush)
        self._waiters: Waiting | None = None
        self._empty = EmptyForms(app, rush)
        forms = app.settings.forms
        self._limits = {name: reading_limits(form) for name, form in forms.items()}
        self._rewritten = {name: find_rewritten(form) for name, form in forms.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET, HEAD and POST /f/{form}.

        404: if there is no such form. 405 with Allow: to any other method. Else see `_show` and `_take`.
        """
        meant = meant_by(scope)
        form = meant.form
        try:
            if form is None:
                raise meant.error or NotFound("There is no form at this address.")
            if scope["method"] == "POST":
                answer = await self._take(scope, receive, form)
            elif scope["method"] in {"GET", "HEAD"}:
                answer = self._show(scope, form)
            else:
                answer = _refuse_method(scope)
        except RequestError as error:
            language = language_of(scope, form.language if form else self._site.language)
            answer = last_word(scope) or error_response(
                Request(scope), error, language=language, site=self._site
            )
        await answer(scope, receive, send)

    def _show(self, scope: Scope, form: Form) -> Response:
        """GET /f/{form}: 200 the form as a page of ours, for sites that have no page for it."""
        return self._empty.page(scope, form, self._upload_origin(form))

    def _upload_origin(self, form: Form) -> str:
        """Where a page of ours may put large files; a page without the script is better than none."""
        try:
            return upload_origin(self._app.bucket, form)
        except StoreError:
            return ""

    async def _take(self, scope: Scope, receive: Receive, form: Form) -> Response:
        """POST /f/{form}.

        200 (JSON) or 303 (HTML): the submission and its messages are durable, or were before (a repetition).
        422: a field is wrong, there is something to ask first (question.py), or the Idempotency-Key or an upload came
        with other answers before; nothing is stored.
        400, 408, 413, 415: the request cannot be read. 429: too many of one address were stored. 503: the store cannot
        write now. Both with Retry-After.
        """
        limits = self._limits[form.name]
        content_type, charset = header(scope, b"content-type"), charset_of(scope, form)
        arrived, data = bytearray(), None
        try:
            data = await read_body(
                scope, receive, limit=limits.body_bytes, seconds=limits.seconds, arrived=arrived
            )
            entries = await apart(
                len(data), body.parse, content_type, data, limits=limits, charset=charset
            )
        except (TooLarge, TooSlow) as error:
            if not wants_page(scope):
                raise
            comes = data is None and isinstance(error, TooLarge) and not header(scope, b"expect")
            rest = receive if comes else None
            salvaged = await salvage(
                content_type, charset, data or bytes(arrived), rest, limits.seconds
            )
            return answer_refused(self._arrival(scope, form, salvaged), error)
        return await self._accept(self._arrival(scope, form, entries), len(data))

    def _arrival(self, scope: Scope, form: Form, entries: EntryList) -> Arrival:
        if rewritten := self._rewritten[form.name]:
            entries = restore(entries, rewritten)
        answers, controls = control_fields.split_controls(form, entries)
        language = language_for(scope, form, controls)
        return Arrival(
            scope=scope,
            form=form,
            site=self._site,
            language=language,
            entries=entries,
            answers=answers,
            controls=controls,
        )

    async def typed(self, scope: Scope, receive: Receive) -> Typed:
        """What a visitor typed who is refused before anything is read, for a page; nothing for a script."""
        form = meant_by(scope).form
        if form is None or not wants_page(scope):
            return form, ()
        content_type, charset = header(scope, b"content-type"), charset_of(scope, form)
        entries = await salvage(content_type, charset, b"", receive, form.limits.seconds)
        secret = secret_names(form, entries)
        return form, tuple(entry for entry in entries if entry.name not in secret)

    def _address(self, scope: Scope) -> str:
        return client_address(scope, self._app.settings.trusted_proxies)

    def _place(self, scope: Scope) -> str:
        """Where a request came from, to tell one visitor's repetition from another's equal answers.

        What X-Forwarded-For says is not to be trusted, and need not be: to state another place only makes a request
        of one's own look new. Without it all visitors behind a proxy that nobody configured would be in one place.
        """
        return f"{self._address(scope)} {header(scope, b'x-forwarded-for')}"

    async def _accept(self, arrival: Arrival, size: int) -> Response:
        known = await self._evidence.gather(arrival.scope, arrival.form, arrival.controls)
        context = accept.Context(
            language=arrival.language,
            remote=self._place(arrival.scope),
            user_agent=header(arrival.scope, b"user-agent"),
            idempotency_key=idempotency_key(arrival.scope),
            page_key=page_key(arrival.form, arrival.controls),
            known=known,
        )
        try:
            answers = await self._redeemed(arrival.form, arrival.answers)
        except StoreError as error:
            return answer_not_now(arrival, error)
        prepared = await apart(size, accept.prepare, self._app, arrival.form, answers, context)
        if isinstance(prepared, tuple):
            return self._answer_faults(arrival, prepared, uploaded_by(arrival.answers, answers))
        if arrival.form.ask_about_typos:
            asked = question(arrival, prepared.submission.visitor)
            if asked is not None:
                accept.not_stored(self._app, arrival.form, prepared)
                return asked
        # All that can fail for the answer fails here, while it is true that nothing is stored.
        answer = _stored(arrival, prepared, prepared.submission.id, prepared.token)
        peer = peer_of(self._address(arrival.scope))
        if not self._app.allowance.take(peer):
            accept.not_stored(self._app, arrival.form, prepared)
            return answer_not_now(arrival, TooMany())
        prepared = accept.bounded(self._app, prepared, network_of(self._address(arrival.scope)))
        last = LastWord(arrival.scope)
        try:
            with self._app.courtesy.visitor():
                stored = await self._waiting().wait(self._app.outbox.add(*prepared.write))
        except StoreError as error:
            self._give_back(peer, arrival.form, prepared)
            return answer_not_now(arrival, error)
        except Exception as error:
            log_unexpected(error)
            raise Uncertain from error
        if not isinstance(stored, Duplicate):
            last.stored(stored.submission_id)
            self._note(arrival, Counted.ACCEPTED)
            return answer
        self._give_back(peer, arrival.form, prepared)
        if stored.same_content:
            last.stored(stored.submission_id)
        return await self._answer_repeated(arrival, answers, prepared, stored)

    def _give_back(self, peer: str, form: Form, prepared: accept.Prepared) -> None:
        self._app.allowance.give_back(peer)
        accept.not_stored(self._app, form, prepared)

    def _answer_faults(
        self, arrival: Arrival, faults: FieldErrors, uploaded: tuple[Uploaded, ...]
    ) -> Response:
        if not scope_wants_json(arrival.scope):
            origin = self._upload_origin(arrival.form)
            arrival = replaced(arrival, upload_origin=origin, uploaded=uploaded)
        return answer_faults(arrival, faults)

    async def _answer_repeated(
        self, arrival: Arrival, answers: EntryList, prepared: accept.Prepared, stored: Duplicate
    ) -> Response:
        if not stored.same_content:
            if stored.upload:
                asked = replaced(arrival, upload_origin=self._upload_origin(arrival.form))
                return answer_used_uploads(asked, accept.fields_of(answers, stored.upload))
            return answer_reused_key(arrival)
        self._note(arrival, Counted.REPEATED)
        # It is derived from the id, so that a repetition gets the link of the first.
        token = ids.receipt_token(self._app.settings.secret, stored.submission_id)
        first = await first_of(self._app, arrival.scope, stored.submission_id, prepared)
        return _stored(arrival, first, stored.submission_id, token)

    def _note(self, arrival: Arrival, counted: Counted) -> None:
        self._hint()
        self._app.tally.count(counted, arrival.form.name)
        self._evidence.spend(arrival.form, arrival.controls)

    def _hint(self) -> None:
        """Wake the sender. A hint may be lost: what is stored is stored."""
        try:
            self._app.hint()
        except Exception as error:  # noqa: BLE001
            log_unexpected(error)

    async def _redeemed(self, form: Form, answers: EntryList) -> EntryList:
        """The answers with the files that came by the bucket. Of ordinary forms it asks next to nothing."""
        bucket = self._app.bucket
        if bucket is None or not tickets.are_in(answers):
            return answers

        return await asyncio.to_thread(redeem, self._app, bucket, form, answers)

    def _waiting(self) -> Waiting:
        loop = asyncio.get_running_loop()
        if self._waiters is None or self._waiters.loop is not loop:
            self._waiters = Waiting(loop)
        return self._waiters


def _stored(
    arrival: Arrival, prepared: accept.Prepared, submission_id: str, token: str
) -> Response:
    roles = [message.role for message in prepared.messages]
    submission = prepared.submission
    status = Reading.IN_REVIEW if submission.signals else Reading.QUEUED
    return answer_stored(arrival, submission_id, token, roles, status, submission.visitor)


def reading_limits(form: Form) -> Limits:
    """What is read of a request to this form: as much of files as the body may hold, although the form may allow less.

    So a file that is too large, or one too many, is told as the fault of its field, beside all that was typed.
    """
    return replace(form.limits, files=form.limits.fields, file_bytes=form.limits.body_bytes)


def language_for(scope: Scope, form: Form, controls: EntryList) -> str:
    """The visitor's language: a `_language` field, what Accept-Language asks for, or the form's."""
    if controls:
        wanted = first_text(controls, control_fields.LANGUAGE).strip().partition("-")[0].lower()
        if wanted in LANGUAGES:
            return wanted
    return language_of(scope, form.language)


def _refuse_method(scope: Scope) -> Response:
    error = HTTPException(405, "A form is sent with POST.", {"allow": ALLOW})
    return error_response(Request(scope), error)
