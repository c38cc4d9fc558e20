"""Coming in by an OpenID provider that runs here as a server: the way in, and each way that must not be one."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import pytest
import urllib3
from starlette.applications import Starlette

import support.mail.mails as mails
from support.places import ROOT
from support.run.serving import free_port
from support.variants import replace
from support.web.desk import enter, page_token, site_of
from support.web.letters import AOI, ask, shop
from support.web.local_server import serving
from support.web.provider import CLIENT, SECRET, Pair, Provider, Sign
from support.web.stories import Answer, call, post
from todoke.cli.doctor import Examination, Wishes
from todoke.identity.provider import (
    BEGUN_WITHIN_SECONDS,
    CONNECT_SECONDS,
    PATIENCE_SECONDS,
    OidcProvider,
)
from todoke.model.oidc import OidcSettings
from todoke.model.person import DeskSettings
from todoke.model.settings import Secret
from todoke.ports.diagnosis import Check, Verdict
from todoke.testing import FakeClock
from todoke.walk.app import App
from todoke.web.desk.enter import entry_link

PERSON = {"sub": "42", "email": "AOI@shop.example", "email_verified": True}


class Place:
    """A shop's desk with a provider beside it, and a browser."""

    def __init__(self, provider: Provider, **settings: Any) -> None:
        self.provider = provider
        self.minutes = 0.0
        stated = OidcSettings(issuer=provider.url, client_id=CLIENT, name="Work", **settings)
        app, self.letters = shop()
        identity = OidcProvider(
            stated,
            Secret(SECRET),
            app.settings.site.door_url,
            monotonic=lambda: time.monotonic() + 60 * self.minutes,
        )
        desk = DeskSettings(oidc=stated)
        self.app: App = replace(app, identity=identity, settings=replace(app.settings, desk=desk))
        self.identity = identity
        self.asgi: Starlette = site_of(self.app)

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the provider's client."""
        self.minutes += seconds / 60

    def begin(self, leads_to: str = "") -> tuple[str, str]:
        """Press the button: the address of the provider's page, and our cookie."""
        query = urlencode({"leads_to": leads_to})
        answer = call(self.asgi, f"/desk/sign-in?{query}")
        assert answer.status == 303, answer.text
        return answer.headers["location"], answer.cookies[0].partition(";")[0]

    def sign_in(self, where: str) -> dict[str, str]:
        """What the provider's page brings back to us."""
        page = urllib3.request("GET", where, redirect=False, timeout=10)
        assert page.status == 303
        back = page.headers["location"]
        assert back.startswith(f"{self.app.settings.site.door_url}/desk/signed-in?")
        return dict(parse_qsl(urlsplit(back).query))

    def bring(self, back: dict[str, str], cookie: str) -> Answer:
        """Come back from there."""
        headers = {"cookie": cookie, "sec-fetch-site": "cross-site"}
        return call(self.asgi, f"/desk/signed-in?{urlencode(back)}", headers=headers)

    def whole(self, leads_to: str = "") -> Answer:
        """All of it."""
        where, cookie = self.begin(leads_to)
        return self.bring(self.sign_in(where), cookie)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that knows AOI."""
    port = free_port()
    made = Provider(f"http://127.0.0.1:{port}", PERSON)
    with serving(made.app(), port):
        yield made


@pytest.fixture
def place(provider: Provider) -> Iterator[Place]:
    """A desk beside it."""
    made = Place(provider)
    yield made
    made.identity.close()


def session(answer: Answer) -> dict[str, str]:
    """The cookie of whoever was let in."""
    assert answer.status == 303, answer.text
    found = next(c for c in answer.cookies if c.startswith("todoke-desk="))
    return {"cookie": found.partition(";")[0]}


class TestTheWayIn:
    def test_leads_to_where_somebody_wanted_to_go(self, place: Place) -> None:
        """Whom the configuration names, in whatever spelling; the session is like any other."""
        answer = place.whole("/desk/s1?from=mail")
        assert answer.headers["location"] == "/desk/s1?from=mail"
        cookie = session(answer)
        assert call(place.asgi, "/desk", headers=cookie).status == 200
        assert str(AOI) in call(place.asgi, "/desk/sessions", headers=cookie).text

    def test_asks_with_fresh_secrets(self, place: Place) -> None:
        """State, nonce and challenge differ each time, and none is another one; PKCE by S256."""
        first, second = (parse_qs(urlsplit(place.begin()[0]).query) for _ in range(2))
        assert first["code_challenge_method"] == ["S256"]
        secrets = [
            asked[name][0]
            for asked in (first, second)
            for name in ("state", "nonce", "code_challenge")
        ]
        assert len(set(secrets)) == 6
        assert all(len(secret) >= 32 for secret in secrets)

    def test_stands_on_the_shut_desk_beside_the_mail(self, place: Place) -> None:
        """With its name; and it is not there without a provider."""
        page = call(place.asgi, "/desk/s1").text
        assert "Enter with Work" in page
        assert 'href="/desk/sign-in?leads_to=/desk/s1"' in page
        app, _ = shop()
        assert "Enter with" not in call(site_of(app), "/desk").text
        assert call(site_of(app), "/desk/sign-in").status == 403

    def test_may_be_the_only_one(self, provider: Provider) -> None:
        """Then nobody is mailed a link, and no address is asked for; the command line's link is good as ever."""
        place = Place(provider, is_only=True)
        page = call(place.asgi, "/desk").text
        assert "Enter with Work" in page
        assert "Mail me a link" not in page
        assert ask(place.asgi, str(AOI)).status == 403
        assert place.letters.mails == []
        session(place.whole())
        assert enter(place.asgi, entry_link(place.app)).status == 303
        place.identity.close()

    def test_asks_the_provider_about_itself_and_its_keys_once(self, place: Place) -> None:
        """For an hour."""
        for _ in range(3):
            session(place.whole())
        assert place.provider.asked.count("discovery") == 1
        assert place.provider.asked.count("keys") == 1
        place.minutes = 61
        session(place.whole())
        assert place.provider.asked.count("discovery") == 2

    def test_follows_a_change_of_keys(self, place: Place) -> None:
        """A token of a key that is not known yet makes us ask once; for another one nobody asks again at once."""
        session(place.whole())
        place.provider.keys.append(Pair("two"))
        session(place.whole())
        assert place.provider.asked.count("keys") == 2
        place.provider.sign = lambda _, claims: Provider.sign(
            Provider("", {}, keys=[Pair("forged")]), claims
        )
        for _ in range(3):
            assert place.whole().status == 403
        assert place.provider.asked.count("keys") == 2

    def test_takes_a_clock_that_is_a_little_off(self, place: Place) -> None:
        """Up to a minute, either way."""
        now = int(time.time())
        for iat, exp in ((now + 45, now + 300), (now - 300, now - 45)):
            place.provider.lies = {"iat": iat, "exp": exp}
            session(place.whole())

    def test_reads_the_address_where_the_token_has_none(self, place: Place) -> None:
        """From UserInfo, of the same person."""
        place.provider.tells_in_userinfo = True
        session(place.whole())
        place.provider.lies = {"sub": "43"}
        assert place.whole().status == 403

    def test_ends_there_too_where_it_is_offered(self, place: Place) -> None:
        """After leaving ours, by a link that leads back to ours."""
        cookie = session(place.whole())
        token = page_token(place.asgi, cookie, "/desk/sessions")
        assert post(place.asgi, "/desk/leave", f"token={token}", **cookie).status == 303
        assert call(place.asgi, "/desk", headers=cookie).status == 403
        elsewhere = Place(place.provider)  # another process, which nobody entered by
        assert "Sign out of Work as well" in call(elsewhere.asgi, "/desk/left").text
        elsewhere.identity.close()
        page = call(place.asgi, "/desk/left").text
        assert "Sign out of Work as well" in page
        assert "whoever uses it can enter again" in page
        assert (
            f"{place.provider.url}/out?client_id=todoke+client&amp;post_logout_redirect_uri="
            in page
        )


NOBODY_ELSE: list[tuple[str, dict[str, Any], str]] = [
    ("expired", {"exp": int(time.time()) - 3600}, "proves nothing"),
    ("of a time to come", {"iat": int(time.time()) + 3600}, "proves nothing"),
    ("for another client", {"aud": "another"}, "proves nothing"),
    ("for several, of whom it does not say which", {"aud": [CLIENT, "another"]}, "proves nothing"),
    ("for several, of whom we are not meant", {"aud": [CLIENT, "x"], "azp": "x"}, "proves nothing"),
    ("by another issuer", {"iss": "https://evil.example"}, "proves nothing"),
    ("by an issuer that begins like ours", {"iss": "http://127.0.0.1"}, "proves nothing"),
    ("with another nonce", {"nonce": "another"}, "proves nothing"),
    ("without a nonce", {"nonce": None}, "proves nothing"),
    ("without an end", {"exp": None}, "proves nothing"),
    ("of nobody", {"sub": None}, "proves nothing"),
    ("with an address that is not verified", {"email_verified": False}, "was verified"),
    ("with an address of which that is not said", {"email_verified": None}, "was verified"),
    ("with an address that is none", {"email": "aoi"}, "tells no mail address"),
    ("with two addresses", {"email": "aoi@shop.example, x@evil.example"}, "tells no mail address"),
    ("of somebody whom we do not name", {"email": "eve@evil.example"}, "eve@evil.example"),
]


@pytest.mark.parametrize(("what", "lies", "words"), NOBODY_ELSE, ids=[n for n, _, _ in NOBODY_ELSE])
def test_a_token_lets_nobody_else_in(
    place: Place, what: str, lies: dict[str, Any], words: str
) -> None:
    """Whatever is wrong with it: 403, and why in plain words; no session begins, and the log has no address."""
    place.provider.lies = lies
    answer = place.whole()
    assert answer.status == 403, what
    assert words in answer.text
    assert not any(c.startswith("todoke-desk=") for c in answer.cookies)
    assert place.app.admission.sessions(place.app.clock()) == []


def _none(_: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, algorithm="none")


def _shared(provider: Provider, claims: dict[str, Any]) -> str:
    """HS256 with the public key, which everybody has, as the secret."""
    key = provider.keys[-1]
    parts = [{"alg": "HS256", "kid": key.id}, claims]
    head = ".".join(urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts)
    made = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    public = json.dumps(key.public).encode()
    return f"{head}.{urlsafe_b64encode(made.sign(head.encode(), public)).rstrip(b'=').decode()}"


def _another_key(_: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, Pair("one").private, algorithm="RS256", headers={"kid": "one"})


def _own_key(_: Provider, claims: dict[str, Any]) -> str:
    """With the key it is to be judged by in its own head."""
    pair = Pair("mine")
    headers = {"kid": "mine", "jwk": pair.public, "jku": "http://127.0.0.1:1/keys"}
    return jwt.encode(claims, pair.private, algorithm="RS256", headers=headers)


def _changed(provider: Provider, claims: dict[str, Any]) -> str:
    head, _, tail = Provider.sign(provider, claims).split(".")
    body = urlsafe_b64encode(json.dumps(claims | {"email": "ken@shop.example"}).encode())
    return f"{head}.{body.rstrip(b'=').decode()}.{tail}"


@pytest.mark.parametrize(
    "sign", [_none, _shared, _another_key, _own_key, _changed, lambda *_: "", lambda *_: "a.b.c"]
)
def test_a_signature_that_is_none_lets_nobody_in(place: Place, sign: Sign) -> None:
    """alg none, the public key as a shared secret, other keys, changed claims, no token at all."""
    place.provider.sign = sign
    assert place.whole().status == 403


class TestTheWayBack:
    def test_is_of_the_browser_that_asked(self, place: Place) -> None:
        """Login CSRF: an answer that an attacker's browser was given enters nobody else's."""
        where, cookie = place.begin()
        back = place.sign_in(where)
        _, others = place.begin()
        for wrong in ("", others, cookie[:-9] + "AAAAAAAAA", cookie[:60]):
            assert place.bring(back, wrong).status == 403
        session(place.bring(back, cookie))

    def test_counts_once(self, place: Place) -> None:
        """The browser forgets what it asked, and the provider's code is used up for whoever kept all of it."""
        where, cookie = place.begin()
        back = place.sign_in(where)
        entered = place.bring(back, cookie)
        session(entered)
        gone = next(c for c in entered.cookies if "sign-in" in c)
        assert "Max-Age=0" in gone
        assert place.bring(back, cookie).status == 403

    @pytest.mark.parametrize(
        "changes",
        [
            {"state": "another"},
            {"state": ""},
            {"iss": "https://evil.example"},
            {"iss": ""},
            {"code": "x"},
        ],
        ids=str,
    )
    def test_must_answer_what_was_asked(self, place: Place, changes: dict[str, str]) -> None:
        """State, and the issuer (mix-up, RFC 9207)."""
        where, cookie = place.begin()
        back = {k: v for k, v in (place.sign_in(where) | changes).items() if v}
        assert place.bring(back, cookie).status == 403

    def test_without_a_code_says_so(self, place: Place) -> None:
        """The person said no there."""
        place.provider.denies = True
        answer = place.whole()
        assert answer.status == 403
        assert "Work did not let you in" in answer.text

    @pytest.mark.parametrize(
        "leads_to",
        [
            "https://evil.example/desk",
            "//evil.example",
            "/desk/../x",
            "/desk\r\nx: y",
            "/desk" + "/a" * 900,
        ],
    )
    def test_leads_into_the_desk_alone(self, place: Place, leads_to: str) -> None:
        """Open redirect: else to the list."""
        assert place.whole(leads_to).headers["location"] == "/desk"

    def test_is_bounded(self, place: Place) -> None:
        """Tries of one network address that come to nothing."""
        place.app = replace(place.app, settings=replace(place.app.settings, trusted_proxies=1))
        asgi = site_of(place.app)
        headers = {"x-forwarded-for": "192.0.2.7"}
        statuses = [call(asgi, "/desk/signed-in", headers=headers).status for _ in range(32)]
        assert statuses == [403] * 30 + [429] * 2


class TestTheDoctor:
    def look(self, provider: Provider, secret: str = SECRET) -> Check:
        """What `todoke doctor` says of it."""
        stated = OidcSettings(issuer=provider.url, client_id=CLIENT, name="Work")
        settings = mails.settings(desk=DeskSettings(oidc=stated), oidc_secret=Secret(secret))
        examination = Examination(settings, Wishes(), None, FakeClock())
        [found] = examination.provider()
        return found

    def test_finds_a_good_one(self, provider: Provider) -> None:
        """It answers, and its keys are there."""
        assert self.look(provider).status is Verdict.GOOD

    def test_finds_what_is_wrong(self, provider: Provider) -> None:
        """Another issuer, nobody there, our secret missing, no PKCE."""
        assert self.look(provider, "").status is Verdict.BAD
        provider.about = {"code_challenge_methods_supported": ["plain"]}
        assert self.look(provider).status is Verdict.WARN
        provider.about = {"issuer": "https://evil.example"}
        assert "another issuer" in self.look(provider).says
        provider.url = f"http://127.0.0.1:{free_port()}"
        assert self.look(provider).status is Verdict.BAD

    def test_says_nothing_where_there_is_none(self) -> None:
        """No line."""
        assert Examination(mails.settings(), Wishes(), None, FakeClock()).provider() == []


class TestAProviderThatIsNotRight:
    def test_whose_word_may_be_missing_only_where_the_site_says_so(
        self, provider: Provider
    ) -> None:
        """An address of which it does not say whether it was verified; never one of which it says that it was not."""
        trusting = Place(provider, trusts_unstated=True)
        provider.lies = {"email_verified": None}
        session(trusting.whole())
        provider.lies = {"email_verified": False}
        assert trusting.whole().status == 403
        trusting.identity.close()

    @pytest.mark.parametrize(
        "about",
        [
            {"issuer": "https://evil.example"},
            {"token_endpoint": "http://evil.example/token"},
            {"jwks_uri": "ftp://evil.example"},
            {"authorization_endpoint": 5},
        ],
        ids=str,
    )
    def test_is_not_asked(self, place: Place, about: dict[str, Any]) -> None:
        """It speaks for another issuer, or in the clear: 503, in words, with the mail's way beside."""
        place.provider.about = about
        answer = call(place.asgi, "/desk/sign-in")
        assert answer.status == 503
        assert "cannot be reached" in answer.text
        assert "Mail me a link" in answer.text

    def test_that_talks_without_end_is_not_listened_to(self, place: Place) -> None:
        """What is longer than its word can be is no word of its."""
        place.provider.about = {"padding": "x" * 300_000}
        assert call(place.asgi, "/desk/sign-in").status == 503

    def test_that_is_away_is_asked_seldom(self, place: Place) -> None:
        """However many press the button."""
        place.provider.about = {"issuer": "https://evil.example"}
        for _ in range(5):
            assert call(place.asgi, "/desk/sign-in").status == 503
        assert place.provider.asked == ["discovery"]
        place.provider.about = {}
        place.minutes = 1
        session(place.whole())

    def test_whose_answers_take_too_long_is_not_waited_for(self, place: Place) -> None:
        """Each may be in time, and all together longer than a function on AWS may run: the next is not asked for."""
        where, cookie = place.begin()
        back = place.sign_in(where)
        place.provider.at_its_tokens = lambda: place.pass_time(BEGUN_WITHIN_SECONDS + 1)
        place.provider.asked.clear()
        answer = place.bring(back, cookie)
        assert answer.status == 503
        assert "cannot be reached" in answer.text
        assert place.provider.asked == ["token"], "its keys are not asked for any more"

    def test_leaves_a_function_on_aws_its_time(self) -> None:
        """The last exchange that may be begun is over before the function is."""
        template = (ROOT / "src" / "todoke" / "aws" / "deploy" / "template.yaml").read_text("utf-8")
        web = template.partition("\n  Web:\n")[2]
        seconds = int(web.partition("Timeout: ")[2].partition("\n")[0])
        assert seconds > BEGUN_WITHIN_SECONDS + 2 * CONNECT_SECONDS + 2 * PATIENCE_SECONDS

    def test_may_end_its_name_with_a_slash(self, provider: Provider) -> None:
        """As some do; the token must then have it too."""
        provider.about = {"issuer": f"{provider.url}/"}
        place = Place(provider)
        where, cookie = place.begin()
        back = place.sign_in(where) | {"iss": f"{provider.url}/"}
        assert place.bring(back, cookie).status == 403
        provider.lies = {"iss": f"{provider.url}/"}
        where, cookie = place.begin()
        session(place.bring(place.sign_in(where) | {"iss": f"{provider.url}/"}, cookie))
        place.identity.close()
