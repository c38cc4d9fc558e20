"""The Email Sending API: POST /api/v2/emails/send.json.

Answers: 200 {"id"}; 400 {"errors": [...]} for what is wrong with a parameter or a sender; 401 for wrong
credentials; 500 with 01-001 for a message over 20 MB; and for `timeout` none at all.
"""

from __future__ import annotations

import hmac
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from todoke.sandbox.outcomes import outcome_of
from todoke.sandbox.parameters import (
    BAD_PARAMETER,
    Fault,
    Parameters,
    Refused,
    read_mail,
    read_parameters,
)
from todoke.sandbox.service import Service


class SendMail:
    """The endpoint, as an ASGI application, because it must be able not to answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        service: Service = request.app.state.service
        try:
            parameters = await read_parameters(request)
            check_credentials(service, parameters)
            mail = read_mail(parameters, from_domains=service.behaviour.from_domains)
            refuse_as_asked(mail.recipients)
        except ClientDisconnect:
            return
        except Refused as error:
            await errors_response(error)(scope, receive, send)
            return
        remote = request.client.host if request.client else ""
        message_id = service.accept(mail, remote=remote)
        if any(outcome_of(recipient).name == "timeout" for recipient in mail.recipients):
            await hang_up(receive, send)
            return
        await JSONResponse({"id": message_id})(scope, receive, send)


def check_credentials(service: Service, parameters: Parameters) -> None:
    """Compare api_user and api_key with those known.

    Raises Refused: 401 if they do not fit. What the real service answers then is not documented.
    """
    user, key = parameters.text("api_user"), parameters.text("api_key")
    faults = [
        Fault(BAD_PARAMETER, name, f"{name} is required.")
        for name, value in (("api_user", user), ("api_key", key))
        if not value
    ]
    if faults:
        raise Refused(*faults)
    known = service.behaviour.api_users
    if known is None:
        return
    expected = known.get(user, "")
    if not hmac.compare_digest(key.encode(), expected.encode()) or not expected:
        message = "api_user or api_key is wrong."
        raise Refused(Fault(BAD_PARAMETER, "api_user", message), status=401)


def refuse_as_asked(recipients: tuple[str, ...]) -> None:
    """Refuse a mail to refuse@.

    Raises Refused: if one of the recipients asks for it.
    """
    for recipient in recipients:
        if outcome_of(recipient).name == "refuse":
            raise Refused(Fault(BAD_PARAMETER, "to", f"The address {recipient} is not accepted."))


def errors_response(error: Refused) -> Response:
    """The documented shape of errors."""
    entries = [{"code": f.code, "field": f.field, "message": f.message} for f in error.faults]
    return JSONResponse({"errors": entries}, status_code=error.status)


async def hang_up(receive: Receive, send: Send) -> None:
    """Close the connection without an answer.

    ASGI has no word for this. uvicorn's `receive` is a method of the object that holds the transport; under
    another server the answer is begun and broken off instead.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        transport.close()
        message: Message = {"type": ""}
        while message["type"] != "http.disconnect":
            message = await receive()
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    with suppress(OSError):
        await send({"type": "http.response.body", "body": b"", "more_body": True})
