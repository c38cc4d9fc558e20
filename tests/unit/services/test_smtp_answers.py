"""What a bad answer of an SMTP server means, with the command in view."""

from __future__ import annotations

import pytest

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendRefused
from todoke.services.smtp.answers import LEAST_SIZE, Verb, failure
from todoke.services.smtp.talk import Answer

SMALL, LARGE = 3_000, LEAST_SIZE + 1


def said(words: str) -> Answer:
    """An answer as it stands on the wire."""
    return Answer(int(words[:3]), words[4:])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("552 5.2.2 Mailbox quota exceeded for desk@example.org", Reason.MISCONFIGURED),
        ("552 5.3.4 Message size exceeds fixed limit", Reason.MISCONFIGURED),
        ("553 5.6.7 EAI address not supported", Reason.MISCONFIGURED),
        ("550 5.1.1 <desk@example.org>: User unknown", Reason.MISCONFIGURED),
        ("550 5.7.1 no", Reason.MISCONFIGURED),
        ("452 4.2.2 Mailbox full", Reason.OTHER),
        ("452 4.3.4 Message too large", Reason.OTHER),
    ],
)
def test_a_refused_mail_command_says_nothing_of_a_recipient(words: str, reason: Reason) -> None:
    """None was named yet, and the mail is small and plain: it is what all mails share."""
    error = failure(said(words), Verb.MAIL, SMALL)
    assert isinstance(error, SendDeferred)
    assert error.stop_all
    assert error.reason is reason


@pytest.mark.parametrize("words", ["552 5.3.4 Message too big", "552 no", "554 5.2.3 too long"])
def test_a_large_mail_may_be_refused_for_its_size(words: str) -> None:
    """Above what every server must take (RFC 5321 4.5.3.1.7)."""
    error = failure(said(words), Verb.MAIL, LARGE)
    assert isinstance(error, SendRefused)
    assert error.reason is Reason.TOO_LARGE
    assert not error.is_doubtful


def test_our_own_full_mailbox_is_not_a_large_mails_size() -> None:
    """552 has two meanings; the words say which."""
    error = failure(said("552 5.2.2 Mailbox quota exceeded"), Verb.MAIL, LARGE)
    assert isinstance(error, SendDeferred)
    assert error.stop_all


def test_a_mail_that_needs_smtputf8_may_be_refused_for_that() -> None:
    """It is the recipient's address that asks for it."""
    error = failure(said("553 5.6.7 no"), Verb.MAIL, SMALL, has_utf8_address=True)
    assert isinstance(error, SendRefused)


@pytest.mark.parametrize(
    ("words", "octets", "is_doubtful"),
    [
        ("554 5.7.1 <aoi@example.net>: Recipient address rejected: Access denied", SMALL, True),
        ("550 Administrative prohibition", SMALL, True),
        ("550 5.7.1 Command rejected", SMALL, True),
        ("554 5.5.1 Error: no valid recipients", SMALL, True),
        ("503 5.5.1 Bad sequence of commands", SMALL, True),
        ("554 5.4.6 Too many hops", SMALL, True),
        ("552 5.3.4 Message file too big", SMALL, True),
        ("552 5.3.4 Message file too big", LARGE, False),
        ("550 5.1.1 <aoi@example.net>: User unknown", SMALL, False),
        ("552 5.2.2 Mailbox full", SMALL, False),
        ("554 5.6.0 Message contained unsafe content", SMALL, False),
    ],
)
def test_what_does_not_say_that_this_mail_is_at_fault_is_doubtful(
    words: str, octets: int, is_doubtful: bool
) -> None:
    """It may be what all mails share; nothing of that is decided here."""
    for verb in (Verb.RCPT, Verb.DATA, Verb.DOT):
        error = failure(said(words), verb, octets)
        assert isinstance(error, SendRefused)
        assert (error.is_doubtful, error.command) == (is_doubtful, verb)
