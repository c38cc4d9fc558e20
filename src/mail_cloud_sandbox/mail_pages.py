"""One mail: its views, its files, what became of it, and what can be done with it; as pages and as JSON.

What came in a mail is never trusted: text is escaped, HTML is shown in a frame without rights (preview.py), files are
given as bytes to keep and never as something to show.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from mail_cloud_sandbox.ask_links import MOST_ASKED, Told, ask_all
from mail_cloud_sandbox.checks import Report, check
from mail_cloud_sandbox.database import Row
from mail_cloud_sandbox.header_table import header_fields
from mail_cloud_sandbox.mail import files_of
from mail_cloud_sandbox.pages import query_of, summary, to_list
from mail_cloud_sandbox.preview import COLOURS, WIDTHS, document, images_of, policy, preview_of
from mail_cloud_sandbox.render import HEADERS, fields_of, iso, missing, render, service_of
from mail_cloud_sandbox.search import terms_of
from mail_cloud_sandbox.words import N_

VIEWS = {
    "text": N_("Text"),
    "html": N_("HTML"),
    "checks": N_("Checks"),
    "headers": N_("Headers"),
    "source": N_("Source"),
}
MOST_SHOWN = 1_000_000
"""So many characters of a text or a source are on a page; the download has all."""


def _copy(request: Request) -> Row | None:
    return service_of(request).spool.copy(request.path_params["id"])


async def show_mail(request: Request) -> Response:
    """GET /inbox/{id}[?view=text|html|checks|headers|source]: 200, one copy with its log; else 404.

    It is read from now on, unless the page's own script asks (`peek`) for what became of it meanwhile.
    """
    mail = _copy(request)
    if mail is None:
        return missing(request)
    is_opened = request.method == "GET" and "peek" not in request.query_params
    if is_opened and not mail["is_read"]:
        service_of(request).inbox.mark([mail["seq"]], is_read=True)
    view = request.query_params.get("view", "")
    return await _page(request, mail, view=view if view in VIEWS else "")


async def ask_links(request: Request) -> Response:
    """POST /inbox/{id}/links: 200, the checks with what the links' targets answered now; 404 if there is no mail."""
    mail = _copy(request)
    if mail is None:
        return missing(request)
    report = await _report(mail)
    targets = [link.target for link in report.links if link.is_web]
    told = await asyncio.to_thread(ask_all, targets)
    return await _page(request, mail, view="checks", told=told)


async def _page(
    request: Request, mail: Row, *, view: str, told: Mapping[str, Told] | None = None
) -> Response:
    service, query = service_of(request), query_of(request)
    chosen, now = preview_of(request.query_params), service.clock()
    shown = view or ("text" if mail["text"] else "html")
    log = service.spool.log(mail["seq"], now)
    newer, older = service.inbox.neighbours(mail["seq"], terms_of(query), now=now)
    whole = mail["source"].decode("utf-8", "replace") if shown == "source" else mail["text"]
    state = {"view": shown, "q": query}
    if shown == "html":
        state |= {"width": chosen.width, "colours": chosen.colours}
        state |= {"images": "load" if chosen.has_images else ""}
    return render(
        request,
        "mail.html",
        mail=mail,
        q=query,
        view=shown,
        views=VIEWS,
        state=state,
        chosen=chosen,
        widths=WIDTHS,
        colours=COLOURS,
        shown=whole[:MOST_SHOWN],
        is_cut=len(whole) > MOST_SHOWN,
        fields=header_fields(mail["source"]) if shown == "headers" else (),
        report=await _report(mail) if shown == "checks" else None,
        told=told,
        most_asked=MOST_ASKED,
        newer=newer,
        older=older,
        attachments=json.loads(mail["attachments"]),
        log=log,
        label=log[-1]["label"] if log else "accepted",
        webhook_url=service.behaviour.webhook_url,
    )


async def _report(mail: Row) -> Report:
    """What the checks say; a hostile mail's HTML takes up to a second to read, so another thread does."""
    names = [name.lower() for name, _ in header_fields(mail["source"])]
    came_along = {file.get("content_id", "") for file in json.loads(mail["attachments"])}
    return await asyncio.to_thread(
        check,
        text=mail["text"],
        html=mail["html"],
        header_names=names,
        content_ids=came_along - {""},
    )


async def read_mail(request: Request) -> Response:
    """GET /inbox/{id}.json: 200, one copy with its contents and log, not marked as read; 404 if there is none."""
    mail = _copy(request)
    if mail is None:
        return _nothing()
    service = service_of(request)
    log = service.spool.log(mail["seq"], service.clock())
    files = json.loads(mail["attachments"])
    row = {
        **dict(mail),
        "id": mail["copy_id"],
        "label": log[-1]["label"] if log else "accepted",
        "is_unread": not mail["is_read"],
        "files": len(files),
    }
    whole = {
        **summary(row),
        "return_path": mail["return_path"],
        "text": mail["text"],
        "html": mail["html"],
        "attachments": files,
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


def _nothing() -> JSONResponse:
    return JSONResponse({"error": "not_found"}, 404, headers=HEADERS)


async def read_checks(request: Request) -> Response:
    """GET /inbox/{id}/checks.json: 200, what the checks say of the mail and its links; 404 if there is none."""
    mail = _copy(request)
    if mail is None:
        return _nothing()
    report = await _report(mail)
    findings = [{"level": f.level, "what": f.what, "why": f.why} for f in report.findings]
    links = [
        {"part": k.part, "words": k.words, "target": k.target, "doubts": k.doubts}
        for k in report.links
    ]
    return JSONResponse({"findings": findings, "links": links}, headers=HEADERS)


async def show_html(request: Request) -> Response:
    """GET /inbox/{id}/html[?images=load][&colours=dark]: 200, the mail's HTML without any rights; else 404."""
    mail = _copy(request)
    if mail is None or not mail["html"]:
        return missing(request)
    chosen = preview_of(request.query_params)
    allowed = policy(has_images=chosen.has_images)
    headers = {**HEADERS, "Content-Security-Policy": allowed, "Referrer-Policy": "no-referrer"}
    headers["X-DNS-Prefetch-Control"] = "off"  # a name that is looked up tells its owner, too
    images = await asyncio.to_thread(images_of, files_of(mail["source"]))
    return HTMLResponse(document(mail["html"], chosen.colours, images), headers=headers)


async def download_source(request: Request) -> Response:
    """GET /inbox/{id}/source.eml: 200, the message as RFC 5322 has it; 404 if there is none."""
    mail = _copy(request)
    if mail is None:
        return missing(request)
    name = f"{mail['copy_id']}.eml"
    return Response(mail["source"], headers=_to_keep(name), media_type="message/rfc822")


async def download_file(request: Request) -> Response:
    """GET /inbox/{id}/files/{number}: 200, a file of the mail, counted from 1, as bytes to keep; else 404."""
    mail, number = _copy(request), request.path_params["number"]
    files = json.loads(mail["attachments"]) if mail else []
    if mail is None or not 1 <= number <= len(files):
        return missing(request)
    content = await asyncio.to_thread(_file, mail["source"], number)
    headers = _to_keep(files[number - 1]["name"])
    return Response(content, headers=headers, media_type="application/octet-stream")


def _file(source: bytes, number: int) -> bytes:
    """The content of a file of a message that mail.py made."""
    return files_of(source)[number - 1][2]


def _to_keep(name: str) -> dict[str, str]:
    """The headers of what is to be saved under `name`, whatever characters it has (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    exact = quote(name, safe="", errors="replace")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"
    return {**HEADERS, "Content-Disposition": disposition}


async def mark_mail(request: Request) -> Response:
    """POST /inbox/{id}/read, /inbox/{id}/unread `q`: marks it, 303 to the list; 404 if there is none."""
    mail = _copy(request)
    if mail is None:
        return missing(request)
    is_read = request.url.path.endswith("/read")
    service_of(request).inbox.mark([mail["seq"]], is_read=is_read)
    return to_list((await fields_of(request)).get("q", ""))


async def delete_mail(request: Request) -> Response:
    """POST /inbox/{id}/delete `q`: deletes it, 303 to the list. DELETE /inbox/{id}.json: 204. 404 if there is none."""
    mail = _copy(request)
    if mail is None:
        return _nothing() if request.method == "DELETE" else missing(request)
    service_of(request).spool.delete([mail["seq"]])
    if request.method == "DELETE":
        return Response(status_code=204)
    return to_list((await fields_of(request)).get("q", ""), deleted=1)
