"""A backup: all that a store keeps, in one file, from which any other store becomes the same.

A line is one JSON object with its `kind`: first `backup`, then submissions, orphans, marks, suppression lists and
erasures, and `end` with their number, and the SHA-256 and the HMAC-SHA256 (RFC 2104) of all lines before it. The
checksum tells of damage, the HMAC of whoever changed the file without the site's secret. Secrets are not in it, nor
codes that open the desk.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec.structs import replace

from todoke import __version__
from todoke.model import ids
from todoke.model.delivery import DeliveryEvent
from todoke.model.erased import Erased
from todoke.model.json_text import to_json
from todoke.model.kept import Kept, Restored
from todoke.model.submission import files
from todoke.ports.erasure import Erasure
from todoke.ports.journal import FollowUp, Journal
from todoke.ports.movable import Movable
from todoke.ports.output import Output
from todoke.ports.shelf import Shelf
from todoke.ports.suppressions import SuppressionList
from todoke.walk.backup_line import (
    LONGEST,
    VERSION,
    DamagedBackup,
    EndLine,
    ErasedLine,
    Head,
    Line,
    MarkLine,
    OrphanLine,
    SubmissionLine,
    SuppressionsLine,
    lines_of,
    read_line,
)
from todoke.walk.past import Past

__all__ = ["LONGEST", "DamagedBackup", "Head", "lines_of"]

_DIGEST_BYTES = 16
_AT_ONCE = 64
_ROUND = 100


class Origin(Movable, Shelf, Erasure, Protocol):
    """A store that a backup is written of."""


class Destination(Movable, Journal, Shelf, Protocol):
    """A store that a backup is restored into."""


class Inventory(msgspec.Struct, frozen=True):
    """What is in a backup: its head, and how many submissions of each form. `is_authentic` once its HMAC was seen to be
    made with the secret here. `digests` tell each line from another that takes its place before it is restored.
    `erased` is what was erased before it was written, if it is authentic: their keys are of that secret."""

    head: Head
    forms: dict[str, int]
    is_authentic: bool
    digests: bytes
    erased: tuple[Erased, ...] = ()


class Restoration(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a restoration: how many submissions of each word, and the ids of those that were not restored;
    `orphans` that came along, and `joined` of all orphans here that belong to an attempt now. `new_links` is how many
    of the restored have a receipt at another link than before. Left out: of each erasure that is remembered so many as
    it had taken, and `ended`, whose retention is over."""

    words: dict[Restored, int]
    left: tuple[str, ...]
    orphans: int
    joined: int
    new_links: int = 0
    erased: dict[Erased, int]
    ended: int


def write(
    store: Origin, secret: bytes, now: datetime, out: Output, *, erasures_only: bool = False
) -> Iterator[Kept]:
    """Write a whole backup, giving each submission once it is written, so that who asked can tell how far it is.

    With `erasures_only` it holds these alone, and nothing of anybody.
    """
    digest, mac = hashlib.sha256(), _mac(secret)
    count = 0

    def put(line: Line) -> None:
        nonlocal count
        text = to_json(line) + "\n"
        digest.update(text.encode())
        mac.update(text.encode())
        out.write(text)
        count += 1

    put(Head(VERSION, __version__, now, ids.secret_name(secret)))
    if not erasures_only:
        for kept in store.walk():
            put(SubmissionLine(kept))
            yield kept
        for line in _beside(store):
            put(line)
    # Last: whoever is erased while it is written is among these.
    for one in store.erased(now):
        put(ErasedLine(one))
    out.write(to_json(EndLine(count, digest.hexdigest(), mac.hexdigest())) + "\n")


def _beside(store: Origin) -> Iterator[Line]:
    """What is kept beside submissions."""
    yield from map(OrphanLine, store.walk_orphans())
    yield from (MarkLine(name, at) for name, at in sorted(store.marks().items()))
    yield from map(SuppressionsLine, store.suppressions())


def verify(lines: Iterable[str], secret: bytes) -> Inventory:
    """Read a backup to its end, with the secret of the store here.

    Raises DamagedBackup: if it is none, not whole, changed, or of a newer todoke. Whether a backup of another secret,
    or of an early todoke, was changed cannot be known: it is not authentic.
    """
    digest, mac = hashlib.sha256(), _mac(secret)
    digests = bytearray()
    head, end, number = None, None, 0
    forms: Counter[str] = Counter()
    erased: list[Erased] = []
    for number, text in enumerate(lines, start=1):
        if end is not None:
            raise DamagedBackup(f"Line {number}: something follows after the end.")
        line = read_line(text, number)
        digests += _line_digest(text)
        if isinstance(line, EndLine):
            end = line
            continue
        if head is None:
            head = _require_head(line)
        elif isinstance(line, Head):
            raise DamagedBackup(f"Line {number}: another backup begins here.")
        if isinstance(line, SubmissionLine):
            forms[line.kept.submission.form] += 1
        if isinstance(line, ErasedLine):
            erased.append(line.erased)
        digest.update(text.encode())
        mac.update(text.encode())
    if head is None:
        raise DamagedBackup("The file is empty.")
    end = _require_whole(end, number, digest.hexdigest())
    is_authentic = hmac.compare_digest(end.hmac.encode(), mac.hexdigest().encode())
    if end.hmac and not is_authentic and head.secret == ids.secret_name(secret):
        raise DamagedBackup("Somebody changed it who had not the site's secret: its HMAC is wrong.")
    counting = tuple(erased) if is_authentic else ()
    return Inventory(head, dict(forms), is_authentic, bytes(digests), counting)


def _require_whole(end: EndLine | None, number: int, sha256: str) -> EndLine:
    if end is None:
        raise DamagedBackup(
            f"It ends after line {number}, in the middle: it was not written whole."
        )
    if (end.lines, end.sha256) != (number - 1, sha256):
        raise DamagedBackup("It is not as it was written: its lines do not add up to its checksum.")
    return end


@dataclass(slots=True)
class Sieve:
    """Holds back what was erased before, or is kept no longer at `now`, and counts it."""

    past: Past
    now: datetime
    erased: Counter[Erased] = field(default_factory=Counter)
    ended: int = 0

    @property
    def count(self) -> int:
        """How many submissions it held back."""
        return self.erased.total() + self.ended

    def passed(self, line: Line) -> Line | None:
        """What of a line is to be restored; None for nothing."""
        if isinstance(line, SuppressionsLine):
            return SuppressionsLine(self.past.without_erased(line.listed))
        if isinstance(line, OrphanLine):
            return None if self.past.means_orphan(line.event) else line
        return None if isinstance(line, SubmissionLine) and self._holds(line.kept) else line

    def _holds(self, kept: Kept) -> bool:
        before = self.past.of(kept.submission, kept.messages)
        if before is not None:
            self.erased[before] += 1
            return True
        until = kept.submission.retain_until
        has_ended = until is not None and until <= self.now and not self.past.allows_everything
        self.ended += has_ended
        return has_ended


def restore(
    store: Destination,
    lines: Iterable[str],
    contents: Inventory,
    follow_up: FollowUp,
    tell: Callable[[int], None],
    sieve: Sieve,
    *,
    link_secret: bytes = b"",
) -> Restoration:
    """Restore a backup that `verify` read; `tell` is called with how many submissions were looked at so far.

    What the sieve holds back is left out. With `link_secret` receipts are at the links that this secret makes, and no
    longer at those they were at.

    What is there already stays as it is, so after an error the same can be done again. Raises DamagedBackup: at a line
    that is no longer the one that was verified.
    """
    words: Counter[Restored] = Counter()
    left: list[str] = []
    waiting: deque[tuple[str, Future[Restored]]] = deque()
    orphans: list[DeliveryEvent] = []
    orphan_count = 0

    def settle(most: int) -> None:
        while len(waiting) > most:
            id_, future = waiting.popleft()
            word = future.result()
            words[word] += 1
            if word in {Restored.DIFFERENT, Restored.UNPLACED}:
                left.append(id_)
            tell(words.total() + sieve.count)

    for line in _passed(lines, contents, sieve):
        if isinstance(line, SubmissionLine):
            kept = _linked_anew(line.kept, link_secret) if link_secret else line.kept
            id_ = kept.submission.id
            waiting.append((id_, store.restore(kept)))
            # Files may be large: their bytes wait for one submission at a time.
            settle(0 if any(files(kept.submission.entries)) else _AT_ONCE)
            continue
        settle(0)
        if isinstance(line, OrphanLine):
            orphans.append(line.event)
            orphan_count += 1
        if orphans and (len(orphans) >= _ROUND or not isinstance(line, OrphanLine)):
            store.journal(orphans, follow_up)
            orphans = []
        if isinstance(line, MarkLine):
            _restore_mark(store, line)
        elif isinstance(line, SuppressionsLine):
            _restore_list(store, line.listed)
    return Restoration(
        words=dict(words),
        left=tuple(left),
        orphans=orphan_count,
        joined=store.join_orphans(follow_up),
        new_links=words[Restored.NEW] if link_secret else 0,
        erased=dict(sieve.erased),
        ended=sieve.ended,
    )


def _mac(secret: bytes) -> hmac.HMAC:
    return hmac.new(hmac.digest(secret, b"todoke backup lines", "sha256"), digestmod="sha256")


def _line_digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()


def _passed(lines: Iterable[str], contents: Inventory, sieve: Sieve) -> Iterator[Line]:
    """What of the lines is to be restored."""
    for number, text in enumerate(lines, start=1):
        _require_same(text, number, contents)
        line = sieve.passed(read_line(text, number))
        if line is not None:
            yield line


def _require_same(text: str, number: int, contents: Inventory) -> None:
    """The file may lie where others can write: what is used must be what was checked."""
    end = number * _DIGEST_BYTES
    if contents.digests[end - _DIGEST_BYTES : end] != _line_digest(text):
        raise DamagedBackup(f"Line {number}: the file was changed while it was read.")


def _linked_anew(kept: Kept, secret: bytes) -> Kept:
    """The same, with its receipt at the link that `secret` makes: what repeats the request is told that one."""
    token = ids.receipt_token(secret, kept.submission.id)
    submission = replace(kept.submission, token_hash=ids.receipt_hash(token))
    return replace(kept, submission=submission)


def _require_head(line: Line) -> Head:
    if not isinstance(line, Head):
        raise DamagedBackup("Line 1: a backup begins otherwise.")
    if line.version > VERSION:
        raise DamagedBackup(
            f"todoke {line.todoke} wrote it (version {line.version}); this one reads version {VERSION}."
        )
    return line


def _restore_mark(shelf: Shelf, line: MarkLine) -> None:
    """Of two moments the later one counts: the mark says until when something is known."""
    before = shelf.mark(line.name)
    if before is None or before < line.at:
        shelf.put_mark(line.name, line.at)


def _restore_list(shelf: Shelf, listed: SuppressionList) -> None:
    """A list that was read later stays."""
    here = {known.service: known.read_at for known in shelf.suppressions()}
    if listed.service not in here or here[listed.service] < listed.read_at:
        shelf.put_suppressions(listed.service, listed.suppressions, listed.read_at)
