"""The Email Sending API: POST /api/v2/emails/send.json.

Answers: 200 {"id"}; 400 {"errors": [...]} for what is wrong with a parameter or a sender; 401 for wrong
credentials; 429 for one connection too many; 500 with 01-001 for a message over 20 MB; and for `timeout` none at all.
"""

from __future__ import annotations

from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from mail_cloud_sandbox.connections import transport_of
from mail_cloud_sandbox.credentials import check_credentials
from mail_cloud_sandbox.mail_parameters import read_mail
from mail_cloud_sandbox.outcomes import outcome_of
from mail_cloud_sandbox.parameters import (
    BAD_PARAMETER,
    SYSTEM_ERROR,
    ErrorEntry,
    Refused,
    errors_response,
    read_parameters,
)
from mail_cloud_sandbox.service import Service


class SendMail:
    """The endpoint, as an ASGI application, because it must be able not to answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        service: Service = request.app.state.service
        try:
            parameters = await read_parameters(request)
            check_credentials(service.behaviour.api_users, parameters)
            if not service.connections.admits(parameters.text("api_user"), transport_of(receive)):
                raise too_many_connections(service.behaviour.connections_per_user)
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


def too_many_connections(most: int) -> Refused:
    """The answer to one connection too many. A guess: what the real service answers is not documented."""
    message = f"More than {most} connections are open for this api_user."
    return Refused(ErrorEntry(SYSTEM_ERROR, "", message), status=429)


def refuse_as_asked(recipients: tuple[str, ...]) -> None:
    """Refuse a mail to refuse@.

    Raises Refused: if one of the recipients asks for it.
    """
    for recipient in recipients:
        if outcome_of(recipient).name == "refuse":
            raise Refused(
                ErrorEntry(BAD_PARAMETER, "to", f"The address {recipient} is not accepted.")
            )


async def hang_up(receive: Receive, send: Send) -> None:
    """Close the connection without an answer, or, where it cannot be got at, begin one and break it off."""
    transport = transport_of(receive)
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
