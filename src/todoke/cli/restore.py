"""`todoke import`: a backup into the store here. It is read to its end before anything of it is kept."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from todoke.cli.output import clean, erasure_line, print_json, print_line
from todoke.cli.progress import counting
from todoke.configuration import read
from todoke.model import ids
from todoke.model.act import Deed
from todoke.model.erased import REMEMBERED, Erased
from todoke.model.errors import ConfigError, StoreError
from todoke.model.kept import Restored
from todoke.model.log import log_to_stderr
from todoke.model.settings import Settings
from todoke.toml.secrets import kept_secret, known_secret
from todoke.walk import backup
from todoke.walk.alert import follow_up
from todoke.walk.app import utc_now
from todoke.walk.erase import again as erase_again
from todoke.walk.note import note_command
from todoke.walk.past import Past, unmatched
from todoke.wiring import open_store

_SHOWN = 10
_SAID = {
    Restored.NEW: ("submission restored", "submissions restored"),
    Restored.SAME: (
        "submission was there already, the same",
        "submissions were there already, the same",
    ),
    Restored.DIFFERENT: (
        "submission is there and went on otherwise: left as it is",
        "submissions are there and went on otherwise: left as they are",
    ),
    Restored.UNPLACED: (
        "submission has an id of an early todoke, which this store cannot keep: left out",
        "submissions have ids of an early todoke, which this store cannot keep: left out",
    ),
}
"""What is said of one, and of any other number."""


@dataclass(frozen=True)
class Consent:
    """What the person takes upon themselves. `new_links`: also a backup of another secret, whose receipts then have
    links of this store's. `unsigned`: also one of which nobody can tell whether it was changed since. `old`: also one
    from before all erasures that are remembered. `with_erased`: the erasures that are to count for nothing."""

    new_links: bool = False
    unsigned: bool = False
    old: bool = False
    with_erased: tuple[str, ...] = ()


def import_backup(config: Path, source: Path, consent: Consent, *, as_json: bool) -> int:
    """Restore a backup; 1 when something of it was left out that was not erased. "-" is standard input."""
    settings = read(config, os.environ, serving=False)
    with _opened(source) as file:
        contents = _verified(file, source, known_secret(os.environ, settings.data))
        secret = _link_secret(contents.head, settings, source, new_links=consent.new_links)
        if not contents.is_authentic and not consent.unsigned:
            raise ConfigError(_why_unsigned(contents.head, source))
        if contents.forms and not consent.old:
            _require_recent(contents.head, source)
        _warn_of_forms(contents, settings)
        outcome, again = _restore(settings, file, contents, secret, consent.with_erased)
    _tell(outcome, again, as_json=as_json)
    return 1 if outcome.left else 0


def _restore(
    settings: Settings,
    file: TextIO,
    contents: backup.Inventory,
    link_secret: bytes,
    with_erased: tuple[str, ...],
) -> tuple[backup.Restoration, int]:
    """What came of it, and how many submissions here were erased, because they were where the backup was written."""
    submissions = sum(contents.forms.values())
    secret = known_secret(os.environ, settings.data)
    if settings.table:  # there is no folder to keep the security log in
        log_to_stderr(os.environ.get("TODOKE_LOG", "WARNING"))
    store = open_store(settings)
    try:
        here = store.erased(utc_now())
        past = _past((*here, *contents.erased), secret, with_erased)
        store.remember_erased(past.counting)
        with counting(lambda count: f"{count:,} of {submissions:,} submissions") as tell:
            file.seek(0)
            outcome = backup.restore(
                store,
                backup.lines_of(file),
                contents,
                follow_up(settings),
                tell,
                backup.Sieve(past, utc_now()),
                link_secret=link_secret,
            )
        new = outcome.words.get(Restored.NEW, 0)
        note_command(store, Deed.IMPORTED, detail=f"({new:,})", submissions=new)
        # Also what was erased here while the backup was read.
        fresh = [one for one in store.erased(utc_now()) if one not in here]
        again = erase_again(store, Past(fresh, secret, with_erased))
        if again:
            detail = f"{again:,} of a backup"
            note_command(store, Deed.ERASED, detail=detail, submissions=again, of="backup")
        return outcome, again
    except (StoreError, backup.DamagedBackup) as error:
        raise type(error)(
            f"{str(error).rstrip('.')}. A part of the backup may be restored; import it again to complete it."
        ) from error
    finally:
        store.close()


def _past(remembered: tuple[Erased, ...], secret: bytes, allowed: tuple[str, ...]) -> Past:
    """Raises ConfigError: if one that is allowed names no erasure."""
    if unknown := unmatched(allowed, remembered):
        raise ConfigError(
            f"--with-erased {clean(unknown[0])} names no erasure that is remembered: give six or more "
            "characters of one that an import names, or all. Nothing was imported."
        )
    return Past(remembered, secret, allowed)


def _require_recent(head: backup.Head, source: Path) -> None:
    if head.written_at > utc_now() - REMEMBERED:
        return
    raise ConfigError(
        f"{source} was written on {head.written_at:%Y-%m-%d}. Erasures are remembered for {REMEMBERED.days} days: "
        "whoever was erased between that day and then would come back. To import it all the same: --old. "
        "Nothing was imported."
    )


def _why_unsigned(head: backup.Head, source: Path) -> str:
    if head.version == 1:
        why = f"todoke {head.todoke} wrote it, which did not sign backups"
    else:
        why = "it is not signed with the secret here"
    return (
        f"{source}: {why}, so nobody can tell whether somebody changed it since: who receives the mails that "
        "wait, what people wrote. If it was never in other hands than yours, import it with --unsigned. "
        "Nothing was imported."
    )


def _verified(file: TextIO, source: Path, secret: bytes) -> backup.Inventory:
    try:
        return backup.verify(backup.lines_of(file), secret)
    except backup.DamagedBackup as error:
        raise ConfigError(f"{source}: {error} Nothing was imported.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source}: it is no backup. Nothing was imported.") from error


def _link_secret(head: backup.Head, settings: Settings, source: Path, *, new_links: bool) -> bytes:
    """The secret to make new links with; b"" where those that visitors have fit this store's secret.

    Raises ConfigError: if they do not fit, and no new ones are wanted: every visitor's link would lead nowhere.
    """
    secret = known_secret(os.environ, settings.data)
    if head.secret == ids.secret_name(secret):
        return b""
    if new_links:
        return secret or kept_secret(settings.data)
    there = "another secret than the one here" if secret else "a secret, and none is here"
    raise ConfigError(
        f"{source} was written under {there}: the links that visitors have would not fit. Set TODOKE_SECRET "
        "to what it was there (or copy the file `secret` of its data folder to "
        f"{settings.data / 'secret'}), then import again. If that secret is lost, `todoke import --new-links "
        "--unsigned` keeps all but the receipt links sent so far, whoever changed the file. Nothing was imported."
    )


def _warn_of_forms(contents: backup.Inventory, settings: Settings) -> None:
    unknown = sorted(contents.forms.keys() - settings.forms.keys())
    if unknown:
        named = ", ".join(map(clean, unknown))
        sys.stderr.write(
            f"The configuration has no form {named}; what it sent is kept all the same.\n"
        )


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[TextIO]:
    """The backup as text that can be read twice. What comes by standard input goes through a file without a name."""
    if str(source) != "-":
        try:
            with source.open(encoding="utf-8-sig", newline="") as file:
                yield file
        except OSError as error:
            raise ConfigError(f"{source} cannot be read: {error.strerror}.") from error
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as copy:
        with open(sys.stdin.fileno(), encoding="utf-8-sig", newline="", closefd=False) as given:
            shutil.copyfileobj(given, copy)
        copy.seek(0)
        yield copy


def _tell(outcome: backup.Restoration, again: int, *, as_json: bool) -> None:
    if as_json:
        counted = {word.value: outcome.words.get(word, 0) for word in Restored}
        print_json(
            {
                **counted,
                "orphans": outcome.orphans,
                "joined": outcome.joined,
                "new_links": outcome.new_links,
                "erased": sum(outcome.erased.values()),
                "ended": outcome.ended,
                "erased_again": again,
            }
        )
        return
    for word, (one, many) in _SAID.items():
        count = outcome.words.get(word, 0)
        if count or word is Restored.NEW:
            print_line(f"{count:,} {one if count == 1 else many}.")
    for id_ in outcome.left[:_SHOWN]:
        print_line(f"  {clean(id_)}")
    if len(outcome.left) > _SHOWN:
        print_line(f"  and {len(outcome.left) - _SHOWN:,} more")
    if outcome.orphans or outcome.joined:
        print_line(
            f"{outcome.orphans:,} delivery events of unknown mails came along; {outcome.joined:,} of all here belong "
            "to a mail now."
        )
    if outcome.new_links:
        links = "link" if outcome.new_links == 1 else "links"
        print_line(
            f"{outcome.new_links:,} receipt {links} made with the other secret will be unknown here."
        )
    _tell_erased(outcome, again)


def _tell_erased(outcome: backup.Restoration, again: int) -> None:
    erased = sum(outcome.erased.values())
    if erased:
        print_line(f"{erased:,} {'was' if erased == 1 else 'were'} erased before: left out.")
    newest = sorted(outcome.erased.items(), key=lambda pair: pair[0].at)[-_SHOWN:]
    for erasure, count in newest:
        print_line(f"  {count:,} {erasure_line(erasure)}")
    if outcome.ended:
        were = "was" if outcome.ended == 1 else "were"
        print_line(f"{outcome.ended:,} {were} to be kept no longer: left out.")
    if again:
        print_line(f"{again:,} here had been erased in the other place: erased here as well.")
