"""Large files: POST /u/{form} gives links to put them into the bucket by. Documented in docs/uploads.md."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from todoke.model.errors import Malformed, NotFound, RequestError, StoreError
from todoke.model.form import ControlKind, Form
from todoke.model.language import translator
from todoke.ports.bucket import Bucket
from todoke.walk.app import App
from todoke.walk.uploads.offer import Offer, Offered, offer
from todoke.web.door.multipart import MAX_NAME_BYTES, strip_path
from todoke.web.door.visitors import note_refusals
from todoke.web.http.asked import language_of
from todoke.web.http.body import read_body
from todoke.web.http.cors import Cors
from todoke.web.http.errors import describe, error_response, json_error, json_response
from todoke.web.http.refused import Refused, note_refused

PATH = "/u/"
_LIMIT_BYTES = 65_536
_SECONDS = 10.0
_MOST_TYPE_CHARACTERS = 255


def routes(app: App) -> list[Route]:
    """The route for links, under the door's rules for origins."""
    links = Cors(Links(app), app.settings.site, note_refusals(app))
    return [Route(f"{PATH}{{form:path}}", links, name="uploads")]


class Links:
    """The ASGI app that gives out links."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """POST /u/{form}, a JSON list of {field, name, type, size}: always JSON.

        200: `uploads`, for each file {url, fields, value}: post these fields and the file to the URL, then send the
        value in the form's field. 422: what is known to be wrong before the upload, as the door says it. 404: there
        is no such form, or no bucket here: files go with the form. 400, 408, 413: the list cannot be read. 503 with
        Retry-After: no links can be made now.
        """
        form = self._app.settings.forms.get(scope["path_params"]["form"])
        language = language_of(scope, form.language if form else self._app.settings.site.language)
        try:
            offered = await self._offer(scope, receive, form, language)
            note_refused(scope, Refused("invalid", offered.errors))
            answer = _say(offered, language)
        except (RequestError, StoreError, HTTPException) as error:
            note_refused(scope, Refused(describe(error)[1]))
            answer = error_response(_as_json(scope), error, language=language)
        await answer(scope, receive, send)

    async def _offer(
        self, scope: Scope, receive: Receive, form: Form | None, language: str
    ) -> Offered:
        if form is None:
            raise NotFound("There is no form at this address.")
        bucket = self._app.bucket
        if bucket is None:
            raise NotFound("Files are sent with the form here.")
        if scope["method"] != "POST":
            raise HTTPException(405, "Links are asked for with POST.", {"allow": "POST, OPTIONS"})
        body = await read_body(scope, receive, limit=_LIMIT_BYTES, seconds=_SECONDS)
        offers = _read_offers(body)
        return await asyncio.to_thread(offer, self._app, bucket, form, offers, language)


def _as_json(scope: Scope) -> Request:
    """The request, as of a script: nobody looks at this address."""
    known = {name: scope[name] for name in ("type", "method", "path")}
    return Request({**known, "headers": [(b"x-requested-with", b"XMLHttpRequest")]})


def _read_offers(body: bytes) -> list[Offer]:
    """Raises Malformed: if it is no list of files, or of none."""
    try:
        offers = msgspec.json.decode(body, type=list[Offer])
    except ValueError as error:
        raise Malformed("This is not a list of files: [{field, name, type, size}].") from error
    if not offers or any(o.size < 1 for o in offers):
        raise Malformed("Each file has a size, in bytes; one of none goes with the form.")
    if any(_is_too_long(o) for o in offers):
        raise Malformed("A name of a field or file, or a media type, is too long.")
    return [msgspec.structs.replace(o, name=strip_path(o.name)) for o in offers]


def _is_too_long(offer: Offer) -> bool:
    names = (offer.field, offer.name)
    longest = max(len(name.encode()) for name in names)
    return longest > MAX_NAME_BYTES or len(offer.type) > _MOST_TYPE_CHARACTERS


def _say(offered: Offered, language: str) -> Response:
    if offered.errors:
        say = translator("door", language).gettext
        return json_error(422, "invalid", say("Please check your answers."), errors=offered.errors)
    return json_response({"ok": True, "uploads": offered.uploads})


def upload_origin(bucket: Bucket | None, form: Form) -> str:
    """The origin to which the files of a form's page may be posted; "" where there are none, or no bucket.

    Raises StoreError: if it cannot be said now.
    """
    if bucket is None or not any(field.kind == ControlKind.FILE for field in form.fields or ()):
        return ""
    url = urlsplit(bucket.upload_link("-", size=1, seconds=1).url)
    return f"{url.scheme}://{url.netloc}"
