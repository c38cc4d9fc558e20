"""The numbers of a form's submissions, given by what claims them first: one write for all of a form that come together.

The door writes nothing for them, so no visitor waits and no item is written by all. A number is kept in the write of
the claim that it was taken for. Where that is not made it goes back, unless another was taken meanwhile or the process
ends: then nobody has it. Mail waits for no number: where none is to be had in time, the submission stays without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from todoke.model.errors import StoreUnavailable
from todoke.model.log import get_logger
from todoke.stores.dynamodb.client import DynamoTable, Item
from todoke.stores.dynamodb.count import count_down, count_up
from todoke.stores.dynamodb.items import StoredItem, new_nonce
from todoke.stores.rules.values import plain

_ORDINAL = "ordinal"
log = get_logger(__name__)


class Taken(NamedTuple):
    """A number of a form, and what tells its taking from any other."""

    form: str
    ordinal: int
    nonce: bytes


Numbered = dict[str, Taken]
"""By a submission's id."""


@dataclass(slots=True)
class Ordinals:
    """Gives numbers to the submissions of `forms` (None: of every form); safe to use from several threads."""

    table: DynamoTable
    forms: frozenset[str] | None = None
    _ahead: Numbered = field(default_factory=dict)
    _together: set[str] = field(default_factory=set)

    @contextmanager
    def ahead(self, wanted: Iterable[StoredItem]) -> Iterator[None]:
        """Take numbers for these at once; what claims them meanwhile has theirs, and the others go back."""
        taken = self._count(wanted)
        self._ahead.update(taken)
        self._together.update(taken)
        try:
            yield
        finally:
            self._together.difference_update(taken)
            self.give_back({id_: self._ahead.pop(id_) for id_ in taken if id_ in self._ahead})

    def take(self, wanted: Iterable[StoredItem]) -> Numbered:
        """A number for each that has none and was never claimed, in the order in which they came."""
        found: Numbered = {}
        others = []
        for stored in wanted:
            one = self._ahead.pop(stored.id, None)
            if one is None:
                others.append(stored)
            else:
                found[stored.id] = one
        return found | self._count(others)

    def give_back(self, unused: Numbered) -> None:
        """Let the next have these, as far as they are still the last that were taken.

        Those that were taken together go back together.
        """
        self._ahead.update({id_: one for id_, one in unused.items() if id_ in self._together})
        alone = [one for id_, one in unused.items() if id_ not in self._together]
        for form, ordinal, nonce in sorted(alone, reverse=True):
            count_down(self.table, _key(form), ordinal, nonce)

    def _count(self, wanted: Iterable[StoredItem]) -> Numbered:
        fresh = sorted(filter(self._is_to_be_numbered, wanted), key=lambda s: s.id)
        numbers: Numbered = {}
        for form, count in Counter(s.record.submission.form for s in fresh).items():
            nonce = new_nonce()
            try:
                last = count_up(self.table, _key(form), count, nonce)
            except StoreUnavailable as error:
                log.warning("not_numbered", form=form, submissions=count, why=str(error))
                continue
            named = [s.id for s in fresh if s.record.submission.form == form]
            first = last - count + 1
            numbers |= {id_: Taken(form, first + n, nonce) for n, id_ in enumerate(named)}
        return numbers

    def _is_to_be_numbered(self, stored: StoredItem) -> bool:
        is_counted = self.forms is None or stored.record.submission.form in self.forms
        return is_counted and _is_fresh(stored)


def reach(table: DynamoTable, form: str, ordinal: int) -> None:
    """Go on after this number, which came from elsewhere."""
    key, sort_key = _key(form)
    item: Item = {"k": key, "r": sort_key, "x": ordinal, "n": new_nonce()}
    table.put_unless(item, above=ordinal)


def _is_fresh(stored: StoredItem) -> bool:
    """Not of what an older todoke claimed: it would get a number that is not of its time."""
    record = stored.record
    is_claimed = any(work.timeline.attempts for work in record.works)
    return record.ordinal is None and bool(record.works) and not is_claimed


def _key(form: str) -> tuple[str, str]:
    return _ORDINAL, f"={plain(form)}"
