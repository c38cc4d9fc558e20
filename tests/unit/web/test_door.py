"""What the door answers, to whom, and what it keeps before it does."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.web.doors import OPEN_FORM, Answer, ask, failing, kept, make_app
from todoke.model.address import Address
from todoke.model.errors import StoreCorrupt, StoreUnavailable
from todoke.model.form import Confirmation, Field, Form, Limits, Managers, Site
from todoke.model.ids import receipt_hash, receipt_token
from todoke.model.message import Message, Note, Role
from todoke.model.settings import GuardSettings
from todoke.model.submission import Entry
from todoke.walk.guard import OFTEN
from todoke.walk.tally import Counted

JSON = "application/json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CONTACT = Form(
    name="contact",
    title="Contact",
    fields=(
        Field(name="email", kind="email", label="E-mail", required=True),
        Field(name="message", kind="textarea", label="Message", maxlength=20),
    ),
    managers=OPEN_FORM.managers,
)
LOADED_AT = datetime(2026, 11, 30, 1, 2, 3, 456_000, tzinfo=UTC)
BROWSERS_FIELDS = {"user_agent": "Mozilla/5.0", "sec_fetch_site": "cross-site"}
GOOD = b"email=taro%40visitor.example&message=Hello"


def has_cors(answer: Answer) -> bool:
    """Whether a page of any origin may read the answer, as where the site lists none."""
    exposed = set(answer.headers["access-control-expose-headers"].split(", ")) == {
        "Retry-After", "Location", "HX-Redirect", "HX-Reswap",
    }  # fmt: skip
    varies = "Origin" in answer.headers["vary"]
    return exposed and varies and answer.headers["access-control-allow-origin"] == "*"


# success


def test_json_success_says_queued() -> None:
    """The answer names the submission, its receipt and its messages, and claims nothing about sending."""
    app = make_app(CONTACT)
    answer = ask(app, "/f/contact", GOOD, accept=JSON)
    (submission,) = kept(app)
    link = f"https://door.example/s/{receipt_token(app.settings.secret, submission.id)}"
    assert answer.status == 200
    assert answer.json == {
        "ok": True,
        "id": submission.id,
        "status_url": link,
        "next": link,
        "message": "Thank you. Your answers are stored.",
        "messages": [
            {"role": "confirmation", "status": "queued"},
            {"role": "notification", "status": "queued"},
        ],
        "hints": [],
    }
    assert b"sent" not in answer.body
    assert receipt_hash(link.rpartition("/")[2]) == submission.token_hash


def test_html_success_leads_to_the_receipt() -> None:
    """A browser is led to the receipt with 303, so that a reload sends nothing again."""
    app = make_app(CONTACT)
    answer = ask(app, "/f/contact", GOOD, accept=BROWSER)
    token = receipt_token(app.settings.secret, kept(app)[0].id)
    assert (answer.status, answer.headers["location"]) == (303, f"https://door.example/s/{token}")
    assert has_cors(answer)


def test_the_doors_url_is_used_where_it_is_known() -> None:
    """Behind a proxy the links are those of `door_url`."""
    site = Site(name="Example", door_url="https://forms.example/")
    app = make_app(CONTACT, site=site)
    for accept in (JSON, BROWSER):
        answer = ask(app, "/f/contact", GOOD, accept=accept)
        link = answer.json["status_url"] if accept == JSON else answer.headers["location"]
        assert link.startswith("https://forms.example/s/")


def test_the_sender_is_woken_after_the_write() -> None:
    """The hint comes when the submission is kept, not before."""
    seen: list[int] = []
    app = make_app(CONTACT)
    app = replace(app, hint=lambda: seen.append(len(kept(app))))
    ask(app, "/f/contact", GOOD)
    assert seen == [1]


@pytest.mark.parametrize(
    ("accept", "content_type", "requested_with", "is_json"),
    [
        (BROWSER, "application/x-www-form-urlencoded", "", False),
        ("", "application/x-www-form-urlencoded", "", False),
        ("*/*", "application/x-www-form-urlencoded", "", False),
        ("application/json", "application/x-www-form-urlencoded", "", True),
        ("application/json, text/plain, */*", "application/x-www-form-urlencoded", "", True),
        ("text/html, application/json;q=0.9", "application/x-www-form-urlencoded", "", False),
        ("text/html;q=0.5, application/json", "application/x-www-form-urlencoded", "", True),
        ("application/json;q=0, */*", "application/x-www-form-urlencoded", "", False),
        ("*/*", "application/x-www-form-urlencoded", "XMLHttpRequest", True),
        ("*/*", "application/json; charset=utf-8", "", True),
        ("", "application/json", "", True),
        (BROWSER, "application/json", "", False),
        ("application/json;q=x", "text/plain", "", True),
    ],
)
def test_json_is_answered_to_programs(
    accept: str, content_type: str, requested_with: str, is_json: bool
) -> None:
    """Accept decides; without a preference a JSON body or X-Requested-With does."""
    body = b'{"a":"1"}' if "json" in content_type else b"a=1\r\n"
    answer = ask(
        make_app(),
        "/f/any",
        body,
        accept=accept,
        content_type=content_type,
        x_requested_with=requested_with,
    )
    assert answer.status == (200 if is_json else 303)


# repetition


def test_a_double_click_is_one_submission() -> None:
    """The same request again gets the same answer, and nothing is kept twice."""
    app = make_app(CONTACT)
    first, second = (ask(app, "/f/contact", GOOD, accept=JSON) for _ in range(2))
    assert first.json == second.json
    assert len(kept(app)) == 1


def test_a_repetition_says_how_the_first_is_kept() -> None:
    """What speaks against the second, or for it, changes nothing of the first: none reads "queued" of what is held."""
    app = make_app(CONTACT)
    senders = ({"user_agent": "curl/8.1"}, BROWSERS_FIELDS)
    for key, order in (("held", senders), ("free", senders[::-1])):
        first, again = (
            ask(app, "/f/contact", GOOD + b"&_gotcha=x", accept=JSON, idempotency_key=key, **sent)
            for sent in order
        )
        assert first.json == again.json
        assert {m["status"] for m in first.json["messages"]} == {
            "in_review" if key == "held" else "queued"
        }
    assert len(kept(app)) == 2


def test_of_a_first_that_cannot_be_read_nothing_is_said() -> None:
    """It is stored, and that is all that is known of it."""
    app = make_app(CONTACT)
    first = ask(app, "/f/contact", GOOD, accept=JSON)
    app.store.unreadable = StoreUnavailable()  # type: ignore[attr-defined]
    again = ask(app, "/f/contact", GOOD, accept=JSON)
    assert again.json == {**first.json, "messages": []}
    assert ask(app, "/f/contact", GOOD, accept=BROWSER).status == 303


def test_who_tries_again_repeats_nothing() -> None:
    """Neither a double click nor what could not be stored counts as the same text again and again."""
    app = make_app(OPEN_FORM, guard=GuardSettings(threshold=4))
    text = b"message=We+would+like+to+order+forty+chairs+for+a+wedding+in+June."
    key = {"accept": JSON, **BROWSERS_FIELDS}
    failing(app, StoreUnavailable())
    assert {ask(app, "/f/any", text, **key).status for _ in range(OFTEN)} == {503}
    failing(app, None)
    for _ in range(2 * OFTEN):
        ask(app, "/f/any", text, **key)
    assert [s.signals for s in kept(app)] == [()]
    for number in range(OFTEN):
        ask(app, "/f/any", text + b"&n=%d" % number, **key)
    assert [bool(s.signals) for s in kept(app)] == [False, False, False, True, True]


def test_two_visitors_behind_an_unknown_proxy_are_two() -> None:
    """Equal anonymous answers through one proxy are kept for each visitor whom the proxy names, trusted or not."""
    app = make_app()
    for visitor in ("198.51.100.1", "198.51.100.2", "198.51.100.1"):
        ask(app, "/f/any", b"vote=yes", accept=JSON, x_forwarded_for=visitor)
    assert len(kept(app)) == 2


def test_an_idempotency_key_makes_requests_one() -> None:
    """With one key: the same answers give the same answer again, and other answers are refused and not kept."""
    app = make_app()

    def send(body: bytes, address: str) -> Answer:
        return ask(app, "/f/any", body, accept=JSON, idempotency_key="k-1", user_agent=address)

    first, again, other = send(b"a=1", "x"), send(b"a=1", "y"), send(b"a=2", "x")
    assert first.json == again.json
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    assert len(kept(app)) == 1
    assert [entry.name for entry in kept(app)[0].entries] == ["a"]


def test_a_key_in_a_page_makes_one_visitors_equal_answers_one() -> None:
    """It never refuses: other answers, or another visitor of a page that shows one key to all, are kept."""
    app = make_app()

    def send(body: bytes, who: str) -> Answer:
        return ask(app, "/f/any", body + b"&_idempotency=k-1", accept=JSON, user_agent=who)

    first, again = send(b"a=1", "x"), send(b"a=1", "x")
    assert first.json == again.json
    assert len(kept(app)) == 1
    assert {send(b"a=2", "x").status, send(b"a=1", "y").status, send(b"a=3", "z").status} == {200}
    assert [s.entries[0].value for s in kept(app)] == ["1", "2", "1", "3"]


@pytest.mark.parametrize("kind", ["hidden", "text"])
def test_a_key_that_a_page_shows_to_everybody_is_none(kind: str) -> None:
    """Equal answers from one place are told apart as without a key: by seconds, not by a day."""
    fields = (Field(name="a"), Field(name="_idempotency", kind=kind, value="k-1"))
    app = make_app(replace(OPEN_FORM, fields=fields))
    ask(app, "/f/any", b"a=1&_idempotency=k-1")
    ask(app, "/f/any", b"a=1&_idempotency=k-2")
    fixed, fresh = app.store.repeats  # type: ignore[attr-defined]
    assert fixed.expires_at < fresh.expires_at or kind == "text"
    assert fixed.expires_at - kept(app)[0].received_at < timedelta(minutes=1)


@pytest.mark.parametrize("key", ["x" * 256, "é", "a\x7f"])
def test_an_idempotency_key_is_printable_and_short(key: str) -> None:
    """Any other key is refused: to ignore it would break the promise it asks for."""
    assert ask(make_app(), "/f/any", b"a=1", idempotency_key=key).status == 400


# faults


def test_json_faults_are_told_per_field() -> None:
    """422 in the one shape of errors, and nothing is kept."""
    app = make_app(CONTACT)
    answer = ask(app, "/f/contact", b"email=&message=" + b"x" * 21, accept=JSON)
    assert (answer.status, answer.json["ok"], answer.json["code"]) == (422, False, "invalid")
    faults = [(e["field"], e["code"]) for e in answer.json["errors"]]
    assert faults == [("email", "valueMissing"), ("message", "tooLong")]
    assert all(e["message"] for e in answer.json["errors"])
    assert kept(app) == []
    assert has_cors(answer)


def test_html_faults_keep_what_was_typed() -> None:
    """The page shows each field with its fault and with what was typed, control fields included."""
    body = b"email=taro&message=Gr%C3%BC%C3%9Fe+%3Cb%3E&_next=/thanks"
    answer = ask(make_app(CONTACT), "/f/contact", body, accept=BROWSER)
    page = answer.body.decode()
    assert answer.status == 422
    assert 'value="taro"' in page
    assert "Grüße &lt;b&gt;" in page
    assert 'name="_next" value="/thanks"' in page


def test_the_answer_speaks_the_visitors_language() -> None:
    """`_language`, then Accept-Language, then the form's language."""
    app = make_app(CONTACT, replace(CONTACT, name="ja", language="ja"))
    japanese = "ありがとうございます。送信内容を受け付けました。"
    assert (
        ask(app, "/f/contact", GOOD + b"&_language=ja-JP", accept=JSON).json["message"] == japanese
    )
    assert (
        ask(app, "/f/contact", GOOD, accept=JSON, accept_language="ja").json["message"] == japanese
    )
    assert ask(app, "/f/ja", GOOD, accept=JSON).json["message"] == japanese
    assert ask(app, "/f/ja", GOOD + b"&_language=en", accept=JSON).json["message"] != japanese
    missing = ask(app, "/f/none", b"", accept=JSON, accept_language="ja").json
    assert missing["error"] == "このアドレスにフォームはありません。"


@pytest.mark.parametrize("error", [StoreUnavailable(), StoreCorrupt()])
@pytest.mark.parametrize("accept", [JSON, BROWSER])
def test_a_store_that_cannot_write_is_503(error: StoreUnavailable, accept: str) -> None:
    """Retry-After is stated, the page keeps what was typed, and the next request may succeed."""
    app = make_app(CONTACT)
    failing(app, error)
    answer = ask(app, "/f/contact", GOOD, accept=accept, origin="https://site.example")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert has_cors(answer)
    if accept == JSON:
        assert (answer.json["ok"], answer.json["code"]) == (False, "unavailable")
    else:
        assert b"taro@visitor.example" in answer.body
    failing(app, None)
    assert ask(app, "/f/contact", GOOD).status == 303


@pytest.mark.parametrize("accept", [JSON, BROWSER])
def test_one_address_has_a_bound_and_loses_nothing_in_silence(accept: str) -> None:
    """Beyond it 429 says when to come back, the page keeps what was typed, and others are served."""
    app = make_app(CONTACT, most_from_one_address=2, trusted_proxies=1)
    here, there = "198.51.100.1", "198.51.100.2"
    for n in range(2):
        assert ask(app, "/f/contact", GOOD + b"&n=%d" % n, x_forwarded_for=here).status == 303
    origin = "https://site.example"
    answer = ask(app, "/f/contact", GOOD, accept=accept, origin=origin, x_forwarded_for=here)
    assert (answer.status, answer.headers["retry-after"]) == (429, "60")
    assert has_cors(answer)
    if accept == JSON:
        assert (answer.json["ok"], answer.json["code"]) == (False, "too_many")
    else:
        assert b"taro@visitor.example" in answer.body
        assert b"<button" in answer.body
    assert len(kept(app)) == 2
    assert ask(app, "/f/contact", GOOD, x_forwarded_for=there).status == 303
    assert app.tally.counts(Counted.REFUSED) == {("contact", "429", "too_many"): 1}


def test_what_is_not_stored_takes_nothing_of_the_bound() -> None:
    """A repetition, a form with a fault, and one that the store could not keep; and this machine has no bound."""
    app = make_app(CONTACT, most_from_one_address=2, trusted_proxies=1)
    for _ in range(3):
        assert ask(app, "/f/contact", GOOD, x_forwarded_for="198.51.100.1").status == 303
        assert ask(app, "/f/contact", b"email=x", x_forwarded_for="198.51.100.1").status == 422
    failing(app, StoreUnavailable())
    assert ask(app, "/f/contact", GOOD + b"&n=1", x_forwarded_for="198.51.100.1").status == 503
    failing(app, None)
    assert ask(app, "/f/contact", GOOD + b"&n=1", x_forwarded_for="198.51.100.1").status == 303
    for n in range(9):
        assert (
            ask(app, "/f/contact", GOOD + b"&n=%d" % n, x_forwarded_for="127.0.0.1").status == 303
        )


SECRETS = (Field(name="pw", kind="password", label="Your password", required=True),)
CODES = (Field(name="pw", label="Code", autocomplete="one-time-code", minlength=99),)


@pytest.mark.parametrize("fields", [SECRETS, CODES])
def test_a_secret_is_on_no_page(fields: tuple[Field, ...]) -> None:
    """Neither where the store fails nor where another field is wrong; it is asked for anew, by its label."""
    form = replace(CONTACT, fields=(*(CONTACT.fields or ()), *fields))
    app = make_app(form)
    wrong = ask(app, "/f/contact", b"email=none&message=Hi&pw=correct-horse")
    assert wrong.status == 422
    assert b"correct-horse" not in wrong.body
    app = make_app(replace(form, fields=(*(CONTACT.fields or ()), *SECRETS)))
    failing(app, StoreUnavailable())
    answer = ask(app, "/f/contact", GOOD + b"&pw=correct-horse", accept_language="en")
    page = answer.body.decode()
    assert answer.status == 503
    assert "correct-horse" not in page
    assert 'type="password" name="pw" required' in page
    assert "Your password" in page
    assert 'name="message" value="Hello"' in page


def test_a_form_without_a_page_has_secrets_too() -> None:
    """Nobody said what its controls are, so their names do."""
    app = make_app()
    failing(app, StoreUnavailable())
    page = ask(app, "/f/any", b"name=Aoi&password=correct-horse").body.decode()
    assert "correct-horse" not in page
    assert 'type="password" name="password" required' in page


@pytest.mark.parametrize("accept", [JSON, BROWSER])
def test_what_nobody_meant_is_500_and_says_nothing(
    accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer still carries CORS headers; neither it nor the log quotes what was typed."""
    app = make_app()
    failing(app, ValueError("secret words"))  # type: ignore[arg-type]
    answer = ask(app, "/f/any", b"a=secret", accept=accept)
    assert answer.status == 500
    assert has_cors(answer)
    assert b"secret" not in answer.body
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("path", "method", "headers", "body", "status", "code"),
    [
        ("/f/none", "POST", {}, b"", 404, "not_found"),
        ("/f/any/more", "POST", {}, b"", 404, "not_found"),
        ("/f/", "POST", {}, b"", 404, "not_found"),
        ("/f/any", "PUT", {}, b"", 405, "http_405"),
        ("/f/any", "DELETE", {}, b"", 405, "http_405"),
        ("/f/any", "POST", {"content_type": "text/css"}, b"a", 415, "unsupported"),
        ("/f/any", "POST", {"content_encoding": "gzip"}, b"a", 415, "unsupported"),
        ("/f/any", "POST", {"content_length": "-1"}, b"a", 400, "malformed"),
        ("/f/any", "POST", {"content_length": "1_0"}, b"a", 400, "malformed"),
        ("/f/any", "POST", {"content_length": "+1"}, b"a", 400, "malformed"),
        ("/f/any", "POST", {"content_length": "1e9"}, b"a", 400, "malformed"),
        ("/f/any", "POST", {"content_length": "9"}, b"a=1", 400, "malformed"),
        ("/f/any", "POST", {"content_length": "99999999"}, b"a=1", 413, "too_large"),
        ("/f/any", "POST", {}, b"a" * 1_048_577, 413, "too_large"),
        ("/f/any", "POST", {}, b"a&" * 201, 413, "too_large"),
        ("/f/any", "POST", {"content_type": "application/json"}, b"[", 400, "malformed"),
    ],
)
def test_requests_that_cannot_be_read_are_told_so(
    path: str, method: str, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    """Each with its status, in the one shape of errors, with CORS headers, and nothing is kept."""
    app = make_app()
    answer = ask(app, path, body, method, accept=JSON, **headers)
    assert (answer.status, answer.json["ok"], answer.json["code"]) == (status, False, code)
    assert answer.json["errors"] == []
    assert has_cors(answer)
    assert kept(app) == []
    page = ask(app, path, body, method, accept=BROWSER, **headers)
    assert (page.status, page.headers["content-type"]) == (status, "text/html; charset=utf-8")


def test_other_methods_are_told_what_is_allowed() -> None:
    """RFC 9110 15.5.6: 405 comes with Allow."""
    assert ask(make_app(), "/f/any", b"", "PUT").headers["allow"] == "GET, HEAD, POST, OPTIONS"


def test_a_body_in_pieces_is_counted() -> None:
    """The limit holds without a Content-Length, too, and the pieces make one body."""
    form = replace(OPEN_FORM, limits=Limits(body_bytes=10))
    app = make_app(form)
    assert ask(app, "/f/any", [b"a=12", b"34", b"5"]).status == 303
    assert kept(app)[0].entries[0].value == "12345"
    answer = ask(app, "/f/any", [b"a=12", b"3456", b"789"], accept=JSON)
    assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_a_slow_body_is_given_up() -> None:
    """408 after the form's time, whatever it sends meanwhile."""
    form = replace(OPEN_FORM, limits=Limits(seconds=0.05))
    app = make_app(form)
    answer = ask(app, "/f/any", [b"a", b"=", b"1"] * 100, pause_seconds=0.02, accept=JSON)
    assert (answer.status, answer.json["code"]) == (408, "too_slow")
    assert has_cors(answer)
    assert kept(app) == []


def test_a_form_without_file_fields_says_so_per_field() -> None:
    """A file where none is asked for is a fault of its field, not of the request."""
    body = b'--X\r\nContent-Disposition: form-data; name="cv"; filename="a.txt"\r\n\r\nx\r\n--X--'
    answer = ask(
        make_app(), "/f/any", body, accept=JSON, content_type="multipart/form-data; boundary=X"
    )
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "cv"


def test_a_file_that_is_too_large_is_told_per_field() -> None:
    """As much as the body may hold is read, so that the page can say which file, beside all that was typed."""
    form = Form(
        name="files",
        fields=(Field(name="cv", kind="file"),),
        limits=Limits(body_bytes=1_000, file_bytes=100),
    )
    head = b'--X\r\nContent-Disposition: form-data; name="cv"; filename="a.txt"\r\n\r\n'

    def send(size: int) -> Answer:
        body = head + b"x" * size + b"\r\n--X--"
        multipart = "multipart/form-data; boundary=X"
        return ask(make_app(form), "/f/files", body, accept=JSON, content_type=multipart)

    assert send(100).status == 200
    assert (send(101).status, send(101).json["errors"][0]["code"]) == (422, "file_too_big")
    assert send(2_000).status == 413


def test_a_long_body_is_read_and_judged_beside_the_event_loop() -> None:
    """It takes a tenth of a second where somebody means it, in which others are answered; a short one stays."""
    threads: list[threading.Thread] = []
    app = make_app()
    clock = app.clock

    def noted() -> datetime:
        threads.append(threading.current_thread())
        return clock()

    app = replace(app, clock=noted)
    for body in (b"a=b", b"a=%41&b=" + b"%41" * 80_000):
        assert ask(app, "/f/any", body).status == 303
    assert threads[0] is threading.main_thread()
    assert threads[-1] is not threading.main_thread()
    assert kept(app)[1].entries == (Entry("a", "A"), Entry("b", "A" * 80_000))


# control fields


def test_control_fields_are_not_kept() -> None:
    """They steer the answer and are no answers; `_charset_` says how to read the others."""
    app = make_app()
    body = b"name=%8ER&_charset_=Shift_JIS&_next=/x&_gotcha=&_language=ja&_subject=Hi"
    assert ask(app, "/f/any", body).status == 303
    assert [(e.name, e.value) for e in kept(app)[0].entries] == [("name", "山"), ("_subject", "Hi")]


SHIFT_JIS = Form(
    name="legacy",
    charset="shift_jis",
    fields=(Field(name="fee", kind="select", options=(("¥5,000", ""), ("free", ""))),),
    managers=OPEN_FORM.managers,
)


@pytest.mark.parametrize(
    ("mode", "fee"),
    [
        ("navigate", b"%5C5%2C000"),
        ("", b"%5C5%2C000"),
        ("cors", "¥5,000".encode()),
        ("same-origin", "¥5,000".encode()),
    ],
)
def test_a_page_in_a_legacy_encoding_and_its_scripts_send_the_same_option(
    mode: str, fee: bytes
) -> None:
    """A page that is left sends its own encoding, `FormData` UTF-8; ¥ is sent as a backslash from Shift_JIS."""
    app = make_app(SHIFT_JIS)
    assert ask(app, "/f/legacy", b"fee=" + fee, sec_fetch_mode=mode).status in {200, 303}
    assert [(e.name, e.value) for e in kept(app)[0].entries] == [("fee", "¥5,000")]


UNDERSCORES = Form(
    name="underscores",
    fields=(
        Field(name="_replyto", kind="email", required=True),
        Field(name="_cv", kind="file", required=True),
        Field(name="_agree", kind="checkbox", required=True, required_values=("on",)),
        Field(name="_dept", kind="select", required=True, options=(("sales", ""), ("help", ""))),
        Field(name="_next", required=True),
    ),
    managers=Managers(
        field="_dept",
        by_value={"sales": (Address("s@site.example"),), "help": (Address("h@site.example"),)},
    ),
    confirmation=Confirmation(field="_replyto"),
)


def test_fields_with_an_underscore_are_fields() -> None:
    """They are checked, kept, give the visitor's address and choose the manager; a file and a box as well."""
    app = make_app(UNDERSCORES)
    parts = {"_replyto": "a@visitor.example", "_agree": "on", "_dept": "help", "_next": "/week 2"}
    body = b"".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in parts.items()
    )
    file = b'--B\r\nContent-Disposition: form-data; name="_cv"; filename="a.txt"\r\n\r\nCV\r\n'
    kind = "multipart/form-data; boundary=B"
    answer = ask(app, "/f/underscores", body + file + b"--B--\r\n", content_type=kind, accept=JSON)
    assert answer.status == 200, answer.body
    assert [e.name for e in kept(app)[0].entries] == [*parts, "_cv"]
    assert kept(app)[0].visitor == Address("a@visitor.example")
    assert [m.recipient for m in app.store.messages] == ["a@visitor.example", "h@site.example"]  # type: ignore[attr-defined]
    missing = ask(app, "/f/underscores", b"_dept=help", accept=JSON).json["errors"]
    assert [error["field"] for error in missing] == ["_replyto", "_cv", "_agree", "_next"]


def test_nested_names_with_an_underscore_are_kept() -> None:
    """JSON of any shape is kept by a form without a schema."""
    app = make_app()
    ask(app, "/f/any", b'{"_meta": {"a": 1}, "_tags": ["x", "y"]}', content_type=JSON)
    assert [e.name for e in kept(app)[0].entries] == ["_meta.a", "_tags", "_tags"]


SITE = Site(
    name="Example",
    url="https://site.example/base/",
    origins=("https://www.site.example", "http://localhost:4000", "*"),
)


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("https://www.site.example/thanks?a=b#c", "https://www.site.example/thanks?a=b#c"),
        ("https://WWW.Site.example:443/", "https://www.site.example/"),
        ("https://site.example/ok", "https://site.example/ok"),
        ("http://localhost:4000/x", "http://localhost:4000/x"),
        ("/thanks", "https://site.example/thanks"),
        ("https://site.example/届", "https://site.example/%E5%B1%8A"),
        ("", ""),
        ("https://evil.example/", ""),
        ("https://www.site.example.evil.example/", ""),
        ("https://www.site.example@evil.example/", ""),
        ("https://user:pw@www.site.example/", ""),
        ("https://www.site.example:444/", ""),
        ("http://www.site.example/", ""),
        ("//evil.example", ""),
        ("///evil.example", ""),
        ("/\\evil.example", ""),
        ("\\\\evil.example", ""),
        ("https:\\\\www.site.example", ""),
        ("https:/www.site.example", ""),
        ("https://www.site.example//evil.example", ""),
        ("https://www.site.example\\@evil.example", ""),
        ("https://www.site.example\t.evil.example", ""),
        ("https://www.site.example/\r\nSet-Cookie: a=b", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("thanks.html", ""),
        ("https://[::1]/", ""),
        ("https://[/", ""),
        ("https://www.site.example:99999/", ""),
        ("https://www.site.example" + "/a" * 2_000, ""),
    ],
)
def test_the_page_may_choose_a_place_within_the_site(wanted: str, target: str) -> None:
    """`_next` is obeyed for the site's own origins; a star is not a place; all else leads to the receipt."""
    app = make_app(site=SITE)
    quoted = b"".join(b"%%%02X" % byte for byte in wanted.encode())
    location = ask(app, "/f/any", b"a=1&_next=" + quoted).headers["location"]
    if target:
        assert location == target
    else:
        assert location.startswith("/s/")


@given(st.text(max_size=40))
@settings(max_examples=200)
def test_no_next_leads_out_of_the_site(wanted: str) -> None:
    """Whatever it is, the answer leads to the receipt or to an origin of the site."""
    app = make_app(site=SITE)
    for start in ("", "/", "//", "https://", "https://www.site.example", "https://site.example@"):
        quoted = b"".join(b"%%%02X" % b for b in (start + wanted).encode("utf-8", "replace"))
        location = ask(app, "/f/any", b"a=1&_next=" + quoted).headers["location"]
        if not location.startswith("/s/"):
            assert location.startswith(
                tuple(f"{o}{c}" for o in ("https://www.site.example", "https://site.example") for c in "/?#")
            ) or location in ("https://www.site.example", "https://site.example")  # fmt: skip


@pytest.mark.parametrize(
    ("redirect", "target"),
    [
        ("https://other.example/thanks", "https://other.example/thanks"),
        ("thanks.html", "https://site.example/base/thanks.html"),
        ("/thanks", "https://site.example/thanks"),
    ],
)
def test_the_configured_redirect_is_taken(redirect: str, target: str) -> None:
    """The site's owner may lead anywhere; the receipt is still in the JSON answer, and nothing is added to the URL."""
    app = make_app(replace(OPEN_FORM, redirect=redirect), site=SITE)
    assert ask(app, "/f/any", b"a=1").headers["location"] == target
    answer = ask(app, "/f/any", b"a=1", accept=JSON).json
    assert answer["next"] == target
    assert "/s/" in answer["status_url"]


# the page


def test_the_form_has_a_page() -> None:
    """GET shows the form with its fields; it posts to the door."""
    answer = ask(make_app(CONTACT), "/f/contact", method="GET")
    assert answer.status == 200
    assert b'action="https://door.example/f/contact"' in answer.body
    assert b'name="email"' in answer.body
    assert b"unsafe" not in answer.headers["content-security-policy"].encode()


@given(
    st.binary(max_size=120),
    st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=X", "text/plain", JSON]
    ),
    st.sampled_from([JSON, BROWSER]),
)
@settings(max_examples=200, deadline=None)
def test_no_body_is_a_500(body: bytes, content_type: str, accept: str) -> None:
    """Whatever comes, the answer is one that the door means."""
    answer = ask(make_app(), "/f/any", body, content_type=content_type, accept=accept)
    assert answer.status in {200, 303, 400, 413, 422}
    assert has_cors(answer)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "accept",
                "accept_language",
                "content_type",
                "content_length",
                "content_encoding",
                "origin",
                "idempotency_key",
                "x_forwarded_for",
                "user_agent",
                "host",
                "x_requested_with",
            ]
        ),
        st.text(st.characters(max_codepoint=255), max_size=30),
    )
)
@settings(max_examples=200, deadline=None)
def test_no_header_is_a_500(headers: dict[str, str]) -> None:
    """No value of a header is an unexpected error."""
    app = make_app(site=SITE, trusted_proxies=1)
    assert ask(app, "/f/any", b"a=1", **headers).status < 500


def test_the_empty_form_is_the_same_for_all_who_speak_alike() -> None:
    """It is made once a second for each language, and what one visitor typed is never in it."""
    app = replace(make_app(replace(OPEN_FORM, fields=(Field(name="a"),))), clock=lambda: LOADED_AT)
    first = ask(app, "/f/any", method="GET")
    ask(app, "/f/any", b"a=" + b"typed" * 60_000, accept="text/html")
    assert ask(app, "/f/any", method="GET") == first
    japanese = ask(app, "/f/any", method="GET", accept_language="ja")
    assert 'lang="ja"' in japanese.body.decode()
    assert 'lang="en"' in first.body.decode()


def test_the_empty_form_says_when_it_was_loaded() -> None:
    """Its page sends that along, also after it came back with a fault; who is too quick has a signal of it."""
    form = replace(OPEN_FORM, fields=(Field(name="a", required=True), Field(name="_gotcha")))
    now = [LOADED_AT]
    app = replace(make_app(form), clock=lambda: now[0])
    page = ask(app, "/f/any", method="GET").body.decode()
    (loaded,) = re.findall(r'<input type="hidden" name="_loaded" value="([^"]+)">', page)
    now[0] += timedelta(seconds=1)
    again = ask(app, "/f/any", f"a=&_loaded={loaded}".encode(), accept=BROWSER, sec_fetch_site="x")
    assert f'name="_loaded" value="{loaded}"' in again.body.decode()
    browser = {"user_agent": "Mozilla/5.0", "sec_fetch_site": "same-origin"}
    for seconds in (0, 1):
        now[0] += timedelta(seconds=seconds)
        typed = f"a={seconds}&_gotcha=x&_loaded={loaded}"
        assert ask(app, "/f/any", typed.encode(), **browser).status == 303
    assert [s.signals for s in kept(app)] == [("trap_filled", "too_fast"), ()]
    assert [[e.name for e in s.entries] for s in kept(app)] == [["a", "_gotcha"]] * 2


def test_a_script_may_ask_when_its_page_was_loaded() -> None:
    """In JSON, from any page that may post; it is anew each time, and a page of ours for whoever wants one."""
    app = make_app(replace(OPEN_FORM, fields=(Field(name="a"),)))
    answer = ask(app, "/f/any", method="GET", accept=JSON)
    assert has_cors(answer)
    assert [*answer.json] == ["_loaded"]
    assert answer.headers["cache-control"] == "no-store"
    typed = f"a=1&_loaded={answer.json['_loaded']}x"
    ask(app, "/f/any", typed.encode(), user_agent="curl/8.5.0", accept=JSON)
    ask(app, "/f/any", f"{typed}&_gotcha=x".encode(), user_agent="Mozilla/5.0", sec_fetch_site="x")
    assert [s.signals for s in kept(app)] == [(), ("trap_filled", "forged_load")]
    assert b"<html" in ask(app, "/f/any", method="GET", accept=f"{JSON}, text/html").body


def test_a_network_that_asks_for_too_many_confirmations() -> None:
    """All of it is stored and answered alike; one who shares the network gets none, others do; what asks for none is
    not counted, and neither is a network of one's own."""
    app = make_app(CONTACT, max_confirmations_of_network=3, trusted_proxies=1)

    def notes(*addresses: str, answers: bytes = GOOD) -> list[Note]:
        before = len(app.store.messages)  # type: ignore[attr-defined]
        for address in addresses:
            n = len(kept(app))
            answer = ask(app, "/f/contact", answers + b"&n=%d" % n, x_forwarded_for=address)
            assert answer.status == 303
        made: list[Message] = app.store.messages[before:]  # type: ignore[attr-defined]
        assert {m.note for m in made if m.role is not Role.CONFIRMATION} <= {Note.NONE}
        return [m.note for m in made if m.role is Role.CONFIRMATION]

    here = [f"198.51.100.{n}" for n in range(5)]
    assert notes(*here) == [Note.NONE] * 3 + [Note.OVER_RATE] * 2
    assert notes("198.51.101.1", "2001:db8::1", "2001:db8:0:1::1") == [Note.NONE] * 3
    assert notes(*[f"2001:db8::{n}" for n in range(2, 5)]) == [Note.NONE] * 2 + [Note.OVER_RATE]
    assert notes(*["127.0.0.1", "10.0.0.1", "192.168.1.1", "fd00::1"] * 2) == [Note.NONE] * 8


def test_where_networks_have_no_bound() -> None:
    """0 counts nothing."""
    app = make_app(CONTACT, trusted_proxies=1)
    for n in range(20):
        ask(app, "/f/contact", GOOD + b"&n=%d" % n, x_forwarded_for="198.51.100.1")
    assert {m.note for m in app.store.messages} == {Note.NONE}  # type: ignore[attr-defined]
