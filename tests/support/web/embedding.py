"""A site of somebody else's whose pages bring todoke.js along, under as strict a policy as there is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from support.web.local_server import serving

POLICY = (
    "default-src 'none'; script-src {door}; connect-src {door}; form-action {door} 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<script src="{door}/todoke.js" {script} defer></script></head>
<body><main><h1>{title}</h1>
<form method="post" action="{door}/f/{form}" {attributes}>
{controls}
</form></main></body></html>
"""


def page_of(door: str, form: str, controls: str, **changes: str) -> str:
    """A page with one form."""
    plain = {"lang": "en", "title": "Contact", "script": "", "attributes": ""}
    return PAGE.format(door=door, form=form, controls=controls, **(plain | changes))


@contextlib.contextmanager
def embedding(door: Callable[[], str], pages: dict[str, str], port: int = 0) -> Iterator[str]:
    """Serve these pages under the policy; gives the site's origin. `door` is asked when a page is."""

    async def show(request: Request) -> Response:
        html = pages.get(request.path_params["name"])
        policy = POLICY.format(door=door())
        return HTMLResponse(html or "", 200 if html else 404, {"content-security-policy": policy})

    with serving(Starlette(routes=[Route("/{name}", show)]), port, lifespan="off") as origin:
        yield origin
