"""The inbox's list: found, read, marked, deleted, as pages and as JSON.

No page needs scripts; a small one refreshes what is shown and listens to keys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from mail_cloud_sandbox.database import Row
from mail_cloud_sandbox.outcomes import DELIVERED, OUTCOMES, STATES
from mail_cloud_sandbox.render import HEADERS, fields_of, iso, render, service_of
from mail_cloud_sandbox.search import MOST_QUERY, Term, terms_of

PAGE = 50


def query_of(request: Request) -> str:
    """What is searched for: `q`, and `to` as a part of the recipient."""
    query = request.query_params.get("q", "").strip()
    to = request.query_params.get("to", "").replace('"', "").strip()[:254]
    return f'{query} to:"{to}"'.strip()[:MOST_QUERY] if to else query[:MOST_QUERY]


def to_list(query: str, **more: object) -> RedirectResponse:
    """303 to the list with the search kept; `more` tells it what was done."""
    told = {name: value for name, value in {"q": query, **more}.items() if value}
    address = "/inbox" + (f"?{urlencode(told)}" if told else "")
    return RedirectResponse(address, 303, headers=HEADERS)


def _listing(request: Request, terms: Sequence[Term]) -> tuple[Sequence[Row], str]:
    """The rows of the page asked for, and the cursor of the page after ("" for none)."""
    before = request.query_params.get("before", "")
    service = service_of(request)
    rows = service.inbox.page(
        terms,
        now=service.clock(),
        before=int(before) if re.fullmatch(r"[0-9]{1,18}", before) else None,
        limit=PAGE + 1,
    )
    more = len(rows) > PAGE
    return rows[:PAGE], str(rows[PAGE - 1]["seq"]) if more else ""


async def home(_request: Request) -> Response:
    """GET /: 307 to the inbox."""
    return RedirectResponse("/inbox", headers=HEADERS)


async def show_inbox(request: Request) -> Response:
    """GET /inbox[?q=][&to=][&before=]: 200, the copies, newest first; `deleted` and `marked` say what was done."""
    service, query = service_of(request), query_of(request)
    terms, now = terms_of(query), service.clock()
    rows, following = _listing(request, terms)
    found, unread, _ = service.inbox.counts(terms, now=now)
    total, all_unread, _ = service.inbox.counts((), now=now) if terms else (found, unread, 0)
    return render(
        request,
        "inbox.html",
        rows=rows,
        q=query,
        following=following,
        found=found,
        unread=unread,
        total=total,
        all_unread=all_unread,
        deleted=_number(request, "deleted"),
        marked=_number(request, "marked"),
        keep=service.behaviour.keep_mails,
        states=sorted(STATES),
        outcomes=[*OUTCOMES.values(), DELIVERED],
        webhook_url=service.behaviour.webhook_url,
    )


def _number(request: Request, name: str) -> int:
    stated = request.query_params.get(name, "")
    return int(stated) if re.fullmatch(r"[0-9]{1,9}", stated) else 0


async def list_inbox(request: Request) -> Response:
    """GET /inbox.json[?q=][&to=][&before=]: 200, the same as data."""
    rows, following = _listing(request, terms_of(query_of(request)))
    return JSONResponse(
        {"messages": [summary(row) for row in rows], "next": following}, headers=HEADERS
    )


def summary(row: Row) -> dict[str, Any]:
    """A row of the list as data."""
    return {
        "id": row["id"],
        "message_id": row["message_id"],
        "from": row["sender"],
        "to": row["recipient"],
        "subject": row["subject"],
        "received_at": iso(row["accepted_at"]),
        "outcome": row["outcome"],
        "state": row["label"],
        "unread": bool(row["is_unread"]),
        "files": row["files"],
        "api_data": row["api_data"],
    }


async def ask_delete(request: Request) -> Response:
    """GET /inbox/delete[?q=]: 200, what would be deleted, and a button that does it."""
    service, query = service_of(request), query_of(request)
    found, _, newest = service.inbox.counts(terms_of(query), now=service.clock())
    return render(request, "delete.html", q=query, found=found, until=newest)


async def delete_found(request: Request) -> Response:
    """POST /inbox/delete `q` `until`: deletes what is found, but for what came after `until`; 303 to the list."""
    service, form = service_of(request), await fields_of(request)
    query, until = form.get("q", ""), form.get("until", "")
    if not re.fullmatch(r"[0-9]{1,18}", until):
        return RedirectResponse(
            f"/inbox/delete?{urlencode({'q': query[:MOST_QUERY]})}", 303, headers=HEADERS
        )
    seqs = service.inbox.seqs(terms_of(query), now=service.clock(), until=int(until))
    return to_list("", deleted=service.spool.delete(seqs))


async def delete_inbox(request: Request) -> Response:
    """DELETE /inbox.json[?q=][&to=]: 204, what is found is deleted, or all of it without a search."""
    service = service_of(request)
    service.spool.delete(service.inbox.seqs(terms_of(query_of(request)), now=service.clock()))
    return Response(status_code=204)


async def read_found(request: Request) -> Response:
    """POST /inbox/read `q`: marks what is found as read; 303 to the list."""
    service, query = service_of(request), (await fields_of(request)).get("q", "")[:MOST_QUERY]
    terms, now = terms_of(query), service.clock()
    _, unread, _ = service.inbox.counts(terms, now=now)
    service.inbox.mark(service.inbox.seqs(terms, now=now), is_read=True)
    return to_list(query, marked=unread)
