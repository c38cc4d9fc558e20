"""The sweep: what time alone makes due. Called every few minutes, and safe to call at any time, by any number."""

from __future__ import annotations

from todoke.app import App


def sweep(app: App) -> int:
    """Erase the submissions whose retention ended and wake the sender; how many were erased.

    Waking it finds the work that a crash or a lost hint forgot. Raises StoreError: if the store cannot do it now.
    """
    erased = app.store.erase(retained_before=app.clock())
    app.hint()
    return erased
