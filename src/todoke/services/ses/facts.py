"""What Amazon SES tells of an account that can send through it. botocore is imported when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from todoke.services.ses.settings import SesSettings

MOST_ADDRESSES = 20
"""So many of the site's own addresses are looked for on the suppression list."""


class Told(msgspec.Struct, frozen=True):
    """The answer to one question, or the error's code or name in its place."""

    answer: Mapping[str, Any] = {}
    error: str = ""

    def at(self, *path: str) -> Any:
        """The value under these keys, None if it is not there."""
        value: Any = self.answer
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


class SesFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What SES told of the account, the From domain (or address), the configuration set and the suppression list.

    `configuration_set` and `destinations` are None where none is set; `suppressed` are those of the site's own
    addresses that are on the list.
    """

    account: Told
    identity: Told = Told(error="not asked")
    configuration_set: Told | None = None
    destinations: Told | None = None
    suppressions: Told = Told(error="not asked")
    suppressed: Sequence[str] = ()


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
