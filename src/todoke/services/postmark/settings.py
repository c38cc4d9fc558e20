"""[mail.postmark]: Postmark, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from todoke.model.delivery import Ceiling
from todoke.model.settings import NO_SECRET, Lock, Room, Secret, ServiceSettings
from todoke.services.service import Choice
from todoke.toml.secrets import check_key, text_secret
from todoke.toml.table import Table
from todoke.toml.urls import read_url

NAME = "postmark"
KEYS = ("message_stream", "tag", "webhook", "url", "timeout")
API_KEY = "TODOKE_POSTMARK_API_KEY"
HOOK_SECRET = "TODOKE_POSTMARK_HOOK_SECRET"  # noqa: S105 - the name of a variable
WEBHOOK_KEY = "TODOKE_POSTMARK_WEBHOOK_KEY"
TEST_TOKEN = "POSTMARK_API_TEST"  # noqa: S105 - published: mails sent with it are checked and thrown away
METADATA = "todoke-attempt"
"""The metadata field that holds an attempt's token. It is in no mail, and in every event."""
_STREAM = re.compile(r"[a-z][a-z0-9_-]{0,29}")
_SECRET_CHARACTERS = 22
"""128 bits in base 64."""


class PostmarkSettings(ServiceSettings, frozen=True, kw_only=True):
    """How to reach Postmark, and how its webhook proves itself.

    `api_key` is the token of a server, in Postmark's sense. `hook_secret` is the last part of the webhook's path, and
    `webhook_key` the password of its Basic authentication; of both two values may be live (Secret.values). Without
    `webhook` no event comes in. Mails go through `message_stream`, with `tag` ("" for none).
    """

    api_key: Secret = NO_SECRET
    hook_secret: Secret = NO_SECRET
    webhook_key: Secret = NO_SECRET
    message_stream: str = "outbound"
    tag: str = ""
    webhook: bool = True
    url: str = "https://api.postmarkapp.com"

    @property
    def ceiling(self) -> Ceiling:
        """See ServiceSettings. The test token's mails are never sent."""
        sends = self.webhook and self.api_key.reveal() != TEST_TOKEN
        return Ceiling.DELIVERED if sends else Ceiling.HANDED_OVER

    @property
    def host(self) -> str:
        """See ServiceSettings."""
        return urlsplit(self.url).hostname or ""

    @property
    def room(self) -> Room:
        """See ServiceSettings. Of 10 MB with the texts, of which each may have its share escaped."""
        return Room(octets=9_000_000)

    @property
    def lock(self) -> Lock:
        """See ServiceSettings."""
        return Lock(self.hook_secret)


def read_postmark(table: Table, environ: Mapping[str, str], choice: Choice) -> PostmarkSettings:
    """Read [mail.postmark]; faults are noted in the table's findings."""
    postmark = PostmarkSettings(
        api_key=text_secret(environ, API_KEY),
        hook_secret=text_secret(environ, HOOK_SECRET),
        webhook_key=text_secret(environ, WEBHOOK_KEY),
        message_stream=_read_stream(table),
        tag=table.text("tag"),
        webhook=table.flag("webhook", default=True),
        url=read_url(table, "url", "https://api.postmarkapp.com", secure=True),
        timeout_seconds=table.duration(
            "timeout", timedelta(seconds=30), least="1s", most="10m"
        ).total_seconds(),
    )
    if choice.demands(NAME):
        _check(table, postmark)
    return postmark


def _read_stream(table: Table) -> str:
    stream = table.text("message_stream", "outbound")
    if not _STREAM.fullmatch(stream):
        table.error(
            "message_stream",
            f"is {stream!r}, which is no stream's ID.",
            'One is "outbound"; the console shows it beside the stream\'s name.',
        )
        return "outbound"
    return stream


def _check(table: Table, postmark: PostmarkSettings) -> None:
    if not postmark.api_key:
        table.error("", "has no server token.", f"Set {API_KEY} in the environment.")
    elif postmark.api_key.reveal() == TEST_TOKEN:
        table.warn("", f"has the test token in {API_KEY}: Postmark takes mails and sends none.")
    check_key(table, API_KEY, postmark.api_key)
    if not postmark.webhook:
        table.warn(
            "webhook",
            "is false: returned mail will not be noticed.",
            "Pages can say no more than that mails were handed over.",
        )
        return
    if _is_short(postmark.hook_secret):
        table.error(
            "",
            f"has no webhook secret of {_SECRET_CHARACTERS} characters or more.",
            f"Set {HOOK_SECRET}, for instance to the output of `openssl rand -hex 16`; the webhook's address is then"
            " site.door_url + /hooks/postmark/ + that secret.",
        )
    if _is_short(postmark.webhook_key):
        table.error(
            "",
            f"has no password of {_SECRET_CHARACTERS} characters or more for the webhook's Basic authentication.",
            f"Set {WEBHOOK_KEY}, for instance to the output of `openssl rand -hex 16`, and the same in Postmark.",
        )


def _is_short(secret: Secret) -> bool:
    return min(map(len, secret.values), default=0) < _SECRET_CHARACTERS
