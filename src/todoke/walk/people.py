"""Who may enter the desk. Pure: the configuration says it, and is asked each time, so a person it loses is out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from urllib.parse import quote

from todoke.model import ids
from todoke.model.address import Address
from todoke.model.form import Form
from todoke.model.person import COMMAND_LINE, Forms, Person, Rank
from todoke.model.settings import Settings

_ALIAS = 16
_NONE: Forms = frozenset()


class People:
    """The people that settings name. They are gone through once: a directory may name thousands."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, address: Address) -> Person | None:
        """The person of this address, by the highest rank that they are named for; None for a stranger.

        Theirs is the address as the configuration spells it, whatever was typed.
        """
        return self._by_key.get(address.key) if address else COMMAND_LINE

    @cached_property
    def everyone(self) -> Sequence[Person]:
        """Everyone who may enter, the owners first, then by address."""
        ranks = list(Rank)
        return sorted(self._by_key.values(), key=lambda p: (ranks.index(p.rank), p.address.key))

    @cached_property
    def _by_key(self) -> dict[str, Person]:
        desk = self._settings.desk
        spelled: dict[str, Address] = {}
        for address in _named(self._settings):
            spelled.setdefault(address.key, address)
        owners = {address.key for address in _owners(self._settings)}
        works = {address.key: forms for address, forms in desk.managers.items()}
        reads = {address.key: forms for address, forms in desk.readers.items()}
        receives = _received(self._settings) if desk.lets_managers_in else {}
        people: dict[str, Person] = {}
        for key, own in spelled.items():
            if key in owners:
                people[key] = Person(address=own)
            elif key in works or key in receives:
                theirs = works.get(key, _NONE) | receives.get(key, _NONE)
                seen = theirs | reads.get(key, _NONE)
                people[key] = Person(
                    address=own, rank=Rank.MANAGER, forms=seen, reads=seen - theirs
                )
            elif reads.get(key):
                people[key] = Person(address=own, rank=Rank.READER, forms=reads[key])
        return people


def alias(secret: bytes, address: Address) -> str:
    """What the trail calls a person: "" for the command line."""
    if not address:
        return ""
    return ids.signature(secret, b"todoke act by", quote(address.key))[:_ALIAS]


def _owners(settings: Settings) -> tuple[Address, ...]:
    return settings.desk.owners or settings.site.alert_to


def _named(settings: Settings) -> Iterator[Address]:
    """Every address that is named for the desk, some more than once."""
    desk = settings.desk
    yield from (*_owners(settings), *desk.managers, *desk.readers)
    if desk.lets_managers_in:
        for form in settings.forms.values():
            yield from _receivers(form)


def _received(settings: Settings) -> dict[str, Forms]:
    """Of each manager of a form the forms whose every submission they receive, which may be none."""
    received: defaultdict[str, Forms] = defaultdict(frozenset)
    for form in settings.forms.values():
        for address in _receivers(form):
            received[address.key] |= _NONE
        for address in form.managers.fixed:
            received[address.key] |= {form.name}
    return received


def _receivers(form: Form) -> Iterator[Address]:
    rule = form.managers
    yield from (*rule.fixed, *rule.fallback)
    for several in (*rule.by_value.values(), *rule.directory.values()):
        yield from several
