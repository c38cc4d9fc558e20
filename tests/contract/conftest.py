"""An empty store of each kind for the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.mail.mailer_desk import MailerDesk
from support.mail.postmark_server import PostmarkScript, postmark_server, postmark_settings
from support.mail.postmark_server import error as postmark_error
from support.mail.ses_server import SesScript, ses_server, ses_settings
from support.store.desk import STORE_NAMES, STORES, Desk
from todoke.ports.store import Store
from todoke.services.postmark.mailer import PostmarkMailer
from todoke.services.ses.mailer import SesMailer


@pytest.fixture(params=STORE_NAMES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    """The store with hands to use it."""
    return Desk(store)


@pytest.fixture
def ses(aws_credentials: None) -> Iterator[tuple[SesScript, SesMailer, str]]:
    """An Amazon SES mailer, and the server that it talks to with its URL."""
    script = SesScript()
    with ses_server(script) as url:
        mailer = SesMailer(ses_settings(url))
        yield script, mailer, url
        mailer.close()


@pytest.fixture
def postmark() -> Iterator[tuple[PostmarkScript, PostmarkMailer, str]]:
    """A Postmark mailer, and the server that it talks to with its URL."""
    script = PostmarkScript()
    with postmark_server(script) as url:
        mailer = PostmarkMailer(postmark_settings(url))
        yield script, mailer, url
        mailer.close()


@pytest.fixture
def postmark_desk(postmark: tuple[PostmarkScript, PostmarkMailer, str]) -> MailerDesk:
    """See MailerDesk."""
    script, mailer, _ = postmark
    return MailerDesk(
        mailer,
        defer=lambda: script.answers.append(postmark_error(500, 500)),
        refuse=lambda: script.answers.append(postmark_error(422, 406, "inactive")),
        lose=lambda: script.answers.append("drop"),
        hang=lambda: script.answers.append("hang"),
    )
