"""The erasure: what it would take, for whoever has to agree; remembered and done; done again after a restore."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from todoke.model.address import same_mailbox
from todoke.model.erased import ErasedBy
from todoke.model.mentions import mentioned
from todoke.model.message import Role, Timeline
from todoke.ports.archive import Archive, Query
from todoke.ports.erasure import Erasure
from todoke.ports.store import Store
from todoke.report.export import all_pages
from todoke.walk.past import Past, remember


def meant(
    archive: Archive,
    *,
    submission_id: str = "",
    address: str = "",
    before: datetime | None = None,
    look_at: int | None = None,
) -> list[Timeline]:
    """The submissions that `Erasure.erase` would erase by the same condition, newest first. Raises StoreError.

    With `look_at` no more of those that the condition concerns are read: a stranger may state a manager's address as
    their own, and that of a manager concerns every submission.
    """
    if submission_id:
        timeline = archive.timeline(submission_id)
        return [timeline] if timeline else []
    query = Query(address=address, received_to=before)
    timelines = all_pages(archive, query, stop_after=look_at)
    return [timeline for timeline in timelines if not address or _is_of(timeline, address)]


def erase(
    erasure: Erasure,
    secret: bytes,
    now: datetime,
    *,
    submission_id: str = "",
    address: str = "",
    received_before: datetime | None = None,
) -> int:
    """Erase by exactly one condition, and have it remembered; how many submissions.

    It is remembered first: if the erasure is cut short, no backup brings back what it was meant for. Without a secret
    (b"") only an erasure by age is. Raises StoreError, as `Erasure.erase` does.
    """
    # Without a secret the key of an address would be one that anybody can try addresses on.
    if secret or received_before:
        note = remember(
            secret,
            now,
            submission_id=submission_id,
            address=address,
            received_before=received_before,
        )
        erasure.remember_erased([note])
    return erasure.erase(
        submission_id=submission_id, address=address, received_before=received_before
    )


def again(store: Store, past: Past) -> int:
    """Erase what is in the store though it was erased before: it came back with a restored table or file; how many
    submissions. To repeat it is safe. Raises StoreError."""
    ages = [one.until for one in past.counting if one.by is ErasedBy.AGE]
    count = store.erase(received_before=max(ages)) if ages else 0
    if len(ages) == len(past.counting):
        return count
    ids = [timeline.submission.id for timeline in _meant_again(store, past)]
    count += sum(store.erase(submission_id=id_) for id_ in ids)
    for mailbox in _still_mentioned(store, past):
        count += store.erase(address=mailbox)
    return count


def meant_again(archive: Archive, past: Past) -> int:
    """How many submissions `again` would erase. Raises StoreError."""
    return sum(1 for _ in _meant_again(archive, past))


def _meant_again(archive: Archive, past: Past) -> Iterator[Timeline]:
    return (t for t in all_pages(archive, Query()) if past.of(t.submission, t.messages))


def _still_mentioned(store: Store, past: Past) -> set[str]:
    """Persons erased before of whom there is no submission, but an event or an entry of a suppression list."""
    mailboxes = {
        mailbox
        for event in store.walk_orphans()
        for mailbox in mentioned(event)
        if past.of_person(mailbox, event.received_at)
    }
    for listed in store.suppressions():
        gone = set(listed.suppressions) - set(past.without_erased(listed).suppressions)
        mailboxes |= {suppression.address for suppression in gone}
    return {m for m in mailboxes if not store.page(Query(address=m, limit=1)).timelines}


def _is_of(timeline: Timeline, address: str) -> bool:
    """True for the visitor's own submissions: a manager's address finds those they were told of, too."""
    return same_mailbox(timeline.submission.visitor, address) or any(
        same_mailbox(recipient, address)
        for m in timeline.messages
        if m.message.role is Role.CONFIRMATION
        for recipient in (m.message.recipient, *(a.attempt.recipient for a in m.attempts))
    )
