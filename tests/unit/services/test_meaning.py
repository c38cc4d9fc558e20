"""An API's refusal whose words are about the account rejects no mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from todoke.model.automatic_reply import is_automatic_reply
from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendRefused
from todoke.model.smtp_codes import find_status_code, read_answer
from todoke.services.meaning import named_recipient, read_moment, refusal
from todoke.services.postmark.answers import INVALID
from todoke.services.postmark.answers import read_error as postmark_error
from todoke.services.ses.answers import Parties
from todoke.services.ses.answers import read_error as ses_error

ABOUT_US = (
    "Your account has been suspended",
    "Sender domain is not verified",
    "You have exceeded your daily sending limit",
    "Authentication required",
)
ABOUT_THE_MAIL = ("Illegal address", "The recipient does not exist", "Invalid 'To' address: 'x'.")


@pytest.mark.parametrize("words", ABOUT_US)
def test_words_about_us_make_the_mail_wait(words: str) -> None:
    """In every service's answers: the set-up is suspected."""
    parties = Parties(sender="desk@example.org", recipient="aoi@example.net")
    for error in (
        refusal("9", words, words, Reason.OTHER),
        postmark_error(422, INVALID, words),
        ses_error("MessageRejected", 400, words, parties),
    ):
        assert isinstance(error, SendDeferred), error
        assert error.suspects_set_up or error.stop_all


@pytest.mark.parametrize("words", ABOUT_THE_MAIL)
def test_words_about_the_mail_refuse_it(words: str) -> None:
    """As before."""
    error = refusal("9", words, words, Reason.OTHER)
    assert isinstance(error, SendRefused)
    assert error.reason is Reason.OTHER


@pytest.mark.parametrize(
    "unit", ["T", "あ", "a.", "a@", "<", "(", "5.", "out of the ", "user unknown "]
)
def test_words_without_an_end_are_read_in_a_moment(unit: str) -> None:
    """A stranger's server writes them, and a service passes them on: a megabyte of anything ends no thread."""
    text = unit * (1_000_000 // len(unit))
    read_answer("550", "", text)
    find_status_code(text)
    is_automatic_reply(text)
    assert named_recipient(text) == text.strip()
    assert named_recipient(f"a {text}>")


@pytest.mark.parametrize(
    ("stated", "named"),
    [
        ("aoi@example.net", "aoi@example.net"),
        ("<aoi@example.net>", "aoi@example.net"),
        ("Aoi (x) < aoi@example.net > ", "aoi@example.net"),
        ('"<other@example.net>" <aoi@example.net>', "aoi@example.net"),
        (["Aoi <aoi@example.net>"], "aoi@example.net"),
        ("aoi@example.net <>", "aoi@example.net <>"),
        ("<aoi@example.net> and others", "<aoi@example.net> and others"),
        ("a<" + "(" * 3_000, "a<" + "(" * 3_000),
        (["a", "b"], "(['a', 'b'])"),
        (None, ""),
    ],
)
def test_an_event_names_one_address_or_somebody_else(stated: object, named: str) -> None:
    """What is in the last brackets, where the text ends with them; anything odd is no address, and no fault of ours."""
    assert named_recipient(stated) == named


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2031-05-06T07:08:12Z", datetime(2031, 5, 6, 7, 8, 12, tzinfo=UTC)),
        ("2031-05-06 07:08:12", datetime(2031, 5, 5, 22, 8, 12, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("1969-12-31T23:59:59Z", None),
        ("2200-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("2" * 100_000, None),
    ],
)
def test_a_time_is_one_that_every_zone_can_show(text: str, at: datetime | None) -> None:
    """One without a zone is in the service's; without such a one it is none."""
    assert read_moment(text, timezone(timedelta(hours=9))) == at
    if at and not text.endswith("Z"):
        assert read_moment(text) is None
