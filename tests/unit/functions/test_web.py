"""The function `web`: API Gateway's events through Mangum into the application, over a store in memory."""

from __future__ import annotations

import base64
import gzip
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from mangum import Mangum

import support.mail.mails as mails
from support.aws.lambda_events import Invocation, MemoryQueues, http_event
from support.run.serving import eventually
from support.web.stories import make_app, make_message, make_timeline, stored, token_of
from todoke.aws.functions.function import Function, FunctionFailed
from todoke.aws.functions.gateway import HttpApi, make_web, within_limit
from todoke.aws.functions.hint import Hint
from todoke.model.admission import Invitation
from todoke.model.form import Confirmation, Field, Form, Managers, Site
from todoke.model.submission import File
from todoke.testing import FakeClock, FakeMailer, MemoryStore
from todoke.walk.app import App

FORM = Form(
    name="contact",
    fields=(
        Field(name="email", kind="email"),
        Field(name="message", kind="textarea"),
        Field(name="photo", kind="file"),
    ),
    confirmation=Confirmation(field="email"),
    managers=Managers(fixed=(mails.MANAGER,)),
    charset="shift_jis",
)


class Door:
    """The function over a store in memory."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        site = Site(
            name="Example",
            url="https://example.org",
            door_url="https://door.example.org",
            origins=("https://example.org",),
        )
        usual = mails.settings(forms={"contact": FORM}, site=site)
        app = App(settings=usual, store=self.store, mailer=FakeMailer(), clock=FakeClock())
        self.queues = MemoryQueues()
        self.handle = make_web(app, {}, queues=self.queues)

    def ask(self, *words: Any, **more: Any) -> dict[str, Any]:
        """Invoke it with one event."""
        answer = self.handle(http_event(*words, **more), Invocation())
        assert isinstance(answer, dict)
        return answer

    def post(self, body: bytes, content_type: str, **headers: str) -> dict[str, Any]:
        """Post the form."""
        sent = {"content-type": content_type, "accept": "application/json", **headers}
        return self.ask("POST", "/f/contact", body=body, headers=sent)

    def kept(self) -> Mapping[str, Any]:
        """The entries of the one submission that is stored."""
        [submission] = self.store._tables.submissions.values()
        return {entry.name: entry.value for entry in submission.entries}


def text_of(answer: Mapping[str, Any]) -> str:
    """The body of an answer."""
    body = str(answer["body"])
    return base64.b64decode(body).decode() if answer["isBase64Encoded"] else body


@pytest.fixture
def door() -> Door:
    """A new one."""
    return Door()


def test_a_form_is_stored_and_answered_with_its_receipt(door: Door) -> None:
    """The answer is the door's own, and the receipt answers at the address it gives."""
    answer = door.post(
        b"email=aoi%40example.net&message=hello", "application/x-www-form-urlencoded"
    )
    assert answer["statusCode"] == 200
    told = json.loads(text_of(answer))
    assert [m["status"] for m in told["messages"]] == ["queued", "queued"]
    path = told["status_url"].removeprefix("https://door.example.org")
    page = door.ask("GET", path, headers={"accept": "text/html"})
    assert page["statusCode"] == 200
    assert "default-src 'none'" in page["headers"]["content-security-policy"]


@pytest.mark.parametrize("path", ["/f/contact", "/desk", "/static/x/todoke.css"])
def test_a_page_leaves_compressed_in_base_64(door: Door, path: str) -> None:
    """API Gateway takes bytes that are no text in base 64, and gives the browser what was compressed."""
    sent = {"accept": "text/html", "accept-language": "en"}
    plain = door.ask("GET", path, headers=sent)
    packed = door.ask("GET", path, headers={**sent, "accept-encoding": "gzip, deflate"})
    assert packed["headers"]["content-encoding"] == "gzip"
    assert packed["isBase64Encoded"]
    content = base64.b64decode(packed["body"])
    assert packed["headers"]["content-length"] == str(len(content))
    assert gzip.decompress(content).decode() == text_of(plain)
    assert len(packed["body"]) < len(plain["body"])


def test_bytes_of_a_legacy_charset_arrive_as_they_were_sent(door: Door) -> None:
    """API Gateway hands a body on in base 64: Shift_JIS text is read as the form says, not as UTF-8."""
    body = f"email=aoi%40example.net&message={quote('届けました', encoding='shift_jis')}".encode()
    assert door.post(body, "application/x-www-form-urlencoded")["statusCode"] == 200
    assert door.kept()["message"] == "届けました"


def test_a_file_arrives_byte_for_byte(door: Door) -> None:
    """Every byte value survives multipart, base 64 and the store."""
    content = bytes(range(256)) * 20
    body = (
        b'--b\r\ncontent-disposition: form-data; name="email"\r\n\r\naoi@example.net\r\n'
        b'--b\r\ncontent-disposition: form-data; name="photo"; filename="a.bin"\r\n'
        b"content-type: application/octet-stream\r\n\r\n" + content + b"\r\n--b--\r\n"
    )
    answer = door.post(body, "multipart/form-data; boundary=b")
    assert answer["statusCode"] == 200, text_of(answer)
    photo = door.kept()["photo"]
    assert isinstance(photo, File)
    assert photo.content == content


def test_who_asks_is_what_the_event_says(door: Door) -> None:
    """A forwarded address that the caller made up is not taken for the caller's."""
    seen: list[Any] = []

    async def application(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    lies = {"x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "gopher", "x-real-ip": "::1"}
    event = http_event("GET", "/", headers=lies, source="203.0.113.77")
    adapter = Mangum(application, lifespan="off", custom_handlers=[HttpApi])
    adapter(event, Invocation())  # type: ignore[arg-type]
    assert seen[0]["client"] == ("203.0.113.77", 0)
    assert seen[0]["scheme"] == "https"


def test_a_receipt_is_polled_and_a_stream_refused_at_once() -> None:
    """The page is told to poll, and whoever asks for the stream all the same is not kept waiting."""
    app = make_app(stored(make_timeline(make_message("accepted"))))
    handle = make_web(app, {})
    page = handle(http_event("GET", f"/s/{token_of('s1')}"), Invocation())
    assert " data-poll" in text_of(page)
    stream = handle(http_event("GET", f"/s/{token_of('s1')}/events"), Invocation())
    assert stream["statusCode"] == 503
    assert stream["headers"]["retry-after"]


def test_two_cookies_stay_two(door: Door) -> None:
    """Payload 2.0 has a place of its own for cookies, and the desk reads them from there."""
    event = http_event("GET", "/desk")
    event["cookies"] = ["a=1", "b=2"]
    assert door.handle(event, Invocation())["statusCode"] in {200, 303, 401, 403}


def test_an_address_of_nothing_and_a_wrong_method_are_answered(door: Door) -> None:
    """404 and 405 come from the application, with its headers."""
    assert door.ask("GET", "/nothing")["statusCode"] == 404
    assert door.ask("DELETE", "/f/contact")["statusCode"] == 405


def test_nothing_of_a_path_is_logged(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """Paths hold the tokens of receipts and the secret of the hook."""
    with caplog.at_level(logging.INFO):
        door.ask("GET", "/s/abcdefghijklmnopqrstuvwxyz012345")
        door.ask("POST", "/hooks/customers-mail-cloud/not-the-secret", body=b"{}")
    assert "abcdefghij" not in caplog.text
    assert "not-the-secret" not in caplog.text


def test_an_answer_that_lambda_cannot_give_back_is_said_so() -> None:
    """Six megabytes is Lambda's limit: beyond it the caller reads why, instead of a bare 500."""
    small = {"statusCode": 200, "body": "x" * 1000}
    assert within_limit(small) is small
    told = within_limit({"statusCode": 200, "body": "x" * 6_000_001})
    assert told["statusCode"] == 503
    assert "6 MB" in told["body"]


def test_a_failure_tells_the_runtime_a_type_and_no_word_of_a_visitor() -> None:
    """What the runtime logs of an exception is its text: so it has none but the type's name."""

    def broken(_event: Any, _context: Any) -> Any:
        raise ValueError("aoi@example.net wrote this")

    function = Function("web", lambda _app, _environ: broken, {})
    function._handler = broken
    with pytest.raises(FunctionFailed) as failed:
        function({}, Invocation())
    assert str(failed.value) == "ValueError"
    assert failed.value.__suppress_context__


def test_an_origin_elsewhere_reads_its_refusal(door: Door) -> None:
    """CORS headers are on every answer of the function, refusals as well."""
    answer = door.post(b"a=b", "application/x-www-form-urlencoded", origin="https://evil.example")
    assert answer["statusCode"] == 403
    assert answer["headers"]["access-control-allow-origin"] == "*"


def test_the_site_is_settings_alone() -> None:
    """The form's answers lead to the address that the settings give, whatever Host a caller states."""
    site = Site(name="S", url="https://s.example", door_url="https://forms.s.example")
    app = App(
        settings=mails.settings(forms={"contact": FORM}, site=site),
        store=MemoryStore(),
        mailer=FakeMailer(),
        clock=FakeClock(),
    )
    headers = {"host": "evil.example", "content-type": "application/x-www-form-urlencoded"}
    event = http_event("POST", "/f/contact", body=b"email=a%40b.example", headers=headers)
    answer = make_web(app, {})(event, Invocation())
    assert answer["statusCode"] == 303
    assert answer["headers"]["location"].startswith("https://forms.s.example/s/")


def test_a_link_to_the_desk_is_carried_to_the_function_that_may_mail(door: Door) -> None:
    """For a manager; for a stranger nothing is carried, and both are answered alike, also where the queue is away."""
    sent = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}

    def ask(address: str) -> dict[str, Any]:
        body = f"address={address}".encode()
        return door.ask("POST", "/desk/ask", body=body, headers=sent)

    stranger, known = ask("x@example.org"), ask(mails.MANAGER)
    [hint] = settled(door.queues)
    assert isinstance(hint.errand, Invitation)
    assert hint.errand.person == mails.MANAGER
    assert hint.ids == ()
    door.queues.broken = True
    unlucky = ask(mails.MANAGER)
    pages = {text_of(a).replace("x@example.org", mails.MANAGER) for a in (stranger, known, unlucky)}
    assert len(pages) == 1
    assert {a["statusCode"] for a in (stranger, known, unlucky)} == {200}


def settled(queues: MemoryQueues) -> list[Hint]:
    """What was carried, once the threads at it are done."""
    eventually(lambda: bool(queues.delayed), seconds=10, what="an invitation in the queue")
    return queues.delayed
