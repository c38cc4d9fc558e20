"""What a notice says to people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from support.variants import replace
from support.web.stories import make_settings
from todoke.model.delivery import Reason
from todoke.model.notice import MailNews, Notice, NoticeType
from todoke.walk.notices.sentences import sentences

NOW = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
SETTINGS = make_settings()
ID = "1r7qk0c5v2aaaaaaaaaac5v2k1"
FAILED = Notice(
    id="n1",
    webhook="team",
    type=NoticeType.FAILED,
    at=NOW,
    form="contact",
    submission_id=ID,
    message=MailNews(
        id=f"{ID}-1",
        role="confirmation",
        status="bounced",
        attempt=1,
        reason="unknown_address",
        permanence="hard",
    ),
)


def test_a_mail_that_failed() -> None:
    """Which mail, of which form, what became of it, why, what to do, and where."""
    title, text = sentences(FAILED, SETTINGS, "en")
    assert title == "Hoshino Paper - Contact us: a mail did not arrive"
    first, second, *_, reference, url = text.splitlines()
    assert first == "Confirmation to the visitor: Bounced"
    assert "It will not arrive." in second
    assert "mistyped" in text
    assert reference == "Reference: c5v2k1"
    assert url == f"http://127.0.0.1:8000/desk/{ID}"


def test_a_mail_of_ones_own() -> None:
    """What to do about a manager's address is another thing than about a visitor's."""
    assert FAILED.message is not None
    ours = replace(FAILED, message=replace(FAILED.message, role="notification"))
    assert sentences(ours, SETTINGS, "en")[1] != sentences(FAILED, SETTINGS, "en")[1]


def test_all_mail_rests() -> None:
    """Why, that nothing is lost, and where to look; what is of no submission names none."""
    notice = Notice(id="n2", webhook="team", type=NoticeType.RESTS, at=NOW, reason="timed_out")
    title, text = sentences(notice, SETTINGS, "en")
    assert title == "Hoshino Paper - All mail waits"
    assert "Nothing is lost" in text
    assert len(text.splitlines()) == 3
    assert "Reference" not in text
    assert text.endswith("/desk/attention")


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("type_", NoticeType)
def test_each_type_in_each_language(type_: NoticeType, language: str) -> None:
    """Nothing is left to fill in, and a word of a later version breaks nothing."""
    for reason in (*(r.value for r in Reason), "", "of_a_later_version"):
        notice = replace(FAILED, type=type_, message=None, reason=reason)
        if type_ is NoticeType.FAILED:
            assert FAILED.message is not None
            notice = replace(notice, message=replace(FAILED.message, reason=reason))
        title, text = sentences(notice, SETTINGS, language)
        assert title
        assert text
        assert "%(" not in title + text
        assert title.isascii() == (language == "en")


def test_a_form_that_is_gone_is_called_by_its_name() -> None:
    """And without a site's name or a door there is none."""
    bare = replace(SETTINGS, site=replace(SETTINGS.site, name="", door_url=""))
    title, text = sentences(replace(FAILED, form="old"), bare, "en")
    assert title == "old: a mail did not arrive"
    assert "://" not in text
