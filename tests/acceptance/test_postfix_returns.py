"""A real Postfix that takes a mail, cannot deliver it, and pipes what it reports back into `todoke returned`."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from support.mail.postfix import Postfix, postfix
from support.places import ROOT
from support.run.serving import free_port
from support.web.local_server import wait_for
from todoke.configuration import read
from todoke.model.address import Address
from todoke.model.delivery import Permanence, Reason, Standing, Status
from todoke.model.message import Message, Role
from todoke.model.submission import Submission
from todoke.services.smtp.mailer import SmtpMailer
from todoke.stores.sqlite.store import SqliteStore
from todoke.walk.app import App, utc_now
from todoke.walk.send.round import send_round

pytestmark = pytest.mark.acceptance
USER = "nobody"

CONFIG = """\
[site]
name = "Example"
door_url = "https://forms.post.test"
[mail]
service = "smtp"
from = "forms@post.test"
[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
returns_to = "returns@bounces.test"
[forms.contact]
managers = ["manager@post.test"]
"""
PIPE = """\
returns unix - n n - 10 pipe
  flags=R null_sender= user={user} directory={folder}
  argv={folder}/{command} returned --recipient ${{recipient}}
"""
"""As docs/returned-mail.md has it, with this test's paths."""


def open_python() -> str:
    """A Python like this one that every user may run; this one may lie in a folder that is root's."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = shutil.which(version, path="/usr/local/bin:/usr/bin:/bin")
    return found or pytest.skip(f"no {version} that another user may run")


@pytest.fixture
def site() -> Iterator[Path]:
    """A site's folder that Postfix's pipe may enter."""
    folder = Path(tempfile.mkdtemp(prefix="todoke-returns-"))
    folder.chmod(0o755)
    command = folder / "todoke"
    path = os.pathsep.join(filter(None, sys.path))
    command.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {open_python()} -m todoke "$@"\n')
    command.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class _Nobody:
    """A far server at which nobody is."""

    async def handle_RCPT(self, *_: object) -> str:  # noqa: N802
        """Refuse."""
        return "550 5.1.1 no such user here"


@pytest.fixture
def far() -> Iterator[int]:
    """The port of the far server."""
    port = free_port()
    controller = Controller(_Nobody(), hostname="127.0.0.1", port=port)
    controller.start()
    yield port
    controller.stop()


@pytest.fixture
def server(site: Path, far: int) -> Iterator[Postfix]:
    """It delivers to everybody but those at gone.test, whose mails it takes for the far server, and returns."""
    pipe = PIPE.format(user=USER, folder=site, command="todoke")
    ways = f"inline:{{ {{ bounces.test = returns: }}, {{ gone.test = smtp:[127.0.0.1]:{far} }} }}"
    more = {
        "relay_domains": "inline:{ { bounces.test = x }, { gone.test = x } }",
        "transport_maps": ways,
        "returns_destination_recipient_limit": "1",
    }
    with postfix(more=more, services=pipe) as running:
        yield running


def hand_over(site: Path, port: int) -> None:
    """Hand over one confirmation to a mailbox that is there, and one to another."""
    (site / "todoke.toml").write_text(CONFIG.format(port=port))
    settings = read(site / "todoke.toml", {"TODOKE_DATA": str(site / "data")})
    now = utc_now()
    with (
        closing(SqliteStore(site / "data" / "todoke.db")) as store,
        closing(SmtpMailer(settings)) as mailer,
    ):
        for number, visitor in enumerate(("aoi@gone.test", "aoi@post.test")):
            submission = Submission(
                id=f"s{number}",
                form="contact",
                received_at=now,
                entries=(),
                language="en",
                visitor=Address(visitor),
                token_hash=f"h{number}",
            )
            message = Message(
                id=f"s{number}-1",
                submission_id=submission.id,
                role=Role.CONFIRMATION,
                recipient=Address(visitor),
                language="en",
                message_id=f"<s{number}-1@post.test>",
                created_at=now,
            )
            store.add(submission, [message], None).result()
        send_round(App(settings=settings, store=store, mailer=mailer), 10)
    owner = pwd.getpwnam(USER)
    for path in (site / "data", *(site / "data").rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)


def standing(site: Path, submission_id: str) -> Standing:
    """Of the confirmation."""
    with closing(SqliteStore(site / "data" / "todoke.db")) as store:
        timeline = store.timeline(submission_id)
    assert timeline
    return timeline.messages[0].standing


def test_the_page_has_the_same_lines() -> None:
    """What is tried here is what people are told to write."""
    lines = PIPE.format(user="todoke", folder="/srv/todoke", command=".venv/bin/todoke")
    assert lines in (ROOT / "docs" / "returned-mail.md").read_text("utf-8")


def test_a_return_finds_its_attempt(site: Path, server: Postfix) -> None:
    """The one that cannot be delivered is bounced, for the server's reason; of the other nothing is said."""
    hand_over(site, server.port)
    wait_for(lambda: "status=sent (delivered via returns service (taken))" in server.log())
    told = standing(site, "s0")
    assert (told.status, told.reason) == (Status.BOUNCED, Reason.UNKNOWN_ADDRESS)
    assert told.permanence is Permanence.HARD
    assert "no such user here" in told.diagnostic
    (arrived,) = server.mails("aoi@post.test")
    assert str(arrived["Return-Path"]).startswith("<returns+")
    assert standing(site, "s1").status is Status.ACCEPTED
