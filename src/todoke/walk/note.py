"""What a command did, told twice: in the security log, and in the trail, which owners read at the desk."""

from __future__ import annotations

from todoke.model.act import Act, Deed
from todoke.ports.trail import Trail
from todoke.walk.app import utc_now
from todoke.walk.security import log, who


def note_command(
    trail: Trail, deed: Deed, *, submission: str = "", detail: str = "", **facts: object
) -> None:
    """Note a deed of whoever runs this command, who is a number (uid) in both. `facts` are for the log.

    Raises StoreError.
    """
    said = ", ".join(filter(None, [detail, who()]))
    trail.put_acts([Act(at=utc_now(), by="", deed=deed, submission=submission, detail=said)])
    told = {"submission": submission} if submission else {}
    log.info(deed.value, by=who(), **told, **facts)
