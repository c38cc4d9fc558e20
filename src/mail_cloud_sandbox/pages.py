"""The inbox to look into: a list, a message in three views, its log, and the same as JSON. English only.

No page needs scripts; a small one refreshes what is shown. What came in a mail is never trusted: text is escaped,
HTML is shown in a frame that the browser gives no rights but to open links in a new tab.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)

from mail_cloud_sandbox.database import Row
from mail_cloud_sandbox.outcomes import DELIVERED, OUTCOMES
from mail_cloud_sandbox.render import HEADERS, iso, render, service_of

PAGE = 50
_MAIL_CSP = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'"
)

_HTML_PRELUDE = '<!doctype html><base target="_blank">'
"""Before a mail's HTML: its links open in a new tab, and a doctype of its own may follow without harm."""


def _missing() -> HTMLResponse:
    return render("missing.html", 404)


def _listing(request: Request) -> tuple[Sequence[Row], str, str]:
    """The rows of the page asked for, the search, and the cursor of the page after ("" for none)."""
    to = request.query_params.get("to", "").strip()[:254]
    before = request.query_params.get("before", "")
    service = service_of(request)
    rows = service.spool.inbox(
        now=service.clock(),
        to=to,
        before=int(before) if re.fullmatch(r"\d{1,18}", before) else None,
        limit=PAGE + 1,
    )
    more = len(rows) > PAGE
    return rows[:PAGE], to, str(rows[PAGE - 1]["seq"]) if more else ""


async def home(_request: Request) -> Response:
    """GET /: 307 to the inbox."""
    return RedirectResponse("/inbox", headers=HEADERS)


async def show_inbox(request: Request) -> Response:
    """GET /inbox[?to=][&before=]: 200, the copies, newest first."""
    rows, to, following = _listing(request)
    service = service_of(request)
    return render(
        "inbox.html",
        rows=rows,
        to=to,
        following=following,
        total=service.spool.count(),
        outcomes=[*OUTCOMES.values(), DELIVERED],
        webhook_url=service.behaviour.webhook_url,
    )


async def list_inbox(request: Request) -> Response:
    """GET /inbox.json[?to=][&before=]: 200, the same as data."""
    rows, _, following = _listing(request)
    return JSONResponse(
        {"messages": [_summary(row) for row in rows], "next": following}, headers=HEADERS
    )


def _summary(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "message_id": row["message_id"],
        "from": row["sender"],
        "to": row["recipient"],
        "subject": row["subject"],
        "received_at": iso(row["accepted_at"]),
        "outcome": row["outcome"],
        "state": row["label"],
        "api_data": row["api_data"],
    }


async def delete_inbox(request: Request) -> Response:
    """POST /inbox/delete: empties the inbox, 303 to it. DELETE /inbox.json: the same, 204."""
    service_of(request).spool.delete_all()
    if request.method == "DELETE":
        return Response(status_code=204)
    return RedirectResponse("/inbox", 303, headers=HEADERS)


VIEWS = ("text", "html", "source")


async def show_mail(request: Request) -> Response:
    """GET /inbox/{id}[?view=text|html|source]: 200, one copy with its log; 404 if there is none."""
    service = service_of(request)
    mail = service.spool.copy(request.path_params["id"])
    if mail is None:
        return _missing()
    view = request.query_params.get("view", "text" if mail["text"] else "html")
    log = service.spool.log(mail["seq"], service.clock())
    return render(
        "mail.html",
        mail=mail,
        view=view if view in VIEWS else "text",
        views=VIEWS,
        source=mail["source"].decode("utf-8", "replace") if view == "source" else "",
        attachments=json.loads(mail["attachments"]),
        log=log,
        label=log[-1]["label"],
        webhook_url=service.behaviour.webhook_url,
    )


async def read_mail(request: Request) -> Response:
    """GET /inbox/{id}.json: 200, one copy with its contents and log; 404 if there is none."""
    service = service_of(request)
    mail = service.spool.copy(request.path_params["id"])
    if mail is None:
        return JSONResponse({"error": "not_found"}, 404, headers=HEADERS)
    log = service.spool.log(mail["seq"], service.clock())
    row = {**dict(mail), "id": mail["copy_id"], "label": log[-1]["label"]}
    whole = {
        **_summary(row),
        "return_path": mail["return_path"],
        "text": mail["text"],
        "html": mail["html"],
        "attachments": json.loads(mail["attachments"]),
        "source": mail["source"].decode("utf-8", "replace"),
        "log": [_logged(step) for step in log],
    }
    return JSONResponse(whole, headers=HEADERS)


def _logged(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": iso(step["happens_at"]),
        "state": step["label"],
        "event_type": step["event_type"],
        "status": step["status"],
        "reason": step["reason"],
        "webhook": {name: step[name] for name in ("posted", "waiting", "lost", "untold")},
    }


async def show_html(request: Request) -> Response:
    """GET /inbox/{id}/html: 200, the mail's own HTML, sandboxed by the browser; 404 if there is none."""
    mail = service_of(request).spool.copy(request.path_params["id"])
    if mail is None or not mail["html"]:
        return _missing()
    headers = {**HEADERS, "Content-Security-Policy": _MAIL_CSP}
    return HTMLResponse(_HTML_PRELUDE + mail["html"], headers=headers)


async def download_source(request: Request) -> Response:
    """GET /inbox/{id}/source.eml: 200, the message as RFC 5322 has it; 404 if there is none."""
    mail = service_of(request).spool.copy(request.path_params["id"])
    if mail is None:
        return _missing()
    disposition = f'attachment; filename="{mail["copy_id"]}.eml"'
    headers = {**HEADERS, "Content-Disposition": disposition}
    return Response(mail["source"], media_type="message/rfc822", headers=headers)
