"""No mail makes the reader fail, or take long, or turns what people write into a report."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.returned import ORIGINAL, daemon, report
from todoke.model.errors import MalformedMail
from todoke.returned.entity import MOST_ENTITIES, parse
from todoke.returned.read import read

REPORT = report("Final-Recipient: rfc822; ann@far.example\nAction: failed\nStatus: 5.1.1")
PIECES = [
    b"From: ", b"Subject: ", b"MAILER-DAEMON", b"<", b">", b"@", b"a@b.example", b"\n", b"\n\n", b"--b", b"--", b": ",
    b"Content-Type: ", b"multipart/report; boundary=b", b"message/delivery-status", b"message/rfc822", b"=?", b"?=",
    b"=?utf-8?b?", b"=?x?q?", b"Final-Recipient: rfc822;", b"Action: failed", b"Status: 5.1.1", b"+", b"\\x{110000}",
    b"\\x{D800}", b"utf-8;", b"Content-Transfer-Encoding: base64", b"\x1b$B", b"\xff", b"\x00", b";", b"\"", b"\t",
    b"Date: 99 Xxx 99999 99:99:99 +9999", b"550 5.1.1 User unknown", b"Original message follows",
    b"message/feedback-report", b" ",
    b"Feedback-Type: abuse", b"message/disposition-notification", b"charset=utf-16", b"Return-Path: <>",
]  # fmt: skip


def reads(raw: bytes) -> None:
    """It says something, or that it is no mail."""
    with suppress(MalformedMail):
        assert read(raw)


@given(st.binary(max_size=2_000))
def test_any_bytes(raw: bytes) -> None:
    """Nothing else is raised."""
    reads(raw)
    reads(b"From: MAILER-DAEMON@x.example\n" + raw)


@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_any_pieces(pieces: list[bytes]) -> None:
    """Nor for what looks like a report."""
    reads(b"".join(pieces))
    reads(
        b'Return-Path: <>\nSubject: failed\nContent-Type: multipart/report; boundary="b"\n\n'
        + b"".join(pieces)
    )


@given(st.integers(0, len(REPORT)), st.integers(0, len(REPORT)), st.binary(max_size=20))
def test_any_damage(start: int, length: int, put: bytes) -> None:
    """Nor for a report that is cut or overwritten."""
    reads(REPORT[:start] + put + REPORT[start + length :])


WORDS = st.lists(
    st.sampled_from(
        [
            "550",
            "5.1.1",
            "User",
            "unknown",
            "ann@far.example",
            "<ann@far.example>:",
            "\n",
            "Undelivered",
            "failed",
            "Final-Recipient:rfc822;ann@far.example",
            "Action:failed",
            "MAILER-DAEMON",
            "配信できません",
            "---",
            "Re:",
        ]
    ),
    max_size=30,
).map(" ".join)


@given(words=WORDS, subject=WORDS, is_answer=st.booleans())
def test_no_words_of_a_person_are_a_report(words: str, subject: str, *, is_answer: bool) -> None:
    """Whatever stands in subject and text of a mail that a person sent."""
    fields = "In-Reply-To: <abc@forms.example>\n" if is_answer else ""
    line = " ".join(subject.split())
    raw = f"Return-Path: <bob@x.example>\nFrom: Bob <bob@x.example>\n{fields}Subject: {line}\n\n{words}"
    assert not any(one.kind.is_report for one in read(raw.encode()))


NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(20_000)
)
MEGABYTES = 4_000_000


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.example\n" + NESTED,
        b'From: a@b.example\nContent-Type: multipart/mixed; boundary="b"\n\n'
        + b"--b\n\n" * 500_000,
        b"Subject: " + b"=?utf-8?q?" * 400_000,
        b"Subject: x\n" + b" y\n" * 1_000_000,
        b"A: b\n" * 800_000,
        b"\n" * (MEGABYTES - 9) + b"From: a\n",
        daemon("<" * MEGABYTES),
        daemon("a" * MEGABYTES + "@b.example"),
        daemon("a@" * (MEGABYTES // 2)),
        daemon("a@b.example, " * (MEGABYTES // 13)),
        daemon("<a@b.example>:\n550 5.1.1 User unknown\n" * (MEGABYTES // 40)),
        daemon("".join(f"<a{n}@b.example>:\n" for n in range(MEGABYTES // 20))),
        daemon("user " * (MEGABYTES // 5)),
        daemon("5" * MEGABYTES),
        daemon("1.2.3." * (MEGABYTES // 6)),
        daemon("<p " * (MEGABYTES // 3), fields="Content-Type: text/html\n"),
        daemon("<style>" * (MEGABYTES // 7), fields="Content-Type: text/html\n"),
        daemon("\x1b$B" * (MEGABYTES // 3)),
        daemon("QUFB" * (MEGABYTES // 4), fields="Content-Transfer-Encoding: base64\n"),
        daemon("- - - -" * (MEGABYTES // 7)),
        daemon("\n".join(["----- Original"] * (MEGABYTES // 15))),
        report("Final-Recipient: rfc822; a@b.example\n" * 100_000),
        report(
            "".join(
                f"Final-Recipient: rfc822; a{n}@b.example\nStatus: 5.1.1\n\n" for n in range(50_000)
            )
        ),
        report(
            "Final-Recipient: rfc822; a@b.example\nDiagnostic-Code: smtp; x\n" + " user\n" * 500_000
        ),
        report("Final-Recipient: rfc822; " + "@a" * 1_000_000),
        REPORT + ORIGINAL.encode() * 20_000,
    ],
    ids=lambda raw: raw[-12:].decode("ascii", "replace"),
)
def test_four_hostile_megabytes(raw: bytes) -> None:
    """Each is read; the suite's time limit would tell of one that takes long."""
    assert read(raw)


def test_parts_are_bounded() -> None:
    """In number and depth."""
    raw = (
        b'From: a@b.example\nContent-Type: multipart/mixed; boundary="b"\n\n'
        + b"--b\n\nx\n" * 10_000
    )
    assert len(list(parse(raw).leaves())) <= MOST_ENTITIES
