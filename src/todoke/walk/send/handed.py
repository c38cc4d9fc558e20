"""What came of hand-overs: counted, watched for a drought, and when mail last left, kept beside the data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from todoke.model.delivery import Kind
from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.model.message import Outcome
from todoke.walk.app import App
from todoke.walk.send.drought import Drought
from todoke.walk.tally import Counted, Tally

HANDED_OVER = "handed_over/"
"""The mark of when a service last took a mail begins with it; then comes the service's name."""
EVERY = timedelta(seconds=10)
"""The mark moves no more often: it costs a write."""
log = get_logger(__name__)


def count_hand_overs(tally: Tally, outcomes: Sequence[Outcome]) -> Sequence[Kind]:
    """Count what came of hand-overs; the kinds of event that they came to. What was put off untried came to none."""
    kinds = [event.kind for outcome in outcomes for event in outcome.events]
    for kind in kinds:
        tally.count(Counted.HAND_OVERS, kind.value)
    return kinds


class HandOvers:
    """Notes the outcomes that were stored. To be used in one thread."""

    def __init__(self, app: App, drought: Drought | None = None) -> None:
        self._app = app
        self._drought = drought or Drought(app.mailer.name)
        self._marked_at: datetime | None = None

    def note(self, outcomes: Sequence[Outcome], *, is_resting: bool = False) -> None:
        """Count what came of them; a mark that cannot be kept now is kept with the next."""
        self._drought.note(outcomes, is_resting=is_resting)
        if Kind.ACCEPTED in count_hand_overs(self._app.tally, outcomes):
            self._mark(self._app.clock())

    def look(self, *, is_resting: bool) -> None:
        """Tell of a drought, if it has lasted long enough by now."""
        self._drought.look(is_resting=is_resting)

    def _mark(self, now: datetime) -> None:
        before = self._marked_at
        if before is not None and timedelta() <= now - before < EVERY:
            return
        try:
            self._app.shelf.put_mark(HANDED_OVER + self._app.mailer.name, now)
        except StoreError as error:
            log.info("mark_not_kept", fault=type(error).__name__)
        else:
            self._marked_at = now
