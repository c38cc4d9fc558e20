"""Submissions of an older schema come into the index of words and the lists, some at a time, while others are added.

What is not indexed yet lies before one place in time, from which it goes on to the past; a process that ends in between
loses nothing. What comes in late, by a restore, is indexed as it is added.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import apsw

from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.stores.rules.erase import address_keys, recipients
from todoke.stores.rules.query import Secrets, own_addresses
from todoke.stores.sqlite.care import lists_in, relist
from todoke.stores.sqlite.read import StoredRows, load
from todoke.stores.sqlite.rows import SQL, json_list
from todoke.stores.sqlite.words import index_text, put

AT_ONCE = 100
"""So many are indexed in one write; it delays the writes behind it by some 20 ms."""

_log = get_logger(__name__)


def is_whole(connection: apsw.Connection) -> bool:
    """Whether all that is kept is indexed."""
    return not connection.execute(SQL["to_index"]).get


def index_some(connection: apsw.Connection, requests: Sequence[Secrets]) -> list[bool]:
    """Index the newest of what is not indexed yet; for each request whether there is more."""
    return [_index_some(connection, secrets) for secrets in requests]


@dataclass(slots=True)
class Indexer:
    """Indexes all that is missing, in a thread of its own that rests as long as it works; `submit` queues a write."""

    submit: Callable[[Any, Any], Future[Any]]
    secrets: Secrets
    _stopped: Event = field(default_factory=Event)

    def start(self) -> None:
        """Begin."""
        Thread(target=self._run, name="store-indexer", daemon=True).start()

    def stop(self) -> None:
        """End after the write that is under way."""
        self._stopped.set()

    def _run(self) -> None:
        _log.info("store_indexed", what="words of submissions kept by an older todoke: begun")
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                is_more = self.submit(index_some, self.secrets).result()
            except StoreError as error:  # closed, or the disk is full: the next start goes on
                _log.warning("store_not_indexed", error=str(error))
                return
            if not is_more:
                _log.info("store_indexed", what="words of submissions kept by an older todoke: all")
                return
            self._stopped.wait(time.monotonic() - began)


def _index_some(connection: apsw.Connection, secrets: Secrets) -> bool:
    place = connection.execute(SQL["to_index"]).get
    values = {"seq": place, "limit": AT_ONCE}
    seqs = [row[0] for row in connection.execute(SQL["next_to_index"], values)]
    known = {row[0] for row in connection.execute(SQL["indexed"], {"seqs": json_list(seqs)})}
    fresh = load(connection, [seq for seq in seqs if seq not in known])
    put(connection, [(seq, _text(stored, secrets)) for seq, stored in fresh.items()])
    changes = ((seq, s.submission.form, frozenset[str](), lists_in(s)) for seq, s in fresh.items())
    relist(connection, changes)
    last = seqs[-1] if len(seqs) == AT_ONCE else 0
    connection.execute(SQL["set_total"], {"name": "to_index", "value": last})
    return bool(last)


def _text(stored: StoredRows, secrets: Secrets) -> str:
    works = stored.works.values()
    own = own_addresses(stored.submission, works)
    keys = address_keys(stored.submission.visitor, recipients(works))
    return index_text(stored.submission, own, keys, secrets)
