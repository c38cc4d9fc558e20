"""The words of a report for people, apart from the original mail that follows them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from todoke.returned.entity import Entity
from todoke.returned.original import ORIGINAL_TYPES
from todoke.returned.text import LONGEST_TEXT

MOST_LINES = 2_000
LONGEST_LINE = 2_000

_ORIGINAL = (
    r"(?:original|unsent|returned|undelivered|undeliverable|rejected|bounced|forwarded|failed|offending)"
    r" (?:e-?mail )?(?:message|e-?mail|mail|text|headers?)"
)
_MARK = re.compile(
    rf"^\W{{0,40}}(?:(?:begin(?:ning)?|start)? ?(?:of )?(?:the |your |first .{{1,30}} of )?{_ORIGINAL}s?"
    r"(?: (?:text|headers?|body|contents?|attached))?(?: is)?(?: (?:follows?|below|attached))?\W{0,80}$"
    r"|(?:this is|below(?: this line)? is|the following is|here is|enclosed is|attached is|included is)"
    r" (?:a |the )?(?:copy|first|beginning|original|header)"
    r"|(?:the )?(?:text|header|body|content|copy)s? of (?:the|your) (?:original |undelivered )?(?:message|mail"
    r"|e-?mail)\b"
    r"|message (?:headers?|text|contents?)(?: and \w+)? (?:follows?|below)"
    r"|message headers?\W{0,40}$|your (?:original )?(?:message|mail) (?:reads|follows|was)\b.{0,30}:\s*$"
    r"|(?:元の|オリジナル|送信(?:された|した)?)(?:の)?(?:メッセージ|メール)(?:の内容|本文|ヘッダ)?\W{0,40}$)",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^(?:Received|Return-[Pp]ath|DKIM-Signature|MIME-Version|Mime-Version|Message-I[Dd]): ?"
)


@dataclass(frozen=True, slots=True)
class ReportText:
    """What a mail system wrote, and what stands after it in the same text."""

    lines: tuple[str, ...]
    """Without what is quoted."""
    rest: str

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


def report_text_of(mail: Entity) -> ReportText:
    """The words of a report: its texts before the original, up to where the original begins in them."""
    texts = _texts(mail)
    lines = "\n".join(texts)[:LONGEST_TEXT].splitlines()[:MOST_LINES]
    cut = next((i for i, line in enumerate(lines) if _begins_original(line)), len(lines))
    kept = [line[:LONGEST_LINE] for line in lines[:cut] if not _is_quoted(line)]
    start = cut if cut < len(lines) and _HEADER.match(lines[cut]) else cut + 1
    return ReportText(tuple(kept), "\n".join(lines[start:]))


def _texts(mail: Entity) -> list[str]:
    before: list[Entity] = []
    for leaf in mail.leaves():
        if leaf.type in ORIGINAL_TYPES:
            break
        before.append(leaf)
    plain = [leaf.text for leaf in before if leaf.type == "text/plain"]
    if any(text.strip() for text in plain):
        return plain
    # A multipart whose parts could not be told apart is read as one text.
    return [leaf.text for leaf in before if leaf.type.startswith(("text/", "multipart/"))]


def _begins_original(line: str) -> bool:
    return len(line) <= 200 and bool(_HEADER.match(line) or _MARK.match(line))


def _is_quoted(line: str) -> bool:
    return line.startswith(">") and not line.startswith(">>>")
