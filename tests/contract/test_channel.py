"""Channels by the real Apprise, over real sockets."""

from __future__ import annotations

import json
import logging

import pytest

from support.web.receivers import Receiver, receiver
from todoke.bench.server import free_port
from todoke.model.webhook import Webhook
from todoke.ports.courier import TITLE, Reply
from todoke.testing import FakeCourier
from todoke.webhooks.channel import ChannelCourier


def post(url: str, others: FakeCourier | None = None) -> Reply:
    """Tell a channel at this address."""
    channel = Webhook(name="team", url=url, language="ja")
    courier = ChannelCourier(others or FakeCourier())
    return courier.post(channel, "届きません。\n<b>".encode(), {TITLE: "題 & <i>"})


def json_url(there: Receiver) -> str:
    """The receiver, as Apprise names it."""
    return f"json://127.0.0.1:{there.port}/hook"


def test_people_get_the_words_as_they_are() -> None:
    """Title and text, in any script, and no markup is read in them."""
    with receiver() as there:
        assert post(json_url(there)).status == 200
        [(line, _, body)] = there.came
    assert line.startswith("POST /hook")
    said = json.loads(body)
    assert (said["title"], said["message"]) == ("題 & <i>", "届きません。\n<b>")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 500 Oh\r\n\r\n", b"HTTP/1.1 403 No\r\n\r\n"])
def test_what_is_refused_was_not_told(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """It is tried again; and no address, which is a secret, is logged."""
    with receiver(answers=[answer]) as there, caplog.at_level(logging.INFO):
        assert post(json_url(there)).fault == "channel"
    assert "/hook" not in caplog.text


def test_nobody_there_was_not_told() -> None:
    """No connection is no success."""
    assert post(f"json://127.0.0.1:{free_port()}/hook").fault == "channel"


def test_an_address_that_apprise_does_not_know() -> None:
    """It is said as what it is."""
    assert post("nosuch://x").fault == "bad_address"


def test_webhooks_are_left_to_the_others() -> None:
    """With all that was given."""
    others = FakeCourier()
    crm = Webhook(name="crm", url="https://crm.example/", keys=(b"k" * 24,))
    ChannelCourier(others).post(crm, b"{}", {"webhook-id": "1"})
    assert others.posted == [("crm", {"webhook-id": "1"}, {})]
