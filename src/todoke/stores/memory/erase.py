"""Erasing submissions from memory, and what elsewhere names their persons."""

from __future__ import annotations

from msgspec.structs import replace

from todoke.model.address import mailbox_key
from todoke.ports.suppressions import SuppressionList
from todoke.stores.memory.tables import Tables
from todoke.stores.rules.erase import Condition, person_keys
from todoke.stores.rules.work import forget


def erase(tables: Tables, condition: Condition) -> int:
    """See Erasure.erase."""
    meant = [s for s in tables.submissions.values() if condition.means(s, tables.of(s.id))]
    persons = {key for s in meant for key in person_keys(s, tables.of(s.id))}
    for submission in meant:
        tables.remove(submission.id)
    gone = persons - tables.mailboxes()
    if condition.address:
        gone.add(mailbox_key(condition.address))
    tables.works = {id_: forget(work, gone) for id_, work in tables.works.items()}
    tables.orphans = {
        key: event
        for key, event in tables.orphans.items()
        if not condition.means_orphan(event, gone)
    }
    limit = condition.retained_before
    if limit is not None:
        tables.erased = {k: one for k, one in tables.erased.items() if one.forgotten_at > limit}
    tables.lists = {name: _without(listed, gone) for name, listed in tables.lists.items()}
    return len(meant)


def _without(listed: SuppressionList, gone: set[str]) -> SuppressionList:
    """A list without these mailboxes."""
    kept = tuple(s for s in listed.suppressions if mailbox_key(s.address) not in gone)
    return replace(listed, suppressions=kept)
