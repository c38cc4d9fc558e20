"""Coming into the desk by a mailed link: who gets one, where it works, and what a stranger learns."""

from __future__ import annotations

import re

import pytest

from support.variants import replace
from support.web.desk import cookie_of, opened, site_of
from support.web.letters import AOI, FORMS, ask, codes_in, shop
from support.web.stories import (
    NOW,
    call,
    make_app,
    post,
    stored,
)
from todoke.model.act import BY_TIME, Act, Deed
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind, Reason
from todoke.model.ids import new_attempt_token
from todoke.model.person import DeskSettings
from todoke.testing import FakeClock
from todoke.walk.people import alias
from todoke.walk.security import LINES
from todoke.walk.track import track
from todoke.web.desk.trail import read_some


def test_a_manager_is_mailed_a_link_that_leads_to_where_they_wanted_to_go() -> None:
    """To the address as the configuration has it, and into the browser that asked."""
    app, letters = shop()
    asgi = site_of(app)
    answer = ask(asgi, "AOI@shop.example", "/desk/s1?from=mail")
    assert answer.status == 200
    [mail] = letters.mails
    assert mail.recipient == AOI
    link, code = codes_in(mail)
    assert link == code
    asked = {"cookie": cookie_of(answer)}
    entered = post(asgi, "/desk/enter", f"code={code}", **asked)
    assert (entered.status, entered.headers["location"]) == (303, "/desk/s1?from=mail")


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{bare}", "{spaced}"])
def test_the_code_may_be_typed(typed: str) -> None:
    """As people type: small letters, without the hyphen, with a space; the letter O for a nought."""
    app, letters = shop()
    asgi = site_of(app)
    asked = {"cookie": cookie_of(ask(asgi, str(AOI)))}
    _, code = codes_in(letters.mails[0])
    written = typed.format(
        code, lower=code.lower(), bare=code.replace("-", ""), spaced=code.replace("-", " ")
    ).replace("0", "O")
    assert post(asgi, "/desk/enter", f"code={written.replace(' ', '+')}", **asked).status == 303


def test_the_link_opens_nothing_in_another_browser() -> None:
    """Whoever reads the mail of another cannot come in with it; in its own browser it still works, once."""
    app, letters = shop()
    asgi = site_of(app)
    asked = {"cookie": cookie_of(ask(asgi, str(AOI)))}
    _, code = codes_in(letters.mails[0])
    others = {"cookie": cookie_of(ask(asgi, "stranger@elsewhere.example"))}
    assert post(asgi, "/desk/enter", f"code={code}").status == 403
    assert post(asgi, "/desk/enter", f"code={code}", **others).status == 403
    assert post(asgi, "/desk/enter", f"code={code}", **asked).status == 303
    assert post(asgi, "/desk/enter", f"code={code}", **asked).status == 403


def test_looking_at_the_link_uses_nothing_up() -> None:
    """Scanners of mail open every link, and press no button."""
    app, letters = shop()
    asgi = site_of(app)
    asked = {"cookie": cookie_of(ask(asgi, str(AOI)))}
    _, code = codes_in(letters.mails[0])
    for _ in range(3):
        assert call(asgi, "/desk/enter", headers=asked).status == 200
        assert call(asgi, f"/desk/enter?code={code}").status == 200
    assert post(asgi, "/desk/enter", f"code={code}", **asked).status == 303


def test_a_link_grows_old() -> None:
    """Ten minutes."""
    clock = FakeClock(NOW)
    app, letters = shop(clock)
    asgi = site_of(app)
    asked = {"cookie": cookie_of(ask(asgi, str(AOI)))}
    clock.move(minutes=10)
    assert post(asgi, "/desk/enter", f"code={codes_in(letters.mails[0])[1]}", **asked).status == 403


def test_a_stranger_is_answered_like_a_manager() -> None:
    """Word for word, with a cookie like the other's; and is mailed nothing."""
    app, letters = shop()
    asgi = site_of(app)
    known, unknown = ask(asgi, "ken@shop.example"), ask(asgi, "kai@shop.example")
    assert known.text.replace("ken@", "kai@") == unknown.text
    assert known.status == unknown.status
    names = {name for name, _ in known.headers.items()}
    assert names == {name for name, _ in unknown.headers.items()}
    assert [mail.recipient for mail in letters.mails] == ["ken@shop.example"]


def test_a_service_that_does_not_take_it_is_in_the_log_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The answer is the same: it would else tell who may enter."""
    app, letters = shop()
    asgi = site_of(app)
    good = ask(asgi, "ken@shop.example")
    letters.refuses = True
    assert ask(asgi, "ken@shop.example").text == good.text
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert errors == ["desk_link_not_mailed"]


def test_one_person_is_mailed_four_links_an_hour() -> None:
    """Whoever asks for them, and from wherever: nobody's mailbox is filled by it."""
    clock = FakeClock(NOW)
    app, letters = shop(clock)
    for _ in range(9):
        ask(site_of(app), str(AOI))
    assert len(letters.mails) == 4
    clock.move(hours=1, seconds=1)
    ask(site_of(app), str(AOI))
    assert len(letters.mails) == 5


def test_one_place_asks_ten_times() -> None:
    """Then it is told to wait, with what was typed kept."""
    app, _ = shop(trusted_proxies=1)
    asgi = site_of(app)
    from_one = {"x_forwarded_for": "192.0.2.7"}
    answers = [ask(asgi, f"a{n}@shop.example", **from_one) for n in range(12)]
    assert [a.status for a in answers] == [200] * 10 + [429] * 2
    assert ask(asgi, "a@shop.example", x_forwarded_for="192.0.2.8").status == 200
    assert 'value="a11@shop.example"' in answers[-1].text


@pytest.mark.parametrize(
    "typed", ["", "aoi", "aoi%40shop.example%2C+b%40x.example", "%0D%0ABcc:+x"]
)
def test_what_is_no_address_is_said(typed: str) -> None:
    """That is a slip of the finger, and tells nobody anything."""
    app, letters = shop()
    answer = ask(site_of(app), typed)
    assert answer.status == 422
    assert not letters.mails


@pytest.mark.parametrize(
    "leads_to",
    [
        "https%3A%2F%2Fevil.example%2Fdesk",
        "%2F%2Fevil.example",
        "%2Fdesk%2F..%2F..%2Fsomewhere",
        "%2Fdesk%0D%0Ax%3Ay",
        "%2Fdesk%2F%2Fevil.example",
        "%2Fdesk%5Cevil.example",
        "%2Fdeskevil",
        "javascript%3Aalert(1)",
    ],
)
def test_a_link_leads_into_the_desk_alone(leads_to: str) -> None:
    """Wherever else it was asked to lead, it leads to the list."""
    app, letters = shop()
    asgi = site_of(app)
    asked = {"cookie": cookie_of(ask(asgi, str(AOI), leads_to))}
    entered = post(asgi, "/desk/enter", f"code={codes_in(letters.mails[0])[1]}", **asked)
    assert (entered.status, entered.headers["location"]) == (303, "/desk")


def test_another_site_can_neither_ask_nor_enter() -> None:
    """Its page's forms are told from ours."""
    app, letters = shop()
    asgi = site_of(app)
    assert ask(asgi, str(AOI), sec_fetch_site="cross-site").status == 403
    assert not letters.mails
    asked = cookie_of(ask(asgi, str(AOI)))
    body = f"code={codes_in(letters.mails[0])[1]}"
    assert post(asgi, "/desk/enter", body, cookie=asked, sec_fetch_site="cross-site").status == 403


def test_whom_the_configuration_loses_is_out() -> None:
    """At their next request, and with a code that was mailed before."""
    app, letters = shop()
    asgi = site_of(app)
    asked = {"cookie": cookie_of(ask(asgi, str(AOI)))}
    code = codes_in(letters.mails[0])[1]
    entered = post(asgi, "/desk/enter", f"code={code}", **asked)
    cookie = {"cookie": cookie_of(entered)}
    asked = {"cookie": cookie_of(ask(asgi, str(AOI)))}
    code = codes_in(letters.mails[1])[1]
    later = replace(app, settings=replace(app.settings, forms={"leave": FORMS["leave"]}))
    gone = site_of(later)
    assert call(asgi, "/desk", headers=cookie).status == 200
    assert call(gone, "/desk", headers=cookie).status == 403
    assert post(gone, "/desk/enter", f"code={code}", **asked).status == 403


def test_managers_may_be_kept_out() -> None:
    """Where only those whom [desk] names shall enter."""
    app, letters = shop()
    shut = DeskSettings(owners=(Address("o@shop.example"),), lets_managers_in=False)
    asgi = site_of(replace(app, settings=replace(app.settings, desk=shut)))
    ask(asgi, str(AOI))
    ask(asgi, "o@shop.example")
    assert [mail.recipient for mail in letters.mails] == ["o@shop.example"]


def test_strangers_cause_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Their addresses are not among them."""
    app, _ = shop()
    asgi = site_of(app)
    for n in range(3 * LINES):
        ask(asgi, f"stranger{n}@elsewhere.example")
    lines = [r for r in caplog.records if r.name == "todoke.security"]
    assert len(lines) == LINES
    assert "stranger" not in "".join(str(vars(r)) for r in lines).replace("by_stranger", "")


def test_the_mail_is_in_the_language_that_was_asked_in() -> None:
    """And says what it is for."""
    app, letters = shop()
    ask(site_of(app), str(AOI), accept_language="ja")
    assert "Hoshino Paper" in letters.mails[0].subject
    assert "回だけ" in letters.mails[0].text
    assert 'lang="ja"' in letters.mails[0].html
    assert letters.mails[0].html.count("code=") == 1


def test_what_the_service_reports_of_a_link_is_no_report_that_belongs_to_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is kept nowhere. One that came back is in the log, without its address; any other token's is an orphan."""
    caplog.set_level("WARNING")
    app, letters = shop()
    ask(site_of(app), str(AOI))
    event = DeliveryEvent(
        kind=Kind.BOUNCED,
        at=NOW,
        received_at=NOW,
        service="post",
        token=letters.mails[0].token,
        recipient=str(AOI),
        reason=Reason.MAILBOX_FULL,
    )
    other = replace(event, token=new_attempt_token())
    assert track(app, [event, other, event]) == ["repeated", "orphan", "repeated"]
    assert [e.token for e in app.journal.orphans(9)] == [other.token]
    told = [r for r in caplog.records if r.getMessage() == "desk_link_returned"]
    assert len(told) == 2
    assert "aoi" not in repr([vars(r) for r in told])


def test_sessions_of_a_person_are_theirs_to_see_and_end() -> None:
    """A manager sees their own, an owner everybody's; another's cannot be ended by who does not see it."""
    app, letters = shop(
        site=replace(make_app(stored()).settings.site, alert_to=(Address("o@x.example"),))
    )
    asgi = site_of(app)

    def come_in(address: str) -> dict[str, str]:
        asked = cookie_of(ask(asgi, address))
        code = codes_in(letters.mails[-1])[1]
        entered = post(asgi, "/desk/enter", f"code={code}", cookie=asked, user_agent=AGENT)
        return {"cookie": cookie_of(entered)}

    aoi, ken, owner = come_in(str(AOI)), come_in("ken@shop.example"), come_in("o@x.example")
    seen = call(asgi, "/desk/sessions", headers=aoi).text
    assert "Firefox, Windows" in seen
    assert "ken@" not in seen
    everybody = call(asgi, "/desk/sessions", headers=owner).text
    assert "ken@" in everybody
    hashes = dict(
        zip(
            re.findall(r'<p class="who" id="s\d+">([^ <·]+)', everybody),
            re.findall(r'name="session" value="([^"]+)"', everybody),
            strict=True,
        )
    )

    def end(cookie: dict[str, str], of: str) -> int:
        page = call(asgi, "/desk/sessions", headers=cookie).text
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token
        return post(
            asgi, "/desk/sessions", f"token={token[1]}&session={hashes[of]}", **cookie
        ).status

    assert end(ken, str(AOI)) == 404
    assert call(asgi, "/desk", headers=aoi).status == 200
    assert end(owner, str(AOI)) == 303
    assert call(asgi, "/desk", headers=aoi).status == 403
    assert end(ken, "ken@shop.example") == 303
    assert call(asgi, "/desk", headers=ken).status == 403


AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_the_trail_tells_owners_who_did_what() -> None:
    """By address as long as the configuration names them; it keeps no address, and no visitor's."""
    app, letters = shop()
    asgi = site_of(app)
    asked = {"cookie": cookie_of(ask(asgi, str(AOI)))}
    entered = post(asgi, "/desk/enter", f"code={codes_in(letters.mails[0])[1]}", **asked)
    call(asgi, "/desk/s1", headers={"cookie": cookie_of(entered)})
    kept = app.trail.acts().acts
    assert [act.deed for act in kept] == ["saw", "entered"]
    assert "aoi" not in repr(kept)
    assert "hana" not in repr(kept)
    owner = {**FORMS, "contact": FORMS["leave"]}
    for forms, name in ((FORMS, str(AOI)), (owner, "somebody no longer named")):
        later = replace(app, settings=replace(app.settings, forms=forms))
        inside, cookie = opened(later)
        page = call(inside, "/desk/trail", headers=cookie).text
        assert name in page
        assert "looked at a submission" in page


def test_the_trail_tells_of_one_person_or_one_kind() -> None:
    """As owners ask; where there is none it says so, and goes on to the older ones where there are any."""
    app, letters = shop()
    asgi = site_of(app)
    asked = {"cookie": cookie_of(ask(asgi, str(AOI)))}
    entered = post(asgi, "/desk/enter", f"code={codes_in(letters.mails[0])[1]}", **asked)
    call(asgi, "/desk/s1", headers={"cookie": cookie_of(entered)})
    inside, cookie = opened(app)
    aoi = alias(app.settings.secret, AOI)
    ken = alias(app.settings.secret, Address("ken@shop.example"))

    def shown(query: str) -> list[str]:
        page = call(inside, f"/desk/trail?{query}", headers=cookie).text
        found = re.findall(r'<p class="who">([^·<]+?)(?: ·|</p>)', page)
        assert bool(found) is not ("There is nothing" in page)
        return found

    assert shown("") == ["entered", "looked at a submission", "entered"]
    assert shown(f"by={aoi}") == ["looked at a submission", "entered"]
    assert shown("by=commands") == ["entered"]
    assert shown(f"by={aoi}&deed=saw") == ["looked at a submission"]
    assert shown(f"by={ken}") == []
    assert shown("deed=nonsense") == []


@pytest.mark.parametrize(
    ("language", "words", "who"),
    [
        ("en", "Submissions whose retention ended: 1,234", "todoke itself"),
        ("ja", "保存期間が終わった受付：1,234件", "todoke（自動）"),
    ],
)
def test_the_trail_tells_what_retention_erased(language: str, words: str, who: str) -> None:
    """In the reader's language, and by itself where owners ask for that."""
    app, _ = shop()
    app.trail.put_acts([Act(at=NOW, by=BY_TIME, deed=Deed.ERASED, detail="1,234")])
    inside, cookie = opened(app)
    asked = {**cookie, "accept-language": language}
    for query in ("", "?by=time", "?deed=erased"):
        page = call(inside, f"/desk/trail{query}", headers=asked).text
        [row] = [item for item in page.split("<li>") if words in item]
        assert who in row
    assert words not in call(inside, "/desk/trail?by=commands", headers=asked).text


def test_a_long_trail_is_looked_through_page_by_page() -> None:
    """A rare deed is found beyond the first page, and what was not looked at yet has a way on."""
    app, _ = shop()
    rare = Act(at=NOW, by="", deed=Deed.ERASED)
    usual = replace(rare, deed=Deed.SAW)
    app.trail.put_acts([rare, *[usual] * 450])
    page = read_some(app.trail, "", lambda act: act.deed == Deed.ERASED)
    assert page == ((rare,), "")
    app.trail.put_acts([usual] * 2_000)
    first = read_some(app.trail, "", lambda act: act.deed == Deed.ERASED)
    assert first.acts == ()
    assert read_some(app.trail, first.next, lambda act: act.deed == Deed.ERASED).acts == (rare,)
