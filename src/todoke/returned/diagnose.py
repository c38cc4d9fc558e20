"""What a report's codes and words mean for one recipient: read by the one table of answers, and doubted here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from todoke.model.delivery import Party, Permanence, Reason
from todoke.model.smtp_codes import Diagnosis, find_status_code, own_words, read_answer
from todoke.returned.returned import ReturnKind

LONGEST_DIAGNOSTIC = 2_000

_REPLY = re.compile(
    r"(?<![\d.#/:+=-])([45]\d\d)(?=[ -]\s*\S)(?![ -](?:\w+)?(?:bytes|[km]i?b\b|sec|min|hours|days|attempt))",
    re.IGNORECASE,
)
_REPLY_BESIDE = re.compile(r"(?<![\d.#/])([45]\d\d)[ -]{1,3}#?[45]\.\d{1,3}\.\d{1,3}\b")
_AFTER_DATA = re.compile(
    r"end of data|(?:our|final) (?:final )?data\b|after i sent the message|smtp transmission failure"
    r"|after (?:sending|transmission of) (?:the )?(?:message|mail|data)",
    re.IGNORECASE,
)
_SLEEPING = re.compile(r"n[o']t have an? \S{1,80} account", re.IGNORECASE)
_PASSING = re.compile(
    r"(?:account|mailbox|user|address)[^.;\n]{0,30} "
    r"(?:disabled|suspended|inactive|deactivated|discontinued|terminated|expired|locked|frozen|closed|blocked"
    r"|on hold|not active)\b"
    r"|temporar(?:y|ily)|try again|tried again|retry time(?:out)? exceeded|(?:queue"
    r"|delivery)[^.;\n]{0,30} (?:too long|expired)"
    r"|for (?:the last )?\d{1,7} (?:days|hours|seconds)",
    re.IGNORECASE,
)
"""What may be otherwise tomorrow, or was so for days."""
_BLOCKING = frozenset({Reason.POLICY, Reason.CONTENT, Reason.MISCONFIGURED})


@dataclass(frozen=True, slots=True)
class WordsRead:
    """What is said of one recipient: the codes, the words, and what they mean."""

    status_code: str
    reply_code: str
    diagnostic: str
    diagnosis: Diagnosis

    @property
    def is_known(self) -> bool:
        """Whether the table knows what it means."""
        return self.diagnosis.reason is not Reason.OTHER or self.diagnosis.party is not Party.NOBODY

    @property
    def failure(self) -> ReturnKind:
        """The kind of failure, when it is one."""
        if self.diagnosis.permanence is Permanence.HARD:
            return ReturnKind.HARD
        if self.diagnosis.permanence is Permanence.NONE and (
            self.diagnosis.reason in _BLOCKING or self.diagnosis.party is Party.SENDER
        ):
            return ReturnKind.BLOCKED
        return ReturnKind.SOFT


def diagnose(text: str, status_code: str = "", more: Sequence[str] = ()) -> WordsRead:
    """Read the words about one recipient, the code that a report states beside them, and what else it says.

    What else it says counts where the words themselves say nothing that is known, and where it sheds doubt on them.
    """
    finding = _read(text, status_code)
    for other in (_read(words, status_code) for words in more if not finding.is_known):
        if other.is_known:
            finding = replace(other, diagnostic=finding.diagnostic or other.diagnostic)
            break
    if finding.diagnosis.permanence is Permanence.HARD and _is_doubtful(finding, (text, *more)):
        softer = replace(finding.diagnosis, permanence=Permanence.SOFT)
        return replace(finding, diagnosis=softer)
    return finding


def _read(text: str, stated: str) -> WordsRead:
    words = " ".join(text.split())
    own = find_status_code(words)
    # A report's own X.0.0 says nothing, and the other server's words know better what they refused.
    status = (
        own if own and (not stated or stated.endswith(".0.0") or own[0] == stated[0]) else stated
    )
    found = _REPLY_BESIDE.search(words) or _REPLY.search(words)
    code = found[1] if found else ""
    return WordsRead(status, code, words[:LONGEST_DIAGNOSTIC], read_answer(code, status, words))


def _is_doubtful(finding: WordsRead, texts: Iterable[str]) -> bool:
    """Whether "no such address" is said where it is said of living ones too.

    Mobile carriers and others say it after the mail itself, which their reader's filter refused; beside X.2, which
    is a mailbox that is there; of accounts that are disabled, or asleep; and of hosts not found for a time.
    """
    words = "; ".join(map(own_words, texts))
    return bool(
        finding.status_code[1:3] == ".2"
        or finding.reply_code == "521"  # also said of this mail alone: AOL
        or _AFTER_DATA.search(words)
        or _PASSING.search(words)
        or (_SLEEPING.search(words) and not finding.reply_code)
    )
