"""What an erasure would take, for whoever has to agree to it before."""

from __future__ import annotations

from datetime import datetime

from todoke.model.address import same_mailbox
from todoke.model.message import Role, Timeline
from todoke.ports.archive import Archive, Query
from todoke.report.export import all_pages


def meant(
    archive: Archive, *, submission_id: str = "", address: str = "", before: datetime | None = None
) -> list[Timeline]:
    """The submissions that `Erasure.erase` would erase by the same condition, newest first. Raises StoreError."""
    if submission_id:
        timeline = archive.timeline(submission_id)
        return [timeline] if timeline else []
    timelines = all_pages(archive, Query(address=address, received_to=before))
    return [timeline for timeline in timelines if not address or _is_of(timeline, address)]


def _is_of(timeline: Timeline, address: str) -> bool:
    """True for the visitor's own submissions: a manager's address finds those they were told of, too."""
    return same_mailbox(timeline.submission.visitor, address) or any(
        m.message.role is Role.CONFIRMATION and same_mailbox(m.message.recipient, address)
        for m in timeline.messages
    )
