"""Take delivery events in, and decide who must learn of what they change.

`track` is called by web/hooks.py and by whatever else reads events; the store folds them. `follow_up` is the pure
decision that the store applies inside the same write: a message that failed, was called unwanted or got another
address causes alerts to people who can act, once, and never to the address that failed.
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
