"""[mail.ses]: Amazon SES, and the SNS topics that its events come through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from todoke.model.delivery import Ceiling
from todoke.model.settings import NO_SECRET, Lock, Room, Secret, ServiceSettings
from todoke.services.service import Choice
from todoke.toml.secrets import text_secret
from todoke.toml.table import Table
from todoke.toml.urls import read_url

NAME = "ses"
KEYS = (
    "region",
    "configuration_set",
    "topics",
    "raw_delivery",
    "endpoint",
    "timeout",
)
HOOK_SECRET = "TODOKE_SES_HOOK_SECRET"  # noqa: S105 - the name of a variable
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}")
_TOPIC = re.compile(
    r"arn:aws(?:-cn|-us-gov)?:sns:(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}):\d{12}:(?P<name>[A-Za-z0-9_-]{1,256}(?:\.fifo)?)"
)
_CONFIGURATION_SET = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HOOK_SECRET_CHARACTERS = 22
"""128 bits in base 64."""


class SesSettings(ServiceSettings, frozen=True, kw_only=True):
    """How to reach Amazon SES, and whom its events may come from. Credentials are found by botocore's own rules.

    `region` "" is botocore's choice; `endpoint` "" that of the region. `topics` are the ARNs of the SNS topics whose
    messages are believed; with a `configuration_set` they tell what becomes of a mail. `hook_secret` is the last part
    of the webhook's path. With `raw_delivery`, bare messages of SNS, which have no signature, are believed as well.
    """

    region: str = ""
    configuration_set: str = ""
    topics: tuple[str, ...] = ()
    hook_secret: Secret = NO_SECRET
    raw_delivery: bool = False
    endpoint: str = ""
    timeout_seconds: float = 30.0

    @property
    def ceiling(self) -> Ceiling:
        """See ServiceSettings. Only a configuration set and a topic together bring events."""
        return Ceiling.DELIVERED if self.configuration_set and self.topics else Ceiling.HANDED_OVER

    @property
    def host(self) -> str:
        """See ServiceSettings."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def room(self) -> Room:
        """See ServiceSettings. Of 40 MB, which the API counts after a base64 of its own."""
        return Room(octets=29_000_000)

    @property
    def lock(self) -> Lock:
        """See ServiceSettings."""
        return Lock(self.hook_secret)


def read_ses(table: Table, environ: Mapping[str, str], choice: Choice) -> SesSettings:
    """Read [mail.ses]; faults are noted in the table's findings, those of a service not chosen only where stated."""
    ses = SesSettings(
        region=_read_region(table),
        configuration_set=_read_configuration_set(table),
        topics=_read_topics(table),
        hook_secret=text_secret(environ, HOOK_SECRET),
        raw_delivery=table.flag("raw_delivery"),
        endpoint=read_url(table, "endpoint", secure=True),
        timeout_seconds=table.duration(
            "timeout", timedelta(seconds=30), least="1s", most="10m"
        ).total_seconds(),
    )
    if choice.demands(NAME):
        _check_region(table, ses, environ)
        _check_events(table, ses)
    return ses


def _read_region(table: Table) -> str:
    region = table.text("region")
    if region and not _REGION.fullmatch(region):
        table.error("region", f"is {region!r}, which is no AWS region.", 'One is "eu-central-1".')
        return ""
    return region


def _read_configuration_set(table: Table) -> str:
    name = table.text("configuration_set")
    if name and not _CONFIGURATION_SET.fullmatch(name):
        table.error(
            "configuration_set", f"is {name!r}: letters, digits, - and _, 64 at most, make a name."
        )
        return ""
    return name


def _read_topics(table: Table) -> tuple[str, ...]:
    single = isinstance(table.raw("topics"), str)
    found = []
    for position, text in enumerate(table.texts("topics")):
        path = table.at("topics") if single else (*table.at("topics"), position)
        match = _TOPIC.fullmatch(text)
        if match is None:
            table.findings.error(
                path,
                f"{text!r} is not the ARN of an SNS topic.",
                'One is "arn:aws:sns:eu-central-1:123456789012:ses-events".',
            )
        elif match["name"].endswith(".fifo"):
            table.findings.error(
                path,
                f"{text!r} is a FIFO topic, which SES cannot tell events to.",
                "Make a standard one.",
            )
        else:
            found.append(text)
    return tuple(dict.fromkeys(found))


def _check_region(table: Table, ses: SesSettings, environ: Mapping[str, str]) -> None:
    if not (ses.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")):
        table.warn(
            "region",
            "is missing, and so is AWS_REGION in the environment.",
            "Unless a file of the AWS command line names a region, no mail can leave.",
        )
    for topic in ses.topics:
        region = topic.split(":")[3]
        if ses.region and region != ses.region:
            table.warn(
                "topics",
                f"has one in {region}, and region is {ses.region}.",
                "SES tells its events to topics of its own region only.",
            )


def _check_events(table: Table, ses: SesSettings) -> None:
    """A configuration set and a topic together tell what becomes of a mail; either alone is probably a mistake."""
    if not ses.topics:
        table.warn(
            "topics",
            "is missing: no event comes in, and returned mail will not be noticed.",
            "Pages can say no more than that mails were handed over. docs/services/ses.md has the steps.",
        )
        if ses.raw_delivery:
            table.warn("raw_delivery", "has no meaning without topics.")
        return
    if not ses.configuration_set:
        table.warn(
            "configuration_set",
            "is missing: SES tells events of mails that name one.",
            "Pages can say no more than that mails were handed over.",
        )
    if ses.raw_delivery:
        table.warn(
            "raw_delivery",
            "is true: bare messages have no signature, so the secret path alone protects the webhook.",
            "Switch raw message delivery off in the subscription if you can.",
        )
    if min(map(len, ses.hook_secret.values), default=0) < _HOOK_SECRET_CHARACTERS:
        table.error(
            "",
            f"has no webhook secret of {_HOOK_SECRET_CHARACTERS} characters or more.",
            "Set TODOKE_SES_HOOK_SECRET, for instance to the output of `openssl rand -hex 16`; the subscription's"
            " endpoint is then site.door_url + /hooks/ses/ + that secret.",
        )
