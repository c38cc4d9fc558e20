"""A shop whose managers ask for links into its desk, and the letters that bring them."""

from __future__ import annotations

import re

from starlette.applications import Starlette

from support.variants import replace
from support.web.stories import (
    CONTACT,
    NOW,
    Answer,
    make_app,
    make_message,
    make_timeline,
    post,
    stored,
)
from todoke.model.address import Address
from todoke.model.errors import SendDeferred
from todoke.model.form import Form, Managers
from todoke.model.mail import Mail
from todoke.ports.mailer import Accepted
from todoke.testing import FakeClock
from todoke.walk.app import App

AOI = Address("aoi@shop.example")
FORMS = {
    "contact": replace(CONTACT, managers=Managers(fixed=(AOI,))),
    "leave": Form(name="leave", managers=Managers(fixed=(Address("ken@shop.example"),))),
}


class Letters:
    """A mailer that keeps what it was given, or refuses it."""

    name = "post"
    concurrency = 1
    ceiling = None

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.refuses = False

    def send(self, mail: Mail) -> Accepted:
        """Keep it."""
        if self.refuses:
            raise SendDeferred(diagnostic="not now")
        self.mails.append(mail)
        return Accepted()


def shop(clock: FakeClock | None = None, **changes: object) -> tuple[App, Letters]:
    """A site with two forms, each with a manager, and one submission of each."""
    letters = Letters()
    told = make_timeline(make_message("delivered"), id_="s1")
    app = make_app(stored(told), clock=clock or FakeClock(NOW), forms=FORMS, **changes)
    return replace(app, mailer=letters), letters


def code_in(mail: Mail) -> str:
    """The code to type."""
    return codes_in(mail)[1]


def ask(asgi: Starlette, address: str, leads_to: str = "", **headers: str) -> Answer:
    """Fill in the form of the shut desk."""
    return post(asgi, "/desk/ask", f"address={address}&leads_to={leads_to}", **headers)


def codes_in(mail: Mail) -> tuple[str, str]:
    """The code in the link, and the one to type."""
    link = re.search(r"/desk/enter#code=(\S+)", mail.text)
    code = re.search(r"^([0-9A-Z]{5}-[0-9A-Z]{5})$", mail.text, re.MULTILINE)
    assert link
    assert code
    return link[1], code[1]
