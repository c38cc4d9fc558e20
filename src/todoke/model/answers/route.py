"""Answers about the way: hosts that do not answer, loops, systems that are full or down."""

from __future__ import annotations

from todoke.model.answers.row import Row, Strength, rows
from todoke.model.answers.sender import GMAIL, MICROSOFT
from todoke.model.delivery import Party, Permanence, Reason

SOFT, NONE = Permanence.SOFT, Permanence.NONE

LOOPS: tuple[Row, ...] = (
    *rows(
        Party.ROUTE,
        (
            "X.4.1",
            r"relay(?:ing)? access denied",
            Reason.UNKNOWN_HOST,
            SOFT,  # "caused by mail server or DNS misconfiguration" of the recipient's domain
            f"{MICROSOFT}: the server takes no mail for the recipient's domain",
        ),
        (
            "",
            r"\bhops?\b|(?:mail|routing|forwarding|email) loop|loops back|too many received",
            Reason.FORWARDING,
            NONE,
            f"RFC 5321 6.3; {MICROSOFT}: routing loop; {GMAIL}: hops",
        ),
        (
            "",
            r"(?:out of|insufficient) (?:system )?(?:storage|disk|space|resources)",
            Reason.OTHER,
            SOFT,
            "RFC 5321 4.2.3: the server's storage, not the mailbox's",
        ),
    ),
)
"""Before what is said of senders and sizes."""

ROUTE: tuple[Row, ...] = (
    *rows(
        Party.ROUTE,
        ("X.1.9", "", Reason.OTHER, NONE, "RFC 3886 3.3.4: relayed to a non-compliant mailer"),
        (
            "X.3.0 X.3.1 X.3.2",
            "",
            Reason.OTHER,
            SOFT,
            "RFC 3463 3.4: mail system full or not accepting",
        ),
        ("X.3.3", "", Reason.OTHER, NONE, "RFC 3463 3.4: system not capable of selected features"),
        ("X.4.1 X.4.2", "", Reason.TIMED_OUT, SOFT, "RFC 3463 3.5: no answer, bad connection"),
        ("X.4.3", "", Reason.UNKNOWN_HOST, SOFT, "RFC 3463 3.5: directory server failure"),
        ("X.4.5", "", Reason.OTHER, SOFT, "RFC 3463 3.5: mail system congestion"),
        ("X.4.6 X.4.14", "", Reason.FORWARDING, NONE, f"RFC 3463 3.5; {MICROSOFT}: routing loop"),
        ("X.4.7 X.4.300", "", Reason.TIMED_OUT, SOFT, "RFC 3463 3.5: delivery time expired"),
        ("X.4.316 X.4.317", "", Reason.TIMED_OUT, SOFT, f"{MICROSOFT}: no connection, no TLS"),
        (
            "X.7.321 X.7.322 X.7.323 X.7.324 X.7.325",
            "",
            Reason.OTHER,
            SOFT,
            f"{MICROSOFT}: TLS, DANE and DNSSEC of the recipient's server",
        ),
    ),
    *rows(
        Party.ROUTE,
        (
            "",
            r"timed? ?-?out|time ?out|connection (?:refused|dropped|lost|reset)",
            Reason.TIMED_OUT,
            SOFT,
            GMAIL,
        ),
        (
            "",
            r"not accepting (?:connections|network messages|mail)",
            Reason.OTHER,
            SOFT,
            "RFC 7504 2",
        ),
        strength=Strength.WEAK,
    ),
    *rows(
        Party.ROUTE,
        (
            "421 452",
            "",
            Reason.OTHER,
            SOFT,
            "RFC 5321 4.2.3: service not available, system storage",
        ),
    ),
)
