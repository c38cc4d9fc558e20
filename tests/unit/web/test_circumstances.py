"""What the header fields of a request say of who sent it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.web.doors import OPEN_FORM, make_app
from todoke.forms.suspicion.circumstances import Agent, Circumstances, PageOwner
from todoke.forms.suspicion.load import write_load
from todoke.model.form import Site
from todoke.model.submission import Entry
from todoke.web.door.circumstances import Observer

SITE = Site(
    name="Site", url="https://www.site.example", door_url="https://forms.example",
    origins=("https://www.site.example", "https://shop.example"),
)  # fmt: skip
NOW = datetime(2026, 11, 30, 1, 2, 3, 456_000, tzinfo=UTC)
SECRET = b"x" * 32
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
OLD_SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/15.6 Mobile/15E148 Safari/604.1"
)
ORDINARY = {
    "accept": "*/*",
    "accept-language": "ja",
    "origin": "https://www.site.example",
    "host": "forms.example",
}


def seen(site: Site = SITE, loaded: str = "", **fields: str) -> Circumstances:
    """The circumstances of a request with these header fields; of an empty one nothing is sent."""
    stated = {name.replace("_", "-"): value for name, value in fields.items()}
    headers = [(k.encode(), v.encode("latin-1")) for k, v in (ORDINARY | stated).items() if v]
    scope: dict[str, Any] = {"type": "http", "headers": headers}
    controls = (Entry("_loaded", loaded),) if loaded else ()
    observer = Observer(make_app(site=site).settings, lambda: NOW)
    return observer.circumstances(scope, OPEN_FORM, controls)


@pytest.mark.parametrize(
    ("agent", "is_browser"),
    [
        (CHROME, True),
        (FIREFOX, True),
        (OLD_SAFARI, True),
        ("Opera/9.80 (Android) Presto/2.12.423 Version/12.16", True),
        ("", False),
        ("python-requests/2.32.3", False),
        ("curl/8.5.0", False),
        ("node", False),
        ("\u00e3\u0081\u0082", False),
    ],
)
def test_who_calls_itself_a_browser(agent: str, is_browser: bool) -> None:
    """All browsers begin as they began in 1994; programs that hide nothing do not."""
    assert seen(user_agent=agent).agent is (Agent.BROWSER if is_browser else Agent.PROGRAM)


def test_browsers_send_what_browsers_send() -> None:
    """Over TLS those of today state where the request comes from; older ones at least page and language."""
    assert seen(user_agent=CHROME, sec_fetch_site="cross-site").has_browsers_fields
    assert not seen(user_agent=CHROME).has_browsers_fields
    assert not seen(user_agent=FIREFOX).has_browsers_fields
    assert seen(user_agent=OLD_SAFARI).has_browsers_fields
    assert seen(user_agent=CHROME.replace("143", "79")).has_browsers_fields
    for missing in ("accept", "accept_language", "origin"):
        assert not seen(user_agent=OLD_SAFARI, **{missing: ""}).has_browsers_fields
    assert seen(user_agent=OLD_SAFARI, origin="", referer="https://a.example/").has_browsers_fields


def test_without_tls_nobody_states_fetch_metadata() -> None:
    """Then the other fields are all there is to see."""
    site = Site(name="Site", url="http://intranet", door_url="http://intranet/forms")
    assert seen(site, user_agent=CHROME).has_browsers_fields
    assert not seen(site, user_agent=CHROME, accept_language="").has_browsers_fields


@pytest.mark.parametrize(
    ("fields", "page"),
    [
        ({}, PageOwner.OWN),
        ({"origin": "https://shop.example"}, PageOwner.OWN),
        ({"origin": "https://forms.example"}, PageOwner.OWN),
        ({"origin": "null"}, PageOwner.UNKNOWN),
        ({"origin": "null", "referer": "https://shop.example/a?b"}, PageOwner.OWN),
        ({"origin": ""}, PageOwner.UNKNOWN),
        ({"origin": "", "referer": "https://other.example/"}, PageOwner.OTHER),
        ({"origin": "", "referer": "nonsense"}, PageOwner.OTHER),
        (
            {"origin": "", "referer": "http://proxy.example/", "host": "Proxy.example"},
            PageOwner.OWN,
        ),
    ],
)
def test_whose_page_it_was(fields: dict[str, str], page: PageOwner) -> None:
    """By Origin; where that says nothing, by Referer; where neither is, nobody knows."""
    assert seen(user_agent=CHROME, **fields).page is page


@pytest.mark.parametrize(
    "site", [Site(name="Site"), Site(name="Site", url="https://a.example", origins=("*",))]
)
def test_where_any_page_may_send_none_is_anothers(site: Site) -> None:
    """No origin is configured, or all are."""
    assert seen(site, origin="https://other.example").page is PageOwner.UNKNOWN


@pytest.mark.parametrize("seconds", [0, 1.5, 2, 3_600, 10**8])
def test_how_long_ago_the_page_was_loaded(seconds: float) -> None:
    """As the page says, in a text that only we can write."""
    loaded = write_load(SECRET, "any", NOW - timedelta(seconds=seconds))
    assert seen(user_agent=CHROME, loaded=loaded).loaded_before == pytest.approx(seconds, abs=0.001)


def test_a_page_that_says_nothing_is_an_ordinary_page() -> None:
    """Most pages are static, and a clock may be put back."""
    later = write_load(SECRET, "any", NOW + timedelta(seconds=5))
    for loaded in ("", later):
        known = seen(user_agent=CHROME, loaded=loaded)
        assert (known.loaded_before, known.is_load_forged) == (None, False)


GOOD = write_load(SECRET, "any", NOW)


@pytest.mark.parametrize(
    "loaded",
    [
        GOOD[:-1],
        f"{GOOD}A",
        f"1{GOOD}",
        GOOD.replace(".", ".A"),
        GOOD.partition(".")[0],
        write_load(SECRET, "other", NOW),
        write_load(b"y" * 32, "any", NOW),
        "x",
        ".",
        "-1.",
        "\u0663.\udcff",
        "9" * 100_000,
    ],
)
def test_what_is_not_ours_is_forged(loaded: str) -> None:
    """Of another form, another secret, or changed by a letter."""
    known = seen(user_agent=CHROME, loaded=loaded)
    assert (known.loaded_before, known.is_load_forged) == (None, True)
