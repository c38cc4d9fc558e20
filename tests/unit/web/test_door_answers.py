"""Who gets which answer once a form is stored; and that nothing then says that it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.web.doors import OPEN_FORM, Answer, ask, kept, make_app
from todoke.model.form import Confirmation, Field, Site
from todoke.ports.outbox import Added, Duplicate
from todoke.walk.app import App

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
TURBO = "text/vnd.turbo-stream.html, text/html, application/xhtml+xml"
ELSEWHERE = {"origin": "https://site.example", "sec_fetch_site": "cross-site"}
HERE = {"origin": "https://door.example", "sec_fetch_site": "same-origin"}
RECEIPT = "https://door.example/s/"
NOTHING_STORED = ("Nothing of this request is stored", "nothing of them is kept")
MAILED = replace(
    OPEN_FORM,
    name="contact",
    fields=(Field(name="email", kind="email"), Field(name="message")),
    confirmation=Confirmation(),
)
STRICT = replace(OPEN_FORM, name="strict", fields=(Field(name="a", required=True),))


def fetched(
    mode: str, accept: str = "*/*", form: str = "any", body: bytes = b"a=1", **more: str
) -> Answer:
    app = make_app(OPEN_FORM, STRICT, replace(OPEN_FORM, name="led", redirect="/thanks"))
    answer = ask(app, f"/f/{form}", body, accept=accept, sec_fetch_mode=mode, **more)
    assert len(kept(app)) == (answer.status in {200, 303})
    return answer


# scripts and pages


@pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin"])
@pytest.mark.parametrize("form", ["any", "led"])
def test_a_script_gets_json_that_it_can_read(mode: str, form: str) -> None:
    """Also without an Accept header, and wherever a browser would be led."""
    answer = fetched(mode, form=form, sec_fetch_dest="empty", **ELSEWHERE)
    assert (answer.status, answer.json["ok"]) == (200, True)
    assert answer.headers["access-control-allow-origin"] in {"*", ELSEWHERE["origin"]}
    assert "cross-origin-resource-policy" not in answer.headers
    fault = fetched(mode, form="strict", body=b"a=", **ELSEWHERE)
    assert (fault.status, fault.json["errors"][0]["field"]) == (422, "a")


def test_the_destination_tells_a_script_where_no_mode_does() -> None:
    """A navigation always names a document or a frame."""
    assert ask(make_app(), "/f/any", b"a=1", sec_fetch_dest="empty").status == 200


@pytest.mark.parametrize("dest", ["document", "iframe"])
@pytest.mark.parametrize("accept", [BROWSER, "*/*"])
def test_a_navigation_gets_the_page(dest: str, accept: str) -> None:
    """In a frame, too, whatever it accepts."""
    answer = fetched("navigate", accept, sec_fetch_dest=dest, **ELSEWHERE)
    assert answer.status == 303
    assert answer.headers["location"].startswith(RECEIPT)


def test_who_says_nothing_gets_the_page() -> None:
    """curl, and browsers without Fetch Metadata."""
    assert ask(make_app(), "/f/any", b"a=1", accept="*/*").status == 303


def test_a_script_that_wants_html_elsewhere_is_not_led_away() -> None:
    """It would be refused the page it is led to, and call that a failure."""
    answer = fetched("cors", "text/html", form="led", **ELSEWHERE)
    assert answer.status == 200
    assert b"Your answers are stored" in answer.body
    assert b'href="https://door.example/s/' in answer.body
    assert "cross-origin-resource-policy" not in answer.headers


def test_turbo_is_led_where_it_may_read() -> None:
    """It needs a redirect after success and a page at 422; a page of another origin it could not read."""
    assert fetched("cors", TURBO, **HERE).headers["location"].startswith(RECEIPT)
    assert fetched("cors", TURBO, form="led", **HERE).headers["location"].startswith(RECEIPT)
    own = make_app(
        replace(OPEN_FORM, redirect="https://door.example/thanks"), site=Site(name="Own")
    )
    led = ask(own, "/f/any", b"a=1", accept=TURBO, sec_fetch_mode="cors", **HERE)
    assert (led.status, led.headers["location"]) == (303, "https://door.example/thanks")
    fault = fetched("cors", TURBO, form="strict", body=b"a=", **HERE)
    assert (fault.status, fault.headers["content-type"]) == (422, "text/html; charset=utf-8")


@pytest.mark.parametrize("accept", ["*/*", "text/html, text/event-stream"])
def test_htmx_is_sent_on_by_its_own_header(accept: str) -> None:
    """It follows HX-Redirect, and would put JSON into the page as text."""
    answer = fetched("cors", accept, hx_request="true", **ELSEWHERE)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["hx-redirect"].startswith(RECEIPT)
    led = fetched("cors", accept, form="led", hx_request="true", **ELSEWHERE)
    assert led.headers["hx-redirect"] == "https://site.example/thanks"
    asked = fetched("cors", "application/json", hx_request="true", **ELSEWHERE)
    assert asked.json["ok"] is True


@pytest.mark.parametrize(
    ("names", "swap"),
    [
        ({}, "afterbegin"),
        ({"hx_target": "f", "hx_trigger": "f"}, "afterbegin"),
        ({"hx_target": "form#f", "hx_source": "form#f"}, "afterbegin"),
        ({"hx_target": "errors", "hx_trigger": "f"}, ""),
    ],
)
def test_htmx_shows_faults_and_keeps_what_was_typed(names: dict[str, str], swap: str) -> None:
    """Above the form's controls where the form itself would be replaced; where the page has a place, there."""
    fault = fetched("cors", form="strict", body=b"a=", hx_request="true", **names, **ELSEWHERE)
    assert (fault.status, fault.headers.get("hx-reswap", "")) == (422, swap)
    assert b'<div role="alert"><p>Please check your answers.</p><ul><li>' in fault.body
    missing = fetched("cors", form="none", hx_request="true", **ELSEWHERE)
    assert (missing.status, missing.body[:18]) == (404, b'<div role="alert">')


# after the write


class Odd(str):
    """An id of which no link can be made."""

    def encode(self, *_: Any, **__: Any) -> bytes:
        raise ValueError("odd")


def _broken_hint(app: App) -> App:
    def fail() -> None:
        raise OSError("nobody listens")

    return replace(app, hint=fail)


def _odd_duplicate(app: App) -> App:
    add = app.store.add

    def again(*write: Any) -> Future[Added | Duplicate]:
        answer: Future[Added | Duplicate] = Future()
        stored = add(*write).result()
        answer.set_result(Duplicate(Odd(stored.submission_id), same_content=True))
        return answer

    app.store.add = again  # type: ignore[method-assign]
    return app


def _store_that_fails_late(app: App) -> App:
    add = app.store.add

    def late(*write: Any) -> Future[Added | Duplicate]:
        add(*write)
        answer: Future[Added | Duplicate] = Future()
        answer.set_exception(RuntimeError("after the commit"))
        return answer

    app.store.add = late  # type: ignore[method-assign]
    return app


class Discourteous:
    @contextmanager
    def visitor(self) -> Iterator[None]:
        yield
        raise RuntimeError("after the commit")


def _broken_courtesy(app: App) -> App:
    return replace(app, courtesy=Discourteous())  # type: ignore[arg-type]


@pytest.mark.parametrize("accept", ["application/json", BROWSER])
@pytest.mark.parametrize(
    ("breaking", "status"),
    [
        (_broken_hint, {200, 303}),
        (_odd_duplicate, {200}),
        (_store_that_fails_late, {500}),
        (_broken_courtesy, {500}),
    ],
)
def test_whatever_breaks_after_the_write_nothing_calls_it_lost(
    breaking: Any, status: set[int], accept: str
) -> None:
    """It is stored, with the reference; or, where only the store could know, that is said."""
    app = breaking(make_app())
    answer = ask(app, "/f/any", b"a=1", accept=accept, origin="https://site.example")
    (submission,) = kept(app)
    said = answer.body.decode()
    assert answer.status in status
    assert answer.headers["access-control-allow-origin"]
    assert not any(words in said for words in NOTHING_STORED)
    if answer.status == 200:
        assert "Your answers are stored." in said
        assert submission.id in said
    if answer.status == 500:
        assert "not certain that your answers are stored" in said
    if accept == "application/json":
        assert json.loads(said)["ok"] is (answer.status == 200)


URLS = st.sampled_from(["", "https://フォーム.jp", "https://\ud800.jp", "https://[", "/x"])


@given(
    site=st.builds(Site, name=st.text(max_size=9), url=URLS, door_url=URLS),
    redirect=URLS | st.text(max_size=9) | st.just("a\r\nb: c"),
    page_url=URLS,
    accept=st.sampled_from(["application/json", BROWSER, "*/*"]),
    more=st.sampled_from([{}, {"hx_request": "true"}, {"sec_fetch_mode": "cors"}]),
    wanted=st.sampled_from([b"", b"&_next=https://%E4%BE%8B.jp/%0d%0aa:b", b"&_next=%ff"]),
)
def test_what_is_stored_is_never_called_an_error(
    site: Site, redirect: str, page_url: str, accept: str, more: dict[str, str], wanted: bytes
) -> None:
    """In any configuration, even one that no file can bring: an answer of success and a submission come together."""
    app = make_app(replace(OPEN_FORM, redirect=redirect, page_url=page_url), site=site)
    answer = ask(app, "/f/any", b"a=1" + wanted, accept=accept, **more)
    assert len(kept(app)) == (answer.status in {200, 303})
    for value in (answer.headers.get("location", ""), answer.headers.get("hx-redirect", "")):
        assert not set(value) & set("\r\n ")


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Did you mean ann@gmail.com?"), ("ja", "ann@gmail.com ではありませんか？")],
)
def test_a_script_learns_of_a_mistyped_domain(language: str, said: str) -> None:
    """What it sent is stored as it is; the answer asks whether another address was meant, in the visitor's language."""
    app = make_app(MAILED)
    body = b"email=ann%40gmial.com&message=Hello&_language=" + language.encode()
    answer = ask(app, "/f/contact", body, accept="application/json")
    assert answer.status == 200
    assert answer.json["hints"] == [
        {
            "field": "email",
            "code": "mistyped_domain",
            "message": said,
            "suggestion": "ann@gmail.com",
        }
    ]
    (submission,) = kept(app)
    assert submission.visitor == "ann@gmial.com"


def test_a_browser_is_led_on_whatever_the_domain() -> None:
    """Nothing is refused for a hint: the receipt asks."""
    app = make_app(MAILED)
    answer = ask(app, "/f/contact", b"email=ann%40gmial.com&message=Hello", accept="text/html")
    assert answer.status == 303
    assert len(kept(app)) == 1
