"""Which form a request at the door means, once that is known, and what its address says beside it."""

from __future__ import annotations

from typing import NamedTuple

from starlette.types import Scope

from todoke.model.errors import RequestError
from todoke.model.form import Form

_MEANT = "todoke.meant"


class Meant(NamedTuple):
    """The form, None for none of ours; `error` says then why, where it is not that there is none.

    `path` is the address at which the form is taken so, "" for its own; a page of ours sends it there again. `next` is
    where the address leads afterwards, as a `_next` does.
    """

    form: Form | None
    path: str = ""
    next: str = ""
    error: RequestError | None = None


NOTHING = Meant(None)


def note_meant(scope: Scope, meant: Meant) -> None:
    """Note it, before the door is asked."""
    scope[_MEANT] = meant


def meant_by(scope: Scope) -> Meant:
    """What was noted."""
    found: Meant = scope.get(_MEANT, NOTHING)
    return found
