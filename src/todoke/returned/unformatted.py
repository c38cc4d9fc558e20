"""Reports that are words alone: whom they are about, and what they say of each. The rules are general ones.

An address counts by where it stands: at the beginning of a line, behind a label, or in a sentence that tells of a
failure. Our own, which such mails are sent to, does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from todoke.returned.mailbox import ADDRESS, addresses_in, unlike

MOST_RECIPIENTS = 50
LONGEST_WORDS = 4_000

FAILURE = re.compile(
    r"undeliver|non-?deliver|(?:not|n't|unable to|failed to|cannot|never) (?:be |been )?(?:\w+ )?"
    r"(?:deliver|reach|sent|send|receive|accept|route|find|process)"
    r"|deliver\w*(?: \w+){0,6} (?:fail|error|problem|impossible|abort|reject|unsuccessful)"
    r"|fail\w*(?: \w+){0,3} deliver"
    r"|(?:fatal|permanent|delivery|transmission|smtp|mail|recipient|invalid|an) error|error(?:s)? (?:occur|was"
    r"|deliver|sending|while)"
    r"|bounce|returned (?:mail|to)|returning|unknown (?:user|recipient|address|host)|(?:user|recipient|mailbox"
    r"|address|account)\b.{0,60}"
    r"(?:unknown|not (?:found|exist|valid|recogni|list|available)|invalid|full|disabled|n't exist|quota|reject)"
    r"|no such|invalid (?:\w+ )?(?:user|recipient|address|mailbox)|reject|refused|giving up|given up"
    r"|did not reach|quota"
    r"|(?<![\d.])5\d\d[ -]|\b5\.\d{1,3}\.\d{1,3}\b|problem"
    r"|配信|配送|届け|届き|送信でき|エラー|存在し|見つかり|受信でき|拒否"
    r"|unzustellbar|nicht (?:zugestellt|ausgeliefert|erreicht)|non (?:remis|distribu)|n'a pas (?:pu|été)"
    r"|no (?:se )?(?:ha |pudo )"
    r"|impossibile|не (?:может|доставлен)",
    re.IGNORECASE,
)
"""Words that tell of a failure, at least one of which a report has."""
DELAY = re.compile(
    r"(?:will|shall) (?:continue|keep|be (?:re-?tried|attempted)|re-?try|try again|automatically)"
    r"|still (?:being retried|trying|undelivered|waiting|in the queue)|not need to re-?send"
    r"|(?:has been|is|was|being|delivery|message|mail) delayed|delayed (?:mail|for|more)|temporary failure report"
    r"|warning:? (?:message|mail|only|this|could)|this is (?:a|only a) warning|warning (?:only|message)"
    r"|not (?:yet )?been delivered (?:yet|after)|not yet (?:been )?(?:deliver|reach|receiv)"
    r"|could not send message for (?:the )?past|no action is required on your part"
    r"|配信が?遅|遅延|再送(?:信)?を(?:試み|続け|行い)ます|まだ配信",
    re.IGNORECASE,
)
GIVEN_UP = re.compile(
    r"giv(?:ing|en) up|not going to try|permanent(?:ly)? (?:error|failure|fail)|fatal error|failed permanently"
    r"|too long in (?:the )?queue|in the queue too long|could not be delivered (?:after|within)|returned to sender",
    re.IGNORECASE,
)

_BULLET = r"[ \t]*(?:[-*•・+]{1,3}[ \t]+|\d{1,3}[.)][ \t]+)?"
_AT_START = re.compile(
    rf"{_BULLET}(?:<(?:mailto:|rfc822;|smtp:)?({ADDRESS})>|({ADDRESS}))(?=[\s:;,.)(]|\.\.\.|$)",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"[ \t>*-]{0,20}(?:(?:failed|final|original|invalid|unknown|bad|intended|undeliverable|undelivered"
    r"|e-?mail)[ -]?){0,2}"
    r"(?:recipients?(?:'s)?|users?|userid|address(?:es)?|rcpt to|delivery userid|mailbox|account|addressee"
    r"|宛先|あて先|受信者|送信先|メールアドレス)"
    rf"(?: name| address(?:es)?| e-?mail| is| was|\(s\)){{0,3}}[ \t]*[:：=;][ \t]*"
    rf"(?:rfc822[ \t]*;)?[ \t]*[<\"']?({ADDRESS})",
    re.IGNORECASE,
)
_NEXT = re.compile(rf"[>\s]{{0,3}}[,;][ \t]{{0,9}}<?({ADDRESS})")
_OURS = re.compile(
    r"mail from:|message-?id|^[ \t]*(?:from|sender|reply-to|cc|postmaster|contact|help)\b[^@]{0,40}:"
    r"|(?:contact|please (?:send|e?mail|forward)|questions?|assistance|help)\b",
    re.IGNORECASE,
)
_FROM = re.compile(r"\b(?:from|by|sender)[ \t]*<?[^\s<>@]{1,64}@[^\s<>@]{1,255}", re.IGNORECASE)
_LOCAL_ALONE = re.compile(r"[ \t]*<?([A-Za-z0-9][\w.+-]{1,63})>?[ \t]*")
_LIST_BEGINS = re.compile(r"\b(?:recipients?|address(?:es)?|users?)\b.*:\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Passage:
    """What a report says of one recipient."""

    recipient: str
    words: str


def passages_in(
    lines: Sequence[str], ours: Iterable[str], named: Iterable[str] = ()
) -> list[Passage]:
    """The recipients of a report and the words about each. `ours` are never among them; `named` are known to be."""
    known = unlike(named, ())
    found = _found(lines, [] if known else list(ours))
    if known:
        wanted = {name.lower() for name in known}
        found = [(number, name) for number, name in found if name.lower() in wanted]
        known = [
            *unlike((name for _, name in found), ()),
            *unlike(known, (name for _, name in found)),
        ]
    recipients = known or unlike((name for _, name in found), ())
    return [Passage(one, words_about(lines, one, found)) for one in recipients[:MOST_RECIPIENTS]]


def words_about(lines: Sequence[str], recipient: str, found: Sequence[tuple[int, str]]) -> str:
    """The lines from where a recipient is named to where the next one is, and those that name it elsewhere."""
    lower = recipient.lower()
    starts = [*found, (len(lines), "")]
    own: dict[int, str] = {}
    for (number, name), (following, _) in pairwise(starts):
        if name.lower() == lower:
            own |= {i: lines[i] for i in range(number, max(following, number + 1))}
    if len(own) < len(lines):
        own |= {i: line for i, line in enumerate(lines) if "@" in line and lower in line.lower()}
    return "\n".join(own[i] for i in sorted(own))[:LONGEST_WORDS]


def found_in(lines: Sequence[str], recipients: Iterable[str]) -> list[tuple[int, str]]:
    """Where in a report each of these recipients is named first at the beginning of a line or behind a label."""
    wanted = {name.lower() for name in recipients}
    return [(number, name) for number, name in _strong(lines) if name.lower() in wanted]


def _found(lines: Sequence[str], ours: list[str]) -> list[tuple[int, str]]:
    for look in (_strong, _in_lines, _in_sentences, _anywhere):
        for without in (ours, ()):
            if look is not _strong and not without:
                continue
            seen = {name.lower() for name in without}
            found = [(number, name) for number, name in look(lines) if name.lower() not in seen]
            if found:
                return found
    return []


def _strong(lines: Sequence[str]) -> list[tuple[int, str]]:
    found = []
    for number, line in enumerate(lines):
        if "@" not in line:
            continue
        match = _AT_START.match(line) or _LABELLED.match(line)
        while match:
            found.append((number, next(filter(None, match.groups()))))
            match = _NEXT.match(line, match.end())
    return found


def _in_lines(lines: Sequence[str]) -> list[tuple[int, str]]:
    return [(number, name) for number, name in _weak(lines) if FAILURE.search(lines[number])]


def _in_sentences(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Where a failure is told on the line or the two before it: sentences are broken anywhere."""
    return [
        (number, name)
        for number, name in _weak(lines)
        if FAILURE.search(" ".join(lines[max(number - 2, 0) : number + 1]))
    ]


def _anywhere(lines: Sequence[str]) -> list[tuple[int, str]]:
    found = _weak(lines)
    return found if len({name.lower() for _, name in found}) == 1 else []


def _weak(lines: Sequence[str]) -> list[tuple[int, str]]:
    return [
        (number, name)
        for number, line in enumerate(lines)
        if "@" in line and not _OURS.search(line)
        for name in addresses_in(_FROM.sub("", line))
    ]


def local_parts_in(lines: Sequence[str]) -> list[str]:
    """The names without a domain that stand alone on lines after "... the following recipients:"."""
    for number in range(len(lines)):
        if _LIST_BEGINS.search(" ".join(lines[max(number - 1, 0) : number + 1])):
            following = [one for one in lines[number + 1 : number + 20] if one.strip()]
            names = [_LOCAL_ALONE.fullmatch(one) for one in following]
            return [name[1] for name in names[:1] if name]
    return []
