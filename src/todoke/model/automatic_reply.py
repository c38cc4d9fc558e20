"""The words of machines that answer for a person, and those by which a failure is told from them. Pure."""

from __future__ import annotations

import re

AUTOMATIC_WORDS = re.compile(
    r"auto(matic)?[ -]?repl(y|ied)|out of (the )?office|vacation (reply|message|notice)"
    r"|自動返信|自動応答|不在通知",
    re.IGNORECASE,
)
_REFUSAL = re.compile(r"(?<![\d.])5\d\d[ -]|\b5\.\d{1,3}\.\d{1,3}\b")
_UNDELIVERED = re.compile(
    r"(?:not|n't) (?:be )?deliver|undeliver|deliver\w* (?:has |have )?failed|failed to deliver"
    r"|returned to (?:the )?sender"
    r"|配信でき(?:ません|なかった)|配信不能|配送できません|届け(?:られません|できません)|(?:届き|存在し)ません",
    re.IGNORECASE,
)


def is_automatic_reply(text: str) -> bool:
    """Whether a machine answered that did not refuse the mail: the words of a vacation reply, and none of a failure."""
    return bool(AUTOMATIC_WORDS.search(text)) and not (
        _REFUSAL.search(text) or _UNDELIVERED.search(text)
    )
