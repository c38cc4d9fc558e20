"""Whole submissions in and out of the table: read, written over the version that was read, and removed.

Also where they grow out of one item: the record goes on in further items of a partition of its own, named after the
submission, beside the contents of its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from todoke.model.errors import StoreUnavailable, TooLarge
from todoke.model.submission import Submission, files
from todoke.stores.dynamodb.client import Changed, DynamoTable, Item, Key, key_of, rest
from todoke.stores.dynamodb.codec import Record
from todoke.stores.dynamodb.files import KeptFiles, required
from todoke.stores.dynamodb.items import (
    ID,
    StoredItem,
    archive_key,
    current_key,
    id_of,
    item_of,
    new_nonce,
    packed,
    stored_of,
)
from todoke.stores.dynamodb.notices import notice_item
from todoke.stores.dynamodb.pointers import Pointers
from todoke.stores.dynamodb.transaction import DynamoTransaction

T = TypeVar("T")

CHUNK_BYTES = 350_000
"""An item may have 400 KB; a longer record or file goes on in the next."""
MOST_FILE_BYTES = 16_000_000
"""So much of files one submission may bring."""
_MOST_REMEMBERED = 256
TRIES = 12
"""So often a change begins anew because somebody else was faster."""


@dataclass(slots=True)
class Cabinet:
    """Reads and writes submissions in one table. With `kept` the contents of files lie in a bucket beside it."""

    table: DynamoTable
    pointers: Pointers
    kept: KeptFiles | None = None
    _written: dict[str, StoredItem] = field(default_factory=dict)

    def written(self, submission_id: str) -> StoredItem | None:
        """The submission as this process wrote or noted it last, if that is not long ago; it may have changed since."""
        return self._written.get(submission_id)

    def note(self, stored: StoredItem) -> None:
        """Remember a submission that came without asking for it, in place of a read. It may be older than what is
        there: a write over it fails then, and begins anew with a read."""
        if stored.id not in self._written:
            self._keep_in_mind(stored)

    def load(self, submission_id: str, *, consistent: bool = True) -> StoredItem | None:
        """The submission with this id, wherever in its place it is."""
        return self.load_all([submission_id], consistent=consistent).get(submission_id)

    def load_all(self, ids: Iterable[str], *, consistent: bool = False) -> dict[str, StoredItem]:
        """Those of the submissions that are there; what is not there at first is looked for consistently."""
        wanted = [id_ for id_ in dict.fromkeys(ids) if ID.fullmatch(id_)]
        there = self._load_by(current_key, wanted, consistent=consistent)
        missing = [id_ for id_ in wanted if id_ not in there]
        if missing:
            there |= self._load_by(archive_key, missing, consistent=True)
            missing = [id_ for id_ in missing if id_ not in there]
        if missing:  # read late, or moved while we looked
            there |= self._load_by(current_key, missing, consistent=True)
        return {id_: there[id_] for id_ in wanted if id_ in there}

    def load_keys(self, keys: Sequence[Key], *, consistent: bool = False) -> dict[str, StoredItem]:
        """The submissions at these places, by id."""
        if not keys:
            return {}
        items = self.table.get_many(list(dict.fromkeys(keys)), consistent=consistent)
        return {id_of(item): stored for item in items.values() if (stored := self.open(item))}

    def open(self, item: Item) -> StoredItem | None:
        """What an item holds; None if it was replaced while its chunks were read."""
        if "b" in item:
            return stored_of(item, bytes(item["b"]))  # type: ignore[arg-type]
        nonce = bytes(item["n"])  # type: ignore[arg-type]
        chunks = list(self._parts(id_of(item), _chunk_name(nonce)))
        if len(chunks) < int(item["c"]):
            fresh = self.table.get(key_of(item))
            return self.open(fresh) if fresh and fresh["n"] != item["n"] else None
        return stored_of(item, b"".join(bytes(chunk["b"]) for chunk in chunks))  # type: ignore[arg-type]

    def add(self, record: Record, put: Callable[[Item], None], *, is_late: bool) -> None:
        """Keep a new submission with its files; `put` writes its item. Raises Changed: if it finds the place taken."""
        nonce = new_nonce()
        submission = record.submission
        has_objects = self.kept is not None and self.kept.keep(submission, nonce)
        has_files = self.kept is None and self._put_files(submission, nonce)
        bare = msgspec.structs.replace(record, submission=submission.without_contents())
        key = current_key(submission.id)
        stored = StoredItem(key, nonce, bare, nonce if has_files else b"")
        if has_objects:
            stored = msgspec.structs.replace(stored, objects=nonce)
        item = self._item(stored, is_late=is_late)
        try:
            put(item)
        except Changed:
            # Not after StoreUnavailable: the put may have been made. The sweep finds what no submission names.
            if has_objects:
                required(self.kept).remove(submission, nonce)
            if has_files:
                self._remove_parts(submission.id, _file_name(nonce))
            if "c" in item:
                self._remove_parts(submission.id, _chunk_name(nonce))
            raise

    def save(self, before: StoredItem, record: Record, beside: Sequence[Item] = ()) -> StoredItem:
        """Write a record over the version it came from, and items `beside` it, all or none.

        Raises Changed: if that version is no longer there.
        """
        after = msgspec.structs.replace(before, nonce=new_nonce(), record=record, chunks=0)
        item = self._item(after)
        try:
            if beside:
                self.table.put_all([(item, before.nonce), *((one, None) for one in beside)])
            else:
                self.table.put(item, over=before.nonce)
        except Changed:
            if "c" in item:
                self._remove_parts(after.id, _chunk_name(after.nonce))
            raise
        self._remember(after, item)
        if before.chunks:
            self._remove_parts(before.id, _chunk_name(before.nonce))
        return after

    def change(
        self,
        submission_id: str,
        decide: Callable[[DynamoTransaction], T],
        first: StoredItem | None = None,
    ) -> tuple[T, DynamoTransaction]:
        """Let `decide` work on a submission's transaction and keep what it changed, in one write; its answer.

        It is called again if somebody else changed the submission meanwhile. `first` is what was read already.
        """
        for attempt in range(TRIES):
            stored = first or self.load(submission_id)
            first = None
            transaction = DynamoTransaction(stored.record if stored else None)
            answer = decide(transaction)
            if stored is None or not transaction.is_changed:
                return answer, transaction
            self.pointers.prepare(stored, transaction)
            try:
                self.save(stored, transaction.record, _told(transaction))
            except Changed:
                rest(attempt)
            else:
                return answer, transaction
        raise StoreUnavailable(f"Too many change {submission_id} at once.")

    def remove(self, stored: StoredItem) -> None:
        """Delete a submission with its files and chunks. Raises Changed: if it was changed meanwhile."""
        if stored.objects:
            required(self.kept).remove(stored.record.submission, stored.objects)
        if stored.files or stored.chunks:
            self._remove_parts(stored.id, "")
        self.table.delete(stored.key, nonce=stored.nonce)

    def file(self, stored: StoredItem, position: int) -> bytes:
        """The content of the file at a position."""
        if stored.objects:
            return required(self.kept).read(stored.record.submission, stored.objects, position)
        parts = self._parts(stored.id, f"{_file_name(stored.files)}{position:05}.")
        return b"".join(bytes(part["b"]) for part in parts)  # type: ignore[arg-type]

    def _remember(self, stored: StoredItem, item: Item) -> None:
        if "c" in item:
            self._written.pop(stored.id, None)
            return
        self._keep_in_mind(stored)

    def _keep_in_mind(self, stored: StoredItem) -> None:
        while len(self._written) >= _MOST_REMEMBERED:
            self._written.pop(next(iter(self._written)), None)
        self._written[stored.id] = stored

    def _load_by(
        self, place: Callable[[str], Key], ids: Sequence[str], *, consistent: bool
    ) -> dict[str, StoredItem]:
        if not ids:
            return {}
        there = self.load_keys([place(id_) for id_ in ids], consistent=consistent)
        wanted = set(ids)
        return {id_: stored for id_, stored in there.items() if id_ in wanted}

    def _item(self, stored: StoredItem, *, is_late: bool = False) -> Item:
        """The item to put. What is too long for it is put beside it first."""
        item = item_of(stored, is_late=is_late)
        blob = packed(stored.record)
        if len(blob) <= CHUNK_BYTES:
            item["b"] = blob
        else:
            item["c"] = self._put_parts(stored.id, _chunk_name(stored.nonce), blob, item)
        return item

    def _put_files(self, submission: Submission, nonce: bytes) -> bool:
        """Put the contents of files beside the submission; whether there are any."""
        contents = [(at, f.content) for at, _, f in files(submission.entries) if f.content]
        if sum(len(content) for _, content in contents) > MOST_FILE_BYTES:
            raise TooLarge(f"Files may have {MOST_FILE_BYTES // 1_000_000} MB together.")
        expiry = item_of(StoredItem(current_key(submission.id), nonce, Record(submission, ())))
        for position, content in contents:
            name = f"{_file_name(nonce)}{position:05}."
            self._put_parts(submission.id, name, content, expiry)
        return bool(contents)

    def _put_parts(self, id_: str, name: str, content: bytes, like: Item) -> int:
        count = 0
        for start in range(0, len(content), CHUNK_BYTES):
            part: Item = {"k": id_, "r": f"{name}{count:05}"}
            part["b"] = content[start : start + CHUNK_BYTES]
            if "e" in like:
                part["e"] = like["e"]
            self.table.put(part)
            count += 1
        return count

    def _remove_parts(self, id_: str, name: str) -> None:
        """Delete the items beside a submission whose names begin so ("": all)."""
        for part in self._parts(id_, name):
            self.table.delete(key_of(part))

    def _parts(self, id_: str, name: str) -> Iterable[Item]:
        if not name:
            return self.table.query_all("k = :k", {":k": id_})
        values = {":k": id_, ":r": name}
        return self.table.query_all("k = :k AND begins_with(r, :r)", values)


def _told(transaction: DynamoTransaction) -> list[Item]:
    """The notices of what a transaction changed, as items."""
    if not transaction.notices:
        return []
    until = transaction.record.submission.retain_until
    return [notice_item(notice, at, until) for notice, at in transaction.notices.values()]


def _chunk_name(nonce: bytes) -> str:
    """What the names of a record's chunks begin with, as this write made them."""
    return f"c{nonce.hex()}."


def _file_name(nonce: bytes) -> str:
    """What the names of the files of the submission added by this write begin with."""
    return f"f{nonce.hex()}."
