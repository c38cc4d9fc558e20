"""Who may enter the desk. Pure: the configuration says it, and is asked each time, so a person it loses is out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from todoke.model import ids
from todoke.model.address import Address, mailbox_key
from todoke.model.form import Form
from todoke.model.person import COMMAND_LINE, Forms, Person, Rank
from todoke.model.settings import Settings

_ALIAS = 16


def person_of(settings: Settings, address: Address) -> Person | None:
    """The person of this address, by the highest rank that they are named for; None for a stranger.

    Theirs is the address as the configuration spells it, whatever was typed.
    """
    if not address:
        return COMMAND_LINE
    key, desk = mailbox_key(address), settings.desk
    own = next((named for named in _named(settings) if named.key == key), None)
    if own is None:
        return None
    if any(owner.key == key for owner in _owners(settings)):
        return Person(address=own)
    works, reads = _named_for(desk.managers, key), _named_for(desk.readers, key)
    receives = _received(settings, key) if desk.lets_managers_in else None
    if works is None and receives is None:
        return Person(address=own, rank=Rank.READER, forms=reads) if reads else None
    theirs = (works or frozenset()) | (receives or frozenset())
    seen = theirs | (reads or frozenset())
    return Person(address=own, rank=Rank.MANAGER, forms=seen, reads=seen - theirs)


def people_of(settings: Settings) -> list[Person]:
    """Everyone who may enter, the owners first, then by address."""
    people = {a.key: person_of(settings, a) for a in _named(settings)}
    known = [person for person in people.values() if person]
    return sorted(known, key=lambda p: (list(Rank).index(p.rank), p.address.key))


def _owners(settings: Settings) -> tuple[Address, ...]:
    return settings.desk.owners or settings.site.alert_to


def _named(settings: Settings) -> Iterator[Address]:
    """Every address that is named for the desk, some more than once."""
    desk = settings.desk
    yield from (*_owners(settings), *desk.managers, *desk.readers)
    if desk.lets_managers_in:
        for form in settings.forms.values():
            yield from _receivers(form)


def alias(secret: bytes, address: Address) -> str:
    """What the trail calls a person: "" for the command line."""
    if not address:
        return ""
    return ids.signature(secret, b"todoke act by", quote(address.key))[:_ALIAS]


def _named_for(named: Mapping[Address, Forms], key: str) -> Forms | None:
    """The forms that a mailbox is named for; None where it is not named."""
    return next((forms for address, forms in named.items() if address.key == key), None)


def _received(settings: Settings, key: str) -> Forms | None:
    """The forms whose every submission a mailbox receives; None where it is a manager of no form."""
    forms = settings.forms.values()
    if not any(address.key == key for form in forms for address in _receivers(form)):
        return None
    return frozenset(f.name for f in forms if any(a.key == key for a in f.managers.fixed))


def _receivers(form: Form) -> Iterator[Address]:
    rule = form.managers
    yield from (*rule.fixed, *rule.fallback)
    for several in (*rule.by_value.values(), *rule.directory.values()):
        yield from several
