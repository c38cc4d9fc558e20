"""Journal delivery events, wherever they were read, and what follows from them.

Who must learn of a change is decided by `follow_up`, purely; the store applies it inside the same write.
"""

from __future__ import annotations

from collections.abc import Sequence

from todoke.model import ids
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.ports.journal import Journaled
from todoke.walk.alert import follow_up
from todoke.walk.app import App
from todoke.walk.security import log
from todoke.walk.send.breaker import Watch

_RETURNED = frozenset({Kind.REJECTED, Kind.BOUNCED})
_GONE_WRONG = _RETURNED | {Kind.COMPLAINED}


def track(
    app: App, events: Sequence[DeliveryEvent], *, orphans: bool = True
) -> Sequence[Journaled]:
    """Journal `events` and what follows from them, in one write; one word for each, in order.

    Without `orphans` those that belong to no attempt of ours are let go; those of links into the desk always are.
    Raises StoreUnavailable: if nothing of it could be kept.
    """
    about_links = [ids.is_desk_token(app.settings.secret, event.token) for event in events]
    ours = [event for event, of_link in zip(events, about_links, strict=True) if not of_link]
    decide = follow_up(app.settings)
    watch = Watch(decide) if any(event.kind in _GONE_WRONG for event in ours) else None
    journaled = app.journal.journal(ours, watch or decide, orphans=orphans) if ours else ()
    if watch:
        watch.judge(app)
    if Journaled.NEW in journaled:
        app.hint()
    words = iter(journaled)
    return [
        _tell(event) if of_link else next(words)
        for event, of_link in zip(events, about_links, strict=True)
    ]


def _tell(event: DeliveryEvent) -> Journaled:
    """What becomes of a link into the desk is in the log, if it did not arrive, and kept nowhere."""
    if event.kind in _RETURNED:
        log.warning("desk_link_returned", kind=event.kind, reason=event.reason or "")
    return Journaled.REPEATED
