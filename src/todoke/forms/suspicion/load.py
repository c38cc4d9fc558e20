"""When a page with a form was loaded: a signed time that the page sends along in a hidden field.

Pages of ours carry it, and a script of the site may ask for it. Most pages do not, and that says nothing. It is good
for one form, however often: that it is ours is all that it proves.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from msgspec.structs import replace

from todoke.forms.suspicion.circumstances import Circumstances
from todoke.model import ids

_PURPOSE = b"todoke load"
_LONGEST = 64


_WORK = "w"
"""After the time: the page offered a proof of work."""


def write_load(secret: bytes, form: str, at: datetime, *, offers_work: bool = False) -> str:
    """The text for the hidden field of a page that is loaded at this time, and whether it offers a proof of work."""
    said = f"{round(at.timestamp() * 1_000)}{_WORK if offers_work else ''}"
    return f"{said}.{_signature(secret, form, said)}"


def offered_work(secret: bytes, form: str, stated: str) -> bool:
    """Whether the hidden field is ours, and says that its page offered a proof of work."""
    said, is_ours = _read(secret, form, stated)
    return is_ours and said.endswith(_WORK)


def with_load(
    known: Circumstances, secret: bytes, form: str, stated: str, now: datetime
) -> Circumstances:
    """The circumstances with what the hidden field says. An empty one says nothing."""
    if not stated:
        return known
    said, is_ours = _read(secret, form, stated)
    if not is_ours:
        return replace(known, is_load_forged=True)
    seconds = now.timestamp() - int(said.removesuffix(_WORK)) / 1_000
    # Before now, or the clock was put back since.
    return replace(known, loaded_before=seconds) if seconds >= 0 else known


def _read(secret: bytes, form: str, stated: str) -> tuple[str, bool]:
    """What stands before the signature, and whether that is ours."""
    said, _, signature = stated[:_LONGEST].partition(".")
    milliseconds = said.removesuffix(_WORK)
    is_number = milliseconds.isascii() and milliseconds.isdigit()
    made = _signature(secret, form, said).encode() if is_number else b""
    return said, is_number and hmac.compare_digest(made, signature.encode("utf-8", "replace"))


def _signature(secret: bytes, form: str, said: str) -> str:
    return ids.signature(secret, _PURPOSE, f"{form}.{said}")
