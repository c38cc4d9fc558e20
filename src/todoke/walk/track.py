"""Journal delivery events, wherever they were read, and what follows from them.

Who must learn of a change is decided by `follow_up`, purely; the store applies it inside the same write.
"""

from __future__ import annotations

from collections.abc import Sequence

from todoke.model.delivery import DeliveryEvent
from todoke.ports.journal import Journaled
from todoke.walk.alert import follow_up
from todoke.walk.app import App


def track(
    app: App, events: Sequence[DeliveryEvent], *, orphans: bool = True
) -> Sequence[Journaled]:
    """Journal `events` and what follows from them, in one write; one word for each, in order.

    Without `orphans` those that belong to no attempt of ours are let go. Raises StoreUnavailable: if nothing of it
    could be kept.
    """
    decide = follow_up(app.settings)
    journaled = app.journal.journal(events, decide, orphans=orphans) if events else ()
    if Journaled.NEW in journaled:
        app.hint()
    return journaled
