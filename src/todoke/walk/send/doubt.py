"""When to believe that what mails are answered is a fault of the set-up, which all of them share, or some.

Words are not enough: a server may say "relay denied" of one recipient alone, and "access denied" where nobody is logged
in. What counts is who is answered alike, and whether anybody was accepted in between.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred, SendError, SendRefused
from todoke.model.message import Claim, Role
from todoke.walk.send.said import plain_words

ENOUGH_RECIPIENTS = 2
ENOUGH_MESSAGES = 3
ENOUGH_PLAIN = 3
"""So many recipients of whom a server plainly says that they are unknown are no coincidence where managers are among
them; two may be a visitor's mistyped address and a manager who left.
"""
LASTS = timedelta(hours=1)
"""So long a refusal that may be the set-up's is doubted without proof: others come by then as a rule, and a visitor
whose mail was really refused learns it the same day."""
ASKED_WITHIN = timedelta(minutes=10)
"""A mail in doubt asks again this soon, so that the doubt ends when it should."""
MOST_WORDS = 100
"""So many different answers are remembered; more are no pattern."""

ABOUT_US = ("", "")
"""In place of command and words where these are about our sender, client or login: whichever they are, they add up."""


class Group(StrEnum):
    """Whom mails go to: a server may take those to its own domain, where managers are, and none to others."""

    VISITORS = "visitors"
    MANAGERS = "managers"


class PartRefused(NamedTuple):
    """Mails to this group are refused alike, since when, and in which words; others are taken."""

    group: Group
    since: datetime
    words: str


class Opinion(NamedTuple):
    """What an answer comes to for its mail.

    `fault` is set when all mail is to rest for it. `again_within` bounds the time to the next try.
    """

    error: SendError
    fault: SendDeferred | None = None
    again_within: timedelta | None = None


@dataclass(slots=True)
class _Met:
    """Who met one answer, as far as it matters."""

    recipients: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    contents: set[tuple[str, Role]] = field(default_factory=set)
    groups: set[Group] = field(default_factory=set)

    def add(self, claim: Claim) -> None:
        self.groups.add(group_of(claim))
        if len(self.contents) < ENOUGH_MESSAGES:
            self.contents.add((claim.message.submission_id, claim.message.role))
        if len(self.recipients) < ENOUGH_PLAIN:
            self.recipients.add(claim.attempt.recipient.key)
        if len(self.messages) < ENOUGH_MESSAGES:
            self.messages.add(claim.message.id)

    @property
    def is_enough(self) -> bool:
        """Two recipients, or a third mail to the one there is."""
        return len(self.recipients) >= ENOUGH_RECIPIENTS or len(self.messages) >= ENOUGH_MESSAGES


_Key = tuple[str, str]


class Doubt:
    """Counts who was answered how since a mail was last accepted, of all and of each group. Safe in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[_Key, _Met] = {}
        self._of: dict[Group, dict[_Key, _Met]] = {group: {} for group in Group}
        self._accepted_at: dict[Group, datetime] = {}
        self._parts: dict[Group, PartRefused] = {}
        self._told: dict[Group, PartRefused] = {}
        self._is_proven = False
        self._began: datetime | None = None

    def accept(self, claim: Claim, now: datetime) -> None:
        """Note that a mail was accepted: the set-up is good, at least for its group."""
        group = group_of(claim)
        with self._lock:
            if self._is_proven:
                self._began = now  # what waited meanwhile was not in doubt, and is from now on
            self._accepted_at[group] = now
            self._is_proven = False
            self._all.clear()
            self._of[group].clear()
            self._parts.pop(group, None)

    def judge(
        self,
        claim: Claim,
        error: SendError,
        now: datetime,
        first_said: Callable[[SendRefused], datetime | None],
    ) -> Opinion:
        """Note one more answer that was no acceptance, and say what it comes to.

        `first_said` tells when this mail was first put off with the same words.
        """
        if isinstance(error, SendDeferred) and error.suspects_set_up:
            proven, _ = self._note(claim, ABOUT_US, error, now)
            return Opinion(error, fault=error if proven else None)
        if not isinstance(error, SendRefused) or not error.command:
            return Opinion(error)
        words = plain_words(error.diagnostic, claim.attempt.recipient)
        proven, is_part = self._note(claim, (error.command, f"{error.code} {words}"), error, now)
        if proven:
            fault = _not_now(error, Reason.MISCONFIGURED)
            return Opinion(fault, fault=fault)
        if not error.is_doubtful:
            return Opinion(error)
        if is_part:
            return Opinion(_not_now(error, Reason.MISCONFIGURED))
        since = first_said(error)
        if since is not None and self._has_ended(group_of(claim), since, now):
            return Opinion(error)
        return Opinion(_not_now(error), again_within=ASKED_WITHIN)

    def parts(self) -> tuple[PartRefused, ...]:
        """The groups whose mails are refused alike while others are taken."""
        with self._lock:
            return () if self._is_proven else tuple(self._parts.values())

    def is_told(self, part: PartRefused) -> bool:
        """Whether somebody was told of it."""
        return self._told.get(part.group) == part

    def note_told(self, part: PartRefused) -> None:
        """Note that somebody was."""
        self._told[part.group] = part

    def _note(self, claim: Claim, key: _Key, error: SendError, now: datetime) -> tuple[bool, bool]:
        """Whether it is the set-up for all mails, and whether it is for the mail's group.

        What is plainly the recipient's or the mail's fault counts where managers meet it too: many visitors mistype.
        """
        group = group_of(claim)
        self._began = self._began or now
        is_plain = isinstance(error, SendRefused) and not error.is_doubtful
        with self._lock:
            met = _met(self._all, key)
            met.add(claim)
            enough = _is_enough(met, key)
            if is_plain:
                enough = len(met.recipients) >= ENOUGH_PLAIN and Group.MANAGERS in met.groups
                self._is_proven = self._is_proven or enough
                return enough, False
            self._is_proven = self._is_proven or enough
            met = _met(self._of[group], key)
            met.add(claim)
            if _is_enough(met, key) and group not in self._parts:
                self._parts[group] = PartRefused(group, now, error.diagnostic or str(error))
            return self._is_proven, group in self._parts

    def _has_ended(self, group: Group, since: datetime, now: datetime) -> bool:
        """Whether the doubt about one mail has: another of its group was accepted since, or it lasted long enough.

        It lasted no longer than this memory, which a restart of todoke ends.
        """
        with self._lock:
            accepted_at, began = self._accepted_at.get(group), self._began
        since = max(since, began or now)
        return now - since >= LASTS or (accepted_at is not None and accepted_at > since)


def group_of(claim: Claim) -> Group:
    """Whom a mail goes to."""
    return Group.VISITORS if claim.message.role is Role.CONFIRMATION else Group.MANAGERS


def _met(known: dict[_Key, _Met], key: _Key) -> _Met:
    if key not in known and len(known) >= MOST_WORDS:
        known.clear()
    return known.setdefault(key, _Met())


def _is_enough(met: _Met, key: _Key) -> bool:
    """At the dot the content is judged too: there two copies of one notification are one."""
    command, _ = key
    return met.is_enough and (command != "." or len(met.contents) > 1)


def _not_now(error: SendError, reason: Reason | None = None) -> SendDeferred:
    """The same answer, believed not to be this mail's fault, or not yet believed to be."""
    return SendDeferred(
        code=error.code,
        status_code=error.status_code,
        diagnostic=error.diagnostic,
        reason=reason,
        suspects_set_up=True,
    )
