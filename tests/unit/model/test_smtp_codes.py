"""What SMTP answers mean."""

from __future__ import annotations

import pytest

from todoke.model.answers.table import ROWS
from todoke.model.delivery import Party, Permanence, Reason
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


OURS = [
    ("550", "5.1.8 <forms@site.test>: Sender address rejected: Domain not found"),
    ("553", "Domain of sender address forms@site.test does not exist"),
    ("450", "4.1.8 <forms@site.test>: Sender address rejected: Domain not found"),
    ("550", "Verification failed for <forms@site.test> No Such User Here Sender verify failed"),
    ("550", "5.1.7 Invalid address"),
    ("553", "site.test does not exist"),
    ("553", "5.7.1 <forms@site.test>: Sender address rejected: not owned by user web"),
    ("550", "5.7.60 SMTP; Client does not have permissions to send as this sender"),
    ("554", "Message rejected: Email address is not verified."),
    ("550", "5.4.5 Daily user sending limit exceeded."),
    ("450", "4.2.1 Peak SMTP relay limit exceeded for this customer."),
    ("554", "5.2.2 Submission quota exceeded; sender is over the limit"),
    ("554", "5.7.1 <ann@far.test>: Relay access denied"),
    ("550", "relay not permitted"),
    ("530", "5.7.0 Must issue a STARTTLS command first"),
    ("530", "5.7.57 Client not authenticated to send mail"),
    ("535", "5.7.8 Username and Password not accepted"),
    ("554", "5.7.1 <web[192.0.2.7]>: Client host rejected: Access denied"),
    ("554", "5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org"),
    ("504", "5.5.2 <web>: Helo command rejected: need fully-qualified hostname"),
    ("550", "5.7.26 Unauthenticated email from site.test is not accepted due to its DMARC policy"),
    ("550", "5.7.23 The message was rejected because of Sender Policy Framework violation"),
    ("550", "5.7.25 The sending IPv6 address must have a reverse DNS record"),
    ("550", "Connection frequency limited"),
    (
        "550",
        "Please turn on SMTP Authentication in your mail client, or login to the IMAP/POP3 server",
    ),
    ("503", "5.5.1 AUTH first (#5.5.1)"),
    (
        "503",
        "This mail server requires authentication when attempting to send to a non-local address",
    ),
    ("550", "SMTP AUTH is required."),
    ("554", "Please authenticate first"),
    ("554", "5.7.1 Policy rejection: SASL username required"),
    ("504", "5.7.4 Unrecognized authentication type"),
    (
        "550",
        "5.7.1 Invalid credentials for relay [192.0.2.1]. The IP address you've registered ...",
    ),
    ("525", "5.7.1 Unauthorized IP address"),
    ("502", "5.7.0 Your SMTP account is not yet activated. Please contact us"),
    (
        "554",
        "Access denied: User `arn:x' is not authorized to perform `ses:SendRawEmail' on resource",
    ),
    ("550", "Domain site.test is not allowed to send: The domain is unverified and requires DNS"),
    (
        "550",
        "5.7.1 (400) The 'From' address you supplied (forms@site.test) is not a Sender Signature",
    ),
    ("550", "5.7.1 Unconfigured Sending Domain <site.test>"),
    ("553", "Mail from must equal authorized user"),
    ("501", "mail from address must be same as authorization user"),
    ("553", "Relaying disallowed as forms@site.test"),
    ("551", "we do not relay"),
    ("550", "Delivery is not allowed to this address."),
    (
        "554",
        "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process",
    ),
    ("550", "Domain site.test has exceeded the max emails per hour (105/100 (105%)) allowed."),
    (
        "550",
        "Domain site.test has exceeded the max defers and failures per hour (5/5 (100%)) allowed.",
    ),
    ("550", 'Outgoing mail from "site.test" has been suspended.'),
    ("554", "5.7.0 Your message was rejected because your account is out of credits"),
    ("550", "5.4.6 Unusual sending activity detected. Please try after sometime."),
    ("552", "5.2.2 Your mailbox is over quota, please empty it before sending"),
    ("554", "5.7.1 Mail from this domain is not accepted here, because it has no MX"),
    ("554", "5.7.1 This server is not configured to accept mail from you"),
    ("550", "Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"),
    ("554", "5.7.0 Error: Must use TLS"),
    ("550", "IP address 192.0.2.1 is not allowed to send mail"),
    ("550", "5.7.1 We do not accept mail from dynamic IPs"),
    ("550", "5.7.1 送信元アドレスが許可されていません"),
    ("550", "送信者認証に失敗しました"),
    ("550", "5.7.1 SMTP認証が必要です"),
    ("550", "送信数の上限を超えました"),
    ("550", "5.7.1 Die Absenderadresse ist nicht erlaubt"),
    ("530", "5.7.1 Authentifizierung erforderlich"),
    ("550", "5.7.1 Expéditeur non autorisé"),
    ("550", "5.7.1 Authentification requise"),
]
"""What is wrong with us, as servers put it."""


@pytest.mark.parametrize(("code", "text"), OURS)
def test_what_is_said_of_us_is_ours(code: str, text: str) -> None:
    """Never an unknown address, a full mailbox or a matter of time, whatever else the words hold."""
    read = read_answer(code, "", text)
    assert read.party is Party.SENDER
    assert read.permanence is NONE
    assert read.reason in {Reason.MISCONFIGURED, Reason.POLICY}


@pytest.mark.parametrize(
    ("code", "text", "permanence", "reason", "party"),
    [
        (
            "550",
            "5.4.1 Recipient address rejected: Access denied. AS(1) [x.example]",
            SOFT,
            Reason.UNKNOWN_ADDRESS,
            Party.RECIPIENT,
        ),
        ("550", "5.4.1 Relay Access Denied", SOFT, Reason.UNKNOWN_HOST, Party.ROUTE),
        ("550", "5.4.4 Invalid domain", HARD, Reason.UNKNOWN_HOST, Party.RECIPIENT),
        ("552", "5.2.2 Mailbox size limit exceeded", SOFT, Reason.MAILBOX_FULL, Party.RECIPIENT),
        (
            "552",
            "The recipient's mailbox exceeds its size limit",
            SOFT,
            Reason.MAILBOX_FULL,
            Party.RECIPIENT,
        ),
        ("552", "Too much mail data ann@far.test", SOFT, Reason.MAILBOX_FULL, Party.RECIPIENT),
        ("552", "Message size exceeds fixed limit", NONE, Reason.TOO_LARGE, Party.MESSAGE),
        (
            "552",
            "5.3.4 Your message exceeded the size limits",
            NONE,
            Reason.TOO_LARGE,
            Party.MESSAGE,
        ),
        ("452", "4.3.1 Insufficient system storage", SOFT, Reason.OTHER, Party.ROUTE),
        (
            "554",
            "This user doesn't have a far.test account",
            HARD,
            Reason.UNKNOWN_ADDRESS,
            Party.RECIPIENT,
        ),
        ("550", "#5.1.0 Address rejected.", SOFT, Reason.UNKNOWN_ADDRESS, Party.RECIPIENT),
        ("550", "Unrouteable address", SOFT, Reason.UNKNOWN_ADDRESS, Party.RECIPIENT),
        (
            "550",
            "5.5.0 Requested action not taken: mailbox unavailable",
            SOFT,
            Reason.UNKNOWN_ADDRESS,
            Party.RECIPIENT,
        ),
        (
            "550",
            "Requested action not taken: mailbox unavailable",
            NONE,
            Reason.OTHER,
            Party.NOBODY,
        ),
        (
            "550",
            "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            HARD,
            Reason.UNKNOWN_ADDRESS,
            Party.RECIPIENT,
        ),
        (
            "550",
            "5.7.133 Sender not authenticated for group",
            NONE,
            Reason.POLICY,
            Party.RECIPIENT,
        ),
        (
            "450",
            "4.2.1 is receiving mail at a rate that is too high",
            SOFT,
            Reason.OTHER,
            Party.RECIPIENT,
        ),
        ("554", "5.7.9 Message not accepted for policy reasons", NONE, Reason.POLICY, Party.NOBODY),
        (
            "450",
            "4.1.2 <a@no.test>: Recipient address rejected: Domain not found",
            SOFT,
            Reason.UNKNOWN_HOST,
            Party.RECIPIENT,
        ),
        (
            "550",
            "5.2.1 This mailbox was closed after inactivity",
            SOFT,
            Reason.UNKNOWN_ADDRESS,
            Party.RECIPIENT,
        ),
        ("451", "4.7.1 Greylisted, try again", NONE, Reason.POLICY, Party.NOBODY),
        ("422", "4.2.2 Greylisted", NONE, Reason.POLICY, Party.NOBODY),
        ("552", "5.2.2 Your mailbox is full", SOFT, Reason.MAILBOX_FULL, Party.RECIPIENT),
        (
            "550",
            "送信先のアドレスは存在しません",
            SOFT,
            Reason.UNKNOWN_ADDRESS,
            Party.RECIPIENT,
        ),
        ("550", "5.7.1 Refused by policy", NONE, Reason.POLICY, Party.NOBODY),
        ("554", "Headers are not RFC compliant", NONE, Reason.CONTENT, Party.MESSAGE),
        ("554", "5.3.5 mail loops back to me", NONE, Reason.FORWARDING, Party.ROUTE),
        ("554", "5.4.14 Hop count exceeded", NONE, Reason.FORWARDING, Party.ROUTE),
        ("421", "4.4.2 Connection dropped", SOFT, Reason.TIMED_OUT, Party.ROUTE),
        ("", "宛先のメールアドレスは存在しません", SOFT, Reason.UNKNOWN_ADDRESS, Party.RECIPIENT),
    ],
)
def test_an_answer_says_whose_fault_it_is(
    code: str, text: str, permanence: Permanence, reason: Reason, party: Party
) -> None:
    """Code and words are read together."""
    read = read_answer(code, "", text)
    assert (permanence, reason, party) == (read.permanence, read.reason, read.party)


@pytest.mark.parametrize(
    "address",
    [
        "spam@a.test",
        "virus-lab@a.test",
        "max.size@a.test",
        "relay@mx.dmarc.test",
        "mailbox-full@b.test",
    ],
)
@pytest.mark.parametrize(
    "form", ["5.1.1 <{}>: User unknown", "Unknown user {}", "5.1.1 {} unknown user"]
)
def test_an_address_is_no_word_of_the_server(address: str, form: str) -> None:
    """Whoever typed it chose it; in brackets or bare it changes nothing."""
    read = read_answer("550", "", form.format(address))
    assert (read.reason, read.party) == (Reason.UNKNOWN_ADDRESS, Party.RECIPIENT)


def test_the_name_of_the_visitor_s_host_is_no_word_of_the_server() -> None:
    """A domain can be called anything, too."""
    read = read_answer("550", "", "host mx.virus.test[192.0.2.1] said: 550 5.1.1 User unknown")
    assert read.reason is Reason.UNKNOWN_ADDRESS


def test_every_row_has_a_source_and_can_be_met() -> None:
    """The table says who documents each form of answer, and no row is empty."""
    for row in ROWS:
        assert len(row.source) > 4
        assert row.codes or row.words
        assert not (row.permanence is HARD and row.party is not Party.RECIPIENT)


def test_every_code_by_itself_means_what_its_row_says() -> None:
    """No row is hidden behind another: a code without words is read by a row that has it."""
    for row in ROWS:
        if row.words is not None:
            continue
        for code in row.codes:
            stated = code.replace("X", "5") if code[0] == "X" else ""
            if stated.count(".") == 1:
                stated += ".99"
            read = read_answer("" if stated else code, stated, "")
            assert read.party in {r.party for r in ROWS if code in r.codes or code[:3] in r.codes}
