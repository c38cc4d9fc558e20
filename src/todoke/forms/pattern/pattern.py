"""The `pattern` attribute (WHATWG HTML 4.10.5.3.6): does a value match it, decided in bounded time.

The attribute is a JavaScript regular expression under the v flag that must match the whole
value. A pattern that a browser would ignore as invalid is ignored here. A pattern that takes too long on a value, or
that cannot be said in `regex`, is left to the browser, which has checked it: the value is taken, and the log tells so
once of each pattern.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from todoke.model.log import get_logger

if TYPE_CHECKING:
    import regex

SECONDS = 0.1
LEAST_SECONDS = 0.0005
COMES_BACK = 0.05
"""Of each second: the part of the time that slow patterns may take of all requests."""
MAX_LENGTH = 10_000

log = get_logger(__name__)
_told: set[str] = set()


@dataclass(slots=True)
class Patience:
    """How many seconds are left for all the patterns of one request, or of all requests together."""

    seconds: float = SECONDS
    _renewed_at: float = field(default_factory=time.monotonic)

    def renewed(self, now: float) -> Patience:
        """Itself, with what came back since the last time, at a time of `time.monotonic`.

        Strangers choose the values: however many come, patterns that are slow on them take little of the time.
        """
        came_back = max(0.0, now - self._renewed_at) * COMES_BACK
        self.seconds = min(SECONDS, max(0.0, self.seconds) + came_back)
        self._renewed_at = now
        return self


def pattern_fault(pattern: str) -> str:
    """Why the server will not apply this pattern; "" when it will."""
    compiled = _compiled(pattern)
    return compiled if isinstance(compiled, str) else ""


def matches_pattern(pattern: str, value: str, patience: Patience | None = None) -> bool:
    """False only when `pattern` is valid, could be judged in time, and does not match all of `value`."""
    patience = patience or Patience()
    compiled = _compiled(pattern)
    if isinstance(compiled, str):
        return True
    begun = time.monotonic()
    try:
        # The least time is for what is left of a spent patience: almost every value needs far less.
        return compiled.match(value, timeout=max(patience.seconds, LEAST_SECONDS)) is not None
    except TimeoutError:
        _tell(pattern, len(value))
        return True
    finally:
        patience.seconds -= time.monotonic() - begun


def _tell(pattern: str, value_length: int) -> None:
    """Once: what mends it is another pattern, and strangers may bring slow values without end."""
    if pattern not in _told:
        _told.add(pattern)
        log.warning("pattern_not_judged", pattern=pattern[:200], value_length=value_length)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> regex.Pattern[str] | str:
    """The pattern anchored at both ends, or why there is none."""
    if len(pattern) > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH} characters"
    # Few forms have a pattern, and these take a tenth of the whole start.
    import regex  # noqa: PLC0415

    from todoke.forms.pattern.syntax import translate  # noqa: PLC0415
    from todoke.forms.pattern.unicode_property import PatternError, Untranslatable  # noqa: PLC0415

    try:
        return regex.compile(rf"\A(?:{translate(pattern)})\Z", regex.V1)
    except (PatternError, Untranslatable) as error:
        return str(error)
    except (regex.error, RecursionError, OverflowError) as error:
        return f"it cannot be said here ({error})"
