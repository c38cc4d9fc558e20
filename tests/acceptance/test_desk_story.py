"""A working day at the desk, in real Chromium, in English and Japanese; on AWS see test_aws_desk.py.

A manager asks for a link, finds 山田 among many submissions, deals with a mail that came back, exports, and leaves;
a stranger and the manager of another form get nowhere. With TODOKE_SCREENSHOTS=folder each page is kept as an image.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.web.desk_day import tell_a_day, tell_of_others, try_each_route
from support.web.desk_places import on_one_machine
from support.web.desk_story import Place

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The office."""
    with on_one_machine(tmp_path_factory.mktemp("office")) as found:
        expect.set_options(timeout=found.seconds * 1_000)
        yield found
    expect.set_options(timeout=5_000)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_day_of_a_manager(browser: Browser, place: Place, tmp_path: Path, language: str) -> None:
    """From the link in the mail to leaving: nothing of it needs a shell."""
    tell_a_day(browser, place, language, tmp_path)


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
