"""The sweep: what time alone makes due. Called every few minutes, and safe to call at any time, by any number."""

from __future__ import annotations

from collections.abc import Callable

from todoke.model.act import BY_TIME, Act, Deed
from todoke.model.errors import RecordsUnavailable, StoreError
from todoke.model.log import get_logger
from todoke.walk.app import App
from todoke.walk.digest import send_digests
from todoke.walk.reconcile import reconcile_when_due
from todoke.walk.security import log as security
from todoke.walk.silence import watch
from todoke.walk.suppress import read_suppressions_when_due
from todoke.walk.uploads.tidy import tidy_when_due

log = get_logger(__name__)


def sweep(app: App) -> int:
    """Wake the sender, and erase the submissions whose retention ended; how many were erased.

    Waking it finds the work that a crash or a lost hint forgot. Then look whether the mail service has fallen silent,
    and once a day ask its records or its suppression list, tidy the bucket, and mail what waits for a verdict: a fault
    there is logged. Erasing comes
    last, for a fault in it must not keep the rest from being done. Raises StoreError: if the store cannot do it now.
    """
    app.hint()
    _unless_it_fails("watch", watch, app)
    _unless_it_fails("reconcile", _reconcile, app)
    _unless_it_fails("suppressions", read_suppressions_when_due, app)
    _unless_it_fails("tidy", _tidy, app)
    _unless_it_fails("digest", send_digests, app)
    return _end_retention(app)


def _end_retention(app: App) -> int:
    """Erase what was kept long enough; if there was any, tell how many where it is told what people erased."""
    now = app.clock()
    erased = app.erasure.erase(retained_before=now)
    if erased:
        security.info("retention_ended", submissions=erased)
        app.trail.put_acts([Act(at=now, by=BY_TIME, deed=Deed.ERASED, detail=f"{erased:,}")])
    return erased


def _reconcile(app: App) -> None:
    done = reconcile_when_due(app)
    if done is not None:
        log.info("reconciled", days=done.days, new=done.new, repeated=done.repeated)


def _tidy(app: App) -> None:
    removed = tidy_when_due(app)
    if removed:
        log.info("tidied", objects=removed)


def _unless_it_fails(name: str, task: Callable[[App], object], app: App) -> None:
    """Do what the rest of the sweep does not need; the next sweep tries again."""
    try:
        task(app)
    except (RecordsUnavailable, StoreError) as error:
        log.warning("put_off", task=name, error=type(error).__name__)
    except Exception:
        log.exception("task_failed", task=name)
