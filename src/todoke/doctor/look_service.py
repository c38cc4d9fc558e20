"""Ask the mail service whether it knows us, without a mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from todoke.doctor.judge_service import Knock, SesFacts, Told
from todoke.model.delivery import Reason
from todoke.model.errors import ConfigError, RecordsUnavailable, SendDeferred
from todoke.model.settings import CustomersMailCloudSettings, SesSettings, Settings
from todoke.services.smtp.mailer import SmtpMailer

MOST_ADDRESSES = 20
"""So many of the site's own addresses are looked for on the suppression list."""


def knock_at_smtp(settings: Settings) -> Knock:
    """Open a session (greeting, STARTTLS, login) and leave."""
    try:
        SmtpMailer(settings).knock()
    except SendDeferred as error:
        words = error.diagnostic or str(error)
        return Knock(error=words, is_ours=error.reason == Reason.MISCONFIGURED)
    except ConfigError as error:
        return Knock(error=str(error).rstrip("."), is_ours=True)
    return Knock()


def ask_records(cloud: CustomersMailCloudSettings, now: datetime) -> str:
    """Ask for one page of today's records; "" when it came, else what went wrong."""
    from todoke.services.customers_mail_cloud.records import CustomersMailCloudRecords  # noqa: PLC0415 only when asked for

    records = CustomersMailCloudRecords(cloud)
    try:
        next(records.of_day(now.astimezone(records.zone).date(), now), None)
    except RecordsUnavailable as error:
        return str(error)
    finally:
        records.close()
    return ""


def ask_ses(ses: SesSettings, *, sender: str, own: Sequence[str], seconds: float) -> SesFacts:
    """What SES tells of account, identity, configuration set and suppression list; each question alone may fail.

    `own` are the site's own addresses. Raises ConfigError: if botocore is not installed.
    """
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 see open_client

    from todoke.services.ses.client import open_client  # noqa: PLC0415

    try:
        client = open_client(ses, timeout_seconds=seconds)
    except BotoCoreError as error:
        return SesFacts(account=Told(error=type(error).__name__))
    try:
        account = _told(client.get_account)
        if account.error and not account.error.startswith("AccessDenied"):
            return SesFacts(account=account)
        return SesFacts(
            account=account,
            identity=_identity(client, sender),
            configuration_set=_of_set(client.get_configuration_set, ses.configuration_set),
            destinations=_of_set(
                client.get_configuration_set_event_destinations, ses.configuration_set
            ),
            suppressions=_told(client.list_suppressed_destinations, PageSize=100),
            suppressed=[a for a in own[:MOST_ADDRESSES] if _is_suppressed(client, a)],
        )
    finally:
        client.close()


def _identity(client: Any, sender: str) -> Told:
    """The identity of the address itself where there is one, else that of its domain or of one above it.

    Its name is put to the answer as EmailIdentity.
    """
    labels = sender.rpartition("@")[2].split(".")
    names = [sender, *(".".join(labels[n:]) for n in range(max(1, len(labels) - 1)))]
    told = Told(error="NotFoundException")
    for name in names:
        told = _told(client.get_email_identity, EmailIdentity=name)
        if not told.error:
            return Told({**told.answer, "EmailIdentity": name})
        if not told.error.startswith("NotFound"):
            break
    return told


def _of_set(ask: Callable[..., Any], name: str) -> Told | None:
    return _told(ask, ConfigurationSetName=name) if name else None


def _is_suppressed(client: Any, address: str) -> bool:
    return not _told(client.get_suppressed_destination, EmailAddress=address).error


def _told(ask: Callable[..., Any], **question: Any) -> Told:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 see open_client

    try:
        return Told(ask(**question))
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        return Told(error=str(code) or "ClientError")
    except BotoCoreError as error:
        return Told(error=type(error).__name__)
