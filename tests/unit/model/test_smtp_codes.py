"""What SMTP answers mean."""

from __future__ import annotations

import pytest

from todoke.model.delivery import Permanence, Reason
from todoke.model.smtp_codes import find_status_code, read_answer

HARD, SOFT, NONE = Permanence.HARD, Permanence.SOFT, Permanence.NONE


@pytest.mark.parametrize(
    ("code", "text", "permanence", "reason"),
    [
        ("550", "5.1.1 User unknown", HARD, Reason.UNKNOWN_ADDRESS),
        (
            "550",
            "5.1.1 The email account that you tried to reach does not exist.",
            HARD,
            Reason.UNKNOWN_ADDRESS,
        ),
        ("550", "No such user here", HARD, Reason.UNKNOWN_ADDRESS),
        ("550", "5.1.2 Host unknown", HARD, Reason.UNKNOWN_HOST),
        ("556", "Domain does not accept mail", HARD, Reason.UNKNOWN_HOST),
        ("554", "5.1.10 Recipient address has null MX", HARD, Reason.UNKNOWN_HOST),
        ("550", "5.1.1 mailbox is full", SOFT, Reason.MAILBOX_FULL),
        ("552", "5.2.2 over quota", SOFT, Reason.MAILBOX_FULL),
        ("452", "4.2.2 Mailbox full, try again later", SOFT, Reason.MAILBOX_FULL),
        ("550", "5.2.1 The account is disabled", SOFT, Reason.UNKNOWN_ADDRESS),
        ("552", "5.3.4 Message too big for system", NONE, Reason.TOO_LARGE),
        ("550", "5.7.1 rejected as spam", NONE, Reason.POLICY),
        ("550", "5.1.1 blocked, see https://rbl.test/", NONE, Reason.POLICY),
        ("554", "5.7.1 Relay access denied", NONE, Reason.MISCONFIGURED),
        ("535", "5.7.8 Error: authentication failed", NONE, Reason.MISCONFIGURED),
        ("554", "5.6.0 Message contained unsafe content", NONE, Reason.CONTENT),
        ("451", "4.7.1 Greylisted", NONE, Reason.POLICY),
        ("450", "4.1.1 User unknown", SOFT, Reason.UNKNOWN_ADDRESS),
        ("550", "no", NONE, Reason.OTHER),
        ("599", "", NONE, Reason.OTHER),
    ],
)
def test_an_answer_is_read(code: str, text: str, permanence: Permanence, reason: Reason) -> None:
    """Code and text together say what is true of the address, and why."""
    read = read_answer(code, "", text)
    assert (permanence, reason) == (read.permanence, read.reason)


@pytest.mark.parametrize("detail", ["7.1", "6.0", "3.4", "5.0", "9.9", "7.26"])
def test_5_alone_is_never_hard(detail: str) -> None:
    """A permanent answer about sender, message or nothing known says nothing of the address."""
    assert HARD is not read_answer("550", f"5.{detail}", "no").permanence


@pytest.mark.parametrize("detail", ["1.1", "1.2", "1.10", "4.4", "7.17"])
def test_4_is_never_hard(detail: str) -> None:
    """What may work later is not the end of an address, whatever the text says."""
    assert HARD is not read_answer("450", f"4.{detail}", "no such user").permanence


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("550 5.1.1 x", "5.1.1"),
        ("from 10.5.1.1 x", ""),
        ("5.1.1.2", ""),
        ("#5.7.26", "5.7.26"),
        ("", ""),
        ("v2.14.0 ready", ""),
    ],
)
def test_status_codes_are_found(text: str, found: str) -> None:
    """An address of a machine or a version is no status code."""
    assert found == find_status_code(text)
