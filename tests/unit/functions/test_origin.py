"""The door behind a CloudFront: who went around it is refused, and who came through it has the address that it saw."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from support.aws.lambda_events import Invocation, http_event
from support.web.stories import make_app, make_message, make_timeline, stored, token_of
from todoke.aws.functions.gateway import make_web
from todoke.aws.functions.handler import Handler
from todoke.aws.functions.origin import (
    ORIGIN_HEADER,
    VIEWER_HEADER,
    is_from_origin,
    seen_through,
)
from todoke.model.form import Form
from todoke.testing import MemoryStore
from todoke.walk.app import App

SECRETS = ("n" * 32, "o" * 32)
BEHIND = {"TODOKE_BEHIND_CLOUDFRONT": "yes", "TODOKE_ORIGIN_SECRET": " ".join(SECRETS)}


def event(**headers: str) -> dict[str, Any]:
    """A request by CloudFront's address."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return http_event("GET", "/", headers=sent, source="192.0.2.1")


def source(seen: dict[str, Any]) -> str:
    """The address that counts as the client's."""
    return str(seen["requestContext"]["http"]["sourceIp"])


@pytest.mark.parametrize("secret", SECRETS)
def test_either_secret_opens_while_one_takes_the_other_s_place(secret: str) -> None:
    """So that it can be changed while the door is open."""
    assert is_from_origin(event(x_todoke_origin=secret), SECRETS)


@pytest.mark.parametrize("sent", ["", "n" * 31, "n" * 33, f"{'n' * 32},{'o' * 32}", "\u00e9" * 32])
def test_what_is_no_secret_opens_nothing(sent: str) -> None:
    """Two headers of one name, which API Gateway joins by a comma, neither."""
    assert not is_from_origin(event(x_todoke_origin=sent), SECRETS)
    assert not is_from_origin(event(), SECRETS)
    assert not is_from_origin({}, SECRETS)


@pytest.mark.parametrize("sent", ["\ud800" * 32, "\udfff", "n" * 31 + "\ud800"])
def test_half_a_surrogate_pair_opens_nothing_and_breaks_nothing(sent: str) -> None:
    """JSON can hold one, and UTF-8 cannot."""
    assert not is_from_origin(event(x_todoke_origin=sent), SECRETS)


@pytest.mark.parametrize(
    ("stated", "address"),
    [
        ("198.51.100.10", "198.51.100.10"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:db8:0:0:0:0:0:7", "2001:db8::7"),
        ("", "192.0.2.1"),
        ("198.51.100.10:46532", "192.0.2.1"),
        ("198.51.100.10,198.51.100.11", "192.0.2.1"),
        ("somebody", "192.0.2.1"),
        ("\ud800", "192.0.2.1"),
    ],
)
def test_the_client_is_whom_cloudfront_saw(stated: str, address: str) -> None:
    """Its function writes an address; what is anything else changes nothing."""
    lies = {
        "x_forwarded_for": "203.0.113.5, 203.0.113.6",
        "cloudfront_viewer_address": "203.0.113.7:443",
        "forwarded": "for=203.0.113.8",
    }
    brought = event(x_todoke_origin=SECRETS[0], x_todoke_viewer=stated, **lies)
    seen = seen_through(brought)
    assert source(seen) == address
    assert not {ORIGIN_HEADER, VIEWER_HEADER} & seen["headers"].keys(), "they are between us"
    assert source(brought) == "192.0.2.1"


@pytest.mark.parametrize(
    ("stated", "left"),
    [
        ("198.51.100.10, 192.0.2.1", "198.51.100.10"),
        ("203.0.113.5, 198.51.100.10, 192.0.2.1", "203.0.113.5, 198.51.100.10"),
        ("192.0.2.1", None),
        ("", None),
    ],
)
def test_cloudfront_s_own_address_says_nothing_of_the_visitor(
    stated: str, left: str | None
) -> None:
    """It is another with each connection, so a form that is sent twice would come from two places."""
    brought = event(
        x_todoke_origin=SECRETS[0], x_todoke_viewer="198.51.100.10", x_forwarded_for=stated
    )
    assert seen_through(brought)["headers"].get("x-forwarded-for") == left


def test_a_form_that_is_sent_twice_through_two_machines_of_cloudfront_is_taken_once() -> None:
    """As without CloudFront: the second answer is that of the first."""
    store = MemoryStore()
    web = make_web(make_app(store, forms={"contact": Form(name="contact")}), BEHIND)

    def send(edge: str, lie: str) -> str:
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "cloudfront-viewer-address": f"{lie}:1",
            "x-forwarded-for": f"198.51.100.10, {edge}",
            ORIGIN_HEADER: SECRETS[0],
            VIEWER_HEADER: "198.51.100.10",
        }
        said = http_event(
            "POST", "/f/contact", body=b'{"message": "A"}', headers=headers, source=edge
        )
        answer = web(said, Invocation())
        assert answer["statusCode"] == 200, answer
        return str(json.loads(answer["body"])["id"])

    assert send("192.0.2.1", "203.0.113.1") == send("192.0.2.77", "203.0.113.2")
    assert len(store._tables.submissions) == 1


def app() -> App:
    """A door with a form, a receipt, a desk, links for files and hooks."""
    return make_app(stored(make_timeline(make_message("accepted"))))


REFUSED = "Please use the address that the form or the mail gave you.\n"
DOORS = [
    ("POST", "/f/contact", 422),
    ("OPTIONS", "/f/contact", 204),
    ("POST", "/u/contact", 404),
    ("GET", f"/s/{token_of('s1')}", 200),
    ("GET", f"/s/{token_of('s1')}/events", 503),
    ("POST", f"/s/{token_of('s1')}/address", 409),
    ("GET", "/desk", 403),
    ("GET", "/desk/enter", 200),
    ("POST", "/desk/enter", 403),
    ("POST", "/hooks/customers-mail-cloud/wrong", 404),
    ("GET", "/healthz", 200),
    ("GET", "/", 404),
    ("PROPFIND", "/f/contact", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), DOORS)
def test_each_way_in_is_shut_without_the_secret_and_as_ever_with_it(
    method: str, path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Form, receipt and its stream, desk, files and hooks; the secret is in no answer and no line of the log."""
    caplog.set_level(logging.DEBUG)
    plain, behind = make_web(app(), {}), make_web(app(), BEHIND)
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = b"name=A" if method == "POST" else b""

    def ask(web: Handler, **headers: str) -> Any:
        return web(http_event(method, path, body=body, headers=form | headers), Invocation())

    for refused in (ask(behind), ask(behind, **{ORIGIN_HEADER: SECRETS[0][1:]})):
        assert (refused["statusCode"], refused["body"]) == (403, REFUSED)
    through = ask(behind, **{ORIGIN_HEADER: SECRETS[0], VIEWER_HEADER: "198.51.100.10"})
    assert through["statusCode"] == ask(plain)["statusCode"] == status
    assert through["body"] != REFUSED
    assert SECRETS[0] not in json.dumps(through) + caplog.text


def test_the_door_answers_only_what_came_through() -> None:
    """A right token, and no secret: 403 in words of its own, before the application sees anything."""
    handle = make_web(make_app(stored(make_timeline(make_message("accepted")))), BEHIND)
    path = f"/s/{token_of('s1')}"
    refused = handle(http_event("GET", path), Invocation())
    assert (refused["statusCode"], refused["headers"]["cache-control"]) == (403, "no-store")
    assert "the address" in refused["body"]
    headers = {ORIGIN_HEADER: SECRETS[1]}
    assert handle(http_event("GET", path, headers=headers), Invocation())["statusCode"] == 200


def test_without_a_cloudfront_the_header_is_a_stranger_s_word() -> None:
    """Nobody is asked for a secret, and none is believed (test_web.py says so of the addresses)."""
    handle = make_web(make_app(stored(make_timeline(make_message("accepted")))), {})
    brought = http_event("GET", f"/s/{token_of('s1')}", headers={ORIGIN_HEADER: "x"})
    assert handle(brought, Invocation())["statusCode"] == 200
