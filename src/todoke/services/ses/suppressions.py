"""The suppression list of an account at Amazon SES, in its region: read page by page, lifted one address at a time.

ListSuppressedDestinations and DeleteSuppressedDestination of the API v2, whose reference is at
https://docs.aws.amazon.com/ses/latest/APIReference-V2/. SES takes a mail to an address on the list and does not send
it; the address stays until somebody deletes it (https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html).
To delete what is not there is a NotFoundException. Both calls are safe to repeat, so botocore repeats them where
SES is too busy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from todoke.model.errors import LiftRefused, RecordsUnavailable
from todoke.ports.suppressions import ListedFor, Suppression
from todoke.services.ses.client import open_client
from todoke.services.ses.settings import NAME, SesSettings

PAGE = 100
"""No most is documented."""
_LISTED_FOR = {"BOUNCE": ListedFor.BOUNCE, "COMPLAINT": ListedFor.COMPLAINT}
_TRIES = 4
_ADDRESS = "EmailAddress"
_ENTRIES = "SuppressedDestinationSummaries"
_WRONG_INPUT = "BadRequestException"
_NOT_THERE = "NotFoundException"


class SesSuppressions:
    """See ports.SuppressionSource. `most_pages` bounds a list: beyond it SES is taken to be repeating itself."""

    name = NAME
    lifts = True
    most_pages = 10_000

    def __init__(self, ses: SesSettings) -> None:
        self._ses = ses
        self._lock = threading.Lock()
        self._client: Any = None
        self._is_closed = False

    def suppressions(self) -> Sequence[Suppression]:
        """See ports.SuppressionSource. Entries without an address are left out."""
        found: list[Suppression] = []
        after: dict[str, str] = {}
        for _ in range(self.most_pages):
            told = self._ask(
                lambda client, after: client.list_suppressed_destinations(PageSize=PAGE, **after),
                after,
            )
            if (
                _ENTRIES not in told
            ):  # botocore reads a page of a proxy as an answer with nothing in it
                raise _unavailable("the answer cannot be read")
            found += map(_suppression, told[_ENTRIES])
            token = told.get("NextToken")
            if not token:
                return [suppression for suppression in found if suppression.address]
            after = {"NextToken": token}
        raise _unavailable(f"there are more than {self.most_pages} pages")

    def lift(self, address: str) -> None:
        """See ports.SuppressionSource."""
        self._ask(
            lambda client, asked: client.delete_suppressed_destination(**asked),
            {_ADDRESS: address},
        )

    def close(self) -> None:
        """See ports.SuppressionSource."""
        with self._lock:
            client, self._client, self._is_closed = self._client, None, True
        if client is not None:
            client.close()

    def _ask(
        self, call: Callable[[Any, Mapping[str, str]], Any], asked: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """The answer to one call; {} where SES says that the address it is about is not there."""
        client = self._opened()
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 see open_client

        try:
            answer: Mapping[str, Any] = call(client, asked)
        except ClientError as error:
            said = error.response.get("Error", {})
            code = str(said.get("Code", ""))
            if code == _NOT_THERE and _ADDRESS in asked:
                return {}
            if code == _WRONG_INPUT and _ADDRESS in asked:
                raise LiftRefused(str(said.get("Message") or code)[:1_000]) from error
            needs = _NEEDED if code.startswith("AccessDenied") else ""
            raise _unavailable((code or "ClientError") + needs) from error
        except (BotoCoreError, AttributeError, LookupError, TypeError, ValueError) as error:
            # The latter: botocore fell over what it was answered, or an address that no URL can have.
            raise _unavailable(type(error).__name__) from error
        return answer

    def _opened(self) -> Any:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 see open_client

        with self._lock:
            if self._is_closed:
                raise _unavailable("it is closed")
            if self._client is None:
                try:
                    self._client = open_client(self._ses, connections=2, tries=_TRIES)
                except BotoCoreError as error:
                    raise _unavailable(type(error).__name__) from error
            return self._client


def _suppression(told: Mapping[str, Any]) -> Suppression:
    reason, since = told.get("Reason"), told.get("LastUpdateTime")
    word = reason if isinstance(reason, str) else ""
    return Suppression(
        address=str(told.get(_ADDRESS) or ""),
        since=since.astimezone(UTC) if isinstance(since, datetime) else None,
        reason=word,
        listed_for=_LISTED_FOR.get(word),
    )


_NEEDED = "; it needs ses:ListSuppressedDestinations and ses:DeleteSuppressedDestination (docs/services/ses.md)"


def _unavailable(why: str) -> RecordsUnavailable:
    return RecordsUnavailable(f"The suppression list of Amazon SES cannot be asked: {why}.")
