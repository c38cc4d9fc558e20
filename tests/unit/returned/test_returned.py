"""What each shape of returned mail says: of whom, what kind, and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from support.mail.returned import ORIGINAL, daemon, mail, report
from todoke.model.delivery import Permanence, Reason
from todoke.model.errors import MalformedMail
from todoke.returned.read import read
from todoke.returned.returned import Returned, ReturnKind


def one(raw: bytes) -> Returned:
    """The only thing that a mail says."""
    (found,) = read(raw)
    return found


# --- delivery reports --------------------------------------------------------------------------------------------


def test_a_delivery_report() -> None:
    """All that it states is there, decoded."""
    found = one(
        report(
            """
            Final-Recipient: rfc822; ann@far.example
            Original-Recipient: rfc822;ann+2Bshop@far.example
            Action: failed
            Status: 5.1.1
            Diagnostic-Code: smtp; 550 5.1.1 <ann@far.example>: Recipient address rejected: User
                unknown
            """
        )
    )
    assert found == Returned(
        kind=ReturnKind.HARD,
        recipient="ann+shop@far.example",
        final_recipient="ann@far.example",
        permanence=Permanence.HARD,
        reason=Reason.UNKNOWN_ADDRESS,
        status_code="5.1.1",
        reply_code="550",
        diagnostic="550 5.1.1 <ann@far.example>: Recipient address rejected: User unknown",
        reporting_mta="mx.near.example",
        envelope_id="q+1",
        message_id="<abc@forms.example>",
        at=datetime(2026, 11, 30, 1, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("action", "status", "words", "kind", "reason"),
    [
        ("failed", "5.2.2", "552 5.2.2 Mailbox full", "soft", Reason.MAILBOX_FULL),
        ("failed", "5.7.1", "550 5.7.1 listed by Spamhaus", "blocked", Reason.POLICY),
        ("failed", "5.7.26", "550 5.7.26 DMARC", "blocked", Reason.MISCONFIGURED),
        ("failed", "5.3.4", "552 5.3.4 Message too big", "soft", Reason.TOO_LARGE),
        (
            "failed",
            "4.4.1",
            "connect to far.example: Connection timed out",
            "soft",
            Reason.TIMED_OUT,
        ),
        ("failed", "4.1.1", "450 4.1.1 User unknown", "soft", Reason.UNKNOWN_ADDRESS),
        ("failed", "5.1.2", "Host or domain name not found", "hard", Reason.UNKNOWN_HOST),
        ("failed", "5.0.0", "550 5.1.1 User unknown", "hard", Reason.UNKNOWN_ADDRESS),
        ("failed (bad address)", "5.1.1", "User unknown", "hard", Reason.UNKNOWN_ADDRESS),
        ("error", "5.0.0", "550 User unknown", "hard", Reason.UNKNOWN_ADDRESS),
        ("delayed", "4.4.1", "Connection timed out", "delayed", Reason.TIMED_OUT),
        ("delayed", "5.1.1", "User unknown", "delayed", Reason.UNKNOWN_ADDRESS),
        ("delivered", "2.0.0", "250 Ok", "delivered", None),
        ("delivered", "2.0.0", "250 queued, 550 user unknown", "delivered", None),
        ("relayed", "2.0.0", "", "relayed", None),
        ("expanded", "2.0.0", "", "expanded", None),
        ("", "4.4.7", "", "delayed", Reason.TIMED_OUT),
        ("", "2.0.0", "", "delivered", None),
        ("", "", "", "soft", Reason.OTHER),
    ],
)
def test_actions_codes_and_words(
    action: str, status: str, words: str, kind: str, reason: Reason | None
) -> None:
    """The action says what became of it, and code and words together why."""
    found = one(
        report(
            f"Final-Recipient: rfc822; ann@far.example\nAction: {action}\nStatus: {status}\n"
            f"Diagnostic-Code: smtp; {words}"
        )
    )
    assert (found.kind, found.reason) == (kind, reason)
    assert (found.permanence is Permanence.HARD) is (kind == "hard")


@pytest.mark.parametrize(
    ("diagnostic", "words"),
    [
        ("550 5.1.1 User unknown (in reply to end of DATA command)", ""),
        ("550 : User unknown", "Reason: SMTP transmission failure has occurred"),
        ("550 5.2.1 User unknown", ""),
        ("550 User unknown", "The account of ann@far.example is disabled."),
        ("521 5.1.1 no such user", ""),
    ],
)
def test_doubt_is_never_hard(diagnostic: str, words: str) -> None:
    """ "No such user" is said of living addresses too."""
    found = one(
        report(
            "Final-Recipient: rfc822; ann@far.example\nAction: failed\nStatus: 5.0.0\n"
            f"Diagnostic-Code: smtp; {diagnostic}",
            words,
        )
    )
    assert (found.kind, found.permanence) == (ReturnKind.SOFT, Permanence.SOFT)


def test_several_recipients_each_with_their_own_words() -> None:
    """Also where the fields hold none: then the words beside them count."""
    raw = report(
        """
        Final-Recipient: rfc822; ann@far.example
        Action: failed
        Status: 5.0.0
        Final-Recipient: rfc822; bob@far.example
        Action: failed
        Status: 5.0.0
        """,
        "ann@far.example: 550 5.1.1 User unknown\n\nbob@far.example: 552 5.2.2 Mailbox full",
    )
    assert [(x.recipient, x.kind) for x in read(raw)] == [
        ("ann@far.example", ReturnKind.HARD),
        ("bob@far.example", ReturnKind.SOFT),
    ]


def test_an_address_that_is_not_ascii() -> None:
    """RFC 6533: utf-8-addr-xtext, and UTF-8 as it is."""
    raw = report(
        "Original-Recipient: utf-8; \\x{5C4A}\\x{3051}@\\x{4F8B}.example\n"
        "Final-Recipient: utf-8; 届け@例.example\nAction: failed\nStatus: 5.1.1"
    ).replace(b"message/delivery-status", b"message/global-delivery-status")
    found = one(raw)
    assert (found.recipient, found.final_recipient) == ("届け@例.example", "届け@例.example")


def test_encoded_reports() -> None:
    """The fields may be encoded for the way, and the type of an address be missing."""
    raw = report("Final-Recipient: <ann=\n@far.example>\nAction: failed\nStatus: 5.1.1").replace(
        b"delivery-status\n\n", b"delivery-status\nContent-Transfer-Encoding: Quoted-Printable\n\n"
    )
    assert one(raw).recipient == "ann@far.example"


def test_a_status_part_without_recipients() -> None:
    """Then the words say of whom."""
    raw = report(
        "X-Queue: 1", "The following recipients did not receive this message:\n\n<ann@far.example>"
    )
    assert (one(raw).recipient, one(raw).kind) == ("ann@far.example", ReturnKind.SOFT)


# --- words alone -------------------------------------------------------------------------------------------------

IN_WORDS = {
    "qmail": (
        """
        Hi. This is the qmail-send program at near.example.
        I'm afraid I wasn't able to deliver your message to the following addresses.
        This is a permanent error; I've given up. Sorry it didn't work out.

        <ann@far.example>:
        192.0.2.9 does not like recipient.
        Remote host said: 550 5.1.1 <ann@far.example>: User unknown
        Giving up on 192.0.2.9.

        --- Below this line is a copy of the message.
        """,
        "hard",
        Reason.UNKNOWN_ADDRESS,
    ),
    "exim": (
        """
        This message was created automatically by mail delivery software.

        A message that you sent could not be delivered to one or more of its
        recipients. This is a permanent error. The following address(es) failed:

          ann@far.example
            host mx.far.example [192.0.2.9]
            SMTP error from remote mail server after RCPT TO:<ann@far.example>:
            550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org

        ------ This is a copy of the message, including all the headers. ------
        """,
        "blocked",
        Reason.POLICY,
    ),
    "sendmail": (
        """
        The original message was received at Mon, 30 Nov 2026 10:00:00 +0900
        from door.forms.example [192.0.2.1]

           ----- The following addresses had permanent fatal errors -----
        <ann@far.example>

           ----- Transcript of session follows -----
        ... while talking to mx.far.example.:
        >>> RCPT To:<ann@far.example>
        <<< 552 5.2.2 Over quota
        554 <ann@far.example>... Service unavailable

           ----- Original message follows -----
        """,
        "soft",
        Reason.MAILBOX_FULL,
    ),
    "exchange": (
        """
        Your message

          To:      bounces@forms.example
          Subject: Thank you
          Sent:    Mon, 30 Nov 2026 10:00:00 +0900

        did not reach the following recipient(s):

        ann@far.example on Mon, 30 Nov 2026 10:00:05 +0900
            The recipient name is not recognized
            MSEXCH:IMS:FAR:MX 0 (000C05A6) Unknown Recipient
        """,
        "hard",
        Reason.UNKNOWN_ADDRESS,
    ),
    "sentence": (
        "I could not deliver your mail to ann@far.example because its mailbox is full.\n",
        "soft",
        Reason.MAILBOX_FULL,
    ),
    "label": (
        "Failed Recipient: ann@far.example\nReason: Remote host said: 550 5.1.1 No such user\n",
        "hard",
        Reason.UNKNOWN_ADDRESS,
    ),
    "nothing said": ("<ann@far.example>:\nSorry, an error occurred.\n", "soft", Reason.OTHER),
    "delay": (
        """
        THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.
        Your message could not be delivered for 4.0 hours. It will be retried until it is 5 days old.

        <ann@far.example>: connect to mx.far.example[192.0.2.9]:25: Connection timed out
        """,
        "delayed",
        Reason.TIMED_OUT,
    ),
    "Japanese": (
        """
        次のあて先へのメッセージはエラーのため送信できませんでした。
        送信先メールアドレスが見つかりませんでした。

        <ann@far.example>
        """,
        "soft",
        Reason.UNKNOWN_ADDRESS,
    ),
    "Japanese, full": (
        "宛先：ann@far.example\n理由：メールボックスの容量が一杯のため、配信できませんでした。\n",
        "soft",
        Reason.MAILBOX_FULL,
    ),
    "German": (
        "Die Nachricht konnte nicht zugestellt werden:\n\n  ann@far.example\n\n  550 5.1.1 Benutzer unbekannt\n",
        "hard",
        Reason.UNKNOWN_ADDRESS,
    ),
}


@pytest.mark.parametrize("name", list(IN_WORDS))
@pytest.mark.parametrize("with_original", [False, True])
def test_words_alone(name: str, *, with_original: bool) -> None:
    """Generic rules find the recipient and the words about it; what the original says does not count."""
    words, kind, reason = IN_WORDS[name]
    found = one(daemon(words).rstrip() + (b"\n" + ORIGINAL.encode() if with_original else b"\n"))
    assert (found.recipient, found.kind, found.reason) == ("ann@far.example", kind, reason)
    assert found.message_id == ("<abc@forms.example>" if with_original else "")


def test_each_of_several_recipients_has_its_own_words() -> None:
    """From where it is named to where the next one is."""
    raw = daemon(
        """
        Unable to deliver message to the following address(es).

        <ann@far.example>:
        550 5.1.1 no such user
        <bob@far.example>:
        552 5.2.2 mailbox full
        """
    )
    assert [(x.recipient, x.kind) for x in read(raw)] == [
        ("ann@far.example", ReturnKind.HARD),
        ("bob@far.example", ReturnKind.SOFT),
    ]


def test_words_about_one_of_several_are_not_hard() -> None:
    """Nobody knows of which."""
    raw = daemon("Delivery failed to:\n\nann@far.example\n\nbob@far.example\n\n\nUser unknown\n")
    kinds = {x.recipient: x.kind for x in read(raw)}
    assert kinds["ann@far.example"] is ReturnKind.SOFT


def test_failed_recipients_in_a_field() -> None:
    """Whatever the language of the words."""
    raw = daemon(
        "Γεια σας,\n\nκάτι για την ομάδα.\n",
        fields="X-Failed-Recipients: ann@far.example, bob@far.example\n",
    )
    assert {x.recipient for x in read(raw)} == {"ann@far.example", "bob@far.example"}


def test_a_name_without_a_domain_is_at_the_sender_s() -> None:
    """So does AOL write."""
    raw = daemon("Your mail to the following recipients could not be delivered:\n\n\tann\n")
    assert one(raw).recipient == "ann@mx.near.example"


@pytest.mark.parametrize("charset", ["iso-2022-jp", "euc-jp", "shift_jis", "utf-8"])
@pytest.mark.parametrize("label", ["iso-2022-jp", "us-ascii", "euc-jp", "x-none"])
def test_charsets_that_are_stated_wrongly(charset: str, label: str) -> None:
    """The bytes say what they are."""
    raw = mail(
        f"""
        Return-Path: <>
        From: Postmaster@keitai.example
        To: bounces@forms.example
        Subject: Mail System Error - Returned Mail
        Content-Type: text/plain; charset={label}

        次のあて先へのメッセージはエラーのため送信できませんでした。
        メールボックスの容量が一杯です。

        <ann..@keitai.example>
        """,
        charset,
    )
    found = one(raw)
    if (charset, label) != ("shift_jis", "euc-jp"):
        assert found.reason is Reason.MAILBOX_FULL
    assert (found.recipient, found.kind) == ("ann..@keitai.example", ReturnKind.SOFT)


def test_html_alone() -> None:
    """Its words count, and no style sheet."""
    raw = daemon(
        "<html><style>p { 550 }</style><p>Delivery has failed to these recipients:</p>"
        "<p>&lt;ann@far.example&gt;</p><p>550 5.1.1 User unknown</p></html>",
        fields="Content-Type: text/html\n",
    )
    assert (one(raw).recipient, one(raw).kind) == ("ann@far.example", ReturnKind.HARD)


# --- complaints, receipts, automatic replies -----------------------------------------------------------------------


def feedback(kind: str) -> bytes:
    """A feedback report."""
    return mail(
        f"""
        From: <abuse@isp.example>
        To: <fbl@forms.example>
        Subject: FW: Thank you
        Content-Type: multipart/report; report-type=feedback-report; boundary="b"

        --b
        Content-Type: text/plain

        This is an email abuse report.

        --b
        Content-Type: message/feedback-report

        Feedback-Type: {kind}
        User-Agent: SomeGenerator/1.0
        Version: 1
        Original-Rcpt-To: <ann@far.example>
        Reporting-MTA: dns; mail.isp.example

        --b
        Content-Type: message/rfc822

        Message-ID: <abc@forms.example>
        To: ann@far.example

        --b--
        """
    )


@pytest.mark.parametrize(
    ("kind", "read_as"),
    [
        ("abuse", ReturnKind.COMPLAINT),
        ("fraud", ReturnKind.COMPLAINT),
        ("opt-out", ReturnKind.COMPLAINT),
        ("auth-failure", ReturnKind.ORDINARY),
        ("not-spam", ReturnKind.ORDINARY),
        ("virus", ReturnKind.ORDINARY),
        ("other", ReturnKind.ORDINARY),
    ],
)
def test_feedback(kind: str, read_as: ReturnKind) -> None:
    """Only what speaks for the recipient is a complaint."""
    found = one(feedback(kind))
    assert (found.kind, found.feedback_type) == (read_as, kind)
    assert (found.recipient, found.reporting_mta) == ("ann@far.example", "mail.isp.example")
    assert found.message_id == "<abc@forms.example>"


def test_microsoft_s_complaints() -> None:
    """They are older than the format."""
    raw = mail(
        """
        From: staff@hotmail.com
        To: fbl@forms.example
        Subject: complaint about message from 192.0.2.1
        Content-Type: multipart/mixed; boundary="b"

        --b
        Content-Type: message/rfc822

        X-HmXmrOriginalRecipient: ann@far.example
        Message-ID: <abc@forms.example>

        --b--
        """
    )
    assert (one(raw).kind, one(raw).recipient) == (ReturnKind.COMPLAINT, "ann@far.example")


def test_a_read_receipt() -> None:
    """It says nothing of a failure, even where it says deleted."""
    raw = mail(
        """
        From: ann@far.example
        Subject: Read: 550 User unknown
        Content-Type: multipart/report; report-type=disposition-notification; boundary="b"

        --b

        Your message was deleted without being read. 550 5.1.1 User unknown

        --b
        Content-Type: message/disposition-notification

        Final-Recipient: rfc822; ann@far.example
        Original-Message-ID: <abc@forms.example>
        Disposition: manual-action/MDN-sent-manually; deleted

        --b--
        """
    )
    found = one(raw)
    assert (found.kind, found.recipient) == (ReturnKind.READ_RECEIPT, "ann@far.example")
    assert found.message_id == "<abc@forms.example>"


@pytest.mark.parametrize(
    "fields",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied\nReturn-Path: <>",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "Subject: Automatic reply: Thank you",
        "Subject: Out of Office: Thank you",
        "Subject: =?iso-2022-jp?B?GyRCSVQ6XxsoQg==?= =?utf-8?B?6YCa55+l?=",
        "Subject: 自動応答: ありがとう",
        "Subject: Abwesenheitsnotiz: Danke",
        "Subject: Réponse automatique : Merci",
        "Subject: Respuesta automática: Gracias",
        "Subject: 自动回复: 谢谢",
        "Subject: 자동 응답: 감사합니다",
    ],
)
def test_automatic_replies(fields: str) -> None:
    """Programs that answer for people, whatever they say."""
    raw = f"From: Ann <ann@far.example>\n{fields}\n\nI am away. For urgent mail: bob@far.example, not delivered.\n"
    found = one(raw.encode())
    assert (found.kind, found.recipient) == (ReturnKind.AUTOMATIC_REPLY, "ann@far.example")


# --- what says nothing -------------------------------------------------------------------------------------------

BOUNCED = report(
    "Final-Recipient: rfc822; ann@far.example\nAction: failed\nStatus: 5.1.1",
    "550 5.1.1 User unknown",
)


def test_a_report_that_a_person_passes_on() -> None:
    """As an attachment, and as its parts."""
    passed_on = (
        b'From: Ann <ann@near.example>\nSubject: Fwd: Undelivered Mail\nContent-Type: multipart/mixed; boundary="o"\n\n'
        b"--o\nContent-Type: text/plain\n\nWhat is this?\n\n--o\nContent-Type: message/rfc822\n\n"
        + BOUNCED
        + b"\n--o--\n"
    )
    assert one(passed_on).kind is ReturnKind.ORDINARY
    in_parts = BOUNCED.replace(b"multipart/report; report-type=delivery-status", b"multipart/mixed")
    in_parts = in_parts.replace(
        b"Mail Delivery System <MAILER-DAEMON@mx.near.example>", b"Bob <bob@near.example>"
    )
    in_parts = in_parts.replace(b"Subject: ", b"Subject: Fwd: ")
    assert one(in_parts).kind is ReturnKind.ORDINARY


@pytest.mark.parametrize(
    "subject", ["Re: Mail delivery failed", "Undeliverable: Thank you", "Hello"]
)
def test_a_report_that_a_person_quotes(subject: str) -> None:
    """In an answer, with and without marks."""
    words = "Was it you?\n\n> <ann@far.example>: 550 5.1.1 User unknown\n\n<ann@far.example>: 550 5.1.1 User unknown\n"
    raw = f"Return-Path: <bob@near.example>\nFrom: Bob <bob@near.example>\nSubject: {subject}\n\n{words}"
    assert one(raw.encode()).kind is ReturnKind.ORDINARY
    answer = f"From: postmaster@near.example\nIn-Reply-To: <x@y>\nSubject: Re: {subject}\n\n{words}"
    assert one(answer.encode()).kind is ReturnKind.ORDINARY


def test_the_return_of_a_report() -> None:
    """Our own mails are no reports, so it is about none of them."""
    again = report(
        "Final-Recipient: rfc822; mailer-daemon@near.example\nAction: failed\nStatus: 5.1.1",
        original=BOUNCED.decode(),
    )
    assert one(again).kind is ReturnKind.ORDINARY
    in_words = daemon(
        "<ann@far.example>:\n550 5.1.1 User unknown\n\n--- Below this line is a copy of the message.\n\n"
    )
    assert one(in_words + BOUNCED).kind is ReturnKind.ORDINARY


def test_a_report_that_a_gateway_put_into_a_mail() -> None:
    """With nothing of its own beside it."""
    raw = (
        b"From: postmaster@near.example\nSubject: Delivery Status Notification (Failure)\n"
        b'Content-Type: multipart/mixed; boundary="o"\n\n--o\nContent-Type: message/rfc822\n\n'
        + BOUNCED
        + b"\n--o--\n"
    )
    assert (one(raw).kind, one(raw).recipient) == (ReturnKind.HARD, "ann@far.example")


def test_what_is_no_mail() -> None:
    """The only error there is."""
    for raw in (b"", b"\n\n\n", b"no field here\n", b"\x00\xff\xfe", b"{}"):
        with pytest.raises(MalformedMail):
            read(raw)
