"""Other origins: who may post and read, what a preflight lets pass, and what a page elsewhere is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from support.web import stories
from support.web.doors import Answer, ask, kept, make_app
from support.web.stories import call, make_message, make_timeline, stored, token_of
from todoke.model.form import Site
from todoke.web import receipt
from todoke.web.http.cors import ALLOWED_HEADERS

JSON = "application/json"
HERE = "https://site.example"
SITE = Site(
    name="Example",
    url=HERE,
    door_url="https://door.example/api",
    origins=(f"{HERE}/", "https://shop.site.example:8443"),
)
ANY = replace(SITE, origins=())


def readers(answer: Answer | stories.Answer) -> str:
    """Who may read an answer: an origin, with its cookies, or "*", without; "" for nobody else than its own page."""
    allowed = answer.headers.get("access-control-allow-origin", "")
    cookies = answer.headers.get("access-control-allow-credentials", "")
    assert cookies == ("true" if allowed not in {"", "*"} else "")
    assert "Origin" in answer.headers["vary"]
    return allowed


# who may post, and who may read the answer


@pytest.mark.parametrize(
    ("origin", "taken", "reads"),
    [
        (HERE, True, HERE),
        ("HTTPS://Site.example:443", True, HERE),
        ("https://shop.site.example:8443", True, "https://shop.site.example:8443"),
        ("https://door.example", True, "https://door.example"),
        ("http://door.example", True, "*"),
        ("null", True, "*"),
        ("", True, ""),
        ("https://other.example", False, "*"),
        ("http://site.example", False, "*"),
        ("https://shop.site.example", False, "*"),
        ("https://site.example.evil.example", False, "*"),
        ("https://evil.example/https://site.example", False, "*"),
        ("https://site.example, https://evil.example", False, "*"),
        ("https://site.example\xa0", False, "*"),
        ("https://[", False, "*"),
        ("file://", False, "*"),
    ],
)
def test_only_the_sites_origins_are_taken(origin: str, taken: bool, reads: str) -> None:
    """403 to a page elsewhere. Only a listed origin is named and may have sent its cookies; "null" can be anybody's."""
    app = make_app(site=SITE)
    headers = {"origin": origin} if origin else {}
    answer = ask(app, "/f/any", b"a=1", accept=JSON, **headers)
    assert answer.status == (200 if taken else 403)
    assert len(kept(app)) == taken
    assert readers(answer) == reads
    if not taken:
        assert answer.json["code"] == "origin_refused"


@pytest.mark.parametrize("origin", [HERE, "https://elsewhere.example", "null", ""])
def test_a_site_that_lists_no_origin_names_none(origin: str) -> None:
    """Any page may post and read; none may have sent cookies, for then every page could read what only they open."""
    app = make_app(site=replace(ANY, door_url="https://door.example"))
    for method in ("POST", "GET", "OPTIONS"):
        answer = ask(
            app, "/f/any", b"a=1", method, accept=JSON, **({"origin": origin} if origin else {})
        )
        assert (answer.status < 300, readers(answer)) == (True, "*")


@pytest.mark.parametrize("origin", ["https://other.example", "null", ""])
def test_the_forms_page_is_for_listed_origins(origin: str) -> None:
    """A form may stand where only a network or a proxy keeps strangers away: their pages cannot read it."""
    headers = {"origin": origin} if origin else {}
    assert readers(ask(make_app(site=SITE), "/f/any", method="GET", **headers)) == ""
    assert readers(ask(make_app(site=SITE), "/f/any", method="GET", origin=HERE)) == HERE


# a refused origin


def test_a_refused_origin_is_named_with_the_line_that_lets_it_in() -> None:
    """In the answer without the other origins, which are nobody's business; whole in the log."""
    noted = []
    app = make_app(site=SITE)
    app.refusals.note = noted.append  # type: ignore[method-assign]
    answer = ask(app, "/f/any", b"a=1", accept=JSON, origin="https://blog.site.example")
    told = answer.json["error"]
    assert "https://blog.site.example" in told
    assert "todoke.toml under [site]: origins = [..., 'https://blog.site.example']" in told
    assert "shop" not in told
    (refusal,) = noted
    assert (refusal.code, refusal.origin) == ("origin_refused", "https://blog.site.example")
    assert refusal.why == (
        "todoke.toml, [site]: origins = "
        "['https://site.example/', 'https://shop.site.example:8443', 'https://blog.site.example']"
    )


def test_a_refused_origin_is_named_in_japanese_and_on_the_page() -> None:
    """The visitor may be the developer; what is quoted is escaped."""
    app = make_app(site=SITE)
    headers = {"origin": "https://blog.site.example", "accept_language": "ja"}
    assert (
        "オリジン https://blog.site.example は"
        in ask(app, "/f/any", b"", accept=JSON, **headers).json["error"]
    )
    page = ask(app, "/f/any", b"a=1", accept="text/html", **headers)
    assert "origins = [..., &#39;https://blog.site.example&#39;]" in page.body.decode()


@pytest.mark.parametrize(
    "origin", ["x" * 300, "https://" + "a" * 300, "<b>", "https://[", "%(x)s", "https://%s"]
)
def test_what_is_no_origin_is_not_repeated(origin: str) -> None:
    """A browser states a scheme, a host and a port; all else is a stranger's words."""
    answer = ask(make_app(site=SITE), "/f/any", b"a=1", accept=JSON, origin=origin)
    assert answer.status == 403
    assert answer.json["error"] == "This page's origin is not one of the site's `origins`."


# preflights

LIBRARIES = {
    "htmx 2": "hx-current-url,hx-request,hx-target,hx-trigger,hx-trigger-name",
    "htmx 4": "hx-boosted,hx-current-url,hx-request,hx-request-type,hx-source,hx-target",
    "Turbo": "turbo-frame,x-csrf-token,x-turbo-request-id",
    "Sentry": "baggage,sentry-trace",
    "W3C Trace Context": "traceparent,tracestate",
    "Datadog": "x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id",
    "Rails, Django, Laravel, Angular": "x-csrf-token,x-csrftoken,x-requested-with,x-xsrf-token",
    "Formspree": "content-type,formspree-client,formspree-session-data",
    "an event source written by hand": "cache-control,last-event-id",
    "any token": "!#$%&'*+-.^_`|~0aZ",
    "with blanks": "content-type ,\tx-a, x-b",
    "one": "idempotency-key",
}


@pytest.mark.parametrize("asked", LIBRARIES.values(), ids=LIBRARIES)
@pytest.mark.parametrize("origin", [HERE, "https://elsewhere.example"])
def test_a_preflight_takes_what_libraries_send(asked: str, origin: str) -> None:
    """Whatever is asked for, since nothing depends on it; so a refusal, too, can be read by the script that sends."""
    answer = ask(
        make_app(site=SITE),
        "/f/any",
        method="OPTIONS",
        origin=origin,
        access_control_request_method="POST",
        access_control_request_headers=asked,
    )
    allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert (answer.status, answer.body) == (204, b"")
    assert {name.strip() for name in asked.split(",")} <= allowed
    assert {"Content-Type", "Idempotency-Key", "X-Requested-With", "Formspree-Client"} <= allowed
    assert "POST" in answer.headers["access-control-allow-methods"].split(", ")
    assert readers(answer) == (origin if origin == HERE else "*")


@pytest.mark.parametrize(
    "asked", ["", "a: b", "a b", "a,,b", ",", "a\r\nb: c", "é", '"a"', "x" * 3_000]
)
def test_what_is_no_list_of_names_is_not_repeated(asked: str) -> None:
    """Nor what is longer than a proxy lets an answer's header section be."""
    answer = ask(make_app(), "/f/any", method="OPTIONS", access_control_request_headers=asked)
    assert answer.status == 204
    assert answer.headers["access-control-allow-headers"] == ALLOWED_HEADERS


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_a_preflight_repeats_no_more_than_tokens(asked: str) -> None:
    """Whatever comes, the field's value is a list of names."""
    answer = ask(make_app(), "/f/any", method="OPTIONS", access_control_request_headers=asked)
    for name in answer.headers["access-control-allow-headers"].split(","):
        assert name.strip(" \t").isascii()
        assert not set(name.strip(" \t")) & set(' \t\r\n()<>@;:\\"/[]?={}')


# the receipt


def receipts(site: Site) -> Starlette:
    """The receipt's routes, over a store with one submission."""
    store = stored(make_timeline(make_message("delivered")))
    return Starlette(
        routes=receipt.routes(
            stories.make_app(store, site=site),
            pace=receipt.Pace(quiet_seconds=0, poll_seconds=0, total_seconds=1),
        )
    )


@pytest.mark.parametrize("path", ["", "/events"])
@pytest.mark.parametrize(
    ("site", "origin", "reads"),
    [
        (SITE, HERE, HERE),
        (SITE, "https://elsewhere.example", ""),
        (SITE, "null", ""),
        (SITE, "", ""),
        (ANY, HERE, "*"),
        (ANY, "", "*"),
    ],
)
def test_the_receipt_is_read_by_the_sites_pages(
    path: str, site: Site, origin: str, reads: str
) -> None:
    """A script that was given `status_url` may follow it from the site, and from nowhere else; faults, too."""
    headers = {"accept": JSON, **({"origin": origin} if origin else {})}
    asgi = receipts(site)
    assert readers(answer := call(asgi, f"/s/{token_of('s1')}{path}", headers=headers)) == reads
    assert answer.status == 200
    assert readers(answer := call(asgi, f"/s/nothing{path}", headers=headers)) == reads
    assert answer.status == 404


def test_the_receipts_preflight_is_answered_and_the_sites_pages_correct() -> None:
    """Libraries that trace requests ask for leave before a GET; the site's pages correct an address."""
    asgi = receipts(SITE)
    path = f"/s/{token_of('s1')}"
    headers = {"origin": HERE, "access-control-request-headers": "sentry-trace"}
    answer = call(asgi, path, method="OPTIONS", headers=headers)
    assert (answer.status, answer.headers["access-control-allow-methods"]) == (
        204,
        "GET, HEAD, OPTIONS",
    )
    assert answer.headers["access-control-allow-headers"].endswith(", sentry-trace")
    assert call(asgi, path, method="POST", headers=headers).status == 405
    correction = f"{path}/address"
    asked = call(asgi, correction, method="OPTIONS", headers=headers)
    assert (asked.status, readers(asked)) == (204, HERE)
    form = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"}
    for origin, status, reads in (
        (HERE, 409, HERE),
        ("https://elsewhere.example", 403, "*"),
        ("null", 403, "*"),
        ("", 403, ""),
    ):
        sent = {**form, "accept": JSON, **({"origin": origin} if origin else {})}
        answer = call(asgi, correction, method="POST", headers=sent, body=b"address=none")
        assert (answer.status, readers(answer)) == (status, reads), origin
