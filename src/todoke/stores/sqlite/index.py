"""Submissions come into the index of words some at a time, shortly after they were added or an older todoke's file was
opened: so a visitor does not wait for it, and many together cost less than half of what each would alone.

Until then a search looks at them itself, by the rule. A process that ends in between loses nothing: what is not indexed
stands in a table, written with the submission.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Thread

import apsw

from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.stores.rules.erase import address_keys, recipients
from todoke.stores.rules.query import Secrets, own_addresses
from todoke.stores.sqlite.care import relist
from todoke.stores.sqlite.read import StoredRows, load
from todoke.stores.sqlite.rows import SQL, json_list
from todoke.stores.sqlite.words import index_text, put
from todoke.stores.sqlite.writer import Writer

AT_ONCE = 64
"""So many are indexed in one write; it delays the writes behind it by some 10 ms."""
LINGERS_SECONDS = 1.0
"""So long a submission may wait for others to be indexed with."""
BUSY_PER_SECOND = 50
"""From so many writes a second on visitors come first: then it rests longer."""
RESTS = 2.0
RESTS_WHEN_BUSY = 16.0
"""So many times as long as it worked it rests, while there is more to do."""

_log = get_logger(__name__)


def index_some(connection: apsw.Connection, requests: Sequence[Secrets]) -> list[bool]:
    """Index the newest of what is not indexed yet; for each request whether there may be more."""
    return [_index_some(connection, secrets) for secrets in requests]


@dataclass(slots=True)
class Indexer:
    """Indexes in a thread of its own what `writer` has to write."""

    writer: Writer
    secrets: Secrets
    _woken: Event = field(default_factory=Event)
    _stopped: Event = field(default_factory=Event)

    def start(self) -> None:
        """Begin, with what is there already."""
        self._woken.set()
        Thread(target=self._run, name="store-indexer", daemon=True).start()

    def wake(self) -> None:
        """Something is added."""
        self._woken.set()

    def stop(self) -> None:
        """End after the write that is under way."""
        self._stopped.set()
        self._woken.set()

    def _run(self) -> None:
        while self._woken.wait() and not self._stopped.wait(LINGERS_SECONDS):
            self._woken.clear()
            try:
                self._index()
            except (
                StoreError
            ) as error:  # the disk is full, or it is closed: the next one that is added tries again
                if not self._stopped.is_set():
                    _log.warning("store_not_indexed", error=str(error))

    def _index(self) -> None:
        is_more = True
        while is_more and not self._stopped.is_set():
            began, written = time.monotonic(), self.writer.commits.writes
            is_more = self.writer.submit(index_some, self.secrets).result()
            worked = time.monotonic() - began
            self._stopped.wait(worked * RESTS)
            others = self.writer.commits.writes - written - 1
            if others > BUSY_PER_SECOND * worked * (1 + RESTS):
                self._stopped.wait(worked * (RESTS_WHEN_BUSY - RESTS))


def _index_some(connection: apsw.Connection, secrets: Secrets) -> bool:
    rows = connection.execute(SQL["next_to_index"], {"limit": AT_ONCE})
    seqs = [row[0] for row in rows]
    fresh = load(connection, seqs)
    # Oldest first: FTS5 makes a segment of its own of each row that comes before the last one.
    put(connection, [(seq, _text(fresh[seq], secrets)) for seq in sorted(fresh)])
    changes = [(seq, s.submission.form, frozenset[str](), s.lists) for seq, s in fresh.items()]
    relist(connection, changes)
    connection.execute(SQL["delete_unindexed"], {"seqs": json_list(seqs)})
    return len(seqs) == AT_ONCE


def _text(stored: StoredRows, secrets: Secrets) -> str:
    works = stored.works.values()
    own = own_addresses(stored.submission, works)
    keys = address_keys(stored.submission.visitor, recipients(works))
    return index_text(stored.submission, own, keys, secrets)
