"""How the sandbox's pages are made: templates, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mail_cloud_sandbox.links import WEB_ADDRESS
from mail_cloud_sandbox.service import Service
from mail_cloud_sandbox.words import chosen_language, speech

HERE = Path(__file__).parent

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _CSP,
    "Referrer-Policy": "same-origin",  # with none, our own forms would state the Origin "null"
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

TONES = {
    "accepted": "wait",
    "queued": "wait",
    "deferred": "wait",
    "delivered": "good",
    "refused": "bad",
    "bounced": "bad",
    "suppressed": "bad",
    "complained": "warn",
}
"""The look of each label; a page never tells them apart by colour alone."""


def _linked(text: str) -> Markup:
    """`text` escaped, with its web addresses as links."""
    parts = WEB_ADDRESS.split(text)
    link = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>')
    return Markup("").join(link.format(p) if n % 2 else escape(p) for n, p in enumerate(parts))


def iso(seconds: float) -> str:
    """A time in UTC, as ISO 8601 writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["linked"] = _linked
    environment.filters["iso"] = iso
    environment.filters["clock"] = lambda s: f"{datetime.fromtimestamp(s, UTC):%H:%M:%S}"
    environment.filters["tone"] = lambda label: TONES.get(label, "wait")
    return environment


_TEMPLATES = _environment()


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page of a template, in the language that the reader's browser asks for."""
    language = chosen_language(request.headers.get("accept-language", ""))
    html = _TEMPLATES.get_template(template).render(**speech(language), **values)
    return HTMLResponse(html, status, headers={**HEADERS, "Vary": "Accept-Language"})


def missing(request: Request, what: str = "mail") -> HTMLResponse:
    """404: there is no such mail, or no such page."""
    return render(request, "missing.html", 404, what=what)


MOST_FORM = 10_000


async def fields_of(request: Request) -> Mapping[str, str]:
    """The fields of a small form of our own; none of what is too long or no form."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def service_of(request: Request) -> Service:
    """The sandbox that a request is for."""
    service: Service = request.app.state.service
    return service
