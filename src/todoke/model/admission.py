"""Coming into the desk: what a one-time code grants, and the session that begins with it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from todoke.model.address import NOBODY, Address

COMMAND_LINE = NOBODY
"""Who enters by a link that a command printed: whoever runs the server, as an owner."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a code is worth: who enters by it (COMMAND_LINE for whoever runs the server), and where it leads."""

    person: Address = COMMAND_LINE
    leads_to: str = ""


class Invitation(msgspec.Struct, frozen=True, kw_only=True, tag="invitation"):
    """A code on its way by mail to `person`, good until `until`. It opens nothing in a browser that did not ask."""

    person: Address
    code: str
    language: str
    until: Annotated[datetime, msgspec.Meta(tz=True)]


class DeskSession(msgspec.Struct, frozen=True, kw_only=True):
    """One person's stay at the desk, in one browser.

    `hash` is that of its secret id, which the browser alone has. It ends at `ends_at`, or when it was last used
    (`seen_at`, true to some minutes) too long ago. `browser` is what it called itself, in few words.
    """

    hash: str
    person: Address
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    browser: str = ""
