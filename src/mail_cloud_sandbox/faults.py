"""The faults that can be ordered, what each does, and the orders that are in force.

`disturbed.py` carries out those of the interface, `webhook.py` those of the webhook.
"""

from __future__ import annotations

from dataclasses import dataclass

from mail_cloud_sandbox.database import Database, Row
from mail_cloud_sandbox.words import N_, Words

SEND, RECORDS, WEBHOOK = "send", "records", "webhook"
PLACES = {
    SEND: N_("Sending mail"),
    RECORDS: N_("The records"),
    WEBHOOK: N_("The webhook"),
}
"""Where a fault can be ordered: calls of emails/send, of the transaction API, and calls of the webhook."""

MOST_SECONDS = 3600.0
MOST_CALLS = 1_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: what it does in a sentence, and how many seconds it takes unless the order says so (0: none)."""

    name: str
    tells: str
    seconds: float = 0.0


CALL_FAULTS = {
    fault.name: fault
    for fault in (
        Fault("busy", N_("429, without Retry-After; nothing is taken.")),
        Fault("busy-retry-after", N_("429 with Retry-After: the seconds; nothing is taken."), 5),
        Fault("system-error", N_("500 with 01-001; nothing is taken.")),
        Fault("bad-gateway", N_("502 with a page of HTML; nothing is taken.")),
        Fault("unavailable", N_("503 with a page of HTML; nothing is taken.")),
        Fault("error-in-200", N_("200 with errors in the body; nothing is taken.")),
        Fault("unauthorized", N_("401, as for a wrong api_key; nothing is taken.")),
        Fault("truncated", N_("Taken; 200 with half of the JSON.")),
        Fault("slow", N_("Taken; the answer comes after the seconds."), 30),
        Fault(
            "drip", N_("Taken; the answer comes byte by byte, all of it within the seconds."), 30
        ),
        Fault("dropped-before", N_("The connection is closed before the body is read; not taken.")),
        Fault("dropped-after", N_("Taken, and the connection is closed without an answer.")),
    )
}
WEBHOOK_FAULTS = {
    fault.name: fault
    for fault in (
        Fault("lost", N_("The events are never told; the records have them.")),
        Fault("doubled", N_("Each call is made twice.")),
        Fault("delayed", N_("The events are told the seconds later."), 10),
        Fault("reordered", N_("Each event is told at a random time within the seconds."), 10),
        Fault("paused", N_("Nothing is told until this is switched off; then all of it."), 0),
    )
}
FAULTS = {SEND: CALL_FAULTS, RECORDS: CALL_FAULTS, WEBHOOK: WEBHOOK_FAULTS}


@dataclass(frozen=True, slots=True)
class Order:
    """A fault in force at a place. `calls_left` None: until it is switched off; `calls_met` counts those it met."""

    place: str
    name: str
    seconds: float
    calls_left: int | None
    calls_met: int = 0


def order(place: str, name: str, *, seconds: float | None, calls: int | None) -> Order:
    """The order of a fault, with its usual length where `seconds` is None.

    Raises ValueError: if there is no such place or fault, or a number is out of bounds.
    """
    if place not in FAULTS:
        raise ValueError(
            Words(
                "There is no place {place}: use {known}.",
                place=repr(place),
                known=", ".join(FAULTS),
            )
        )
    fault = FAULTS[place].get(name)
    if fault is None:
        raise ValueError(
            Words(
                "There is no fault {name} of {place}: use {known}.",
                name=repr(name),
                place=place,
                known=", ".join(FAULTS[place]),
            )
        )
    if seconds is not None and not 0 <= seconds <= MOST_SECONDS:
        raise ValueError(Words("seconds may be 0 to {most}.", most=int(MOST_SECONDS)))
    if calls is not None and not 1 <= calls <= MOST_CALLS:
        raise ValueError(
            Words("calls may be 1 to {most}, or absent: until switched off.", most=MOST_CALLS)
        )
    if name == "paused" and calls is not None:
        raise ValueError(Words("paused lasts until it is switched off: it has no number of calls."))
    return Order(place, name, fault.seconds if seconds is None else seconds, calls)


class Orders:
    """The orders in force, in the sandbox's file: they outlive a restart."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, new: Order) -> None:
        """Order a fault; it takes the place of the one before it."""
        with self._db.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO fault (place, name, seconds, calls_left) VALUES (?, ?, ?, ?)",
                (new.place, new.name, new.seconds, new.calls_left),
            )

    def end(self, place: str = "") -> None:
        """Switch off the fault of a place, or of all."""
        with self._db.write() as db:
            db.execute("DELETE FROM fault WHERE ?1 IN ('', place)", (place,))

    def at(self, place: str) -> Order | None:
        """The order in force at a place."""
        row: Row | None = self._db.execute(
            "SELECT * FROM fault WHERE place = ? AND (calls_left IS NULL OR calls_left > 0)",
            (place,),
        ).fetchone()
        return _order(row) if row else None

    def last_at(self, place: str) -> Order | None:
        """The order in force at a place, or the one that has met all its calls."""
        row: Row | None = self._db.execute(
            "SELECT * FROM fault WHERE place = ?", (place,)
        ).fetchone()
        return _order(row) if row else None

    def take(self, place: str) -> Order | None:
        """The fault that a call meets now, which uses up one of its calls."""
        in_force = self.at(place)
        if in_force:
            with self._db.write() as db:
                db.execute(
                    "UPDATE fault SET calls_left = calls_left - 1, calls_met = calls_met + 1 WHERE place = ?",
                    (place,),
                )
        return in_force


def _order(row: Row) -> Order:
    return Order(*(row[name] for name in ("place", "name", "seconds", "calls_left", "calls_met")))
