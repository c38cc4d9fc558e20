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


def write_load(secret: bytes, form: str, at: datetime) -> str:
    """The text for the hidden field of a page that is loaded at this time."""
    milliseconds = str(round(at.timestamp() * 1_000))
    return f"{milliseconds}.{_signature(secret, form, milliseconds)}"


def with_load(
    known: Circumstances, secret: bytes, form: str, stated: str, now: datetime
) -> Circumstances:
    """The circumstances with what the hidden field says. An empty one says nothing."""
    if not stated:
        return known
    milliseconds, _, signature = stated[:_LONGEST].partition(".")
    is_number = milliseconds.isascii() and milliseconds.isdigit()
    if not is_number or not hmac.compare_digest(
        _signature(secret, form, milliseconds).encode(), signature.encode("utf-8", "replace")
    ):
        return replace(known, is_load_forged=True)
    seconds = now.timestamp() - int(milliseconds) / 1_000
    # Before now, or the clock was put back since.
    return replace(known, loaded_before=seconds) if seconds >= 0 else known


def _signature(secret: bytes, form: str, milliseconds: str) -> str:
    return ids.signature(secret, _PURPOSE, f"{form}.{milliseconds}")
