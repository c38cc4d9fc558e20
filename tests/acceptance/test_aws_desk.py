"""The desk's stories on the emulated AWS: the real template on ministack, real Chromium, English and Japanese.

The same as test_desk_story.py tells of one machine, and coming in by an OpenID provider. The long ones are told when
they are asked for: `make desk-on-aws`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.aws.site import STACK
from support.web.desk_day import tell_a_day, tell_of_others, try_each_route
from support.web.desk_places import on_aws
from support.web.desk_story import OFFICE, YAMADAS, Place, Visitor

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]
WHEN_ASKED = pytest.mark.skipif(
    not os.environ.get("TODOKE_DESK_ON_AWS"),
    reason="two minutes and a half, and more where others use the machine: `make desk-on-aws`",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The office."""
    with on_aws(tmp_path_factory.mktemp("office")) as found:
        expect.set_options(timeout=found.seconds * 1_000)
        yield found
    expect.set_options(timeout=5_000)


@WHEN_ASKED
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_day_of_a_manager(browser: Browser, place: Place, tmp_path: Path, language: str) -> None:
    """From the link in the mail to leaving: nothing of it needs a shell."""
    tell_a_day(browser, place, language, tmp_path)


@WHEN_ASKED
@pytest.mark.parametrize("language", ["en", "ja"])
def test_strangers_and_the_manager_of_another_form_get_nowhere(
    browser: Browser, place: Place, language: str
) -> None:
    """A stranger is told the same and gets no mail; who looks after another form sees and changes nothing."""
    tell_of_others(browser, place, language)


def test_each_route_for_a_stranger_and_for_the_manager_of_another_form(
    browser: Browser, place: Place
) -> None:
    """By the table of all routes; another's submission is answered like one that is not there."""
    try_each_route(browser, place)


def test_a_provider_s_answer_counts_in_whichever_environment(
    browser: Browser, place: Place
) -> None:
    """On AWS: another one than began it takes the answer; whom the settings do not name is told, and is not in."""
    provider, aws, id_ = place.provider, place.aws, place.found["en"]
    assert provider
    assert aws
    ended: list[int] = []

    def end_all() -> None:
        ended.append(aws.end_environments(f"{STACK}-Web"))
        provider.asked.clear()

    provider.at_its_page = end_all
    provider.person = {"sub": "1", "email": str(OFFICE).upper(), "email_verified": True}
    office = Visitor(browser, place, "en")
    page = office.page
    office.goto(f"/desk/{id_}")
    page.get_by_role("link", name="Enter with Garden login").click()
    expect(page).to_have_url(f"{place.url}/desk/{id_}")
    expect(page.get_by_role("heading", level=1)).to_have_text(YAMADAS["en"].name)
    assert ended[0] > 0
    assert provider.asked == ["discovery", "token", "keys"], "each environment asks for itself"
    office.press("Leave the desk")
    page.get_by_role("link", name="Sign out of Garden login as well").click()
    expect(page).to_have_url(f"{place.url}/desk")
    provider.person = {"sub": "2", "email": "eve@evil.example", "email_verified": True}
    page.get_by_role("link", name="Enter with Garden login").click()
    expect(page.get_by_role("alert")).to_contain_text("eve@evil.example")
    assert office.goto(f"/desk/{id_}") == 403
    office.context.close()
