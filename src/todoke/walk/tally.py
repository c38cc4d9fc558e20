"""What this process did since it started, counted: for the page of figures, and for whoever asks how it goes.

A count's labels come from the configuration and from enumerations, never from a stranger: their number is bounded.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from enum import StrEnum

Labels = tuple[str, ...]


class Counted(StrEnum):
    """What is counted, and by which labels."""

    ACCEPTED = "accepted"
    """Submissions that are kept: form."""
    REPEATED = "repeated"
    """Repetitions of one that was kept: form."""
    REFUSED = "refused"
    """Requests at the door that were not taken: form ("" for none of ours), HTTP status, code."""
    FAULTS = "faults"
    """What was wrong with fields of those: form, field, code."""
    HAND_OVERS = "hand_overs"
    """Hand-overs to the mail service: the kind of event that each came to."""
    EVENTS = "events"
    """Delivery events that webhooks told: kind, and what the journal did with it."""
    HOOK_CALLS = "hook_calls"
    """Calls of webhooks: service ("" for none of ours), HTTP status."""
    CONNECTIONS_ENDED = "connections_ended"
    """Connections that kept the server waiting and were ended: an Ended."""


class Ended(StrEnum):
    """Why a connection was ended by us."""

    CROWDED = "crowded"
    """There were too many, and it kept us waiting for the longest."""
    PEER_CROWDED = "peer_crowded"
    """There were too many of one address."""
    UNREAD = "unread"
    """Answers that nobody took held too much memory."""
    SLOW_READER = "slow_reader"
    """It took its answer slower than the least rate."""
    NO_HEAD = "no_head"
    """No whole request came in time: browsers leave such connections, too, that they opened in advance."""


class Tally:
    """Counts. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Counted, dict[Labels, int]] = {what: {} for what in Counted}

    def count(self, what: Counted, *labels: str, times: int = 1) -> None:
        """So many more of these."""
        with self._lock:
            counts = self._counts[what]
            counts[labels] = counts.get(labels, 0) + times

    def counts(self, what: Counted) -> Mapping[Labels, int]:
        """How many there were, by their labels."""
        with self._lock:
            return dict(self._counts[what])
