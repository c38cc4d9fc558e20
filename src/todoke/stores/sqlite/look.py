"""A look along the indexes of SQLite for what a query means, as far as somebody takes from it.

One index leads; what it finds is looked at by the other indexes, and last, once it is read, by the rule that all stores
have (rules/query.py). It costs the same, however much is stored.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import groupby, islice

import apsw

from todoke.model.address import mailbox_key, same_mailbox
from todoke.model.delivery import Reading
from todoke.model.errors import Malformed
from todoke.model.search import Terms, asked_for
from todoke.ports.archive import Query, Scope
from todoke.stores.rules.lists import DONE, WAITS
from todoke.stores.rules.query import Secrets, meets, wanted_lists
from todoke.stores.rules.values import micros, plain
from todoke.stores.sqlite.add import SEQ_BITS
from todoke.stores.sqlite.read import StoredRows, load
from todoke.stores.sqlite.rows import SQL, json_list
from todoke.stores.sqlite.words import PREFIX, holds, is_exact, question

_CHUNK = 200
LOOKED_AT = 10_000
"""So many submissions are looked at, at most; then it ends early, with the cursor to go on from."""
_READ = 500
"""So many of them are read for nothing."""
_TRIED = 600
"""So many of a list or a status are looked at for words, before the index of words leads."""
_MISSED = 400
"""After so many that only begin like a word, whole words are asked for."""
_NEWEST = (1 << 63) - 1
_UP = {name: SQL[name].replace(" DESC", "") for name in SQL if name.startswith("page_")}
"""The statements of pages, oldest first."""


@dataclass(slots=True)
class Look:
    """One look along an index, at about `most` submissions. `stopped_at` is the place it came to where that was not
    enough, else ""."""

    connection: apsw.Connection
    query: Query
    secrets: Secrets
    most: int = LOOKED_AT
    stopped_at: str = ""
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Look:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def take(self, most: int) -> list[StoredRows]:
        """The first submissions that meet the query, read whole."""
        found: list[StoredRows] = []
        missed = 0
        for chunk in self._chunks(most):
            # No more are read at once than are still wanted: nearly all that the indexes find is what is meant.
            rest = chunk
            while rest and len(found) < most:
                some, rest = rest[: most - len(found)], rest[most - len(found) :]
                meant = self._read(some)
                found += meant
                missed += len(some) - len(meant)
                if missed >= _READ and len(found) < most:
                    self.stopped_at = str(some[-1])
                    return found
            if len(found) >= most:
                self.stopped_at = ""
                return found
        return found

    def number(self, most: int) -> int:
        """How many meet the query, no more than `most` of them."""
        if not self.is_index_enough():
            return len(self.take(most))
        number = 0
        for chunk in self._chunks(most):
            number += len(chunk)
            if number >= most:
                break
        return number

    def is_index_enough(self) -> bool:
        """Whether nothing is left to the rule."""
        query = self.query
        if query.words and (not is_exact(query) or next(self._walk("page_unindexed"), None)):
            return False
        return query.silent_since is None

    def _read(self, seqs: list[int]) -> list[StoredRows]:
        there = load(self.connection, seqs, brief=self.query.brief)
        return [
            stored
            for seq in seqs
            if (stored := there.get(seq)) is not None
            and meets(
                self.query, stored.submission, stored.works.values(), stored.care, self.secrets
            )
        ]

    def _chunks(self, wanted: int) -> Iterator[list[int]]:
        """What the indexes find, some at a time."""
        leading, is_led = self._leading()
        looked_at = 0
        size = min(wanted, _CHUNK)
        while chunk := list(islice(leading, size)):
            yield self._kept(chunk, is_led)
            looked_at += len(chunk)
            if looked_at >= self.most:
                self.stopped_at = str(chunk[-1])
                return
            size = _CHUNK

    def _leading(self) -> tuple[Iterator[int], str]:
        """The index that fits best, and which it is."""
        query = self.query
        if self._is_elsewhere():
            return iter(()), ""
        if query.words:
            return self._with_words(), "words"
        if lists := wanted_lists(query):
            return self._in_list(lists[0]), "list"
        if query.address:
            return self._walk("page_address", address=plain(mailbox_key(query.address))), "address"
        if query.statuses:
            return self._with_statuses(), "status"
        if query.scope is not None and not query.form:
            return self._in_scope(), "scope"
        if query.form:
            return self._walk("page_form", form=plain(query.form)), "form"
        return self._walk("page_all"), ""

    def _is_elsewhere(self) -> bool:
        """Whether a form is asked for that is not in a scope of forms."""
        scope, form = self.query.scope, self.query.form
        return scope is not None and bool(form) and not scope.mailbox and form not in scope.forms

    def _with_words(self) -> Iterator[int]:
        """What the index of words finds, and what is not in it yet, which the rule looks at."""
        asked = question(self.query)
        if not asked:
            return iter(())
        return self._join([self._of_words(asked), self._walk("page_unindexed")])

    def _of_words(self, asked: str) -> Iterator[int]:
        """What the index of words finds. First the newest that the other conditions find are looked at: where the words
        are common, that is all it takes. Then the index leads: by the first letters while most of that is what is
        meant, as it is with common words, and from there on by whole words."""
        span = yield from self._listed_with_words()
        terms = asked_for(self.query.words)
        words = frozenset(word for word in terms.words if len(word) > PREFIX)
        if span and words:
            found = missed = 0
            loose = question(self.query, most=PREFIX)
            walk = self._walk("page_words", span, question=loose)
            span = None
            while chunk := list(islice(walk, _CHUNK)):
                meant = self._with_terms(chunk, replace(terms, words=words, runs=frozenset()))
                yield from meant
                found, missed = found + len(meant), missed + len(chunk) - len(meant)
                if missed > _MISSED and missed > found:
                    span = self._beyond(chunk[-1])
                    break
        if span:
            yield from self._walk("page_words", span, question=asked)

    def _listed_with_words(self) -> Generator[int, None, tuple[int, int] | None]:
        """The first of those that have the words among what lists and statuses find; the places that are left to look
        at, None for none."""
        listed = None if self.query.address else self._listed()
        if listed is None:
            return _span(self.query)
        terms = asked_for(self.query.words)
        for _ in range(_TRIED // _CHUNK):
            chunk = list(islice(listed, _CHUNK))
            yield from self._with_terms(chunk, terms)
            if len(chunk) < _CHUNK:
                return None
        return self._beyond(chunk[-1])

    def _listed(self) -> Iterator[int] | None:
        """What is in the list that fewest are in, or has one of the statuses; None where neither is asked for."""
        lists = wanted_lists(self.query)
        if lists:
            return self._in_list(lists[0])
        return self._with_statuses() if self.query.statuses else None

    def _in_list(self, name: str) -> Iterator[int]:
        return self._join([self._walk("page_list", list=name, form=f) for f in self._forms()])

    def _beyond(self, seq: int) -> tuple[int, int]:
        """The places behind one, as pages go."""
        low, high = _span(self.query)
        return (seq + 1, high) if self.query.after else (low, seq)

    def _with_terms(self, seqs: list[int], asked: Terms) -> list[int]:
        """Those of which the index has all words and runs that are asked for."""
        rows = self.connection.execute(SQL["several_words"], {"seqs": json_list(seqs)})
        meant = {seq for seq, terms in rows if holds(terms, asked)}
        return [seq for seq in seqs if seq in meant]

    def _with_statuses(self) -> Iterator[int]:
        forms = self._forms()
        streams = []
        for status in sorted(self.query.statuses):
            if status != Reading.UNKNOWN:
                streams += [("page_status", {"status": plain(status), "form": f}) for f in forms]
            elif self.query.silent_since is not None:
                streams += [("page_list", {"list": WAITS, "form": f}) for f in forms]
        return self._join([self._walk(name, **values) for name, values in streams])

    def _in_scope(self) -> Iterator[int]:
        scope = self.query.scope
        assert scope is not None  # noqa: S101 - asked before
        streams = [self._walk("page_form", form=plain(form)) for form in sorted(scope.forms)]
        if scope.mailbox:
            streams.append(self._walk("page_address", address=plain(mailbox_key(scope.mailbox))))
        return self._join(streams)

    def _forms(self) -> list[str]:
        """The forms that anything found can be of."""
        query = self.query
        if query.form:
            return [plain(query.form)]
        if query.scope is not None and not query.scope.mailbox:
            return sorted(map(plain, query.scope.forms))
        return [row[0] for row in self.connection.execute(SQL["forms"])]

    def _join(self, streams: list[Iterator[int]]) -> Iterator[int]:
        if len(streams) == 1:
            return streams[0]
        joined = heapq.merge(*streams, reverse=not self.query.after)
        return (seq for seq, _ in groupby(joined))

    def _walk(
        self, name: str, span: tuple[int, int] | None = None, /, **values: str | None
    ) -> Iterator[int]:
        """Follow one index, as far as somebody takes from it."""
        statement = _UP[name] if self.query.after else SQL[name]
        low, high = span or _span(self.query)
        cursor = self.connection.execute(statement, {**values, "low": low, "high": high})
        self._open.callback(cursor.close, True)
        return (row[0] for row in cursor)

    def _kept(self, chunk: list[int], led: str) -> list[int]:
        """Those of a chunk that the other indexes find too."""
        kept = set(chunk)
        for name, values in _filters(self.query, led):
            kept = self._among(kept, name, **values)
        if self.query.done is False:
            kept -= self._among(kept, "keep_in_list", list=DONE)
        scope = self.query.scope
        if scope is not None and (scope.mailbox or led == "address"):
            kept = self._visible(kept, scope)
        return [seq for seq in chunk if seq in kept]

    def _visible(self, seqs: set[int], scope: Scope) -> set[int]:
        """Those that a person with this scope may see."""
        seen = self._among(seqs, "keep_of_forms", keys=json_list(sorted(scope.forms)))
        if scope.mailbox:
            values = {"seqs": json_list(seqs - seen)}
            for seq, recipient in self.connection.execute(SQL["notified"], values):
                if same_mailbox(recipient, scope.mailbox):
                    seen.add(seq)
        return seen

    def _among(self, seqs: set[int], name: str, **values: str) -> set[int]:
        if not seqs:
            return seqs
        rows = self.connection.execute(SQL[name], {**values, "seqs": json_list(seqs)})
        return {row[0] for row in rows}


def _filters(query: Query, led: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Statements that keep what meets a condition, beside the index that led."""
    lists = wanted_lists(query)
    for name in lists[1:] if led == "list" else lists:
        yield "keep_in_list", {"list": name}
    if query.address and led not in {"address", "words"}:
        yield "keep_with_address", {"address": plain(mailbox_key(query.address))}
    if query.form and led == "address":
        yield "keep_of_forms", {"keys": json_list([query.form])}
    if query.statuses and led != "status":
        if query.silent_since is None:
            yield "keep_with_status", {"keys": json_list(sorted(query.statuses))}
        elif query.statuses == {Reading.UNKNOWN}:
            yield "keep_in_list", {"list": WAITS}


def _span(query: Query) -> tuple[int, int]:
    """The places that may be shown: from the first on, before the second."""
    low = micros(query.received_from) << SEQ_BITS if query.received_from else 0
    high = micros(query.received_to) << SEQ_BITS if query.received_to else _NEWEST
    if query.before:
        high = min(high, _cursor(query.before))
    if query.after:
        low = max(low, _cursor(query.after) + 1)
    return low, high


def _cursor(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise Malformed("This is not a cursor of a page.")
    return min(int(text), _NEWEST - 1)
