"""A server under siege, small: each kind of attacker of bench/siege.py at once, and an honest visitor beside them."""

from __future__ import annotations

import importlib.util
import sys
from functools import partial
from types import ModuleType

import pytest
from starlette.applications import Starlette

from support.places import ROOT
from support.web.doors import make_app, served
from todoke.model.address import Address
from todoke.model.form import Confirmation, ControlKind, Field, Form, Managers
from todoke.server.crowd import Crowd
from todoke.server.protocol import BoundedProtocol
from todoke.web.door import door

FORM = Form(
    name="contact",
    confirmation=Confirmation(field=""),
    managers=Managers(fixed=(Address("m@site.example"),)),
    fields=(
        Field(name="name", required=True),
        Field(name="email", kind=ControlKind.EMAIL, required=True),
        Field(name="message", kind=ControlKind.TEXTAREA, maxlength=2_000),
    ),
)
PLACES = 40


@pytest.fixture(scope="module")
def siege() -> ModuleType:
    """bench/siege.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("siege", ROOT / "bench" / "siege.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["siege"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_honest_visitor_is_served_beside_them(siege: ModuleType) -> None:
    """Twice as many attackers as there are places: every request is answered, and the places are never more."""
    app = make_app(FORM)
    crowd = Crowd(PLACES)
    protocol = partial(BoundedProtocol, crowd=crowd)
    with served(Starlette(routes=door.routes(app)), http=protocol) as port:
        attack = siege.Siege(port)
        attack.lay(2 * PLACES)
        visitor = siege.Visitor(port)
        for tick in range(20):
            attack.tick(float(tick))
            for _ in range(3):
                visitor.ask()
            assert len(crowd) <= PLACES
        assert dict(visitor.answers) == {"200": 30, "303": 30}
        assert set(attack.opened) == set(siege.KINDS)
        assert attack.opened.total() >= 2 * PLACES
        attack.lift()
