"""Whether a request was made on this machine: a proxy's are not, although the proxy itself may stand here."""

from __future__ import annotations

from typing import Any

import pytest

from todoke.web.http.local import is_local

PROXIES = {
    "Caddy": {"host": "forms.example", "x-forwarded-for": "192.0.2.7", "x-forwarded-host": "forms.example"},
    "Apache": {"host": "127.0.0.1:8025", "x-forwarded-for": "192.0.2.7", "x-forwarded-server": "a"},
    "Traefik": {"host": "forms.example", "x-real-ip": "192.0.2.7", "x-forwarded-port": "443"},
    "nginx that passes the host": {"host": "forms.example", "connection": "close"},
    "nginx that says who asks": {"host": "127.0.0.1:8025", "x-real-ip": "192.0.2.7"},
    "HAProxy with forwardfor": {"host": "localhost", "x-forwarded-for": "192.0.2.7"},
    "RFC 7239": {"host": "localhost", "forwarded": "for=192.0.2.7"},
    "RFC 9110 7.6.3": {"host": "localhost", "via": "1.1 proxy"},
    "cloudflared": {"host": "localhost:8025", "cf-connecting-ip": "192.0.2.7"},
    "Envoy": {"host": "localhost", "x-envoy-external-address": "192.0.2.7"},
    "a page whose name was made to lead here": {"host": "evil.example:8025"},
    "no host at all": {},
}  # fmt: skip


def scope(peer: str = "127.0.0.1", version: str = "1.1", **headers: str) -> dict[str, Any]:
    """A request's scope."""
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": (peer, 5000), "http_version": version, "headers": given}


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1:8025", "localhost", "localhost:9090", "[::1]:8025", "[::1]"]
)
def test_a_neighbour_is_known(peer: str, host: str) -> None:
    """A scraper or curl on this machine asks by a name of this machine."""
    assert is_local(scope(peer, host=host, **{"user-agent": "Prometheus/2.42.0"}))


@pytest.mark.parametrize("name", PROXIES)
def test_what_a_proxy_passes_on_is_no_neighbours(name: str) -> None:
    """Whatever peer it comes from, it was asked for elsewhere."""
    assert not is_local(scope(**PROXIES[name]))


def test_nginx_as_it_is_installed_is_no_neighbour() -> None:
    """It adds nothing, and names what it passes to; but it speaks HTTP/1.0 to it (until version 1.29.7)."""
    assert not is_local(scope(version="1.0", host="127.0.0.1:8025", connection="close"))


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.0.1", "fe80::1", "", "172.17.0.1"])
def test_another_machine_is_no_neighbour(peer: str) -> None:
    """Whatever it calls us."""
    assert not is_local(scope(peer, host="localhost"))
    assert not is_local({**scope(host="localhost"), "client": None})
