"""What one process asks of another that may speak to the mail service: small values, each with a tag, sent by a queue.

A queue may bring one late, twice, or not at all, and whoever can write into it can make one up. So an errand names
what the store or the configuration has, and who carries it out looks there first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

import msgspec

from todoke.model.address import Address
from todoke.model.admission import Invitation

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
GOOD_FOR = timedelta(minutes=10)
"""So long after it was asked for something is still done: whoever asked has gone on by then."""


class MailTest(msgspec.Struct, frozen=True, kw_only=True, tag="mail_test"):
    """A test mail to `person`, who asked for it, known by `token` (ids.trial_token), in their language."""

    person: Address
    token: str
    language: str
    asked_at: Moment


class ListReading(msgspec.Struct, frozen=True, kw_only=True, tag="list_reading"):
    """The suppression list is to be read."""


class Lift(msgspec.Struct, frozen=True, kw_only=True, tag="lift"):
    """An entry of the suppression list is to be lifted: the one of this name, with which `asked_at` is kept."""

    entry: str
    asked_at: Moment


Errand: TypeAlias = Invitation | MailTest | ListReading | Lift
