"""What people did at the desk, as it is remembered: who, what, of which submission. No answer and no visitor is named.

Who did it is a keyed hash of a mailbox. It reads as an address only to those who have the configuration that names it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

REMEMBERED = timedelta(days=400)
"""So long: a year, and the weeks in which somebody asks about it."""


BY_TIME = "time"
"""Stands for who did what nobody did, but time: the end of retention."""


class Deed(StrEnum):
    """What was done."""

    ENTERED = "entered"
    LEFT = "left"
    SAW = "saw"
    FILE_TAKEN = "file_taken"
    EXPORTED = "exported"
    IMPORTED = "imported"
    NOTED = "noted"
    """A note, an assignment, a star, done or not done: the desk's own marks."""
    JUDGED = "judged"
    """It was said to be spam, or to be none."""
    RESENT = "resent"
    CORRECTED = "corrected"
    ERASED = "erased"
    ENDED_SESSION = "ended_session"
    LIFTED = "lifted"
    """A suppression was taken off the mail service's list."""
    TESTED = "tested"
    """A test mail was sent."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One deed. `by` is a keyed hash of who did it, "" for the command line, or BY_TIME. `submission` is an id, "" for
    none.

    `detail` says more in few words that name nobody: a format, a number, a file's place.
    """

    at: datetime
    by: str
    deed: Deed
    submission: str = ""
    detail: str = ""
