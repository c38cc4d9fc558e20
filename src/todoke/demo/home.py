"""The sample site's home page, with the switch that tells the story of the two versions, also without JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from todoke.demo.switch import WebhookSwitch
from todoke.model.errors import RequestError
from todoke.web.http.errors import error_response
from todoke.web.http.small_form import read_small_form, require_same_origin
from todoke.web.pages.pages import security_headers

PAGE = Path(__file__).with_name("home.html")
SEE_OTHER = 303
SAME_POST = 307


def routes(switch: WebhookSwitch, door_url: str) -> list[Route]:
    """GET / and /index.html; POST /demo/webhook turns the switch, POST /demo/{on|off}/contact also sends the form."""

    async def home(_: Request) -> Response:
        return Response(
            _page(on=switch.is_on(), now=datetime.now(UTC)),
            headers=security_headers(),
            media_type="text/html",
        )

    async def turn(request: Request) -> Response:
        try:
            require_same_origin(request, door_url)
            state = (await read_small_form(request)).get("webhook", "")
        except RequestError as error:
            return error_response(request, error)
        if state in {"on", "off"}:
            switch.turn(state)
        return RedirectResponse("/#versions", SEE_OTHER)

    def turn_and_send(state: str) -> Route:
        async def post(request: Request) -> Response:
            """The browser posts the same form again, to the door (RFC 9110 15.4.8)."""
            try:
                require_same_origin(request, door_url)
            except RequestError as error:
                return error_response(request, error)
            switch.turn(state)
            return RedirectResponse("/f/contact", SAME_POST)

        return Route(f"/demo/{state}/contact", post, methods=["POST"])

    return [
        Route("/", home),
        Route("/index.html", home),
        Route("/demo/webhook", turn, methods=["POST"]),
        turn_and_send("on"),
        turn_and_send("off"),
    ]


def _page(*, on: bool, now: datetime) -> str:
    """The page while the webhook is `on` or off. The time makes each sending another submission."""
    return Template(PAGE.read_text("utf-8")).substitute(
        state="on" if on else "off",
        other="off" if on else "on",
        first="" if on else " data-now",
        second=" data-now" if on else "",
        first_note="" if on else NOW,
        second_note=NOW if on else "",
        time=f"{now:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC",
    )


NOW = '<span class="now">now</span>'
