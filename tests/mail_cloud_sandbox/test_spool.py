"""How many mails are kept, and what goes with one that goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mail_cloud_sandbox.behaviour import Behaviour
from mail_cloud_sandbox.database import Database
from mail_cloud_sandbox.mail import Mail, Mailbox
from mail_cloud_sandbox.service import Service, service_on

NOW = 1_900_000_000.0
HOOK = "http://127.0.0.1:9/hook"


@contextmanager
def sandbox(folder: Path, **settings: object) -> Iterator[tuple[Service, Database]]:
    """A sandbox without a server."""
    behaviour = Behaviour(pace_seconds=0, **settings)  # type: ignore[arg-type]
    service, database = service_on(folder, behaviour, lambda: NOW)
    yield service, database
    database.close()


def accept(service: Service, *names: str, text: str = "t") -> None:
    """Take a mail to some recipients."""
    to = tuple(Mailbox("", f"{name}@example.com") for name in names)
    sender = Mailbox("", "d@example.org")
    service.accept(Mail(api_user="u", sender=sender, to=to, subject="s", text=text), remote="")


def names_in(service: Service) -> list[str]:
    """Whose copies are kept, newest first."""
    rows = service.inbox.page((), now=NOW, before=None, limit=100)
    return [row["recipient"].partition("@")[0] for row in rows]


def sizes(database: Database) -> dict[str, int]:
    """How many rows each table has that grows with mails."""
    tables = ("mail", "searched", "copy", "step", "seen", "event")
    return {
        table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables
    }


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    """As many as is said are kept, whole mails with all their copies; nothing of the others is left."""
    with sandbox(tmp_path, keep_mails=3) as (service, database):
        for n in range(3):
            accept(service, f"a{n}", f"b{n}")
        full = sizes(database)
        accept(service, "a3", "b3")
        assert names_in(service) == ["b3", "a3", "b2", "a2", "b1", "a1"]
        for n in range(4, 40):
            accept(service, f"a{n}", f"b{n}")
        assert sizes(database) == full
    with sandbox(tmp_path, keep_mails=1) as (service, _):
        assert names_in(service) == ["b39", "a39"]


def test_the_oldest_go_when_they_are_too_large(tmp_path: Path) -> None:
    """The newest stays even where it alone is too much."""
    with sandbox(tmp_path, keep_bytes=100_000) as (service, _):
        for name in ("a", "b", "c"):
            accept(service, name, text="x" * 10_000)
        assert names_in(service) == ["c", "b", "a"]
        accept(service, "d", text="x" * 80_000)
        assert names_in(service) == ["d"]
        accept(service, "e")
        assert names_in(service) == ["e"]


def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    """What went makes room for what comes."""
    with sandbox(tmp_path, keep_mails=5) as (service, database):

        def pages() -> int:
            return int(database.execute("PRAGMA page_count").fetchone()[0])

        for _ in range(20):
            accept(service, "a", text="x" * 50_000)
        full = pages()
        for _ in range(200):
            accept(service, "a", text="x" * 50_000)
        assert pages() <= full * 1.1


def test_to_keep_none_is_no_setting() -> None:
    """A sandbox keeps a mail at least."""
    with pytest.raises(ValueError, match="at least one mail"):
        Behaviour(keep_mails=0)


def test_one_copy_goes_and_the_others_stay(tmp_path: Path) -> None:
    """A mail is there as long as one of its copies is; what the webhook is owed stays owed."""
    with sandbox(tmp_path, webhook_url=HOOK) as (service, database):
        accept(service, "aoi", "ren")
        before = sizes(database)
        assert before["event"] == 4
        seqs = service.inbox.seqs((), now=NOW)
        service.inbox.mark(seqs, is_read=True)
        assert service.spool.delete([seqs[0], seqs[0], 99]) == 1
        assert names_in(service) == ["ren"]
        assert sizes(database) == {**before, "copy": 1, "step": before["step"] // 2, "seen": 1}
        assert service.spool.delete(seqs) == 1
        assert sizes(database) == {**dict.fromkeys(before, 0), "event": 4}
        service.outbox.forget_due(NOW + 100)
    with sandbox(tmp_path) as (_, database):
        assert sizes(database) == dict.fromkeys(before, 0)
