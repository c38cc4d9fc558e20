"""Pieces of HTML for scripts that put an answer into a page of theirs: htmx, and whoever asks for HTML with fetch."""

from __future__ import annotations

from html import escape

from starlette.responses import Response
from starlette.types import Scope

from todoke.model.submission import FieldErrors
from todoke.web.http.asked import header

_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def fault_fragment(
    scope: Scope, status: int, text: str, errors: FieldErrors, headers: dict[str, str]
) -> Response:
    """What went wrong, to stand above what was typed.

    htmx would put it in place of its target, which is the form unless the page says otherwise: HX-Reswap keeps the
    form, and with it what was typed (htmx.org/reference, response headers).
    """
    said = "".join(f"<li>{escape(error.message)}</li>" for error in errors)
    body = f'<div role="alert"><p>{escape(text)}</p>{said and f"<ul>{said}</ul>"}</div>'
    target, source = (header(scope, name) for name in (b"hx-target", b"hx-trigger"))
    if not target or target in {source, header(scope, b"hx-source")}:
        headers = {**headers, "hx-reswap": "afterbegin"}
    return Response(body, status, _HEADERS | headers)


def stored_fragment(text: str, link: str, url: str, headers: dict[str, str]) -> Response:
    """200: that the answers are stored, and the receipt's link."""
    body = f'<p role="status">{escape(text)}</p><p><a href="{escape(url)}">{escape(link)}</a></p>'
    return Response(body, 200, _HEADERS | headers)
