"""Notices over real sockets: whatever the other side does, a try ends, and goes to no address that it may not."""

from __future__ import annotations

import time
from socket import socket

import pytest

from support.web.receivers import OK, Receiver, receiver
from todoke.model.webhook import Webhook
from todoke.ports.courier import Reply
from todoke.webhooks.courier import HttpCourier

BODY = b'{"type":"webhook.test"}'


def webhook(there: Receiver, *, private: bool = True, host: str = "127.0.0.1") -> Webhook:
    """One at this receiver."""
    url = there.url.replace("127.0.0.1", host)
    return Webhook(name="crm", url=url, keys=(b"k" * 24,), allow_private=private, any_port=True)


def post(hook: Webhook, courier: HttpCourier | None = None) -> Reply:
    """One try, that waits no longer than a second for anything."""
    made = courier or HttpCourier(patience_seconds=1.0)
    return made.post(hook, BODY, {"webhook-id": "1", "content-type": "application/json"})


def test_what_is_posted_arrives() -> None:
    """At the whole address, with the host's name, and the body as it was signed."""
    with receiver() as there:
        hook = webhook(there, host="receiver.test")
        courier = HttpCourier(resolve=lambda *_: ["127.0.0.1"])
        assert post(hook, courier).status == 204
        [(line, headers, body)] = there.came
    assert line == "POST /hook?key=1 HTTP/1.1"
    assert headers["host"] == f"receiver.test:{there.port}"
    assert headers["webhook-id"] == "1"
    assert body == BODY


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:PORT/elsewhere\r\n\r\n",
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\n\r\n",
    ],
)
def test_no_redirect_is_followed(answer: bytes) -> None:
    """It would lead where nothing was judged."""
    with receiver() as there:
        there.answers = [answer.replace(b"PORT", str(there.port).encode()), OK]
        assert post(webhook(there)).status in {302, 307}
        assert len(there.came) == 1


def test_a_body_without_an_end_is_not_read() -> None:
    """The status is all that counts."""
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 3_000_000
    with receiver(answers=[huge]) as there:
        assert post(webhook(there)) == Reply(status=200)


def test_a_head_without_an_end() -> None:
    """It is bounded by http.client."""
    with receiver(answers=[b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000]) as there:
        assert post(webhook(there)).status == 0


def test_who_hangs_is_left() -> None:
    """Whether it says nothing at all, or a byte now and then."""
    for options in ({"hangs": True}, {"pause": 0.2}):
        with receiver(**options) as there:
            began = time.monotonic()
            assert post(webhook(there)) == Reply(fault="timed_out")
            assert time.monotonic() - began < 10


def test_nobody_listens() -> None:
    """And what is no HTTP."""
    with socket() as bound:  # bound and not listening: nobody else takes the port meanwhile
        bound.bind(("127.0.0.1", 0))
        nobody = Webhook(
            name="crm",
            url=f"http://127.0.0.1:{bound.getsockname()[1]}/hook",
            allow_private=True,
            any_port=True,
        )
        assert post(nobody) == Reply(fault="no_answer")
    with receiver(answers=[b"hello\r\n\r\n"]) as there:
        assert post(webhook(there)) == Reply(fault="no_answer")
    with receiver() as there:
        plain = Webhook(name="x", url=there.url.replace("http:", "https:"), allow_private=True)
        assert post(plain).fault in {"certificate", "no_answer", "timed_out"}


def test_the_pause_that_is_asked_for() -> None:
    """In seconds; what is no pause is none."""
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\n\r\n"
    with receiver(answers=[busy, busy.replace(b"120", b"soon")]) as there:
        assert post(webhook(there)) == Reply(status=503, retry_after_seconds=120)
        assert post(webhook(there)) == Reply(status=503)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["0.0.0.0"],
        ["169.254.169.254"],
        ["100.64.0.1"],
        ["10.0.0.1"],
        ["fd00::1"],
        ["fe80::1%eth0"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["224.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["no address"],
        [],
    ],
)
def test_what_is_within_is_not_reached(addresses: list[str]) -> None:
    """Whatever a name leads to, and whichever of several addresses it is: no connection is made."""
    with receiver() as there:
        hook = webhook(there, private=False, host="rebound.example")
        courier = HttpCourier(resolve=lambda *_: addresses)
        assert post(hook, courier) == Reply(fault="not_public")
        assert courier.find(hook) == "not_public"
        assert there.connections == 0


def test_a_name_is_resolved_once() -> None:
    """What was judged is what is connected to: a name that means another address a moment later leads nowhere."""
    asked: list[str] = []

    def rebinding(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) > 1 else ["127.0.0.99"]

    with receiver() as there:
        hook = webhook(there, host="rebound.example")
        assert post(hook, HttpCourier(resolve=rebinding)) == Reply(fault="no_answer")
        assert there.connections == 0
    assert asked == ["rebound.example"]


def test_a_name_that_is_none() -> None:
    """It is told apart from a receiver that does not answer."""

    def nothing(_: str, __: int) -> list[str]:
        raise OSError

    def unknown(_: str, __: int) -> list[str]:
        import socket  # noqa: PLC0415

        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with receiver() as there:
        hook = webhook(there, host="nowhere.example")
        assert post(hook, HttpCourier(resolve=unknown)) == Reply(fault="unresolved")
        assert post(hook, HttpCourier(resolve=nothing)).status == 0
        assert HttpCourier(resolve=unknown).find(hook) == "unresolved"
