"""The desk: who gets in, and what they see and can do there."""

from __future__ import annotations

import re
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import cast
from urllib.parse import quote

import pytest

from support.variants import replace
from support.web.desk import cookie_of, enter, opened, page_token, site_of
from support.web.stories import (
    ANSWERS,
    EVENTS,
    NOW,
    call,
    make_app,
    make_message,
    make_timeline,
    post,
    stored,
)
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind, Reason
from todoke.model.form import Site
from todoke.model.message import Role
from todoke.model.submission import Entry, File
from todoke.ports.events import EventSource
from todoke.ports.suppressions import Suppression
from todoke.server.asgi import without_sender
from todoke.testing import FakeClock, FakeSuppressions, MemoryStore
from todoke.walk.security import LINES, WINDOW_SECONDS, Attempts
from todoke.walk.silence import note_heard, watch
from todoke.web.desk.enter import entry_link

PATHS = [
    "/desk",
    "/desk/s1",
    "/desk/nobody",
    "/desk/orphans",
    "/desk/suppressions",
    "/desk/s1/files/4",
]


def full() -> MemoryStore:
    """A store with one submission in each state."""
    return stored(
        *(
            make_timeline(make_message(status, submission_id=status), id_=status)
            for status in EVENTS
        ),
        make_timeline(make_message("bounced"), make_message("delivered", Role.NOTIFICATION)),
    )


@pytest.mark.parametrize("path", PATHS)
def test_shut_to_strangers(path: str) -> None:
    """Whatever a stranger asks for, the answer is the same, says how to get in, and keeps where they wanted to go."""
    asgi = site_of(make_app(full()))
    answer = call(asgi, path)
    assert answer.status == 403
    assert "todoke desk" in answer.text
    wanted = f'name="leads_to" value="{path}"'
    assert wanted in answer.text
    assert answer.text.replace(wanted, "") == call(asgi, "/desk").text.replace(
        'name="leads_to" value="/desk"', ""
    )


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/desk/bounced/remarks", "/desk/bounced"),
        ("/desk/bounced/care?view=unread", "/desk/bounced?view=unread"),
        ("/desk/marks", ""),
    ],
)
def test_what_is_not_done_for_want_of_a_session_is_said(path: str, leads_to: str) -> None:
    """Whoever comes back after hours is told so, and led to the page where it can be done once more."""
    answer = post(site_of(make_app(full())), path, "text=A+note")
    assert answer.status == 403
    assert "You are not in the desk now, so this was not done." in answer.text
    assert f'name="leads_to" value="{leads_to}"' in answer.text


def test_a_fault_leads_back_to_the_desk() -> None:
    """Whoever follows an old link is not left outside."""
    asgi, cookie = opened(make_app(full()))
    page = call(asgi, "/desk/nothing", headers=cookie)
    assert page.status == 404
    assert '<a class="button" href="/desk">To the submissions</a>' in page.text


@pytest.mark.parametrize("cookie", ["todoke-desk=x", "todoke-desk=", "todoke-desk=e30.AAAA"])
def test_forged_cookies(cookie: str) -> None:
    """A cookie that was not signed here opens nothing."""
    asgi = site_of(make_app(full()))
    assert call(asgi, "/desk", headers={"cookie": cookie}).status == 403


def test_cookie_of_another_secret() -> None:
    """A session of another todoke is none of ours."""
    _, theirs = opened(make_app(full(), secret=b"another secret of thirty-two byte"))
    asgi = site_of(make_app(full()))
    assert call(asgi, "/desk", headers=theirs).status == 403


def test_code_opens_once() -> None:
    """Looking at the link uses nothing up; the button works once."""
    app = make_app(full())
    asgi = site_of(app)
    link = entry_link(app)
    assert link.startswith("http://127.0.0.1:8000/desk/enter#code=")
    for address in ("/desk/enter", "/desk/enter"):
        seen = call(asgi, address)
        assert seen.status == 200
        assert "<button>" in seen.text
    assert enter(asgi, link).status == 303
    assert enter(asgi, link).status == 403


def test_a_link_of_an_early_todoke_works() -> None:
    """Its code stands in the query: the page has it in the form, ready for the button."""
    app = make_app(full())
    asgi = site_of(app)
    code = entry_link(app).partition("#code=")[2]
    seen = call(asgi, f"/desk/enter?code={code}")
    assert f'name="code" type="text" value="{code}"' in seen.text
    assert post(asgi, "/desk/enter", f"code={code}").status == 303


def test_code_grows_old() -> None:
    """A link that was not used in time opens nothing."""
    clock = FakeClock(NOW)
    app = make_app(full(), clock=clock)
    link = entry_link(app)
    clock.move(minutes=11)
    assert enter(site_of(app), link).status == 403


def test_session_grows_old() -> None:
    """After twelve hours the desk is shut again, however busy somebody was."""
    clock = FakeClock(NOW)
    asgi, cookie = opened(make_app(full(), clock=clock))
    for _ in range(11):
        clock.move(hours=1)
        assert call(asgi, "/desk", headers=cookie).status == 200
    clock.move(hours=1)
    assert call(asgi, "/desk", headers=cookie).status == 403


def test_an_idle_session_is_over() -> None:
    """Two hours without a request end it."""
    clock = FakeClock(NOW)
    asgi, cookie = opened(make_app(full(), clock=clock))
    clock.move(hours=2)
    assert call(asgi, "/desk", headers=cookie).status == 200
    clock.move(hours=2, minutes=6)
    assert call(asgi, "/desk", headers=cookie).status == 403


@pytest.mark.parametrize(
    ("url", "name", "path", "secure"),
    [
        ("https://x.example", "__Host-todoke-desk", "/", True),
        ("https://x.example/a/b", "__Secure-todoke-desk", "/a/b/desk", True),
        ("http://x.example", "todoke-desk", "/desk", False),
        ("http://x.example/a", "todoke-desk", "/a/desk", False),
    ],
)
def test_cookie_is_kept_from_others(url: str, name: str, path: str, secure: bool) -> None:
    """Unseen by scripts and by other sites' pages; over TLS where there is TLS, and then nobody else can set it."""
    app = make_app(full(), site=Site(name="X", door_url=url))
    asgi = without_sender(app)
    base = path.removesuffix("/desk").rstrip("/")
    entered = post(asgi, f"{base}/desk/enter", entry_link(app).partition("#")[2])
    assert entered.status == 303
    [morsel] = SimpleCookie(entered.headers["set-cookie"]).values()
    assert morsel["httponly"]
    assert morsel["samesite"] == "lax"
    assert (morsel.key, morsel["path"], bool(morsel["secure"])) == (name, path, secure)
    assert "domain" not in entered.headers["set-cookie"].lower()
    cookie = {"cookie": cookie_of(entered)}
    page = call(asgi, f"{base}/desk", headers=cookie)
    assert page.status == 200
    token = re.search(r'name="token" value="([0-9a-f]+)"', page.text)
    assert token
    left = post(asgi, f"{base}/desk/leave", f"token={token[1]}", **cookie)
    [gone] = SimpleCookie(left.headers["set-cookie"]).values()
    assert (gone.key, gone["path"], bool(gone["secure"])) == (name, path, secure)


def test_timeline_shows_answers_and_evidence() -> None:
    """One submission's page has its answers, each message's state, and the raw evidence."""
    asgi, cookie = opened(make_app(full()))
    page = call(asgi, "/desk/s1", headers=cookie).text.replace("&#39;", "'").replace("&#34;", '"')
    for text in (
        "Hana Suzuki",
        "Do you have kozo paper?\nIn large sheets, please.",
        "There is no such mailbox.",
        "550 5.1.1 no such user here",
        '{"status": "bounced"}',
        "The recipient's mail server accepted it",
        "Customers Mail Cloud",
        'href="/desk/s1/files/4"',
    ):
        assert text in page


def test_the_desk_speaks_of_forms_by_their_titles() -> None:
    """The list's filter and a submission say what visitors read on the form; an empty answer shows as a dash."""
    timeline = make_timeline(
        make_message("delivered"), entries=(Entry("topic", "paper"), Entry("name", " "))
    )
    asgi, cookie = opened(make_app(stored(timeline)))
    listed = call(asgi, "/desk?form=contact", headers=cookie).text
    assert "Form: Contact us" in listed
    page = call(asgi, "/desk/s1", headers=cookie).text
    assert '<dd class="typed">Our paper</dd>' in page
    assert '<dd class="typed">–</dd>' in page


HOSTILE = "<script>alert(1)</script>\u202egpj.exe\u2066\x00\x1b"


def test_nothing_stored_dresses_up_the_page() -> None:
    """Names, values, addresses and diagnostics appear as text, without controls that change how the rest is read."""
    timeline = make_timeline(
        make_message("bounced", diagnostic=HOSTILE),
        visitor=Address(f"{HOSTILE}@example.com"),
        entries=(
            Entry(HOSTILE, HOSTILE),
            Entry("f", File(name=HOSTILE, media_type=HOSTILE, content=b"")),
        ),
    )
    held = make_timeline(make_message("in_review"), id_="s2", signals=(HOSTILE,))
    asgi, cookie = opened(make_app(stored(timeline, held)))
    for path in ("/desk", "/desk/s1", "/desk/s2"):
        page = call(asgi, path, headers=cookie).text
        assert "<script>alert" not in page
        assert not set("\u202e\u2066\x00\x1b") & set(page)
        assert "gpj.exe" in page


def test_lone_surrogates_are_shown() -> None:
    """Text that cannot be written as UTF-8 costs a question mark, not the page."""
    timeline = make_timeline(entries=(Entry("x", "a\ud800b"),))
    asgi, cookie = opened(make_app(stored(timeline)))
    answer = call(asgi, "/desk/s1", headers=cookie)
    assert answer.status == 200
    assert "a?b" in answer.text


def test_files_are_only_downloads() -> None:
    """A file comes as bytes to save, whatever it claims to be, and its name cannot break out of the header."""
    entries = (
        *ANSWERS,
        Entry("f", File(name='../é"\r\nx: y', media_type="text/html", content=b"<b>")),
    )
    asgi, cookie = opened(make_app(stored(make_timeline(entries=entries))))
    answer = call(asgi, "/desk/s1/files/4", headers=cookie)
    assert answer.body == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''wall.jpg"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    odd = call(asgi, "/desk/s1/files/5", headers=cookie)
    assert re.fullmatch(
        r"attachment; filename\*=utf-8''[\w.%-]+", odd.headers["content-disposition"]
    )
    assert call(asgi, "/desk/s1/files/0", headers=cookie).status == 404
    assert call(asgi, "/desk/s1/files/99", headers=cookie).status == 404


def test_a_file_in_a_bucket_is_a_link_that_nobody_keeps() -> None:
    """Its content does not pass through the desk, so it may be of any size; only who has entered gets the link."""
    link = "https://bucket.example/kept/s1/0.4?name=%E5%86%99.jpg&signature=a%2Fb"

    class Linking(MemoryStore):
        def file_link(self, submission_id: str, position: int) -> str | None:
            return link if (submission_id, position) == ("s1", 4) else None

    store = Linking()
    vars(store).update(vars(stored(make_timeline())))
    asgi, cookie = opened(make_app(store))
    answer = call(asgi, "/desk/s1/files/4", headers=cookie)
    assert (answer.status, answer.headers["location"]) == (303, link)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert call(asgi, "/desk/s1/files/99", headers=cookie).status == 404
    assert call(asgi, "/desk/s1/files/4").status == 403


def test_resend_makes_a_new_attempt_due() -> None:
    """A manager may have a message tried again; the page they come back to shows it waiting."""
    store = full()
    hints: list[str] = []
    asgi, cookie = opened(make_app(store, hint=lambda: hints.append("hint")))
    path = "/desk/s1/messages/s1-confirmation/resend"
    answer = post(asgi, path, f"token={page_token(asgi, cookie)}", **cookie)
    assert (answer.status, answer.headers["location"]) == (303, "/desk/s1?done=resent#done")
    assert hints == ["hint"]
    timeline = store.timeline("s1")
    assert timeline
    assert timeline.messages[0].standing.status == "queued"


def test_the_pages_token_never_looks_the_same() -> None:
    """So how well a page compresses does not tell it (BREACH); each that was shown is good, and no part of one."""
    app = make_app(full())
    asgi, cookie = opened(app)
    path = "/desk/s1/messages/s1-confirmation/resend"
    first, second = (page_token(asgi, cookie) for _ in range(2))
    assert not any(first[at : at + 8] in second for at in range(len(first) - 8))
    for good in (first, second):
        assert post(asgi, path, f"token={good}", **cookie).status == 303
    half = len(first) // 2
    for bad in (first[:half] + second[half:], first[half:], first.upper(), first + "0", "g" * 128):
        assert post(asgi, path, f"token={bad}", **cookie).status == 403


def test_changes_need_the_pages_token() -> None:
    """A cookie alone changes nothing: neither without the token, nor with another session's, nor from elsewhere."""
    store = full()
    app = make_app(store)
    asgi, cookie = opened(app)
    _, others = opened(app)
    path = "/desk/s1/messages/s1-confirmation/resend"
    good = f"token={page_token(asgi, cookie)}"
    assert post(asgi, path, "", **cookie).status == 403
    assert post(asgi, path, f"token={page_token(asgi, others)}", **cookie).status == 403
    assert post(asgi, path, "token=%c3%a9", **cookie).status == 403
    assert post(asgi, path, good, sec_fetch_site="cross-site", **cookie).status == 403
    assert post(asgi, path, good).status == 403
    timeline = store.timeline("s1")
    assert timeline
    assert timeline.messages[0].standing.status == "bounced"


@pytest.mark.parametrize(
    "path",
    [
        "/desk/s1/messages/queued-confirmation/resend",
        "/desk/nobody/messages/s1-confirmation/resend",
    ],
)
def test_resend_of_another_submissions_message(path: str) -> None:
    """A message is found only under its own submission."""
    asgi, cookie = opened(make_app(full()))
    answer = post(asgi, path, f"token={page_token(asgi, cookie)}", **cookie)
    assert answer.status == 404


def test_a_secret_is_shown_when_asked_for() -> None:
    """It stands within what a click opens, for its name says what it is."""
    entries = (Entry("password", "correct-horse"), Entry("message", "hello"))
    timeline = make_timeline(make_message("delivered"))
    told = replace(timeline, submission=replace(timeline.submission, entries=entries, form="any"))
    asgi, cookie = opened(make_app(stored(told)))
    page = call(asgi, "/desk/s1", headers=cookie).text
    assert re.search(r"<details><summary>[^<]+</summary><span[^>]*>correct-horse</span>", page)
    assert page.count("<details><summary>A secret") == 1


def test_leaving() -> None:
    """Leaving takes the cookie away, and a copy of it opens nothing any more; other sessions stay."""
    app = make_app(full())
    asgi, cookie = opened(app)
    other = {"cookie": cookie_of(enter(asgi, entry_link(app)))}
    answer = post(asgi, "/desk/leave", f"token={page_token(asgi, cookie)}", **cookie)
    assert answer.status == 303
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert answer.headers["clear-site-data"] == '"cache"'
    assert call(asgi, "/desk", headers=cookie).status == 403
    assert call(asgi, "/desk", headers=other).status == 200


def test_who_enters_again_has_one_session() -> None:
    """The former one of that browser is over, and that is in the log; a wrong code ends nothing."""
    app = make_app(full())
    asgi, former = opened(app)
    _, other = opened(app)
    assert post(asgi, "/desk/enter", "code=wrong", **former).status == 403
    assert call(asgi, "/desk", headers=former).status == 200
    answer = post(asgi, "/desk/enter", entry_link(app).partition("#")[2], **former)
    assert answer.status == 303
    assert call(asgi, "/desk", headers=former).status == 403
    for cookie in ({"cookie": cookie_of(answer)}, other):
        assert call(asgi, "/desk", headers=cookie).status == 200


def test_a_session_that_was_left_stays_left_after_a_restart() -> None:
    """Its cookie is signed and not late: only the store knows that it was left, and of none that it never kept."""
    app = make_app(full())
    asgi, cookie = opened(app)
    _, other = opened(app)
    post(asgi, "/desk/leave", f"token={page_token(asgi, cookie)}", **cookie)
    again = site_of(app)
    assert call(again, "/desk", headers=cookie).status == 403
    assert call(again, "/desk", headers=other).status == 200
    elsewhere = site_of(make_app(full()))
    assert call(elsewhere, "/desk", headers=other).status == 403


def test_a_session_is_no_code(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever is at the desk cannot make a session of their session that would outlive it."""
    app = make_app(full())
    asgi, cookie = opened(app)
    id_ = cookie["cookie"].partition("=")[2]
    for code in (id_, f"session {id_}", id_[:32]):
        assert enter(asgi, f"#code={quote(code)}").status == 403
    warnings = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert warnings == ["desk_code_refused"] * 3


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, object]]]:
    """What the security log was told: events and facts."""
    return [
        (r.getMessage(), r.facts)  # type: ignore[attr-defined]
        for r in caplog.records
        if r.name == "todoke.security"
    ]


def test_the_security_log_tells_who_did_what(caplog: pytest.LogCaptureFixture) -> None:
    """From the link to the leave, each with the same name of the session; nothing of a person, and no secret."""
    caplog.set_level("INFO", "todoke.security")
    app = make_app(full())
    asgi = site_of(app)
    link = entry_link(app)
    cookie = {"cookie": cookie_of(enter(asgi, link))}
    enter(asgi, link)
    token = page_token(asgi, cookie)
    post(asgi, "/desk/s1/messages/s1-confirmation/resend", f"token={token}", **cookie)
    post(asgi, "/desk/s1/messages/s1-confirmation/resend", "token=wrong", **cookie)
    post(asgi, "/desk/leave", f"token={token}", sec_fetch_site="cross-site", **cookie)
    call(asgi, "/desk/s1/files/4", headers=cookie)
    post(asgi, "/desk/leave", f"token={token}", **cookie)
    events = told(caplog)
    assert [event for event, _ in events] == [
        "desk_code_made",
        "desk_entered",
        "desk_code_refused",
        "desk_resent",
        "desk_request_refused",
        "desk_request_refused",
        "desk_file_taken",
        "desk_left",
    ]
    facts = dict(events)
    code, session = facts["desk_code_made"]["code"], facts["desk_entered"]["session"]
    assert facts["desk_code_refused"] == {"code": code}
    assert facts["desk_entered"] == {"code": code, "session": session}
    assert facts["desk_resent"] == {
        "session": session,
        "submission": "s1",
        "message": "s1-confirmation",
    }
    assert facts["desk_file_taken"] == {"session": session, "submission": "s1", "file": 4}
    said = repr(events)
    assert link.partition("#code=")[2] not in said
    assert cookie["cookie"].partition("=")[2][:20] not in said
    assert "@" not in said


def test_strangers_cannot_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Of wrong codes without end twenty are told in ten minutes; the next ten begin with how many were not."""
    now = [0.0]
    attempts = Attempts(monotonic=lambda: now[0])
    for _ in range(1_000):
        attempts.note("desk_code_refused", code="x")
    assert len(told(caplog)) == LINES
    now[0] = WINDOW_SECONDS
    attempts.note("desk_code_refused", code="x")
    attempts.note("desk_code_refused", code="x")
    assert told(caplog)[LINES:] == [
        ("desk_code_refused", {"code": "x", "not_told": 1_000 - LINES}),
        ("desk_code_refused", {"code": "x"}),
    ]


def test_orphans_are_shown() -> None:
    """Reports that belong to no mail have a page of their own."""
    store = full()
    asgi, cookie = opened(make_app(store))
    assert "There are none." in call(asgi, "/desk/orphans", headers=cookie).text
    orphan = DeliveryEvent(
        kind=Kind.BOUNCED, at=NOW, received_at=NOW, service="x", token="?", raw=b"stray"
    )
    store.journal([orphan], lambda *_: ())
    assert "stray" in call(asgi, "/desk/orphans", headers=cookie).text


def test_suppressions_are_shown() -> None:
    """The service's list has a page: since when, why, how to lift it; the site's own stand out, and come first."""
    store = full()
    app = make_app(
        store, site=Site(name="X", door_url="http://x.example", alert_to=(Address("me@x.example"),))
    )
    app = replace(app, suppressions=FakeSuppressions(name="customers-mail-cloud", lifts=False))
    asgi, cookie = opened(app)
    page = call(asgi, "/desk/suppressions", headers=cookie).text
    assert "No list has been read yet." in page
    store.put_suppressions("customers-mail-cloud", [], NOW)
    assert "There are none." in call(asgi, "/desk/suppressions", headers=cookie).text
    blocked = [
        Suppression(address=f"a{n:03}@example.net", since=NOW, reason=HOSTILE) for n in range(250)
    ]
    own = Suppression(address="me@x.example", reason="5", cause=Reason.MAILBOX_FULL)
    store.put_suppressions("customers-mail-cloud", [*blocked, own], NOW)
    page = call(asgi, "/desk/suppressions", headers=cookie).text
    assert page.index("me@x.example") < page.index("a000@example.net")
    assert page.count('<li class="failing">') == 1
    for text in ("alerts go to this address", "The mailbox is full.", "The service says: 5", "Pro"):
        assert text in page
    assert "a198@example.net" in page
    assert "a199@example.net" not in page
    assert "And 51 more" in page
    assert "<script>alert" not in page


def test_a_silent_service_is_told_on_the_list() -> None:
    """While the webhook says nothing the list says since when, and how many mails are unknown for it."""
    clock = FakeClock(NOW)
    store = stored(make_timeline(make_message("accepted")))
    app = replace(
        make_app(store, clock=clock),
        sources={"customers-mail-cloud": cast("EventSource", None)},
    )
    asgi, cookie = opened(app)
    store.put_mark("heard/customers-mail-cloud", NOW - timedelta(hours=1))
    clock.move(hours=25)
    _, cookie = opened(app)
    assert "No delivery reports" not in call(asgi, "/desk", headers=cookie).text
    watch(app)
    page = call(asgi, "/desk", headers=cookie).text
    assert 'No delivery reports since <time datetime="2026-11-23T05:34:00Z"' in page
    assert "what became of these mails: 1.\nCheck the webhook" in page.replace("&#39;", "'")
    timeline = call(asgi, "/desk/s1", headers=cookie).text
    assert "The mail service has reported nothing on any mail since" in timeline
    note_heard(app, "customers-mail-cloud")
    assert "No delivery reports" not in call(asgi, "/desk", headers=cookie).text


def test_store_that_is_down() -> None:
    """When the store cannot be read, the desk says so with 503 and Retry-After."""
    store = full()
    asgi, cookie = opened(make_app(store))
    store.close()
    for path in ("/desk", "/desk/s1", "/desk/orphans", "/desk/suppressions", "/desk/s1/files/4"):
        answer = call(asgi, path, headers=cookie)
        assert answer.status == 503
        assert "retry-after" in answer.headers


def test_desk_speaks_japanese() -> None:
    """The desk speaks the language that the browser asks for."""
    asgi, cookie = opened(make_app(full()))
    page = call(asgi, "/desk/s1", headers={**cookie, "accept-language": "ja"}).text
    assert '<html lang="ja">' in page
    assert "その宛先は存在しません。" in page
