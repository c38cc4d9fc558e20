"""What is noted of an answer that refuses, while it is made: for whoever counts them once it leaves."""

from __future__ import annotations

from typing import NamedTuple

from starlette.types import Scope

from todoke.model.submission import FieldErrors

_REFUSED = "todoke.refused"


class Refused(NamedTuple):
    """The code of a refusal, the faults of fields, and what the log needs beyond: the store's own word, a way out."""

    code: str = ""
    errors: FieldErrors = ()
    why: str = ""


def note_refused(scope: Scope, refused: Refused) -> None:
    """Note why a request is refused."""
    scope[_REFUSED] = refused


def why_refused(scope: Scope) -> Refused:
    """What was noted; nothing where nothing was."""
    found: Refused = scope.get(_REFUSED, Refused())
    return found
