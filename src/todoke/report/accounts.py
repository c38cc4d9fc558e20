"""The accounts of some days: where each mail that was planned stands, so that nothing is left out. Pure.

stored -> planned -> handed over -> ended. Each mail stands at one stage; what may still change, or was not planned
though it should have been, is an open item and named by its id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from todoke.model.care import SpamVerdict
from todoke.model.delivery import Ceiling, Reading, Reason
from todoke.model.language import N_
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.model.settings import Settings
from todoke.report.figures import Figures, Sums, count_mail, figures
from todoke.report.status import read_status


class Stage(StrEnum):
    """Where a mail stands. The first five were not handed over, or nobody knows; the others were."""

    IN_REVIEW = "in_review"
    """Somebody has to say whether its submission is spam."""
    WITHHELD = "withheld"
    """Not sent, on purpose: by a limit, or because its submission is spam."""
    WAITING = "waiting"
    """To be handed over, for the first time or again."""
    REFUSED = "refused"
    """The mail service never took it, or we gave up."""
    UNCERTAIN = "uncertain"
    """The answer to the hand-over was lost: it may or may not have been taken."""
    DELIVERED = "delivered"
    RETURNED = "returned"
    """It was taken, and will not arrive."""
    UNREPORTED = "unreported"
    """It was taken, and the service tells no more of any mail: the end of what can be known."""
    AWAITED = "awaited"
    """It was taken, and a report of its end is expected."""
    SILENT = "silent"
    """It was taken, and the report that should have come did not, or does not say what became of it."""


NOT_HANDED_OVER = (
    Stage.IN_REVIEW,
    Stage.WITHHELD,
    Stage.WAITING,
    Stage.REFUSED,
    Stage.UNCERTAIN,
)
HANDED_OVER = tuple(stage for stage in Stage if stage not in NOT_HANDED_OVER)
OPEN = frozenset({Stage.IN_REVIEW, Stage.WAITING, Stage.UNCERTAIN, Stage.AWAITED, Stage.SILENT})
"""Where a mail does not stand for good."""


STAGES: Mapping[Stage | None, str] = {
    Stage.IN_REVIEW: N_("kept for review"),
    Stage.WITHHELD: N_("withheld, on purpose"),
    Stage.WAITING: N_("waits to be handed over"),
    Stage.REFUSED: N_("refused by the mail service, or given up"),
    Stage.UNCERTAIN: N_("not known whether it was taken"),
    Stage.DELIVERED: N_("delivered"),
    Stage.RETURNED: N_("returned"),
    Stage.UNREPORTED: N_("the mail service tells no more"),
    Stage.AWAITED: N_("a report is awaited"),
    Stage.SILENT: N_("the report did not come"),
    None: N_("never planned"),
}
"""In words, at the end of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """What keeps the accounts open: a mail at `stage`, since when; or one that was never planned (None)."""

    submission_id: str
    message_id: str
    role: Role
    stage: Stage | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Accounts:
    """Of so many stored submissions: how many mails of each role stand where, what is open, why mails went wrong,
    and the figures, with those by the recipients' domain."""

    stored: int
    mails: dict[Role, Counter[Stage]]
    open_items: tuple[OpenItem, ...]
    reasons: Counter[Reason]
    domains: dict[str, Sums]
    figures: Figures

    def at(self, *stages: Stage) -> int:
        """How many mails stand at any of these stages."""
        return sum(counted[stage] for counted in self.mails.values() for stage in stages)

    @property
    def planned(self) -> int:
        """All mails."""
        return self.at(*Stage)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is open: all that was stored has come to an end that is known."""
        return not self.open_items


def accounts(
    timelines: Iterable[Timeline], settings: Settings, now: datetime, *, days: int
) -> Accounts:
    """The accounts of these submissions, which are of so many days up to now by the site's calendar."""
    book = _Book(settings, now)
    found = figures(book.entered(timelines), settings, now, days=days)
    return Accounts(
        book.stored, book.mails, tuple(book.open_items), book.reasons, book.domains, found
    )


def stage_of(
    message: MessageTimeline, verdict: SpamVerdict | None, settings: Settings, now: datetime
) -> Stage:
    """Where one mail stands, of a submission of which this was said."""
    reading = read_status(message, settings, now)
    if reading is Reading.IN_REVIEW:
        return Stage.WITHHELD if verdict is SpamVerdict.SPAM else Stage.IN_REVIEW
    if not message.standing.is_taken:
        return _UNTAKEN.get(reading, Stage.WAITING)
    if reading is Reading.ACCEPTED and message.ceiling is not Ceiling.DELIVERED:
        return Stage.UNREPORTED
    return _TAKEN.get(reading, Stage.AWAITED)


_UNTAKEN = {
    Reading.WITHHELD: Stage.WITHHELD,
    Reading.FAILED: Stage.REFUSED,
    Reading.REJECTED: Stage.REFUSED,
    Reading.BOUNCED: Stage.REFUSED,
    Reading.UNKNOWN: Stage.UNCERTAIN,
    Reading.UNDETERMINED: Stage.UNCERTAIN,
}
_TAKEN = {
    Reading.DELIVERED: Stage.DELIVERED,
    Reading.FAILED: Stage.RETURNED,
    Reading.REJECTED: Stage.RETURNED,
    Reading.BOUNCED: Stage.RETURNED,
    Reading.UNKNOWN: Stage.SILENT,
    Reading.UNDETERMINED: Stage.SILENT,
}


@dataclass(slots=True)
class _Book:
    """What is written down while the submissions pass by."""

    settings: Settings
    now: datetime
    stored: int = 0
    mails: dict[Role, Counter[Stage]] = field(default_factory=lambda: {r: Counter() for r in Role})
    open_items: list[OpenItem] = field(default_factory=list)
    reasons: Counter[Reason] = field(default_factory=Counter)
    domains: dict[str, Sums] = field(default_factory=dict)

    def entered(self, timelines: Iterable[Timeline]) -> Iterator[Timeline]:
        """The same, each written down as it passes."""
        for timeline in timelines:
            self.stored += 1
            self._enter(timeline)
            yield timeline

    def _enter(self, timeline: Timeline) -> None:
        submission, roles = timeline.submission, set[Role]()
        for message in timeline.messages:
            roles.add(message.message.role)
            self._enter_mail(message, timeline)
        if submission.visitor and Role.CONFIRMATION not in roles:
            self._open(timeline, "", Role.CONFIRMATION, None, submission.received_at)

    def _enter_mail(self, told: MessageTimeline, timeline: Timeline) -> None:
        stage = stage_of(told, timeline.care.verdict, self.settings, self.now)
        message, standing = told.message, told.standing
        self.mails[message.role][stage] += 1
        if stage in OPEN:
            self._open(timeline, message.id, message.role, stage, standing.since)
        elif standing.reason and stage is not Stage.DELIVERED:
            self.reasons[standing.reason] += 1
        domain = self.domains.setdefault(message.recipient.domain, Sums())
        count_mail((domain,), told, self.settings, self.now)

    def _open(
        self, timeline: Timeline, message_id: str, role: Role, stage: Stage | None, since: datetime
    ) -> None:
        self.open_items.append(
            OpenItem(
                submission_id=timeline.submission.id,
                message_id=message_id,
                role=role,
                stage=stage,
                since=since,
            )
        )


def busiest(found: Accounts) -> list[tuple[str, Sums]]:
    """The domains that mails were for, those with the most first."""
    rows = [(name, sums) for name, sums in found.domains.items() if sums.mails]
    return sorted(rows, key=lambda row: (-row[1].mails, row[0]))


def urgent(found: Accounts) -> list[OpenItem]:
    """What is open, in the order in which somebody should look at it: what was never planned, then the oldest."""
    return sorted(found.open_items, key=lambda item: (item.stage is not None, item.since))
