"""The canary: a submission through the public door, whose mails have to be delivered before a deployment counts.

It fills in the form's own fields, marked as a canary, and follows the status link as a visitor would. Only the word
"delivered" counts, which todoke says with evidence alone; handed over is not enough.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from todoke.forms.control_kind import TRAITS
from todoke.forms.fill import SamplePerson, fill
from todoke.forms.validate import validate
from todoke.model.errors import ConfigError, Error
from todoke.model.form import ControlKind, Field, Form
from todoke.model.own_url import own_url
from todoke.model.submission import Entry, FieldErrors

FAILURES = ("bounced", "rejected", "failed")
_EVERY_SECONDS = 3.0
_ANSWER_SECONDS = 35.0
_LONGEST_ANSWER = 1_000_000


class CanaryDied(Error):
    """The canary submission did not come back delivered."""


@dataclass(frozen=True)
class Canary:
    """A submission to send. `entries` are names and values; `within` is how many seconds its mails may take."""

    door_url: str
    form: str
    entries: Sequence[tuple[str, str]]
    within: float = 300.0


@dataclass(frozen=True)
class Flight:
    """How the canary stands: the status of each mail, by role, and where its receipt is."""

    submission: str
    status_url: str
    statuses: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_delivered(self) -> bool:
        """True when there is a mail, and every mail is delivered, but for a confirmation that is withheld: the canary's
        address is sent no more of them than anybody's, however often is deployed."""
        return set(self.statuses.values()) - {"withheld"} == {"delivered"}


Ask = Callable[[str, str, Sequence[tuple[str, str]] | None], tuple[int, Any]]
"""`(method, url, fields)` to status and JSON; 0 and the reason when there was no answer."""


def fly(
    canary: Canary, ask: Ask, clock: Callable[[], float], rest: Callable[[float], None]
) -> Iterator[Flight]:
    """Send it and follow it: each new state, with the last of which all is delivered.

    Raises CanaryDied: if the door does not take it, a mail fails, or one is not delivered in time.
    """
    end = clock() + canary.within
    flight = _submitted(canary, ask)
    yield flight
    while not flight.is_delivered:
        if clock() >= end:
            raise CanaryDied(
                f"The canary {flight.submission} was not delivered within {canary.within:g} seconds:"
                f" {_in_words(flight)}. See {flight.status_url}"
            )
        rest(_EVERY_SECONDS)
        now = _looked(flight, ask)
        if now != flight:
            yield now
        flight = now
        failed = [role for role, status in flight.statuses.items() if status in FAILURES]
        if failed:
            raise CanaryDied(
                f"The canary's mail failed: {_in_words(flight)}. See {flight.status_url}"
            )


def _submitted(canary: Canary, ask: Ask) -> Flight:
    url = own_url(canary.door_url, f"/f/{canary.form}")
    status, answer = ask("POST", url, canary.entries)
    if status != 200 or not isinstance(answer, dict) or not answer.get("ok"):
        raise CanaryDied(
            f"The door does not take the canary: {url} answers {_answer(status, answer)}."
        )
    return Flight(str(answer.get("id", "")), str(answer.get("status_url", "")), _statuses(answer))


def _looked(flight: Flight, ask: Ask) -> Flight:
    """How it stands now. A receipt that cannot be read for a moment changes nothing."""
    status, answer = ask("GET", flight.status_url, None)
    if status != 200 or not isinstance(answer, dict):
        return flight
    return Flight(flight.submission, flight.status_url, _statuses(answer))


def _statuses(receipt: Mapping[str, Any]) -> dict[str, str]:
    """The status of each mail; two of one role are told apart by number."""
    rows = receipt.get("messages")
    statuses: dict[str, str] = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        role, number = str(row.get("role", "mail")), 2
        name = role
        while name in statuses:
            name, number = f"{role} {number}", number + 1
        statuses[name] = str(row.get("status", ""))
    return statuses


def _in_words(flight: Flight) -> str:
    return (
        ", ".join(f"{role} {status}" for role, status in flight.statuses.items())
        or "it causes no mail"
    )


def _answer(status: int, said: Any) -> str:
    if isinstance(said, dict):
        said = said.get("errors") or said.get("message") or said
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return f"{status} {text}"[:500]


def entries_for(
    form: Form, address: str, mark: str, given: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Values that the form takes: `address` in its mail fields, `mark` in its text, and what is `given` as it is.

    An optional field for which it has no good value is left out.

    Raises ConfigError: if a field takes none of them; it names the field.
    """
    person = SamplePerson(address, mark)
    entries: list[tuple[str, str]] = []
    for control in form.fields or _any_fields(form):
        if control.name in given:
            entries.append((control.name, given[control.name]))
        else:
            entries += [(control.name, value) for value in _values(form, control, person)]
    known = {name for name, _ in entries}
    entries += [(name, value) for name, value in given.items() if name not in known]
    optional = {c.name for c in form.fields or () if not c.required} - set(given)
    unfit = optional & {fault.field for fault in _faults(form, entries)}
    entries = [(name, value) for name, value in entries if name not in unfit]
    for fault in _faults(form, entries):
        raise ConfigError(
            f"The canary does not know what to put into {fault.field} of the form {form.name}: {fault.message}"
            f" Give it with --canary-field {fault.field}=VALUE."
        )
    return entries


def _faults(form: Form, entries: Sequence[tuple[str, str]]) -> FieldErrors:
    return validate(form, tuple(Entry(name, value) for name, value in entries), "en")


def _any_fields(form: Form) -> tuple[Field, ...]:
    """A form that takes any fields gets an address and a text."""
    return (
        Field(name=form.confirmation.field or "email", kind=ControlKind.EMAIL),
        Field(name="message"),
    )


def _values(form: Form, control: Field, person: SamplePerson) -> tuple[str, ...]:
    unasked = TRAITS[control.kind].sends_many and not control.required
    if unasked or control.kind is ControlKind.FILE:
        return ()
    return fill(form, control, person) or ()


def ask_over_http(
    method: str, url: str, fields: Sequence[tuple[str, str]] | None
) -> tuple[int, Any]:
    """One request as a visitor's browser makes it, for JSON; certificates are checked."""
    import urllib3

    http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=_ANSWER_SECONDS))
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": "todoke canary",  # a firewall may take that of a library for a robot's
    }
    body = urlencode(fields) if fields is not None else None
    try:
        answer = http.request(method, url, body=body, headers=headers, preload_content=False)
        text = answer.read(_LONGEST_ANSWER, decode_content=True).decode("utf-8", "replace")
        answer.release_conn()
    except urllib3.exceptions.HTTPError as error:
        return 0, f"no answer ({type(error).__name__})"
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, text[:200]


def mark_of(now: float) -> str:
    """What a canary writes into text fields."""
    return f"todoke canary {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(now))} UTC"
