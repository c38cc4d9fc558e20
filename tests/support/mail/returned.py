"""Mails that came back, written for these tests: one for each shape that is told apart."""

from __future__ import annotations

from textwrap import dedent


def mail(text: str, charset: str = "utf-8") -> bytes:
    """The bytes of a mail that is written here with an indent."""
    return dedent(text).lstrip("\n").encode(charset)


def report(fields: str, words: str = "It did not work.", original: str = "") -> bytes:
    """A delivery report with these fields about one recipient."""
    returned = (
        original or "Message-ID: <abc@forms.example>\nTo: ann@far.example\nSubject: Thank you"
    )
    return (
        mail(
            """\
        Return-Path: <>
        From: Mail Delivery System <MAILER-DAEMON@mx.near.example>
        To: bounces@forms.example
        Subject: Undelivered Mail Returned to Sender
        Date: Mon, 30 Nov 2026 10:00:00 +0900
        Content-Type: multipart/report; report-type=delivery-status; boundary="b/1"

        This is a MIME-encapsulated message.
        """
        )
        + (
            f"\n--b/1\nContent-Type: text/plain; charset=us-ascii\n\n{words}\n"
            "\n--b/1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.near.example\n"
            f"Original-Envelope-Id: q+2B1\n\n{dedent(fields).strip()}\n"
            f"\n--b/1\nContent-Type: message/rfc822\n\n{returned}\n\nBody\n\n--b/1--\n"
        ).encode()
    )


def daemon(words: str, *, subject: str = "Mail delivery failed", fields: str = "") -> bytes:
    """A report in words alone."""
    return (
        "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@mx.near.example>\n"
        f"To: bounces@forms.example\nSubject: {subject}\n{dedent(fields)}\n{dedent(words)}"
    ).encode()


ORIGINAL = """
Received: from door (door.forms.example [192.0.2.1])
Message-ID: <abc@forms.example>
From: forms@forms.example
To: ann@far.example
Subject: Thank you

Body 550 5.1.1 User unknown other@far.example
"""
