"""Care: what the people of the desk did with a submission. Values and what changes them, pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from todoke.model.errors import Malformed

LONGEST_REMARK = 4_000
"""Characters of one remark."""
MOST_REMARKS = 200


class SpamVerdict(StrEnum):
    """What somebody said of a submission. It decides what its messages do: see Carebook.take_care."""

    HONEST = "honest"
    SPAM = "spam"


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """What one of them wrote down: `by` is their address, `id` tells it from the others of its submission."""

    id: str
    by: str
    at: datetime
    text: str


class Care(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one submission: since when it is read and done (None: it is not), whether it has a star, who takes it on (an
    address, "" for nobody), what was remarked, in the order it was, how often its confirmation was sent to another
    address from the desk (`redirected`; such count among the message's corrections, too), and what was said of it last,
    and when (`verdict`, `judged_at`; None: nothing)."""

    read_at: datetime | None = None
    done_at: datetime | None = None
    starred: bool = False
    assignee: str = ""
    remarks: tuple[Remark, ...] = ()
    redirected: int = 0
    verdict: SpamVerdict | None = None
    judged_at: datetime | None = None

    def read(self, at: datetime) -> Care:
        """Read; the first time stays."""
        return self if self.read_at else replace(self, read_at=at)

    def unread(self) -> Care:
        """To be read again."""
        return replace(self, read_at=None)

    def done(self, at: datetime) -> Care:
        """Done, and so read; the first time stays."""
        return self.read(at) if self.done_at else replace(self.read(at), done_at=at)

    def open(self) -> Care:
        """To be done again."""
        return replace(self, done_at=None)

    def judge(self, verdict: SpamVerdict, at: datetime) -> Care:
        """Said to be spam, and so done; or to be none, and so to be done again where it was said to be. The first time
        stays."""
        if verdict is self.verdict:
            return self
        was_spam = self.verdict is SpamVerdict.SPAM
        after = self.done(at) if verdict is SpamVerdict.SPAM else self.open() if was_spam else self
        return replace(after, verdict=verdict, judged_at=at)

    def star(self, *, on: bool) -> Care:
        """With a star or without."""
        return replace(self, starred=on)

    def assign(self, to: str) -> Care:
        """Taken on by who has this address; "" for nobody."""
        return replace(self, assignee=to)

    def remark(self, remark: Remark) -> Care:
        """With one remark more. Raises Malformed: if it is empty, too long, or there are too many."""
        if not remark.text.strip() or len(remark.text) > LONGEST_REMARK:
            raise Malformed(f"A remark has 1 to {LONGEST_REMARK:,} characters.")
        if len(self.remarks) >= MOST_REMARKS:
            raise Malformed(f"There are {MOST_REMARKS} remarks, and no room for more.")
        return replace(self, remarks=(*self.remarks, remark))

    def without_remark(self, id_: str) -> Care:
        """Without the remark of this id."""
        return replace(self, remarks=tuple(r for r in self.remarks if r.id != id_))


NO_CARE = Care()
