"""A request that was accepted before: what the first came to, which alone may be said of it.

What the guard finds in the second says nothing of that. It came later, and what speaks for a submission is used up.
"""

from __future__ import annotations

import asyncio

from msgspec.structs import replace
from starlette.types import Scope

from todoke.model.errors import StoreError
from todoke.walk.accept import Prepared
from todoke.walk.app import App
from todoke.web.http.asked import scope_wants_json


async def first_of(app: App, scope: Scope, submission_id: str, again: Prepared) -> Prepared:
    """What was prepared again, with the signals that the first is kept with.

    Without messages where that cannot be read now: then nothing is said of them. Only JSON says anything of them.
    """
    if not scope_wants_json(scope):
        return again
    try:
        first = await asyncio.to_thread(app.archive.timeline, submission_id)
    except StoreError:
        first = None
    if first is None:
        return replace(again, messages=())
    signals = first.submission.signals
    return replace(again, submission=replace(again.submission, signals=signals))
