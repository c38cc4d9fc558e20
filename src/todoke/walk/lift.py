"""Have the mail service send again to an address on its suppression list. A person asks for one entry of the kept copy.

Who asks and who may speak to the service may be two processes, so what is asked is kept with the entry, and what came
of it: lifted, it leaves the copy; else the entry says why it is still there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

from msgspec.structs import replace

from todoke.model.address import mailbox_key
from todoke.model.errand import GOOD_FOR, Lift
from todoke.model.errors import LiftRefused, RecordsUnavailable
from todoke.model.ids import signature
from todoke.model.log import get_logger
from todoke.ports.shelf import Shelf
from todoke.ports.suppressions import Lifting, Suppression, SuppressionSource
from todoke.walk.app import App

_NAME = 24

log = get_logger(__name__)


def entry_name(secret: bytes, service: str, address: str) -> str:
    """What pages and queues call an entry: it tells nobody the address, and names none but those on a list."""
    of = f"{service} {mailbox_key(address)}"
    of = f"={of}" if of.isascii() else quote(of, errors="backslashreplace")
    return signature(secret, b"todoke suppress", of)[:_NAME]


def lifting_source(app: App) -> SuppressionSource | None:
    """The list of the service in use, if its entries can be lifted by a call."""
    source = app.suppressions
    return source if source is not None and source.lifts else None


def entries_of(app: App, service: str, is_meant: Callable[[str], bool]) -> Sequence[Suppression]:
    """The entries of a service's list, as it is kept, whose addresses are meant. Raises StoreError."""
    return [
        entry
        for listed in app.shelf.suppressions()
        if listed.service == service
        for entry in listed.suppressions
        if is_meant(entry.address)
    ]


def entries_named(app: App, service: str, name: str) -> Sequence[Suppression]:
    """The entries of this name: of one mailbox, which a list may spell in several ways. Raises StoreError."""
    secret = app.settings.secret
    return entries_of(app, service, lambda address: entry_name(secret, service, address) == name)


def ask_to_lift(app: App, service: str, name: str) -> Lift:
    """Keep with the entries of this name that they were asked to be lifted; what is to be carried out.

    Where somebody asked a moment ago and there is no answer yet, it is theirs: two who ask at once ask the same. Raises
    StoreError.
    """
    now = app.clock()
    entries = entries_named(app, service, name)
    waiting = (entry.lifting for entry in entries if _is_waiting(entry, now))
    asked = next(waiting, None) or Lifting(asked_at=now)
    for address in {entry.address for entry in entries}:
        app.shelf.change_suppressions(service, address, lambda entry: replace(entry, lifting=asked))
    return Lift(entry=name, asked_at=asked.asked_at)


def lift(app: App, asked: Lift) -> None:
    """Lift what was asked for, and keep what came of it. Raises StoreError.

    Nothing is done for an entry that does not say that it was asked for then, so a repetition does nothing.
    """
    source = lifting_source(app)
    if source is None:
        return
    for entry in _waiting(app, source, asked):
        ended = _lifted(app, source, entry.address, asked.asked_at)
        keep_outcome(app.shelf, source.name, entry.address, ended)


def lift_one(source: SuppressionSource, address: str) -> None:
    """Ask the service to lift one address. Raises LiftRefused, RecordsUnavailable."""
    try:
        source.lift(address)
    except (LiftRefused, RecordsUnavailable) as error:
        log.warning("not_lifted", service=source.name, why=type(error).__name__)
        raise
    log.info("lifted", service=source.name)


def keep_outcome(shelf: Shelf, service: str, address: str, ended: Lifting | None) -> None:
    """Take an entry, as it is spelt, off the kept list (None), or note why it is still there. Raises StoreError."""

    def change(entry: Suppression) -> Suppression | None:
        if entry.address != address:
            return entry
        return None if ended is None else replace(entry, lifting=ended)

    shelf.change_suppressions(service, address, change)


def _is_waiting(entry: Suppression, now: datetime) -> bool:
    lifting = entry.lifting
    return bool(lifting and not lifting.ended_at and now < lifting.asked_at + GOOD_FOR)


def _waiting(app: App, source: SuppressionSource, asked: Lift) -> Iterator[Suppression]:
    for entry in entries_named(app, source.name, asked.entry):
        lifting = entry.lifting
        if lifting and lifting.asked_at == asked.asked_at and lifting.ended_at is None:
            yield entry


def _lifted(
    app: App, source: SuppressionSource, address: str, asked_at: datetime
) -> Lifting | None:
    """None once it is lifted, else why not."""
    ended = Lifting(asked_at=asked_at, ended_at=app.clock())
    if app.clock() >= asked_at + GOOD_FOR:
        log.warning("not_lifted", service=source.name, why="too late")
        return ended
    try:
        lift_one(source, address)
    except LiftRefused as error:
        return replace(ended, refusal=str(error))
    except RecordsUnavailable:
        return ended
    return None
