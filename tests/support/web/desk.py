"""Hands at the desk in tests: to come in, as whoever runs the server or as a person, and to press buttons."""

from __future__ import annotations

import re

from starlette.applications import Starlette

from support.web.stories import Answer, call, post
from todoke.model.address import Address
from todoke.walk.app import App
from todoke.walk.invite import invite
from todoke.web.desk import desk
from todoke.web.desk.enter import entry_link


def site_of(app: App) -> Starlette:
    """The desk's routes; an address is answered at once."""
    return Starlette(routes=desk.routes(app, answer_after=0))


def opened(app: App, person: str = "") -> tuple[Starlette, dict[str, str]]:
    """The desk's routes, and the cookie of someone who entered: of `person`, or of whoever runs the server."""
    asgi = site_of(app)
    code = invite(app.admission, app.clock(), person=Address(person))
    link = f"#code={code}" if person else entry_link(app)
    answer = enter(asgi, link)
    assert answer.status == 303, "this person may not enter"
    return asgi, {"cookie": cookie_of(answer)}


def enter(asgi: Starlette, link: str) -> Answer:
    """Press the button that a link shows."""
    return post(asgi, "/desk/enter", link.partition("#")[2])


def cookie_of(answer: Answer) -> str:
    """The cookie that an answer sets, as the browser gives it back."""
    return answer.headers["set-cookie"].partition(";")[0]


def page_token(asgi: Starlette, cookie: dict[str, str], path: str = "/desk") -> str:
    """The token in the forms of this session's pages."""
    found = re.search(r'name="token" value="([^"]+)"', call(asgi, path, headers=cookie).text)
    assert found
    return found[1]
