"""What an SMTP answer means: reply code, enhanced status code and text -> Permanence and Reason. Pure.

`hard` is a reading of code AND text, never of the 5 alone: most 5yz answers say "not this message", "not from
you" or "not now", and the address is as good as before. The mailers, the services' event readers and the reader
of returned mail all read answers here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from todoke.model.delivery import Permanence, Reason

HARD, SOFT, NONE = Permanence.HARD, Permanence.SOFT, Permanence.NONE

# RFC 3463 sections 3.2 to 3.8 with the registrations of RFC 5248 and its successors: subject.detail, and what a
# permanent (5.) one says of the address. A persistent transient (4.) one is never hard.
_ENHANCED: dict[str, tuple[Permanence, Reason]] = {
    # 3.2 addressing
    "1.1": (HARD, Reason.UNKNOWN_ADDRESS),  # bad destination mailbox address
    "1.2": (HARD, Reason.UNKNOWN_HOST),  # bad destination system address
    "1.3": (HARD, Reason.UNKNOWN_ADDRESS),  # bad destination mailbox address syntax
    "1.4": (SOFT, Reason.OTHER),  # destination mailbox address ambiguous
    "1.6": (HARD, Reason.UNKNOWN_ADDRESS),  # destination mailbox has moved
    "1.7": (NONE, Reason.MISCONFIGURED),  # bad SENDER's mailbox address syntax
    "1.8": (NONE, Reason.MISCONFIGURED),  # bad SENDER's system address
    "1.9": (NONE, Reason.OTHER),  # message relayed to non-compliant mailer
    "1.10": (HARD, Reason.UNKNOWN_HOST),  # RFC 7505: recipient address has null MX
    # 3.3 mailbox
    "2.0": (SOFT, Reason.OTHER),
    "2.1": (
        SOFT,
        Reason.UNKNOWN_ADDRESS,
    ),  # disabled, not accepting messages: it may be enabled again
    "2.2": (SOFT, Reason.MAILBOX_FULL),  # mailbox full
    "2.3": (NONE, Reason.TOO_LARGE),  # message length exceeds administrative limit
    "2.4": (SOFT, Reason.FORWARDING),  # mailing list expansion problem
    # 3.4 mail system
    "3.0": (SOFT, Reason.OTHER),
    "3.1": (SOFT, Reason.MAILBOX_FULL),  # mail system full
    "3.2": (SOFT, Reason.OTHER),  # system not accepting network messages
    "3.3": (NONE, Reason.OTHER),  # system not capable of selected features
    "3.4": (NONE, Reason.TOO_LARGE),  # message too big for system
    "3.5": (NONE, Reason.MISCONFIGURED),  # system incorrectly configured
    # 3.5 network and routing
    "4.1": (SOFT, Reason.TIMED_OUT),  # no answer from host
    "4.2": (SOFT, Reason.TIMED_OUT),  # bad connection
    "4.3": (SOFT, Reason.UNKNOWN_HOST),  # directory server failure
    "4.4": (HARD, Reason.UNKNOWN_HOST),  # unable to route
    "4.5": (SOFT, Reason.OTHER),  # mail system congestion
    "4.6": (NONE, Reason.FORWARDING),  # routing loop detected
    "4.7": (SOFT, Reason.TIMED_OUT),  # delivery time expired
    # 3.6 protocol: our client or the message, not the address
    "5.3": (NONE, Reason.POLICY),  # too many recipients
    "5.6": (NONE, Reason.TOO_LARGE),  # RFC 4468: authentication exchange line is too long
    # 3.7 content
    "6.0": (NONE, Reason.CONTENT),
    "6.1": (NONE, Reason.CONTENT),  # media not supported
    "6.6": (NONE, Reason.CONTENT),
    "6.7": (
        NONE,
        Reason.OTHER,
    ),  # RFC 6531: non-ASCII addresses not permitted for that sender/recipient
    "6.9": (NONE, Reason.OTHER),  # RFC 6531: UTF-8 header message cannot be transferred
    # 3.8 security and policy: it speaks of the sender or the message
    "7.0": (NONE, Reason.POLICY),
    "7.1": (NONE, Reason.POLICY),  # delivery not authorized, message refused
    "7.8": (NONE, Reason.MISCONFIGURED),  # RFC 4954: authentication credentials invalid
    "7.9": (NONE, Reason.MISCONFIGURED),  # RFC 4954: authentication mechanism is too weak
    "7.11": (
        NONE,
        Reason.MISCONFIGURED,
    ),  # RFC 4954: encryption required for requested authentication
    "7.13": (SOFT, Reason.UNKNOWN_ADDRESS),  # RFC 5248: user account disabled
    "7.17": (HARD, Reason.UNKNOWN_ADDRESS),  # RFC 7293: mailbox owner has changed
    "7.18": (HARD, Reason.UNKNOWN_HOST),  # RFC 7293: domain owner has changed
    "7.30": (NONE, Reason.MISCONFIGURED),  # RFC 8689: REQUIRETLS support required
}

# By subject alone, for details that are not above.
_SUBJECT: dict[str, tuple[Permanence, Reason]] = {
    "6": (NONE, Reason.CONTENT),
    "7": (NONE, Reason.POLICY),
}

# Texts that say it more plainly than the code beside them, most telling first. Many servers answer 550 or 5.1.1 to
# everything; the text then decides, and it may turn hard into soft and never the other way without these words.
_TEXTS: tuple[tuple[re.Pattern[str], Permanence, Reason], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), permanence, reason)
    for pattern, permanence, reason in (
        (
            (
                r"mailbox (?:is )?(?:full|over)|over ?quota|quota (?:is )?(?:exceed|full)|exceed\w* .{0,40}quota"
                r"|out of (?:storage|disk)|insufficient (?:system )?storage|not enough (?:disk )?space"
            ),
            SOFT,
            Reason.MAILBOX_FULL,
        ),
        (
            (
                r"message (?:is )?too (?:large|big|long)|(?:message|size).{0,30}(?:exceed|too (?:large|big))"
                r"|max(?:imum)? (?:message )?size"
            ),
            NONE,
            Reason.TOO_LARGE,
        ),
        (
            (
                r"\bspam|blacklist|block ?list|\bblocked\b|\bdnsbl\b|\brbl\b|spamhaus|poor reputation|\bspf\b"
                r"|\bdkim\b|\bdmarc\b|grey-?list|gray-?list|rate.?limit|too many (?:messages|connections)|throttl"
            ),
            NONE,
            Reason.POLICY,
        ),
        (
            r"relay(?:ing)? (?:access )?(?:is )?(?:denied|not)|(?:un|not )authenticated",
            NONE,
            Reason.MISCONFIGURED,
        ),
        (
            (
                r"(?:user|recipient|mailbox|account|address)(?: \S+)? (?:is )?(?:unknown|invalid)"
                r"|(?:unknown|invalid|no such) (?:user|recipient|mailbox|account|address|local part)"
                r"|(?:user|recipient|mailbox|account|address)[^.]{0,60}"
                r"(?:not found|does ?n[o']t exist|no longer (?:exist|valid|available))"
                r"|no mailbox (?:here )?by that name|not our customer"
            ),
            HARD,
            Reason.UNKNOWN_ADDRESS,
        ),
        (
            (
                r"(?:host|domain)(?: \S+)? (?:name )?(?:is )?(?:not found|unknown|does ?n[o']t exist)"
                r"|unknown (?:host|domain)|null mx|no mx\b"
            ),
            HARD,
            Reason.UNKNOWN_HOST,
        ),
        (r"virus|malware|prohibited attachment|content rejected", NONE, Reason.CONTENT),
        (r"timed? ?out|time ?out", SOFT, Reason.TIMED_OUT),
    )
)
# What the text may not overrule: a statement about the sender or the message is not made one about the address.
_NEVER_HARD = frozenset({Reason.POLICY, Reason.CONTENT, Reason.TOO_LARGE, Reason.MISCONFIGURED})

# RFC 5321 4.2.3, for an answer with neither an enhanced code nor a telling text.
_REPLY: dict[str, tuple[Permanence, Reason]] = {
    "530": (NONE, Reason.MISCONFIGURED),  # RFC 4954: authentication required
    "534": (NONE, Reason.MISCONFIGURED),
    "535": (NONE, Reason.MISCONFIGURED),  # RFC 4954: authentication credentials invalid
    "538": (NONE, Reason.MISCONFIGURED),
    "452": (SOFT, Reason.MAILBOX_FULL),  # insufficient system storage
    "552": (SOFT, Reason.MAILBOX_FULL),  # exceeded storage allocation
    "521": (HARD, Reason.UNKNOWN_HOST),  # RFC 7504: host does not accept mail
    "556": (HARD, Reason.UNKNOWN_HOST),  # RFC 7504: domain does not accept mail
}

_STATUS_CODE = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an answer says: of the address (`permanence`), and why (`reason`)."""

    permanence: Permanence
    reason: Reason


def find_status_code(text: str) -> str:
    """The enhanced status code (RFC 3463: class.subject.detail) that `text` begins with or holds, or ""."""
    found = _STATUS_CODE.search(text)
    return found.group() if found else ""


def read_answer(code: str, status_code: str, text: str) -> Diagnosis:
    """Read a 4yz or 5yz answer: its reply `code`, its enhanced `status_code` ("" for none) and its words.

    Whatever is not known is `other`, and says nothing of the address.
    """
    status_code = status_code or find_status_code(text)
    stated = _by_code(code, status_code)
    worded = _by_text(text)
    permanence, reason = _join(stated, worded)
    temporary = (status_code or code)[:1] == "4"
    if temporary and permanence is HARD:
        permanence = SOFT
    return Diagnosis(permanence, reason)


def _by_code(code: str, status_code: str) -> tuple[Permanence, Reason] | None:
    _, _, detail = status_code.partition(".")
    if detail in _ENHANCED:
        return _ENHANCED[detail]
    return _SUBJECT.get(detail.partition(".")[0]) or _REPLY.get(code)


def _by_text(text: str) -> tuple[Permanence, Reason] | None:
    for pattern, permanence, reason in _TEXTS:
        if pattern.search(text):
            return permanence, reason
    return None


def _join(
    stated: tuple[Permanence, Reason] | None, worded: tuple[Permanence, Reason] | None
) -> tuple[Permanence, Reason]:
    """Let the words refine the code; hard words do not count where the code speaks of sender or message."""
    if stated is None or worded is None:
        return worded or stated or (NONE, Reason.OTHER)
    if worded[0] is HARD and stated[1] in _NEVER_HARD:
        return SOFT, worded[1]
    if worded[1] is Reason.TIMED_OUT:
        return stated
    return worded
