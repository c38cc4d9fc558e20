"""Who tries to come into the desk without being meant to, or to keep somebody out who is."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest

from support.variants import replace
from support.web.desk import cookie_of, enter, opened, page_token, site_of
from support.web.letters import AOI, FORMS, ask, code_in, shop
from support.web.stories import NOW, Answer, call, post
from todoke.testing import FakeClock
from todoke.walk.security import LINES
from todoke.web.desk.enter import entry_link

HTTPS = "https://forms.shop.example"


def known_in(answer: Answer) -> str:
    """The cookie by which a browser shows that somebody was at the desk in it."""
    return next(c for c in answer.cookies if "known" in c).partition(";")[0]


def test_strangers_cannot_use_up_the_links_of_who_was_here_before() -> None:
    """A thousand asks from everywhere leave her own browser its links; they are four mails an hour to her."""
    clock = FakeClock(NOW)
    app, letters = shop(clock, trusted_proxies=1)
    asgi = site_of(app)
    asked = cookie_of(ask(asgi, str(AOI)))
    entered = post(asgi, "/desk/enter", f"code={code_in(letters.mails[0])}", cookie=asked)
    known = known_in(entered)
    for n in range(1_000):
        ask(asgi, str(AOI), x_forwarded_for=f"192.0.{n // 250}.{n % 250}")
    assert len(letters.mails) == 4
    for _ in range(6):
        ask(asgi, str(AOI), cookie=known, x_forwarded_for="198.51.100.7")
    assert len(letters.mails) == 8


def test_who_was_here_before_is_that_person_alone() -> None:
    """Their browser is nobody else's, and what it shows cannot be made up."""
    app, letters = shop()
    asgi = site_of(app)
    asked = cookie_of(ask(asgi, str(AOI)))
    entered = post(asgi, "/desk/enter", f"code={code_in(letters.mails[0])}", cookie=asked)
    known = known_in(entered)
    for cookie in (known, "todoke-desk-known=" + "A" * 48, "todoke-desk-known="):
        letters.mails.clear()
        app, letters = shop()
        asgi = site_of(app)
        person = "ken@shop.example" if cookie == known else str(AOI)
        for _ in range(9):
            ask(asgi, person, cookie=cookie)
        assert len(letters.mails) == 4
    assert call(asgi, "/desk", headers={"cookie": known}).status == 403


def test_how_often_somebody_may_be_mailed_is_told_to_nobody() -> None:
    """The fifth ask within an hour is answered like the first, and like one of a stranger."""
    app, letters = shop()
    asgi = site_of(app)
    answers = [ask(asgi, str(AOI)) for _ in range(6)] + [ask(asgi, "x@elsewhere.example")]
    assert len(letters.mails) == 4
    assert {a.status for a in answers} == {200}
    bodies = {a.text.replace("x@elsewhere.example", str(AOI)) for a in answers}
    assert len(bodies) == 1
    assert {tuple(sorted(a.headers)) for a in answers} == {tuple(sorted(answers[0].headers))}


def test_the_link_is_of_our_own_host() -> None:
    """Whatever host a request names."""
    app, letters = shop()
    ask(site_of(app), str(AOI), host="evil.example", x_forwarded_host="evil.example")
    ours = app.settings.site.door_url
    assert f"{ours}/desk/enter#code=" in letters.mails[0].text
    assert "evil" not in letters.mails[0].text + letters.mails[0].html


def test_a_code_that_is_no_code_asks_the_store_nothing() -> None:
    """What has not the shape of one costs no write."""
    app, _ = shop()
    asgi = site_of(app)
    app.store.close()
    for tried in ("", "x", "A" * 31, "AAAAA-AAAA!", "%00" * 32, "aaaaa-aaaaaa", "あ" * 10):
        assert post(asgi, "/desk/enter", f"code={tried}").status == 403
    assert post(asgi, "/desk/enter", "code=AAAAA-AAAAA").status == 403, "this browser did not ask"
    assert post(asgi, "/desk/enter", f"code={'A' * 32}").status == 503


def test_codes_are_tried_thirty_times() -> None:
    """From one place within ten minutes; whoever has a good one is not counted."""
    app, _ = shop(trusted_proxies=1)
    asgi = site_of(app)
    one, other = {"x_forwarded_for": "192.0.2.7"}, {"x_forwarded_for": "192.0.2.8"}
    for _ in range(40):
        code = entry_link(app).partition("#")[2]
        assert post(asgi, "/desk/enter", code, **one).status == 303
    tried = [post(asgi, "/desk/enter", f"code={'A' * 32}", **one).status for _ in range(32)]
    assert tried == [403] * 30 + [429] * 2
    code = entry_link(app).partition("#")[2]
    assert post(asgi, "/desk/enter", code, **one).status == 429
    assert post(asgi, "/desk/enter", code, **other).status == 303


def test_the_link_opened_in_another_browser_helps_on() -> None:
    """A mail's own browser did not ask: it is told where to go, with the code to type there. The code stays good."""
    app, letters = shop()
    asgi = site_of(app)
    asked = {"cookie": cookie_of(ask(asgi, str(AOI)))}
    code = code_in(letters.mails[0])
    elsewhere = post(asgi, "/desk/enter", f"code={code}")
    assert elsewhere.status == 403
    assert code in elsewhere.text
    assert "asked for in another browser" in elsewhere.text
    used = post(asgi, "/desk/enter", f"code={code.lower()}", **asked)
    assert used.status == 303
    again = post(asgi, "/desk/enter", f"code={code}", **asked)
    assert "already" in again.text
    assert code not in again.text


def test_a_session_is_never_one_that_a_browser_brought() -> None:
    """Fixation: an id that an attacker planted is not the one that begins."""
    app, letters = shop()
    asgi, planted = opened(app, str(AOI))
    asked = cookie_of(ask(asgi, "ken@shop.example"))
    both = f"{asked}; {planted['cookie']}"
    entered = post(asgi, "/desk/enter", f"code={code_in(letters.mails[0])}", cookie=both)
    assert cookie_of(entered) != planted["cookie"]
    assert call(asgi, "/desk", headers=planted).status == 403, "the planted one is over"


def test_no_other_host_sets_our_cookies() -> None:
    """What a sibling host can plant has another name: browsers let nobody else set one that begins with __Host-."""
    app, letters = shop()
    site = replace(app.settings.site, door_url=HTTPS)
    app = replace(app, settings=replace(app.settings, site=site))
    asgi = site_of(app)
    answer = ask(asgi, str(AOI), host="forms.shop.example")
    entered = post(
        asgi, "/desk/enter", f"code={code_in(letters.mails[0])}", cookie=cookie_of(answer)
    )
    assert entered.status == 303
    for line in (*answer.cookies, *entered.cookies):
        [morsel] = SimpleCookie(line).values()
        assert morsel.key.startswith("__Host-")
        assert not morsel["domain"]
    stay = cookie_of(entered)
    assert call(asgi, "/desk", headers={"cookie": stay}).status == 200
    plain = stay.removeprefix("__Host-")
    assert call(asgi, "/desk", headers={"cookie": plain}).status == 403


def test_another_site_cannot_bring_somebody_in() -> None:
    """Login CSRF: its form is told from ours, and it cannot send our cookies along (SameSite=Lax)."""
    app, letters = shop()
    asgi = site_of(app)
    asked = cookie_of(ask(asgi, str(AOI)))
    body = f"code={code_in(letters.mails[0])}"
    kind = {"content-type": "application/x-www-form-urlencoded"}

    def status(**headers: str) -> int:
        given = kind | {name.replace("_", "-"): value for name, value in headers.items()}
        return call(asgi, "/desk/enter", method="POST", headers=given, body=body.encode()).status

    assert status(cookie=asked, sec_fetch_site="cross-site") == 403
    assert status(cookie=asked, sec_fetch_site="same-site") == 403
    assert status(cookie=asked, origin="https://evil.example") == 403
    assert status(origin="null") == 403, "an old browser, which sends no cookie from elsewhere"
    assert post(asgi, "/desk/enter", body, cookie=asked).status == 303


def test_a_page_of_a_former_session_changes_nothing() -> None:
    """Two tabs: in one somebody else entered meanwhile. What the other one shows is not sent in their name."""
    app, letters = shop()
    asgi, mine = opened(app, str(AOI))
    token = page_token(asgi, mine, "/desk/sessions")
    asked = cookie_of(ask(asgi, "ken@shop.example"))
    both = f"{asked}; {mine['cookie']}"
    theirs = cookie_of(post(asgi, "/desk/enter", f"code={code_in(letters.mails[0])}", cookie=both))
    assert post(asgi, "/desk/leave", f"token={token}", cookie=theirs).status == 403
    assert call(asgi, "/desk", headers={"cookie": theirs}).status == 200


def test_a_page_left_open_by_whom_the_configuration_lost() -> None:
    """Its buttons do nothing, and it is answered like a stranger's."""
    app, _ = shop()
    asgi, mine = opened(app, str(AOI))
    token = page_token(asgi, mine)
    later = replace(app, settings=replace(app.settings, forms={"leave": FORMS["leave"]}))
    gone = site_of(later)
    path = "/desk/s1/messages/s1-confirmation/resend"
    answer = post(gone, path, f"token={token}", **mine)
    assert answer.status == 403
    assert answer.text == post(gone, path, "token=x").text


def test_leaving_ends_in_words_that_are_the_same_for_all() -> None:
    """303 to a page that anybody may see, and nothing of the desk in it."""
    app, _ = shop()
    asgi, mine = opened(app, str(AOI))
    left = post(asgi, "/desk/leave", f"token={page_token(asgi, mine)}", **mine)
    assert (left.status, left.headers["location"]) == (303, "/desk/left")
    assert call(asgi, "/desk/left", headers=mine).text == call(asgi, "/desk/left").text
    assert enter(asgi, "#code=x").status == 403


def test_tries_are_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Also those beyond the bound."""
    app, _ = shop(trusted_proxies=1)
    asgi = site_of(app)
    for _ in range(3 * LINES):
        post(asgi, "/desk/enter", f"code={'A' * 32}", x_forwarded_for="192.0.2.7")
    lines = [r for r in caplog.records if r.name == "todoke.security"]
    assert len(lines) == LINES
