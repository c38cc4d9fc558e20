"""What each request passes first: one host, paths with and without that of `door_url`, no redirect for a slash."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from support.places import ROOT
from support.web.stories import (
    Answer,
    call,
    make_app,
    make_message,
    make_timeline,
    post,
    stored,
    token_of,
)
from todoke.model.form import Site
from todoke.model.own_url import base_of, own_url
from todoke.server.asgi import without_sender
from todoke.testing import FakeMailer
from todoke.walk.app import App
from todoke.web.desk.enter import entry_link
from todoke.web.http.front import Front

TOKEN = token_of("s1")
PATHS = (
    "/f/contact",
    f"/s/{TOKEN}",
    f"/s/{TOKEN}/address",
    "/desk",
    "/desk/enter?code=x",
    "/desk/s1",
    "/hooks/ses/secret-of-the-hook",
    "/u/contact",
    "/todoke.js",
    "/upload.js",
    "/healthz",
    "/nothing",
)


def below(door_url: str) -> App:
    """An app over a store with one failed confirmation, to answer at `door_url`."""
    store = stored(make_timeline(make_message("bounced")))
    app = make_app(store, site=Site(name="Hoshino Paper", door_url=door_url))
    return replace(app, mailer=FakeMailer())


def whole(door_url: str = "https://door.example") -> ASGIApp:
    """That app over HTTP."""
    return without_sender(below(door_url))


async def _echo(scope: Scope, _: Receive, send: Send) -> None:
    headers = [(b"path", scope["path"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def inner(path: str, door_url: str) -> str:
    """The path that the rooms are told."""
    rooms = ("f", "s", "desk", "upload.js")
    return call(Front(_echo, door_url, rooms), path).headers["path"]


# a slash at the end, and the host that a request names


def with_slash(path: str) -> str:
    """The same address with a slash at the end of its path."""
    before, mark, query = path.partition("?")
    return f"{before}/{mark}{query}"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT"])
def test_a_slash_at_the_end_changes_nothing(path: str, method: str) -> None:
    """The answer is the same; no redirect says where it is, for that would name whatever host the request did."""
    forged = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
    }
    plain = call(whole(), path, method=method, headers=forged)
    slashed = call(whole(), with_slash(path), method=method, headers=forged)
    assert (slashed.status, slashed.headers.get("location")) == (
        plain.status,
        plain.headers.get("location"),
    )
    assert slashed.status not in {301, 302, 307, 308}
    assert "evil" not in slashed.text + str(slashed.headers)


def test_no_answer_repeats_the_host_of_a_request() -> None:
    """Links and redirects are made of `door_url`; who asks under another name, or by a proxy, is not heard."""
    for name in ("host", "x-forwarded-host", "forwarded", "x-original-host"):
        for accept in ("text/html", "application/json"):
            headers = {name: "evil.example", "accept": accept, "hx-request": "false"}
            asgi = whole()
            answers = [call(asgi, path, headers=headers) for path in PATHS]
            answers.append(submit(asgi, headers))
            assert not [a for a in answers if "evil" in a.text + str(a.headers)]


def submit(asgi: ASGIApp, headers: dict[str, str]) -> Answer:
    """Send what the form asks for."""
    form = "application/x-www-form-urlencoded"
    body = b"name=Hana&email=h%40example.com&topic=paper&reply=mail&message=x&terms=on"
    return call(
        asgi, "/f/contact", method="POST", headers={**headers, "content-type": form}, body=body
    )


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("door.example", 404),
        ("door.example:8443", 404),
        ("xn--mnchen-3ya.example.", 404),
        ("a_b.example", 404),
        ("127.0.0.1:9000", 404),
        ("[::1]:9000", 404),
        ("", 400),
        ("a b", 400),
        ("a,b", 400),
        ("a@b", 400),
        ("a/b", 400),
        ("a\\b", 400),
        ("a?b", 400),
        ("a:b", 400),
        ("a:80:80", 400),
        ("a:999999", 400),
        ("münchen.example", 400),
        ("[::1", 400),
        ("http://a", 400),
        ("a\tb", 400),
        ('a"b', 400),
        ("a<b>", 400),
    ],
)
def test_a_host_is_one_that_a_browser_can_ask(host: str, status: int) -> None:
    """A name or an address, with a port or without; anything else is refused wherever it asks."""
    assert call(whole(), "/nothing", headers={"host": host}).status == status


@pytest.mark.parametrize(
    ("hosts", "version", "status"),
    [
        ([b"a"], "1.1", 404),
        ([b"a", b"b"], "1.1", 400),
        ([b"a", b"a"], "1.1", 400),
        ([], "1.1", 400),
        ([], "1.0", 404),
    ],
)
def test_a_request_names_one_host(hosts: list[bytes], version: str, status: int) -> None:
    """Two Host fields mean two things to two programs (RFC 9112 3.2); before HTTP/1.1 there was none."""
    asgi = whole()

    async def given_hosts(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
        headers += [(b"host", host) for host in hosts]
        await asgi({**scope, "http_version": version, "headers": headers}, receive, send)

    assert call(given_hosts, "/nothing").status == status


# below a path


@pytest.mark.parametrize(
    ("door_url", "path", "told"),
    [
        ("https://a.example", "/f/contact", "/f/contact"),
        ("https://a.example", "/f/contact/", "/f/contact"),
        ("https://a.example", "/f/contact//", "/f/contact/"),
        ("https://a.example", "/elsewhere/", "/elsewhere/"),
        ("https://a.example", "/", "/"),
        ("https://a.example", "//f/contact", "//f/contact"),
        ("https://a.example/api", "/f/contact", "/f/contact"),
        ("https://a.example/api", "/api/f/contact", "/f/contact"),
        ("https://a.example/api/", "/api/f/contact/", "/f/contact"),
        ("https://a.example/api", "/api/api/f/contact", "/api/api/f/contact"),
        ("https://a.example/api", "/apis/f/contact", "/apis/f/contact"),
        ("https://a.example/api", "/api", "/api"),
        ("https://a.example/api", "/api/elsewhere", "/api/elsewhere"),
        ("https://a.example/a/b", "/a/b/s/x", "/s/x"),
        ("https://a.example/a/b", "/b/s/x", "/b/s/x"),
        ("https://a.example/届け", "/届け/desk", "/desk"),
        ("https://a.example/a%20b", "/a b/desk", "/desk"),
        ("https://a.example/f", "/f/contact", "/f/contact"),
        ("https://a.example/f", "/f/f/contact", "/f/contact"),
        ("https://a.example/s", "/s/token", "/s/token"),
        ("https://a.example/s", "/s/f/contact", "/f/contact"),
        ("https://a.example/desk", "/desk/orphans", "/desk/orphans"),
        ("https://a.example/desk", "/desk/desk/orphans", "/desk/orphans"),
    ],
)
def test_the_path_of_the_door_may_be_there_or_not(door_url: str, path: str, told: str) -> None:
    """As the proxy keeps it or takes it off, also where it is named like a room."""
    assert inner(path, door_url) == told


@given(st.text(alphabet="/fsdekapi.%", max_size=20), st.sampled_from(["", "/api", "/f", "/f/s"]))
def test_what_leads_into_no_room_stays_as_it_came(path: str, base: str) -> None:
    """The rooms are told the path, or less of it at its ends; never anything else."""
    told = inner(f"/{path}", f"https://a.example{base}")
    assert f"/{path}" in {told, f"{told}/", f"{base}{told}", f"{base}{told}/"}


@pytest.mark.parametrize(
    ("door_url", "base"),
    [
        ("https://a.example", ""),
        ("https://a.example/", ""),
        ("https://a.example/contact-api/", "/contact-api"),
        ("https://a.example/x/y", "/x/y"),
        ("https://例え.jp/届け", "/%E5%B1%8A%E3%81%91"),
        ("", ""),
        ("https://[", ""),
    ],
)
def test_our_addresses_come_from_the_configuration(door_url: str, base: str) -> None:
    """Whole, or as a path of the host."""
    assert base_of(door_url) == base
    assert own_url(door_url, "/desk") == f"{door_url.rstrip('/')}/desk"


JOINED = re.compile(r"\{[^{}]*door_url[^{}]*\}/|door_url(?:\.rstrip\([^)]*\))? \+ [a-z\"']")


def test_one_place_joins_a_path_to_the_doors_address() -> None:
    """A second one would forget the path below which the door may be, or ask a request where it is."""
    for path in (ROOT / "src" / "todoke").rglob("*.py"):
        if path.name != "own_url.py":
            assert not JOINED.search(path.read_text("utf-8")), path


LINK = re.compile(r'(?:href|src|action|data-url)="(/[^"]*)"')


@pytest.mark.parametrize("kept", [True, False])
def test_every_address_on_our_pages_is_below_the_door(kept: bool) -> None:
    """Receipt, correction, desk, its cookie, faults, static files: as browsers have them, and each leads somewhere."""
    base = "/contact-api"
    app = below(f"https://site.example{base}")
    asgi = without_sender(app)
    before = base if kept else ""
    link = entry_link(app)
    assert link.startswith(f"https://site.example{base}/desk/enter#code=")
    entered = post(asgi, f"{before}/desk/enter", link.partition("#")[2])
    assert entered.headers["location"] == f"{base}/desk"
    assert f"path={base}/desk;" in entered.headers["set-cookie"].lower()
    cookie = entered.headers["set-cookie"].partition(";")[0]
    headers = {"accept": "text/html", "cookie": cookie}
    pages = [call(asgi, before + path, headers=headers) for path in PATHS]
    pages.append(submit(asgi, {}))
    assert pages[-1].headers["location"].startswith(f"https://site.example{base}/s/")
    assert pages[2].headers["location"] == f"{base}/s/{TOKEN}"
    links = {link for page in pages for link in LINK.findall(page.text)}
    assert f"{base}/s/{TOKEN}/address" in links
    assert {f"{base}/desk/{path}" for path in ("enter", "leave", "s1", "orphans")} <= links
    assert {link for link in links if not link.startswith(f"{base}/")} == set()
    for link in {link.partition("#")[0] for link in links}:
        statuses = {
            call(asgi, link if kept else link.removeprefix(base), method=method).status
            for method in ("GET", "POST")
        }
        assert statuses & {200, 303, 403, 415}, (link, statuses)
