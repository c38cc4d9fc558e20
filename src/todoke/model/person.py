"""Who works at the desk, and what they may do there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from todoke.model.address import NOBODY, Address, same_mailbox
from todoke.model.message import Role, Timeline
from todoke.model.oidc import OidcSettings

Forms = frozenset[str]


class Rank(StrEnum):
    """What a person is at the desk. Each may do what those after it may, and more."""

    OWNER = "owner"
    """Sees every form, the trail, the sessions of all, and what no form's submission is."""
    MANAGER = "manager"
    """Works on the submissions of their forms."""
    READER = "reader"
    """Reads the submissions of their forms, and changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One who may enter. `forms` are those of which they see every submission; None is every form.

    Of the other forms they see what was meant for them: the submissions that a mail to their address tells of. Someone
    may be a manager of some forms and read others: `reads` are those of `forms` in which they change nothing.
    """

    address: Address = NOBODY
    rank: Rank = Rank.OWNER
    forms: Forms | None = None
    reads: Forms = frozenset()

    @property
    def is_owner(self) -> bool:
        """Whether everything is theirs to see."""
        return self.rank is Rank.OWNER

    def may_see(self, timeline: Timeline) -> bool:
        """Whether this submission is theirs to read."""
        form = timeline.submission.form
        return self.forms is None or form in self.forms or self._is_told(timeline)

    def may_change(self, timeline: Timeline) -> bool:
        """Whether this submission is theirs to work on."""
        if self.rank is Rank.OWNER:
            return True
        if self.rank is Rank.READER or not self.may_see(timeline):
            return False
        return timeline.submission.form not in self.reads or self._is_told(timeline)

    def _is_told(self, timeline: Timeline) -> bool:
        return bool(self.address) and any(
            m.message.role is Role.NOTIFICATION and same_mailbox(m.message.recipient, self.address)
            for m in timeline.messages
        )


def who_may_take(people: Iterable[Person], timeline: Timeline) -> list[Person]:
    """Those of these people who can be said to take a submission on: they have an address, and may work on it."""
    return [person for person in people if person.address and person.may_change(timeline)]


COMMAND_LINE = Person()
"""Whoever enters by a link that a command printed runs the server: an owner, without an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """Who may enter the desk beside those whom forms name as their managers, and for how long.

    `owners` see everything. `managers` and `readers` are mailboxes with the forms that are theirs beside those whose
    mails they receive. Someone who does nothing for `idle` is out, and everybody after `longest`. Without
    `lets_managers_in` a form's managers may not enter unless they are named here. With `oidc` people may also
    enter by that provider.
    """

    owners: tuple[Address, ...] = ()
    managers: Mapping[Address, Forms] = field(default_factory=dict)
    readers: Mapping[Address, Forms] = field(default_factory=dict)
    lets_managers_in: bool = True
    oidc: OidcSettings | None = None
    idle: timedelta = timedelta(hours=2)
    longest: timedelta = timedelta(hours=12)


DEFAULT_DESK = DeskSettings()
