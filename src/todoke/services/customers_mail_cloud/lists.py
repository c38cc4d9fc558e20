"""Read a list of Customers Mail Cloud's Transaction API v2, page by page: deliveries, bounces, blocks.

Nothing found is a 204, an empty list or an absent key. docs/reconciliation.md has the limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from todoke.model.errors import RecordsUnavailable
from todoke.model.json_text import UNREADABLE
from todoke.services.customers_mail_cloud.client import (
    HEADERS,
    open_pool,
    read_faults,
    read_object,
    require_tls,
    without_secret,
)
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings

PATH = "/transaction/v2/{}/list.json"
ROWS = 100
"""A page's rows at most: documented for blocks, assumed for the others."""
ROWS_COME_IN = 10
"""The documented default. A short page of so many, or a multiple, may have been cut by a limit that nobody states."""
ANSWER_BYTES = 8 * 1024 * 1024
_CHUNK = 65_536

_answer = msgspec.json.Decoder(dict[str, Raw])
_rows = msgspec.json.Decoder(list[Raw])


class RecordLists:
    """The lists at `settings.records_url`, of the server group `settings.server_composition`.

    `most_pages` bounds one list: beyond it the service is taken to be repeating itself. Raises ConfigError when made:
    if the API key would cross a network unencrypted.
    """

    most_pages = 10_000

    def __init__(self, settings: CustomersMailCloudSettings) -> None:
        require_tls("records_url", settings.records_url)
        self._settings = settings
        self._url = settings.records_url.rstrip("/") + PATH
        self._pool = open_pool(settings, connections=2)
        self._is_closed = False

    def close(self) -> None:
        """Let go of connections. Later calls raise RecordsUnavailable."""
        self._is_closed = True
        self._pool.clear()

    def pages(self, resource: str, **wanted: Any) -> Iterator[Sequence[Raw]]:
        """The pages of a list, none of them empty. Raises RecordsUnavailable: when one cannot be read."""
        for page in range(self.most_pages):
            rows = self._list(resource, {**wanted, "p": page, "r": ROWS})
            if rows:
                yield rows
            if not rows or (len(rows) < ROWS and len(rows) % ROWS_COME_IN):
                return
        raise _unavailable(resource, f"there are more than {self.most_pages} pages")

    def _list(self, resource: str, wanted: Mapping[str, Any]) -> Sequence[Raw]:
        status, data = self._ask(resource, wanted)
        if status == 204:
            return ()
        said = read_object(data)
        faults = read_faults(said)
        if status != 200 or faults:
            words = "; ".join([f"HTTP {status}", *map(str, faults)])
            if status in {401, 403}:
                words += "; the API user needs the permission to read data"
            raise _unavailable(resource, without_secret(words, self._settings))
        try:
            rows = _answer.decode(data).get(resource)
            return _rows.decode(rows) if rows and bytes(rows) != b"null" else ()
        except UNREADABLE as error:
            raise _unavailable(resource, "the answer cannot be read") from error

    def _ask(self, resource: str, wanted: Mapping[str, Any]) -> tuple[int, bytes]:
        """One call: its status and its body."""
        if self._is_closed:
            raise _unavailable(resource, "they are closed")
        body = msgspec.json.encode(
            {
                "api_user": self._settings.api_user,
                "api_key": self._settings.api_key.reveal(),
                "server_composition": self._settings.server_composition,
                **wanted,
            }
        )
        try:
            answer = self._pool.request(
                "POST",
                self._url.format(resource),
                body=body,
                headers=HEADERS,
                redirect=False,
                preload_content=False,
                decode_content=False,  # none is asked for, so nothing can swell
            )
            return answer.status, _read(resource, answer)
        except HTTPError as error:
            raise _unavailable(resource, type(error).__name__) from error


def _read(resource: str, answer: BaseHTTPResponse) -> bytes:
    """The whole body, unless it is too large. The connection says how long it may take (`http/deadline.py`)."""
    data = bytearray()
    try:
        while chunk := answer.read1(_CHUNK):
            data += chunk
            if len(data) > ANSWER_BYTES:
                answer.close()
                raise _unavailable(resource, "the answer is too large")
    finally:
        answer.release_conn()
    return bytes(data)


def _unavailable(resource: str, why: str) -> RecordsUnavailable:
    return RecordsUnavailable(f"The mail service's records ({resource}) cannot be read: {why}.")
