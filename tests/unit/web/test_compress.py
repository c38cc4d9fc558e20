"""Compressed answers: whole again for who asks for them, and left alone where their length would tell something."""

from __future__ import annotations

import asyncio
import gzip
import importlib
import zlib
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from support.web.stories import CONTACT, Answer, call, make_app, stored
from todoke.server.asgi import without_sender
from todoke.web.http.compress import Compress
from todoke.web.pages import codings
from todoke.web.pages.codings import BROTLI, GZIP, LEAST_BYTES, Coder, chosen, coded, coder

LONG = b"A word and another. " * 200
HAS_BROTLI = BROTLI in codings.offered()
CODINGS = [
    GZIP,
    pytest.param(BROTLI, marks=pytest.mark.skipif(not HAS_BROTLI, reason="brotli is an extra")),
]


def unpacked(content: bytes, coding: str) -> bytes:
    """What a browser makes of it."""
    if coding == GZIP:
        return gzip.decompress(content)
    found = importlib.import_module("brotli").decompress(content)
    assert isinstance(found, bytes)
    return found


def asked(answer: Response, method: str = "GET", accept: str = "gzip", **headers: str) -> Answer:
    """What comes of an answer for a browser that takes `accept`."""

    async def show(_: Request) -> Response:
        return answer

    app = Compress(Starlette(routes=[Route("/", show, methods=["GET", "POST"])]))
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(app, "/", method=method, headers={"accept-encoding": accept, **more})


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", GZIP),
        ("gzip, deflate, br, zstd", BROTLI if HAS_BROTLI else GZIP),
        ("br;q=0, gzip;q=0.2", GZIP),
        ("gzip ; q=1.0, br; q=0.9", GZIP),
        ("GZIP", GZIP),
        ("*", BROTLI if HAS_BROTLI else GZIP),
        ("*;q=0", ""),
        ("identity", ""),
        ("gzip;q=0", ""),
        ("gzip;q=nonsense, br;q=nan", ""),
        ("gzip;q=-1,br;q=2", ""),
        ("", ""),
        (",;q,=", ""),
        ("gzip," * 1000, ""),
    ],
)
def test_the_coding_is_the_one_that_the_browser_wants(accept: str, coding: str) -> None:
    """RFC 9110 12.5.3; what cannot be read takes nothing."""
    assert chosen(accept) == coding


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [LEAST_BYTES, 50_000, 500_000])
def test_a_page_is_smaller_and_whole(coding: str, size: int) -> None:
    """With the length of what is sent, and `Vary` beside what was there."""
    body = (LONG * 200)[:size]
    answer = asked(
        Response(body, media_type="text/html", headers={"vary": "accept"}), accept=coding
    )
    assert unpacked(answer.body, coding) == body
    assert answer.headers["content-encoding"] == coding
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["vary"] == "accept, accept-encoding"
    assert len(answer.body) < size / 4


@pytest.mark.parametrize(
    "media_type",
    ["text/html", "application/json", "text/csv", "image/svg+xml", "text/javascript", "text/css"],
)
def test_texts_are_compressed(media_type: str) -> None:
    """Whatever their parameters."""
    headers = {"content-type": f"{media_type}; charset=utf-8"}
    assert "content-encoding" in asked(Response(LONG, headers=headers)).headers


@pytest.mark.parametrize(
    "answer",
    [
        Response(LONG, media_type="image/png"),
        Response(LONG, media_type="application/zip"),
        Response(LONG),
        Response(LONG, media_type="text/css", headers={"content-encoding": "br"}),
        Response(LONG, 206, media_type="text/plain"),
        Response(LONG[: LEAST_BYTES - 1], media_type="text/html"),
        Response(b"", 303, headers={"location": "/"}),
    ],
    ids=["png", "zip", "unknown", "coded", "part", "small", "redirect"],
)
def test_what_gains_nothing_stays_as_it_is(answer: Response) -> None:
    """Pictures, archives, parts, small ones, and what is coded already."""
    plain, got = asked(answer, accept=""), asked(answer)
    assert (got.body, got.headers) == (plain.body, plain.headers)


@pytest.mark.parametrize("accept", ["", "identity"])
def test_a_browser_that_takes_none_gets_none(accept: str) -> None:
    """And caches are told that another one may get another."""
    answer = asked(Response(LONG, media_type="text/html"), accept=accept)
    assert answer.body == LONG
    assert answer.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize(
    ("site", "is_compressed"),
    [("cross-site", False), ("same-site", False), ("same-origin", True), ("none", True)],
)
def test_another_site_learns_nothing_of_a_length(site: str, is_compressed: bool) -> None:
    """BREACH: what another site makes a browser ask for leaves as it is, whatever is in it."""
    answer = asked(Response(LONG, media_type="text/html"), sec_fetch_site=site)
    assert ("content-encoding" in answer.headers) == is_compressed


def test_the_head_of_a_page_has_no_body() -> None:
    """HEAD is answered as GET is, for a server that leaves the body out."""
    answer = asked(Response(LONG, media_type="text/html"), method="HEAD")
    assert answer.headers["content-encoding"] == GZIP


@pytest.mark.parametrize("coding", CODINGS)
def test_a_stream_is_read_as_it_is_written(coding: str) -> None:
    """Each part of an export can be read before the next one is made."""
    parts = [b"id,name\r\n", b"1,Hana\r\n", b"", b"2,Jiro\r\n"]
    writer, read = coder(coding), _reader(coding)
    assert [read(writer.add(part)) for part in parts] == parts

    async def lines() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    answer = asked(StreamingResponse(lines(), media_type="text/csv"), accept=coding)
    assert unpacked(answer.body, coding) == b"".join(parts)
    assert "content-length" not in answer.headers


def _reader(coding: str):  # type: ignore[no-untyped-def]
    if coding == GZIP:
        return zlib.decompressobj(wbits=31).decompress
    return importlib.import_module("brotli").Decompressor().process


def test_events_are_never_held_back() -> None:
    """A stream of events leaves line by line, as it is."""

    async def events() -> AsyncIterator[bytes]:
        yield b"data: " + LONG + b"\n\n"

    answer = asked(StreamingResponse(events(), media_type="text/event-stream"))
    assert answer.body.startswith(b"data: ")
    assert "vary" not in answer.headers


@pytest.mark.parametrize("coding", CODINGS)
@given(parts=st.lists(st.binary(max_size=3000)))
def test_whatever_the_parts_are_they_come_out_whole(coding: str, parts: list[bytes]) -> None:
    """In one or in many."""
    writer: Coder = coder(coding)
    written = b"".join(map(writer.add, parts)) + writer.end()
    assert unpacked(written, coding) == b"".join(parts)
    assert unpacked(coded(b"".join(parts), coding, thorough=True), coding) == b"".join(parts)


@pytest.fixture(scope="module")
def whole() -> Iterator[object]:
    """All of todoke over HTTP."""
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    yield without_sender(make_app(stored()))
    loop.close()


def test_the_hosted_form_is_compressed_and_a_sending_is_not_delayed(whole: object) -> None:
    """The form's page, which holds no secret, also for who comes from another site; what answers a POST is left."""
    cross = {"accept-encoding": "gzip", "sec-fetch-site": "cross-site"}
    page = call(whole, f"/f/{CONTACT.name}", headers=cross)
    assert page.headers["content-encoding"] == GZIP
    assert b"<form" in gzip.decompress(page.body)
    form = {"content-type": "application/x-www-form-urlencoded", **cross}
    answer = call(whole, f"/f/{CONTACT.name}", method="POST", headers=form, body=b"name=x")
    assert answer.status == 422
    assert "content-encoding" not in answer.headers
    assert "accept-encoding" not in answer.headers.get("vary", "")
