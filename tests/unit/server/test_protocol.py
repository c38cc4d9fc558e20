"""What a connection may keep the server waiting for, and how it ends. The clock is set by hand; nothing is timed."""

from __future__ import annotations

import math

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from support.web.lines import Line, lines_to
from todoke.server.crowd import Crowd
from todoke.server.protocol import (
    HEAD_SECONDS,
    LINGER_SECONDS,
    MOST_FIELDS,
    MOST_SENT_AHEAD,
    READ_SECONDS,
)
from todoke.web.http.body import LEAST_BYTES_PER_SECOND

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
LARGE = b"x" * 500_000


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body, and say its path."""
    while (await receive()).get("more_body"):
        pass
    await PlainTextResponse(scope["path"])(scope, receive, send)


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer much."""
    await PlainTextResponse(LARGE)(scope, receive, send)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer before the body is there."""
    await PlainTextResponse("no", 403)(scope, receive, send)


async def stay(scope: Scope, receive: Receive, send: Send) -> None:
    """Begin an answer, and end it when the client leaves."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"data", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


def answers(line: Line) -> int:
    """How many answers were written."""
    return line.written.count(b"HTTP/1.1 ")


def test_an_answer_that_nobody_reads_is_dropped() -> None:
    """The connection ends at once after READ_SECONDS without progress, and holds nothing from then on."""
    with lines_to(large) as lines:
        line = lines.connect(takes=0)
        line.send(GET)
        assert line.get_write_buffer_size() > len(LARGE)
        lines.loop.later(READ_SECONDS - 1)
        assert not line.closed
        lines.loop.later(2)
        assert line.aborted


def test_who_reads_slowly_but_steadily_gets_all() -> None:
    """Twice the least rate is enough, however long it takes."""
    with lines_to(large) as lines:
        line = lines.connect(takes=0)
        line.send(GET)
        seconds = 0
        while line.get_write_buffer_size():
            lines.loop.later(1)
            line.take(2 * LEAST_BYTES_PER_SECOND)
            seconds += 1
            assert not line.aborted
        assert seconds > 10 * READ_SECONDS
        assert line.written.endswith(LARGE)


def test_a_small_answer_that_nobody_reads_ends_with_its_connection() -> None:
    """Too little to fill a buffer, too much for the client's own: a close that waits for it does not wait for ever."""
    with lines_to(echo) as lines:
        line = lines.connect(takes=0)
        line.send(GET)
        lines.loop.later(40)  # longer than a connection is kept alive
        assert line.closed
        assert not line.aborted
        lines.loop.later(READ_SECONDS + 1)
        assert line.aborted


def test_who_sends_no_more_must_read() -> None:
    """A half-closed connection that leaves its answer unread ends, too."""
    with lines_to(large) as lines:
        line = lines.connect(takes=0)
        line.send(GET)
        line.protocol.eof_received()
        lines.loop.later(READ_SECONDS + 1)
        assert line.aborted


def test_unread_answers_share_a_bound() -> None:
    """Before any deadline: the oldest of them goes when there are too many bytes."""
    with lines_to(large, Crowd(most_unread=1_200_000)) as lines:
        slow = [lines.connect(takes=0) for _ in range(3)]
        for line in slow:
            line.send(GET)
            lines.loop.later(1)
        assert [line.aborted for line in slow] == [True, False, False]


def test_a_few_requests_ahead_are_answered_in_turn() -> None:
    """As HTTP/1.1 has it, although browsers do not do it."""
    with lines_to(echo) as lines:
        line = lines.connect()
        line.send(GET * (MOST_SENT_AHEAD + 1))
        assert answers(line) == MOST_SENT_AHEAD + 1
        assert not line.ended
        line.send(GET)
        assert answers(line) == MOST_SENT_AHEAD + 2


@pytest.mark.parametrize("pieces", [1, 50])
def test_requests_ahead_without_end_are_not_kept(pieces: int) -> None:
    """What is too much is not read: those before it are answered, and then the connection ends."""
    with lines_to(stay) as lines:
        line = lines.connect()
        line.send(GET)
        for _ in range(pieces):
            line.send(GET * (1_000 // pieces))
        assert len(line.protocol.pipeline) == MOST_SENT_AHEAD
    with lines_to(echo) as lines:
        line = lines.connect()
        line.send(GET * 1_000)
        assert answers(line) == MOST_SENT_AHEAD + 1
        assert line.ended
        assert b"connection: close" in line.written.rpartition(b"HTTP/1.1 ")[2]


def test_a_body_ahead_is_not_kept() -> None:
    """While an answer goes on, the next request's body would only fill the memory."""
    with lines_to(stay) as lines:
        line = lines.connect()
        line.send(GET)
        line.send(POST + b"x" * 200_000)
        assert not line.protocol.pipeline
        assert line.protocol.cycle.body == b""


@pytest.mark.parametrize("rubbish", [b"\0\0\0", b"GET / HTTP/1.1\r\nBad Head\r\n\r\n"])
def test_rubbish_ahead_breaks_no_answer(rubbish: bytes) -> None:
    """No 400 is written amid or before the answer of the request in front."""
    with lines_to(echo) as lines:
        line = lines.connect()
        line.protocol.data_received(GET + rubbish)
        lines.loop.later()
        assert answers(line) == 1
        assert line.written.startswith(b"HTTP/1.1 200")
        assert line.ended


def test_a_refused_client_may_finish_sending() -> None:
    """It is let send, unread, until it is done; then its answer is whole, and nothing reset it."""
    with lines_to(refuse) as lines:
        line = lines.connect()
        line.send(POST)
        assert line.written.startswith(b"HTTP/1.1 403")
        written = line.written
        for _ in range(40):
            line.send(b"x" * 25_000)
            lines.loop.later(2)
        assert line.ended
        assert not line.closed
        assert line.written == written
        line.protocol.eof_received()


@pytest.mark.parametrize("size", [0, 100])
def test_a_refused_client_is_not_waited_for(size: int) -> None:
    """When it sends nothing more, or next to nothing, the connection ends."""
    with lines_to(refuse) as lines:
        line = lines.connect()
        line.send(POST)
        for _ in range(12):
            line.send(b"x" * size)
            lines.loop.later(1)
        assert line.closed


def test_an_unreadable_request_sees_its_answer() -> None:
    """400, and the rest of it is let pass."""
    with lines_to(echo) as lines:
        line = lines.connect()
        line.send(b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000)
        assert line.written.startswith(b"HTTP/1.1 400")
        assert line.ended
        assert not line.closed


def test_the_end_of_the_server_waits_for_no_rest() -> None:
    """A client that still sends to a server that ends is cut off."""
    with lines_to(refuse) as lines:
        line = lines.connect()
        line.send(POST)
        assert not line.closed
        line.protocol.shutdown()
        assert line.closed


def test_a_head_must_come_in_time() -> None:
    """However its bytes trickle; and one that sends nothing is no different."""
    with lines_to(echo) as lines:
        silent, trickling = lines.connect(), lines.connect()
        for byte in GET[: int(HEAD_SECONDS) + 1]:
            trickling.send(bytes([byte]))
            lines.loop.later(1)
        assert silent.closed
        assert trickling.closed


def test_whom_the_server_waits_for() -> None:
    """A whole request is the client's wait, a body at the least rate nobody's, a trickle of bytes the server's."""
    with lines_to(echo) as lines:
        quick, slow = lines.connect(), lines.connect()
        quick.send(POST)
        slow.send(POST)
        for _ in range(10):
            lines.loop.later(1)
            quick.send(b"x" * 2 * LEAST_BYTES_PER_SECOND)
            slow.send(b"x")
        assert quick.protocol.waiting_since == lines.loop.now
        assert slow.protocol.waiting_since < 1
    with lines_to(stay) as lines:
        whole = lines.connect()
        whole.send(GET)
        assert whole.protocol.waiting_since == math.inf


def test_trickling_connections_take_no_place() -> None:
    """One address fills the server with bodies that never end; each newcomer is served, and the oldest of them go."""
    with lines_to(echo, Crowd(100, most_of_one=50)) as lines:
        hostile = []
        for _ in range(200):
            hostile.append(lines.connect("192.0.2.66"))
            hostile[-1].send(POST + b"a")
            lines.loop.later(0.01)
        assert 40 <= sum(not line.closed for line in hostile) <= 50
        for _ in range(60):
            visitor = lines.connect("192.0.2.1")
            visitor.send(GET)
            assert visitor.written.startswith(b"HTTP/1.1 200")


def test_behind_a_proxy_each_visitor_counts() -> None:
    """By what our own proxy says of them, so that one of them takes no place from others."""
    said = "POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {}\r\nContent-Length: 9\r\n\r\n"
    with lines_to(echo, Crowd(100, most_of_one=10), trusted_proxies=1) as lines:
        honest = lines.connect("192.0.2.1")
        honest.send(said.format("198.51.100.1").encode())
        hostile = [lines.connect("192.0.2.1") for _ in range(30)]
        for line in hostile:
            line.send(said.format("198.51.100.66").encode())
        assert not honest.closed
        assert sum(not line.closed for line in hostile) == 10


def test_lingering_ends_by_itself() -> None:
    """LINGER_SECONDS after the client has stopped to send."""
    with lines_to(refuse) as lines:
        line = lines.connect()
        line.send(POST + b"x" * 500_000)
        lines.loop.later(LINGER_SECONDS + 1)
        assert line.closed


@pytest.mark.parametrize("more", [0, 1])
def test_fields_of_a_request_are_bounded(more: int) -> None:
    """A head of many tiny fields would take a hundred times its bytes; it is refused before they are kept."""
    with lines_to(echo) as lines:
        line = lines.connect()
        fields = b"".join(b"a%d: b\r\n" % n for n in range(MOST_FIELDS - 1 + more))
        line.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")
        assert line.written.startswith(b"HTTP/1.1 400 " if more else b"HTTP/1.1 200 ")
        assert len(line.protocol.headers) <= MOST_FIELDS


def test_trailers_of_a_request_are_bounded_in_number() -> None:
    """As the fields of its head are; nothing of them is kept by a request that ends well."""
    with lines_to(echo) as lines:
        line = lines.connect()
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        line.send(head + b"".join(b"a%d: b\r\n" % n for n in range(MOST_FIELDS + 2)))
        assert line.written.startswith(b"HTTP/1.1 400 ")
