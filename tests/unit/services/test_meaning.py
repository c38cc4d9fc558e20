"""An API's refusal whose words are about the account rejects no mail."""

from __future__ import annotations

import pytest

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendRefused
from todoke.services.meaning import refusal
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
