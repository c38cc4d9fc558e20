"""A backup: all that a store keeps, in one file, from which any other store becomes the same.

A line is one JSON object with its `kind`: first `backup`, then submissions, orphans, marks and suppression lists, and
`end` with their number, and the SHA-256 and the HMAC-SHA256 (RFC 2104) of all lines before it. The checksum tells of
damage, the HMAC of whoever changed the file without the site's secret. Secrets are not in it, nor codes that open the
desk.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol, TextIO

import msgspec
from msgspec.structs import replace

from todoke import __version__
from todoke.model import ids
from todoke.model.delivery import DeliveryEvent
from todoke.model.errors import Error
from todoke.model.json_text import reader, to_json
from todoke.model.kept import Kept, Restored
from todoke.model.submission import files
from todoke.ports.journal import FollowUp, Journal
from todoke.ports.movable import Movable
from todoke.ports.output import Output
from todoke.ports.records import SuppressionList
from todoke.ports.shelf import Shelf

VERSION = 2
"""Of the lines. A reader knows its own and those before it: version 1 had no HMAC."""
_DIGEST_BYTES = 16
LONGEST = 2_200_000_000
"""Characters of a line: a submission with the 1 GB of body and 500 MB of uploads that a form may allow, in base 64."""
_BEGINNING = 65_536
_AT_ONCE = 64
_ROUND = 100


class Origin(Movable, Shelf, Protocol):
    """A store that a backup is written of."""


class Destination(Movable, Journal, Shelf, Protocol):
    """A store that a backup is restored into."""


class DamagedBackup(Error):
    """The file is no backup, or not a whole one."""


class Head(msgspec.Struct, frozen=True, tag_field="kind", tag="backup"):
    """The first line: who wrote it when, and a name of the secret that its ids and links were made with."""

    version: int
    todoke: str
    written_at: datetime
    secret: str


class _Submission(msgspec.Struct, frozen=True, tag_field="kind", tag="submission"):
    kept: Kept


class _Orphan(msgspec.Struct, frozen=True, tag_field="kind", tag="orphan"):
    event: DeliveryEvent


class _Mark(msgspec.Struct, frozen=True, tag_field="kind", tag="mark"):
    name: str
    at: datetime


class _Suppressions(msgspec.Struct, frozen=True, tag_field="kind", tag="suppressions"):
    listed: SuppressionList


class _End(msgspec.Struct, frozen=True, tag_field="kind", tag="end"):
    lines: int
    sha256: str
    hmac: str = ""


Line = Head | _Submission | _Orphan | _Mark | _Suppressions | _End
_read_line: Callable[[str], Line] = reader(Line)


class Inventory(msgspec.Struct, frozen=True):
    """What is in a backup: its head, and how many submissions of each form. `is_authentic` once its HMAC was seen to be
    made with the secret here. `digests` tell each line from another that takes its place before it is restored."""

    head: Head
    forms: dict[str, int]
    is_authentic: bool
    digests: bytes


class Restoration(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a restoration: how many submissions of each word, and the ids of those that were not restored;
    `orphans` that came along, and `joined` of all orphans here that belong to an attempt now. `new_links` is how many
    of the restored have a receipt at another link than before."""

    words: dict[Restored, int]
    left: tuple[str, ...]
    orphans: int
    joined: int
    new_links: int = 0


def write(store: Origin, secret: bytes, now: datetime, out: Output) -> Iterator[Kept]:
    """Write a whole backup, giving each submission once it is written, so that who asked can tell how far it is."""
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
    for kept in store.walk():
        put(_Submission(kept))
        yield kept
    for event in store.walk_orphans():
        put(_Orphan(event))
    for name, at in sorted(store.marks().items()):
        put(_Mark(name, at))
    for listed in store.suppressions():
        put(_Suppressions(listed))
    out.write(to_json(_End(count, digest.hexdigest(), mac.hexdigest())) + "\n")


def lines_of(file: TextIO, *, longest: int = LONGEST) -> Iterator[str]:
    """The lines of a file that may be anything: what does not begin as a line of a backup is not read on.

    Raises DamagedBackup: at such a line, and at one of more than `longest` characters.
    """
    number = 0
    while text := file.readline(_BEGINNING):
        number += 1
        if not text.startswith('{"kind":'):
            raise DamagedBackup(f"Line {number}: it is no line of a backup: it begins otherwise.")
        if not text.endswith("\n"):
            text += file.readline(longest - len(text))
        if len(text) >= longest:
            raise DamagedBackup(f"Line {number}: it is longer than any line of a backup.")
        yield text


def verify(lines: Iterable[str], secret: bytes) -> Inventory:
    """Read a backup to its end, with the secret of the store here.

    Raises DamagedBackup: if it is none, not whole, changed, or of a newer todoke. Whether a backup of another secret,
    or of an early todoke, was changed cannot be known: it is not authentic.
    """
    digest, mac = hashlib.sha256(), _mac(secret)
    digests = bytearray()
    head, end, number = None, None, 0
    forms: Counter[str] = Counter()
    for number, text in enumerate(lines, start=1):
        if end is not None:
            raise DamagedBackup(f"Line {number}: something follows after the end.")
        line = _parsed(text, number)
        digests += _line_digest(text)
        if isinstance(line, _End):
            end = line
            continue
        if head is None:
            head = _require_head(line)
        elif isinstance(line, Head):
            raise DamagedBackup(f"Line {number}: another backup begins here.")
        if isinstance(line, _Submission):
            forms[line.kept.submission.form] += 1
        digest.update(text.encode())
        mac.update(text.encode())
    if head is None:
        raise DamagedBackup("The file is empty.")
    end = _require_whole(end, number, digest.hexdigest())
    is_authentic = hmac.compare_digest(end.hmac.encode(), mac.hexdigest().encode())
    if end.hmac and not is_authentic and head.secret == ids.secret_name(secret):
        raise DamagedBackup("Somebody changed it who had not the site's secret: its HMAC is wrong.")
    return Inventory(head, dict(forms), is_authentic, bytes(digests))


def _require_whole(end: _End | None, number: int, sha256: str) -> _End:
    if end is None:
        raise DamagedBackup(
            f"It ends after line {number}, in the middle: it was not written whole."
        )
    if (end.lines, end.sha256) != (number - 1, sha256):
        raise DamagedBackup("It is not as it was written: its lines do not add up to its checksum.")
    return end


def restore(
    store: Destination,
    lines: Iterable[str],
    contents: Inventory,
    follow_up: FollowUp,
    tell: Callable[[int], None],
    *,
    link_secret: bytes = b"",
) -> Restoration:
    """Restore a backup that `verify` read; `tell` is called with how many submissions were looked at so far.

    With `link_secret` receipts are at the links that this secret makes, and no longer at those they were at.

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
            tell(words.total())

    for number, text in enumerate(lines, start=1):
        _require_same(text, number, contents)
        line = _parsed(text, number)
        if isinstance(line, _Submission):
            kept = _linked_anew(line.kept, link_secret) if link_secret else line.kept
            id_ = kept.submission.id
            waiting.append((id_, store.restore(kept)))
            # Files may be large: their bytes wait for one submission at a time.
            settle(0 if any(files(kept.submission.entries)) else _AT_ONCE)
            continue
        settle(0)
        if isinstance(line, _Orphan):
            orphans.append(line.event)
            orphan_count += 1
        if orphans and (len(orphans) >= _ROUND or not isinstance(line, _Orphan)):
            store.journal(orphans, follow_up)
            orphans = []
        if isinstance(line, _Mark):
            _restore_mark(store, line)
        elif isinstance(line, _Suppressions):
            _restore_list(store, line.listed)
    return Restoration(
        words=dict(words),
        left=tuple(left),
        orphans=orphan_count,
        joined=store.join_orphans(follow_up),
        new_links=words[Restored.NEW] if link_secret else 0,
    )


def _mac(secret: bytes) -> hmac.HMAC:
    return hmac.new(hmac.digest(secret, b"todoke backup lines", "sha256"), digestmod="sha256")


def _line_digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()


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


def _parsed(text: str, number: int) -> Line:
    try:
        line = _read_line(text)
    except (
        ValueError,
        RecursionError,
    ) as error:  # the second of JSON that is nested without an end
        raise DamagedBackup(f"Line {number}: it is no line of a backup: {error}") from error
    if isinstance(line, _Submission):
        _check(line.kept, number)
    return line


def _check(kept: Kept, number: int) -> None:
    """What the lines of a backup cannot contradict without being another's work."""
    for _, _, file in files(kept.submission.entries):
        if hashlib.sha256(file.content).hexdigest() != file.digest:
            raise DamagedBackup(f"Line {number}: the content of a file is not what was received.")
    for message in kept.messages:
        numbers = [tried.attempt.number for tried in message.attempts]
        if numbers != list(range(1, len(numbers) + 1)):
            raise DamagedBackup(f"Line {number}: attempts of {message.message.id} are missing.")


def _restore_mark(shelf: Shelf, line: _Mark) -> None:
    """Of two moments the later one counts: the mark says until when something is known."""
    before = shelf.mark(line.name)
    if before is None or before < line.at:
        shelf.put_mark(line.name, line.at)


def _restore_list(shelf: Shelf, listed: SuppressionList) -> None:
    """A list that was read later stays."""
    here = {known.service: known.read_at for known in shelf.suppressions()}
    if listed.service not in here or here[listed.service] < listed.read_at:
        shelf.put_suppressions(listed.service, listed.suppressions, listed.read_at)
