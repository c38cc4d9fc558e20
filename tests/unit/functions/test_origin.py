"""The door behind a CloudFront: who went around it is refused, and who came through it has the address that it saw."""

from __future__ import annotations

from typing import Any

import pytest

from support.aws.lambda_events import Invocation, http_event
from support.web.stories import make_app, make_message, make_timeline, stored, token_of
from todoke.aws.functions.gateway import make_web
from todoke.aws.functions.origin import ORIGIN_HEADER, is_from_origin, seen_through

SECRETS = ("n" * 32, "o" * 32)
BEHIND = {"TODOKE_BEHIND_CLOUDFRONT": "yes", "TODOKE_ORIGIN_SECRET": ",".join(SECRETS)}


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


@pytest.mark.parametrize(
    ("stated", "address"),
    [
        ("198.51.100.10:46532", "198.51.100.10"),
        ("2001:db8::7:46532", "2001:db8::7"),
        ("[2001:db8::7]:46532", "2001:db8::7"),
        ("2001:db8:0:0:0:0:0:7:443", "2001:db8::7"),
        ("", "192.0.2.1"),
        ("198.51.100.10", "192.0.2.1"),
        ("198.51.100.10:1,198.51.100.11:2", "192.0.2.1"),
        ("somebody:443", "192.0.2.1"),
    ],
)
def test_the_client_is_whom_cloudfront_saw(stated: str, address: str) -> None:
    """CloudFront writes address and port, without brackets; what is anything else changes nothing."""
    lies = {"x_forwarded_for": "203.0.113.5, 203.0.113.6"}
    sent = {"x_todoke_origin": SECRETS[0], "cloudfront_viewer_address": stated, **lies}
    brought = event(**sent)
    seen = seen_through(brought)
    assert source(seen) == address
    assert ORIGIN_HEADER not in seen["headers"], "the application has no use for the secret"
    assert source(brought) == "192.0.2.1"


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
