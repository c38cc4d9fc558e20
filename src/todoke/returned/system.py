"""Whether a mail was written by a mail system, and not by a person or for one."""

from __future__ import annotations

import re

from todoke.returned.entity import Entity
from todoke.returned.mailbox import bare_address, has_domain

_DAEMON = re.compile(
    r"(?:.{0,40}[-_.])?(?:mailer|mail|mmdf|m|smtp|mta|sendmail)[-_. ]?(?:daemon|delivery|delivery-?system"
    r"|router|errors?)"
    r"|mail[-_. ]?(?:system|server)|post[-_]master",
    re.IGNORECASE,
)
"""Local parts under which only programs write."""
_POSTMASTER = re.compile(
    r"post[-_ ]?master\w*|mailer|administrator|sys-?admin|root|mail-?gate\w*|mail-?sweeper|mail-?guard"
    r"|amavis\w*|interscan"
    r"|(?:anti-?)?virus\w*|quarantine|smtpd?|mta",
    re.IGNORECASE,
)
"""Local parts under which people write too."""
_NAME = re.compile(
    r"mail(?:er)?[- ]?daemon|(?:e?-?mail|message) (?:delivery|router|gateway|transport)\b"
    r"|mail administrator|delivery (?:sub)?system|delivery (?:status )?(?:notification|report)|system administrator"
    r"|internet mail",
    re.IGNORECASE,
)
_PASSED_ON = re.compile(
    r"\s*(?:re|fwd?|aw|wg|sv|vs|tr|rv|antw|転送|返信)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
_FAILURE = re.compile(
    r"undeliver|non-?deliver|not (?:be )?(?:deliver|sent|send)|unable to (?:deliver|send)|problem(?:s)? deliver"
    r"|reject"
    r"|(?:unknown|invalid|bad|no such) (?:user|recipient|address|mailbox)|(?:user|recipient|address) unknown"
    r"|mailbox (?:is )?full"
    r"|quota|warning: (?:could|message|mail)|mail system error|error sending|returned mail|mail returned"
    r"|returned to sender|bounce"
    r"|(?:delivery|mail|message|nachricht)\W{0,3}(?:\w+ ){0,3}(?:failure|failed|error|problem|report|notification"
    r"|status|delayed|warning|unsuccessful)|fail(?:ure|ed) (?:notice|delivery|mail)|failure"
    r"|unzustellbar|rückgabe|non remis|échec|no (?:se )?(?:ha )?(?:podido )?entreg|devuelto|impossibile"
    r"|недостав|не доставлен|退信|無法|无法"
    r"|配信|配達|送信できません|エラー|戻り|返送|不達",
    re.IGNORECASE,
)


def is_from_a_system(mail: Entity, *, returns: bool = False) -> bool:
    """Whether a mail system says that it wrote this. Anyone can say so; people who answer or pass on do not.

    A postmaster may be a person: then the envelope or the subject has to say that it is none, or the mail `returns`
    another one, and is no answer.
    """
    sender = mail.first("from")
    address = bare_address(sender)
    if mail.has("x-failed-recipients") or _DAEMON.fullmatch(address.partition("@")[0]):
        return True
    name = sender.replace(f"<{address}>", "").strip('" ')
    if _NAME.search(name) and (not has_domain(address) or not _is_answer(mail)):
        return True
    may_be = any(_POSTMASTER.fullmatch(text) for text in (name, address.partition("@")[0]))
    signs = (
        may_be or not address,
        has_null_sender(mail),
        tells_of_failure(mail) or (returns and not _is_answer(mail)),
    )
    return sum(signs) > 1


def tells_of_failure(mail: Entity) -> bool:
    """Whether the subject does, and is none that a person's program makes of another subject."""
    subject = mail.first("subject")
    return bool(_FAILURE.search(subject)) and not _PASSED_ON.match(subject)


def _is_answer(mail: Entity) -> bool:
    return _PASSED_ON.match(mail.first("subject")) is not None


def has_null_sender(mail: Entity) -> bool:
    """Whether the envelope had no sender (RFC 5321 4.5.5), by what the receiving server noted of it."""
    paths = mail.all("return-path") or mail.all("x-envelope-sender")
    return any(path.strip() in {"<>", ""} or "mailer-daemon" in path.lower() for path in paths)
