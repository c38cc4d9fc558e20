"""What a manager is advised to do: a wrong address is spoken of only where the address can be at fault."""

from __future__ import annotations

import re

import pytest

from support.variants import replace
from support.web.stories import make_message
from todoke.mail.alert_words import alert_words
from todoke.model.answers.row import Row
from todoke.model.answers.table import ROWS
from todoke.model.delivery import PARTY_OF, Party, Permanence, Reason
from todoke.model.language import LANGUAGES
from todoke.model.message import MessageTimeline, Role
from todoke.report.words import reason_words

ABOUT_AN_ADDRESS = re.compile(
    r"mistyped|check this recipient|correct it|アドレスを(?:確認|誤)|訂正", re.IGNORECASE
)
OURS = sorted({row.reason for row in ROWS if row.party is Party.SENDER})


def told(reason: Reason, role: Role, permanence: Permanence = Permanence.NONE) -> MessageTimeline:
    """A message that came back for this reason."""
    message = make_message("bounced", role, reason=reason)
    *earlier, last = message.attempts
    changed = replace(last, standing=replace(last.standing, permanence=permanence))
    return replace(message, attempts=(*earlier, changed))


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.party is Party.SENDER], ids=lambda r: r.source
)
def test_no_row_that_is_our_fault_blames_an_address(row: Row) -> None:
    """Whatever an answer says of us, nobody is told to look at the recipient's address."""
    assert row.permanence is Permanence.NONE
    assert PARTY_OF[row.reason] is Party.SENDER


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", [Role.CONFIRMATION, Role.NOTIFICATION])
@pytest.mark.parametrize("permanence", Permanence)
@pytest.mark.parametrize("reason", OURS)
def test_a_fault_of_ours_has_no_advice_about_the_address(
    reason: Reason, permanence: Permanence, role: Role, language: str
) -> None:
    """Neither for the visitor's address nor for a manager's; whoever runs the site is named instead."""
    words = alert_words("bounced", told(reason, role, permanence), language)
    assert not any(ABOUT_AN_ADDRESS.search(step) for step in words.advice)
    assert any("todoke check" in step for step in words.advice)
    assert not ABOUT_AN_ADDRESS.search(reason_words(reason, language))


@pytest.mark.parametrize("reason", [Reason.TOO_LARGE, Reason.CONTENT, Reason.MAILBOX_FULL])
def test_a_mail_or_a_full_mailbox_is_no_wrong_address(reason: Reason) -> None:
    """What is wrong with this mail, and a mailbox that is there, say nothing of the address."""
    for role in (Role.CONFIRMATION, Role.NOTIFICATION):
        advice = alert_words("bounced", told(reason, role), "en").advice
        assert not any(ABOUT_AN_ADDRESS.search(step) for step in advice)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", [Reason.UNKNOWN_ADDRESS, Reason.UNKNOWN_HOST, Reason.OTHER])
def test_an_address_that_may_be_wrong_is_spoken_of(reason: Reason, language: str) -> None:
    """So that the silence above is one of the words, not of the test."""
    advice = alert_words("bounced", told(reason, Role.CONFIRMATION), language).advice
    assert any(ABOUT_AN_ADDRESS.search(step) for step in advice)


def test_every_reason_has_a_party() -> None:
    """And each party that an answer can name has a reason of its own."""
    assert set(PARTY_OF) == set(Reason)
    assert set(PARTY_OF.values()) == set(Party)
