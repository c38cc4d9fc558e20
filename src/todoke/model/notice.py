"""A notice: one thing that happened, to be told to one webhook, and the tries to tell it.

It says that something happened and to what, by ids, times and status words: never an answer, an address or a mail's
words. Values only; how it is kept, signed or posted is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

REMEMBERED = timedelta(days=30)
"""So long a notice is kept, told or not; shorter, if its submission ends before."""
MOST_TRIES = 20
"""So many of its tries, the last ones, are kept of a notice that is told again and again by hand."""


class NoticeType(StrEnum):
    """What happened. The words are those that receivers see."""

    ACCEPTED = "submission.accepted"
    DELIVERED = "message.delivered"
    FAILED = "message.failed"
    PAUSED = "form.paused"
    RESTS = "mail.rests"
    """The mail service takes nothing: all mail waits, and none is lost."""
    WORKS = "mail.works"
    """It takes mail again."""
    TEST = "webhook.test"
    """Nothing: somebody looks whether the webhook works."""


class MailNews(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a message: its id, its role, its status now, the reason and permanence of a failure, and of which attempt."""

    id: str
    role: str
    status: str
    attempt: int
    reason: str = ""
    permanence: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened `at` that time, for one webhook.

    `id` is the webhook-id, the same however often it is told; it begins with the submission's id where it is about
    one. `message` is there of DELIVERED and FAILED, `reason` of PAUSED and RESTS, `until` (when it
    may go on) of PAUSED.
    """

    id: str
    webhook: str
    type: NoticeType
    at: datetime
    form: str = ""
    submission_id: str = ""
    message: MailNews | None = None
    reason: str = ""
    until: datetime | None = None


class NoticeTry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One try to tell it: when, the answer's HTTP status (0: there was none), and why it did not do ("": it did)."""

    at: datetime
    status: int = 0
    fault: str = ""


class KeptNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice with its tries, the last one last. `due_at` None: nothing is left to do."""

    notice: Notice
    due_at: datetime | None = None
    tries: tuple[NoticeTry, ...] = ()

    @property
    def was_told(self) -> bool:
        """Whether the webhook took it, in the end."""
        return bool(self.tries) and not self.tries[-1].fault


class NoticeClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The right to tell one notice until a lease lapses; `token` tells it from others'."""

    kept: KeptNotice
    token: str


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a claim: the try (None: it was not begun), and when to try again (None: no more)."""

    claim: NoticeClaim
    tried: NoticeTry | None = None
    retry_at: datetime | None = None


def told(before: KeptNotice, telling: Telling) -> KeptNotice:
    """A notice after a try."""
    tries = (*before.tries, telling.tried) if telling.tried else before.tries
    return KeptNotice(
        notice=before.notice, due_at=telling.retry_at, tries=tuple(tries[-MOST_TRIES:])
    )


class NoticePage(msgspec.Struct, frozen=True, kw_only=True):
    """Some notices, the newest first; `next` is the `before` of the page of older ones, "" where there is none."""

    notices: Sequence[KeptNotice]
    next: str = ""
