"""Answers about this message: its size, its content, and what a policy says of it or does not say of whom."""

from __future__ import annotations

from todoke.model.answers.row import Row, rows
from todoke.model.answers.sender import GMAIL, MICROSOFT
from todoke.model.delivery import Party, Permanence, Reason

NONE = Permanence.NONE

CONTENT: tuple[Row, ...] = rows(
    Party.MESSAGE,
    (
        "",
        r"(?:ur[li]s?|links?)\b.{0,60}(?:black|block|listed|spam|malicious)|surbl|uribl",
        Reason.CONTENT,
        NONE,
        f"{GMAIL}: links; SURBL: usage",
    ),
    (
        "",
        (
            r"rfc ?-?\d* ?-?complian"
            r"|(?:multiple|duplicate|missing|invalid|malformed) \S*\s?\S* ?headers?\b"
            r"|(?:message|mail) is malformed|bare (?:lf|line ?feed)|line too long"
        ),
        Reason.CONTENT,
        NONE,
        f"Yahoo: RFC compliance failures; {GMAIL}; docomo: line too long",
    ),
    (
        "",
        (
            r"virus|malware|phish|(?:prohibited|forbidden) attachment"
            r"|attachment.{0,30}(?:not allowed|reject|block)"
            r"|content.{0,20}(?:reject|not accepted|security issue)"
            r"|(?:unsafe|illegal) (?:content|attachment)|security polic"
        ),
        Reason.CONTENT,
        NONE,
        f"{GMAIL}: security issue; Yahoo: content based blocks",
    ),
)
"""Before what is said of senders: a list of bad links is not one of bad senders."""

GREYLISTED: tuple[Row, ...] = rows(
    Party.NOBODY,
    (
        "X.2.2",
        r"gr[ea]y-?list",
        Reason.POLICY,
        NONE,
        "RFC 6647: some servers state a full mailbox's code beside it",
    ),
)
"""Before what is said of mailboxes."""

MESSAGE: tuple[Row, ...] = (
    *rows(
        Party.MESSAGE,
        (
            "",
            (
                r"(?:message|mail|header|line)s?(?: \w+)? (?:is |are )?too (?:large|big|long)"
                r"|message is larger"
                r"|(?:message|mail|header|attachment|file)s?(?:'| )(?:\w+ )?(?:size|length)"
                r"|size[^.;]{0,30}exceed"
                r"|exceed[^.;]{0,40}\b(?:size|bytes|length)\b|max(?:imum)? (?:message )?size"
                r"|maximum length"
            ),
            Reason.TOO_LARGE,
            NONE,
            f"RFC 1870 6; {GMAIL}: size limits; {MICROSOFT}",
        ),
        ("", r"\bspam|unsolicited|junk ?mail", Reason.POLICY, NONE, f"{GMAIL}; Yahoo: content"),
        ("X.2.3 X.3.4", "", Reason.TOO_LARGE, NONE, "RFC 3463 3.3, 3.4: message length"),
        ("X.6", "", Reason.CONTENT, NONE, "RFC 3463 3.7: content or media"),
        ("X.6.7 X.6.9", "", Reason.OTHER, NONE, "RFC 6531 3.6: non-ASCII address or header"),
        ("X.7.15 X.7.16", "", Reason.POLICY, NONE, "RFC 6710 7: priority; message too long for it"),
        (
            "X.7.30",
            "",
            Reason.MISCONFIGURED,
            NONE,
            "RFC 8689 4.2.1: REQUIRETLS, where Gmail is not",
        ),
    ),
)

POLICY: tuple[Row, ...] = (
    *rows(
        Party.NOBODY,
        (
            "",
            r"\bblocked\b|gr[ea]y-?list|rate.?limit|too many messages|throttl|denied by polic|policy reasons",
            Reason.POLICY,
            NONE,
            "RFC 6647: greylisting; words that do not say whom the policy is about",
        ),
        ("X.5.3", "", Reason.POLICY, NONE, "RFC 3463 3.6: too many recipients"),
        (
            "X.7",
            "",
            Reason.POLICY,
            NONE,
            "RFC 3463 3.8: it speaks of sender or message, not of which",
        ),
    ),
)
