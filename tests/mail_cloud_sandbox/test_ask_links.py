"""Asking whether links answer: what is asked, and above all what is not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mail_cloud_sandbox.ask_links import MOST_ASKED, Reach, ask, ask_all
from mail_cloud_sandbox.public_address import is_public
from support.web.local_server import serving


@dataclass
class Site:
    """A site that notes how it is asked."""

    url: str = ""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    @property
    def reach(self) -> Reach:
        """It alone, which stands on this machine."""
        return Reach(ports=(urlsplit(self.url).port or 0,), admits=lambda _: True)


@pytest.fixture
def site() -> Iterator[Site]:
    """A site on this machine."""
    found = Site()

    async def answer(request: Request) -> Response:
        found.asked.append((request.method, request.url.path, dict(request.headers)))
        status = int(request.path_params["status"])
        headers = {"Location": "http://127.0.0.1:1/inner"} if status == 302 else {}
        return Response(status_code=status, headers=headers)

    methods = ["GET", "HEAD", "POST"]
    with serving(Starlette(routes=[Route("/{status}", answer, methods=methods)])) as url:
        found.url = url
        yield found


def test_one_head_each_and_no_redirect(site: Site) -> None:
    """The status is told; a redirect is told and not followed; each address is asked once."""
    urls = [f"{site.url}/{status}" for status in (200, 404, 302, 405)]
    told = ask_all([*urls, *urls], site.reach)
    assert [told[url].is_good for url in urls] == [True, False, True, None]
    assert "leads on to http://127.0.0.1:1/inner" in told[urls[2]].words
    assert sorted(path for _, path, _ in site.asked) == ["/200", "/302", "/404", "/405"]
    assert {method for method, _, _ in site.asked} == {"HEAD"}
    for _, _, headers in site.asked:
        assert set(headers) <= {"host", "user-agent", "accept", "accept-encoding"}
        assert headers["host"] == urlsplit(site.url).netloc


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"],
)
def test_this_machine_is_never_asked(site: Site, host: str) -> None:
    """By whatever name, on whatever port."""
    port = urlsplit(site.url).port
    told = ask(f"http://{host}:{port}/200", Reach(ports=(port or 0,)))
    assert told.is_good is not True
    assert ask(f"http://{host}:{port}/200").words == f"Not asked: port {port} is not the web's."
    assert site.asked == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.org/", "no web address"),
        ("http:///x", "no web address"),
        ("http://[::1", "no address"),
        ("http://example.org:99999/", "no address"),
        ("http://example.org:22/", "port 22"),
        ("http://" + "a" * 300 + "/", "no address"),
        ("http://127.0.0.1/", "this machine"),
        ("http://10.0.0.1/", "its network"),
        ("http://169.254.169.254/latest/meta-data/", "its network"),
        ("https://[fd00::1]/", "its network"),
        ("https://user:word@127.0.0.1/", "its network"),
    ],
)
def test_what_is_not_asked(url: str, words: str) -> None:
    """It says why."""
    told = ask(url)
    assert told.words.startswith("Not asked")
    assert words in told.words
    assert told.is_good is None


def test_a_host_is_asked_where_it_was_looked_at() -> None:
    """Where one of its addresses is not public none is asked: it is no question of luck."""
    seen: list[str] = []

    def admits(address: str) -> bool:
        seen.append(address)
        return False

    assert "Not asked" in ask("http://localhost/", Reach(admits=admits)).words
    assert set(seen) <= {"127.0.0.1", "::1"}


def test_who_does_not_answer_is_told() -> None:
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    told = ask(f"http://127.0.0.1:{port}/", Reach(ports=(port,), admits=lambda _: True))
    assert (told.words, told.is_good) == ("No answer.", False)


def test_no_more_than_so_many(site: Site) -> None:
    """A mail with thousands of links is no weapon."""
    told = ask_all([f"{site.url}/200?{n}" for n in range(MOST_ASKED + 20)], site.reach)
    assert len(told) == len(site.asked) == MOST_ASKED


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("2002:c0a8:101::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    """Not this machine, not its networks, not what stands for them."""
    assert is_public(address) is public
