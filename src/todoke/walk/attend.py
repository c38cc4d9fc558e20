"""What the desk's people do with a submission: read it, take it on, mark it, write remarks. Each raises StoreError."""

from __future__ import annotations

from collections.abc import Callable

from todoke.model import ids
from todoke.model.address import Address, same_mailbox
from todoke.model.care import Care, Remark
from todoke.model.errors import NotFound
from todoke.model.message import Timeline
from todoke.model.person import Person, who_may_take
from todoke.walk.app import App

MARKS = ("done", "open", "star", "unstar", "read", "unread")
"""What can be said of a submission with one word."""


class TakenMeanwhile(Exception):
    """Somebody else has taken it on meanwhile."""


def mark(app: App, id_: str, what: str) -> None:
    """Mark the submission of this id as one of MARKS. Raises NotFound: for another word, or if it is gone."""
    now = app.clock()
    changes: dict[str, Callable[[Care], Care]] = {
        "done": lambda care: care.done(now),
        "open": Care.open,
        "star": lambda care: care.star(on=True),
        "unstar": lambda care: care.star(on=False),
        "read": lambda care: care.read(now),
        "unread": Care.unread,
    }
    if what not in changes or _take(app, id_, changes[what]) is None:
        raise NotFound


def assign(app: App, timeline: Timeline, to: str, *, was: str) -> None:
    """Let the person with this address take it on, "" for nobody, in place of `was`.

    Raises NotFound: if nobody of this address may see it. TakenMeanwhile: if it is not `was` who has it, but another.
    """
    person = next(
        (p for p in who_may_take(app.people.everyone, timeline) if same_mailbox(p.address, to)),
        None,
    )
    if to and person is None:
        raise NotFound
    chosen = str(person.address) if person else ""

    def change(care: Care) -> Care:
        if care.assignee not in {was, chosen}:
            raise TakenMeanwhile
        return care.assign(chosen)

    if _take(app, timeline.submission.id, change) is None:
        raise NotFound


def remark(app: App, timeline: Timeline, by: Address, text: str) -> None:
    """Write something down. Raises Malformed: if it is empty, too long, or one too many. NotFound: if it is gone."""
    one = Remark(id=ids.remark_id(), by=str(by), at=app.clock(), text=plain_lines(text))
    if _take(app, timeline.submission.id, lambda care: care.remark(one)) is None:
        raise NotFound


def plain_lines(text: str) -> str:
    """The text with its line ends as one character each, as they are counted (a form sends two)."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def take_back(app: App, timeline: Timeline, remark_id: str, person: Person) -> None:
    """Delete a remark. Raises NotFound: if there is none of this id, or it is not this person's to delete."""
    one = next((r for r in timeline.care.remarks if r.id == remark_id), None)
    if one is None or not is_theirs(one, person):
        raise NotFound
    _take(app, timeline.submission.id, lambda care: care.without_remark(remark_id))


def is_theirs(one: Remark, person: Person) -> bool:
    """Whether a person may delete a remark: who wrote it, and an owner."""
    return person.is_owner or (bool(one.by) and same_mailbox(one.by, person.address))


def _take(app: App, id_: str, change: Callable[[Care], Care]) -> Care | None:
    return app.carebook.take_care(id_, change)
