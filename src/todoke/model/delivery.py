"""The status algebra: what a set of delivery events says of one attempt. Pure; docs/status.md is its table.

The status of an attempt is a function of the SET of its events: any order, any repetition, the same answer.
It is the highest-ranking status any event bears. Nothing else in todoke decides what a status is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from todoke.model.address import Address, mailbox_key


class Status(StrEnum):
    """What is known of an attempt, lowest rank first."""

    IN_REVIEW = "in_review"
    """Stored here and kept: it is not due before somebody has looked at its submission. Of what has no attempt."""
    QUEUED = "queued"
    """Stored here, not handed over."""
    WITHHELD = "withheld"
    """We chose not to hand it over: this mailbox is sent no more confirmations for now, or none at all."""
    FAILED = "failed"
    """We gave up before any hand-over was accepted. A webhook may prove it wrong, so it ranks below `accepted`."""
    ACCEPTED = "accepted"
    """The service took responsibility for it (RFC 5321 6.1). It says nothing of the recipient."""
    DEFERRED = "deferred"
    """Not taken now (4yz), by the service or by the recipient's server; another try follows."""
    UNDETERMINED = "undetermined"
    """A report came that does not say whether it will arrive. It never hides a delivery."""
    REJECTED = "rejected"
    """The service refused to take or to send it; it was never offered to the recipient's server."""
    DELIVERED = "delivered"
    """The recipient's server accepted it. It does not mean that it is in the inbox or was read."""
    BOUNCED = "bounced"
    """It will not arrive: the recipient's server refused it, or returned it later. It beats `delivered`."""

    @property
    def rank(self) -> int:
        """The place in the order; a higher one wins."""
        return _RANK[self]

    @property
    def is_failure(self) -> bool:
        """True when this message will not arrive unless someone acts."""
        return self in FAILURES


_RANK = {status: rank for rank, status in enumerate(Status)}
FAILURES = frozenset({Status.FAILED, Status.REJECTED, Status.BOUNCED})


class Reading(StrEnum):
    """The word that people read of a message: its status, or UNKNOWN, which is read and never stored."""

    IN_REVIEW = "in_review"
    QUEUED = "queued"
    WITHHELD = "withheld"
    FAILED = "failed"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    UNDETERMINED = "undetermined"
    REJECTED = "rejected"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"

    @property
    def is_failure(self) -> bool:
        """True when this message will not arrive unless someone acts."""
        return self in FAILED_READINGS


FAILED_READINGS = frozenset({Reading.FAILED, Reading.REJECTED, Reading.BOUNCED})


class Kind(StrEnum):
    """What a delivery event tells. The first nine bear the status of the same name; the rest stand beside it."""

    QUEUED = "queued"
    WITHHELD = "withheld"
    FAILED = "failed"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    UNDETERMINED = "undetermined"
    REJECTED = "rejected"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    ANSWER_LOST = "answer_lost"
    """Handed over, and the service's answer never reached us: it may or may not have been taken."""
    INTERRUPTED = "interrupted"
    """Our process died during the attempt: it may or may not have been handed over."""
    UNCONFIRMED = "unconfirmed"
    """A failure that a webhook told of and the service's own records have not confirmed: kept, and changing nothing."""
    SILENT = "silent"
    """Our own note that the service had reported nothing on any mail since `at`: kept, and changing nothing."""
    PAUSED = "paused"
    """Our own note that its form's confirmations paused when this one went wrong: kept, and changing nothing."""
    COMPLAINED = "complained"
    """The recipient called it unwanted (RFC 5965); it did arrive."""
    OTHER = "other"
    """A word of the service that todoke does not know, kept and shown, and changing nothing."""


_STATUS_OF = {kind: Status(kind.value) for kind in Kind if kind.value in set(Status)}


class Permanence(StrEnum):
    """Whether the ADDRESS can be expected to work again. A reading of code and text, not of the rank."""

    HARD = "hard"
    SOFT = "soft"
    NONE = "none"


class Reason(StrEnum):
    """Why a message was deferred, rejected, bounced or withheld."""

    UNKNOWN_ADDRESS = "unknown_address"
    UNKNOWN_HOST = "unknown_host"
    MAILBOX_FULL = "mailbox_full"
    TOO_LARGE = "too_large"
    POLICY = "policy"
    CONTENT = "content"
    TIMED_OUT = "timed_out"
    SUPPRESSED = "suppressed"
    FORWARDING = "forwarding"
    MISCONFIGURED = "misconfigured"
    TOO_MANY = "too_many"
    """Ours: this mailbox is sent no more confirmations for now, or its reader said that they asked for none."""
    NO_PERSON = "no_person"
    """Ours: nobody reads confirmations there."""
    PAUSED = "paused"
    """Ours: the form's confirmations paused for longer than it could wait."""
    ENOUGH_ALERTS = "enough_alerts"
    """Ours: its reader was sent as many alerts of this form as one is sent in so short a time."""
    OVER_CAP = "over_cap"
    """Ours: the site had sent as many mails that day as its owner allows."""
    OVER_RATE = "over_rate"
    """Ours: more confirmations of the form, or of the site, were asked for than are sent in an hour."""
    BUSY_NETWORK = "busy_network"
    """Ours: more confirmations were asked for from one network than are sent in an hour."""
    DISOWNED = "disowned"
    """Ours: whoever reads this mailbox said that they asked for no confirmation."""
    OTHER = "other"


WITHHOLDING = frozenset(
    {
        Reason.TOO_MANY,
        Reason.NO_PERSON,
        Reason.PAUSED,
        Reason.ENOUGH_ALERTS,
        Reason.OVER_CAP,
        Reason.OVER_RATE,
        Reason.BUSY_NETWORK,
    }
)
"""Why we withhold a mail: no alert tells of it."""
TOOK_IT = frozenset({Kind.ACCEPTED, Kind.DELIVERED, Kind.COMPLAINED})
"""The events that prove that a service took the mail."""


class Party(StrEnum):
    """Whose fault a deferral or failure is."""

    RECIPIENT = "recipient"
    """The address, its mailbox or its domain."""
    SENDER = "sender"
    """Ours: sender's address or domain, client, login, quota, set-up. Every mail would fare the same."""
    MESSAGE = "message"
    """This mail: its size or content."""
    ROUTE = "route"
    """The hosts and the way to them."""
    NOBODY = "nobody"
    """Nothing that is known."""


PARTY_OF: Mapping[Reason, Party] = {
    Reason.UNKNOWN_ADDRESS: Party.RECIPIENT,
    Reason.UNKNOWN_HOST: Party.RECIPIENT,
    Reason.MAILBOX_FULL: Party.RECIPIENT,
    Reason.SUPPRESSED: Party.RECIPIENT,
    Reason.FORWARDING: Party.ROUTE,
    Reason.TIMED_OUT: Party.ROUTE,
    Reason.TOO_LARGE: Party.MESSAGE,
    Reason.CONTENT: Party.MESSAGE,
    Reason.POLICY: Party.SENDER,  # who sends is mistrusted, or what; never a matter of the address
    Reason.MISCONFIGURED: Party.SENDER,
    Reason.TOO_MANY: Party.NOBODY,
    Reason.NO_PERSON: Party.RECIPIENT,
    Reason.PAUSED: Party.NOBODY,
    Reason.ENOUGH_ALERTS: Party.NOBODY,
    Reason.OVER_CAP: Party.NOBODY,
    Reason.OVER_RATE: Party.NOBODY,
    Reason.BUSY_NETWORK: Party.NOBODY,
    Reason.DISOWNED: Party.NOBODY,
    Reason.OTHER: Party.NOBODY,
}
"""Whose fault a reason is taken for where people read it; an answer's own party may say it more exactly."""


OURS = "todoke"
"""The service of events that we state ourselves."""


class Ceiling(StrEnum):
    """The best a service can ever prove of a message it took."""

    HANDED_OVER = "handed_over"
    """Bare SMTP: the next server took it. Silence afterwards means nothing."""
    NOT_RETURNED = "not_returned"
    """SMTP with a bounce mailbox: silence means `not returned so far`."""
    DELIVERED = "delivered"
    """A service with delivery events: silence means `unknown`."""


class DeliveryEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact about an attempt, as a service, a DSN or todoke itself stated it.

    `token` names the attempt; where a service gives none, `service_id` (its own id of the message) does. `at` is
    when it happened by the service's clock, `received_at` when we learned of it; both aware, UTC. `recipient` is
    whom the report names, "" when none. `raw` is the evidence, byte for byte.
    """

    kind: Kind
    at: datetime
    received_at: datetime
    service: str
    token: str = ""
    service_id: str = ""
    recipient: str = ""
    permanence: Permanence = Permanence.NONE
    reason: Reason | None = None
    status_code: str = ""
    diagnostic: str = ""
    raw: bytes = b""

    @property
    def moment(self) -> datetime:
        """When it happened, as far as that can be believed: no report is of a time after it reached us."""
        return min(self.at, self.received_at)

    @property
    def key(self) -> str:
        """The same for repetitions of one event: a hash of all it states, without when it reached us."""
        stated = (
            self.kind,
            self.at.isoformat(),
            self.service,
            self.token,
            self.service_id,
            self.recipient,
            self.permanence,
            self.reason or "",
            self.status_code,
            self.diagnostic,
        )
        return hashlib.sha256("\x1f".join(stated).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a set of events adds up to.

    `since` is the earliest moment at which the status held, `heard_at` the latest moment of any event: neither is ever
    later than when it reached us, however a service's clock or zone is set. `reason`,
    `permanence`, `status_code` and `diagnostic` are those of the event that bears the status. `is_taken` says that a
    service, or more, took it, whatever came later.
    """

    since: datetime
    status: Status = Status.QUEUED
    heard_at: datetime | None = None
    permanence: Permanence = Permanence.NONE
    reason: Reason | None = None
    status_code: str = ""
    diagnostic: str = ""
    complained: bool = False
    answer_lost: bool = False
    is_taken: bool = False

    @property
    def has_failed(self) -> bool:
        """Whether it will not arrive, as far as is known: giving up after a lost answer leaves that open."""
        return self.status.is_failure and not (self.status is Status.FAILED and self.answer_lost)


def standing(
    events: Iterable[DeliveryEvent], *, recipient: Address, started_at: datetime
) -> Standing:
    """Fold the events of one attempt to `recipient`, begun at `started_at`, into its standing.

    Pure, and a function of the set: order and repetition of `events` change nothing. Events that name another
    recipient are left out.
    """
    key = recipient.key
    ours = [e for e in events if not e.recipient or mailbox_key(e.recipient) == key]
    status = max(
        (_STATUS_OF[e.kind] for e in ours if e.kind in _STATUS_OF), key=_rank, default=Status.QUEUED
    )
    bearers = [e for e in ours if e.kind.value == status.value]
    kinds = {e.kind for e in ours}
    best = bearers[0] if len(bearers) == 1 else min(bearers, key=_most_telling, default=None)
    return Standing(
        status=status,
        since=min((e.moment for e in bearers), default=started_at),
        heard_at=max((e.moment for e in ours), default=None),
        permanence=best.permanence if best else Permanence.NONE,
        reason=best.reason if best else None,
        status_code=best.status_code if best else "",
        diagnostic=best.diagnostic if best else "",
        complained=Kind.COMPLAINED in kinds,
        answer_lost=not kinds.isdisjoint({Kind.ANSWER_LOST, Kind.INTERRUPTED}),
        is_taken=not kinds.isdisjoint(TOOK_IT),
    )


def _rank(status: Status) -> int:
    return status.rank


def _most_telling(event: DeliveryEvent) -> tuple[bool, bool, str, datetime, str]:
    """Order events of one kind so that the one with a reason comes first, and ties never depend on arrival."""
    vague = event.reason is None or event.reason is Reason.OTHER
    return (vague, not event.diagnostic, event.permanence, event.at, event.key)


def reading(
    now_standing: Standing, *, ceiling: Ceiling | None, now: datetime, expected: timedelta
) -> Reading:
    """The word to show.

    Unknown means: the answer to the hand-over was lost and nothing came since; or a service that reports
    deliveries took the message more than `expected` ago and has reported nothing since it last spoke.
    """
    status = now_standing.status
    if status in {Status.QUEUED, Status.FAILED} and now_standing.answer_lost:
        return Reading.UNKNOWN
    waits_for_word = status in {Status.ACCEPTED, Status.DEFERRED} and ceiling is Ceiling.DELIVERED
    if waits_for_word and now - (now_standing.heard_at or now_standing.since) > expected:
        return Reading.UNKNOWN
    return Reading(status.value)
