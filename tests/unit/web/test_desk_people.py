"""Who may see and do what at the desk: every route, for each kind of person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from support.variants import replace
from support.web.desk import opened, page_token
from support.web.desk_routes import FIELDS, OPEN, ROUTES, path_of
from support.web.stories import (
    ANSWERS,
    CONTACT,
    NOW,
    call,
    make_app,
    make_message,
    make_settings,
    make_timeline,
    post,
    stored,
)
from todoke.model.address import NOBODY, Address
from todoke.model.care import Remark
from todoke.model.form import Form, Managers
from todoke.model.mail import Mail
from todoke.model.message import Role
from todoke.model.person import DeskSettings, Person, Rank
from todoke.ports.mailer import Accepted, Mailer
from todoke.ports.suppressions import Suppression
from todoke.testing import FakeSuppressions
from todoke.walk.app import App
from todoke.walk.lift import entry_name
from todoke.walk.people import People, alias
from todoke.web.desk import desk

OWNER = Address("owner@shop.example")
MANAGER = Address("aoi@shop.example")
OTHER = Address("ken@shop.example")
READER = Address("reads@shop.example")
BOSS = Address("boss@shop.example")
"""Someone's manager in a directory: of no form, and told of one submission."""

FORMS = {
    "contact": replace(
        CONTACT, managers=Managers(fixed=(MANAGER,), field="email", directory={"x": (BOSS,)})
    ),
    "leave": Form(name="leave", managers=Managers(fixed=(OTHER,))),
}
DESK = DeskSettings(owners=(OWNER,), readers={READER: frozenset({"contact"})})

PEOPLE = {"owner": OWNER, "manager": MANAGER, "reader": READER, "told": BOSS, "other": OTHER}

LISTED = entry_name(make_settings().secret, "post", "gone@example.com")
REMARK = Remark(id="r1", by=str(MANAGER), at=NOW, text="She called.")


class Nowhere:
    """A mailer that takes whatever it is given."""

    name = "post"

    def send(self, mail: Mail) -> Accepted:
        """See Mailer."""
        return Accepted()


def office() -> App:
    """Two submissions: s1 of `contact`, of which a mail told BOSS as well, and s2 of `leave`."""
    ours = make_timeline(
        make_message("bounced"),
        make_message("delivered", Role.NOTIFICATION, recipient=MANAGER),
        entries=ANSWERS,
    )
    told = make_message("queued", Role.NOTIFICATION, recipient=BOSS)
    told = replace(told, message=replace(told.message, id="s1-notification-2"))
    ours = replace(ours, messages=(*ours.messages, told))
    theirs = make_timeline(make_message("delivered", submission_id="s2"), id_="s2")
    theirs = replace(theirs, submission=replace(theirs.submission, form="leave"))
    store = stored(ours, theirs)
    store.take_care("s1", lambda care: care.remark(REMARK))
    listed = FakeSuppressions(name="post", blocked=[Suppression(address="gone@example.com")])
    store.put_suppressions("post", listed.blocked, NOW)
    return replace(
        make_app(store, forms=FORMS, desk=DESK),
        mailer=cast("Mailer", Nowhere()),
        suppressions=listed,
    )


def fields(asgi: Starlette, cookie: dict[str, str], name: str) -> str:
    """What the form of a route sends."""
    return f"token={page_token(asgi, cookie)}{FIELDS.get(name, '')}"


def names() -> Iterator[str]:
    """The routes that there are."""
    for route in desk.routes(office()):
        assert isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}:
            yield f"{method} {re.sub(r':[a-z]+', '', route.path)}"


ASKED = [
    (name, path_of(name, "s1", message="s1-confirmation", remark=REMARK.id, entry=LISTED))
    for name in ROUTES
]


def test_every_route_is_in_the_table() -> None:
    """So that nobody adds one without saying whose it is."""
    assert set(names()) - OPEN == set(ROUTES)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(("name", "path"), ASKED, ids=str)
def test_each_route_for_each_person(name: str, path: str, who: str) -> None:
    """Let in, or told that nothing is there; by nobody more than asked."""
    asgi, cookie = opened(office(), PEOPLE[who])
    if name.startswith("POST"):
        status = post(asgi, path, fields(asgi, cookie, name), **cookie).status
    else:
        status = call(asgi, path, headers=cookie).status
    assert (status in {200, 303}, status) == (who in ROUTES[name].split(), status)
    assert status in {200, 303, 404}


@pytest.mark.parametrize(("name", "path"), ASKED, ids=str)
def test_each_route_is_shut_to_strangers(name: str, path: str) -> None:
    """With or without a cookie of their own making."""
    asgi, _ = opened(office())
    method = name.partition(" ")[0]
    for cookie in ({}, {"cookie": "todoke-desk=" + "a" * 48}):
        answer = call(asgi, path, method=method, headers=cookie)
        assert answer.status == 403
        assert "Hana" not in answer.text


@pytest.mark.parametrize(("name", "path"), ASKED, ids=str)
def test_what_is_anothers_is_answered_like_what_is_not_there(name: str, path: str) -> None:
    """In the same words: an id tells nothing to whom it is not meant for."""
    if "s1" not in path:
        pytest.skip("it is about no submission")
    asgi, cookie = opened(office(), OTHER)
    token = fields(asgi, cookie, name)

    def answer(path: str) -> tuple[int, str]:
        if name.startswith("POST"):
            got = post(asgi, path, token, **cookie)
        else:
            got = call(asgi, path, headers=cookie)
        return got.status, got.text

    assert answer(path) == answer(path.replace("s1", "nobody"))


@pytest.mark.parametrize(("name", "path"), [a for a in ASKED if a[0].startswith("POST")], ids=str)
def test_each_change_needs_a_page_of_the_session(name: str, path: str) -> None:
    """Not without the page's token, with another session's, or from another site's page; and nothing is changed."""
    app = office()
    asgi, cookie = opened(app, OWNER)
    _, others = opened(app, OWNER)
    before, listed = app.archive.timeline("s1"), app.shelf.suppressions()
    more = FIELDS.get(name, "")
    good = fields(asgi, cookie, name)
    assert post(asgi, path, more.removeprefix("&"), **cookie).status == 403
    assert post(asgi, path, f"token={page_token(asgi, others)}{more}", **cookie).status == 403
    assert post(asgi, path, good, sec_fetch_site="cross-site", **cookie).status == 403
    assert post(asgi, path, good, sec_fetch_site="same-site", **cookie).status == 403
    assert app.archive.timeline("s1") == before
    assert app.shelf.suppressions() == listed
    assert not cast("FakeSuppressions", app.suppressions).lifted


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("asked", ["no-cors empty", "no-cors image", "navigate iframe"])
def test_another_site_asks_for_nothing_unseen(site: str, asked: str) -> None:
    """Whoever follows a link from there is let through."""
    store = stored(make_timeline())
    asgi, mine = opened(make_app(store))
    mode, dest = asked.split()
    fetched = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
    link = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    for path in ("/desk?words=x", "/desk/news", "/desk/s1"):
        assert call(asgi, path, headers={**mine, **fetched}).status == 403
        assert call(asgi, path, headers={**mine, **link}).status == 200


def test_the_list_has_what_is_theirs() -> None:
    """And nothing of another form's."""
    seen = {}
    for who, address in PEOPLE.items():
        asgi, cookie = opened(office(), address)
        page = call(asgi, "/desk", headers=cookie).text
        seen[who] = sorted(set(re.findall(r'href="/desk/(s\d)"', page)))
    assert seen == {
        "owner": ["s1", "s2"],
        "manager": ["s1"],
        "reader": ["s1"],
        "told": ["s1"],
        "other": ["s2"],
    }


def test_a_reader_finds_no_button() -> None:
    """Of what they may not do."""
    for who, has_button in ((READER, False), (MANAGER, True)):
        asgi, cookie = opened(office(), who)
        assert ("/resend" in call(asgi, "/desk/s1", headers=cookie).text) is has_button


class TestWhoSomebodyIs:
    def rank(self, address: str, **changes: object) -> Rank | None:
        """The rank of an address."""
        person = People(make_settings(forms=FORMS, desk=DESK, **changes)).of(Address(address))
        return person.rank if person else None

    def test_by_the_highest_name(self) -> None:
        """An owner who also receives a form is an owner."""
        forms = {"contact": replace(CONTACT, managers=Managers(fixed=(OWNER, READER)))}
        settings = make_settings(forms=forms, desk=DESK)
        owner, reader = People(settings).of(OWNER), People(settings).of(READER)
        assert owner is not None
        assert reader is not None
        assert owner.forms is None
        assert (reader.rank, reader.reads) == (Rank.MANAGER, frozenset())

    def test_whoever_alerts_go_to_is_an_owner_where_none_is_named(self) -> None:
        """They run the site; else nobody could enter but by the command line."""
        site = replace(make_settings().site, alert_to=(Address("ops@shop.example"),))
        bare = make_settings(forms=FORMS, site=site)
        person = People(bare).of(Address("OPS@shop.example"))
        assert person is not None
        assert person.is_owner
        assert self.rank("ops@shop.example", site=site) is None

    def test_a_reader_of_one_form_works_on_another(self) -> None:
        """What is theirs to answer is not what they only read."""
        settings = replace(
            make_settings(forms=FORMS),
            desk=replace(DESK, readers={OTHER: frozenset({"contact"})}),
        )
        person = People(settings).of(OTHER)
        assert person is not None
        assert person.forms == {"contact", "leave"}
        app = office()
        ours, theirs = app.archive.timeline("s1"), app.archive.timeline("s2")
        assert ours
        assert theirs
        assert (person.may_see(ours), person.may_change(ours)) == (True, False)
        assert (person.may_see(theirs), person.may_change(theirs)) == (True, True)

    def test_strangers_are_nobody(self) -> None:
        """Also those who filled in a form, and an address that only looks like another."""
        assert self.rank("hana@example.com") is None
        assert self.rank("aoi@shop.example.evil.example") is None
        assert self.rank("aoi+x@shop.example") is None

    def test_the_command_line_is_an_owner(self) -> None:
        """It has no address."""
        assert People(make_settings()).of(NOBODY) == Person()

    def test_all_are_listed_once(self) -> None:
        """The owners first."""
        people = People(make_settings(forms=FORMS, desk=DESK)).everyone
        assert [p.address for p in people] == [OWNER, MANAGER, BOSS, OTHER, READER]

    def test_an_alias_tells_nobodys_address(self) -> None:
        """The same for all spellings, another for each secret, and nothing for the command line."""
        one, other = b"a" * 32, b"b" * 32
        assert alias(one, MANAGER) == alias(one, Address("AOI@shop.example"))
        assert alias(one, MANAGER) != alias(other, MANAGER)
        assert alias(one, MANAGER) != alias(one, OTHER)
        assert len(alias(one, Address("葵@bücher.example"))) == 16
        assert alias(one, NOBODY) == ""
