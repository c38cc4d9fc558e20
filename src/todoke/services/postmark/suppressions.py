"""The suppression list of a message stream at Postmark: read whole in one call, lifted one address at a time.

https://postmarkapp.com/developer/api/suppressions-api: the dump has no pages; to delete an address that is not on the
list answers "Deleted" as well; one that is there for a SpamComplaint stays, with "Failed" and a sentence. Deleting a
HardBounce is what the console calls reactivating. Each stream has a list of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import msgspec
from urllib3.exceptions import HTTPError

from todoke.model.errors import LiftRefused, RecordsUnavailable
from todoke.model.json_text import UNREADABLE
from todoke.model.redaction import Redaction
from todoke.ports.suppressions import ListedFor, Suppression
from todoke.services.meaning import read_moment
from todoke.services.postmark.client import error_of, headers_of, open_pool, read_object
from todoke.services.postmark.settings import NAME, PostmarkSettings

LIST_BYTES = 32 * 1024 * 1024
"""Of a dump: some 200,000 addresses."""
_LISTED_FOR = {
    "HardBounce": ListedFor.BOUNCE,
    "SpamComplaint": ListedFor.COMPLAINT,
    "ManualSuppression": ListedFor.HAND,
}


class _Entry(msgspec.Struct, rename="pascal"):
    """An entry of a dump, or what became of one that was to be deleted; any property may be absent, or null."""

    email_address: Any = ""
    suppression_reason: Any = ""
    created_at: Any = ""
    status: Any = ""
    message: Any = ""


class _Entries(msgspec.Struct, rename="pascal"):
    suppressions: list[_Entry]


_entries = msgspec.json.Decoder(_Entries)


class PostmarkSuppressions:
    """See ports.SuppressionSource. Raises ConfigError when made: if the token would cross a network unencrypted."""

    name = NAME
    lifts = True

    def __init__(self, postmark: PostmarkSettings) -> None:
        self._postmark = postmark
        stream = postmark.message_stream
        self._url = f"{postmark.url.rstrip('/')}/message-streams/{stream}/suppressions"
        self._headers = headers_of(postmark)
        self._pool = open_pool(postmark, connections=1)
        self._is_closed = False

    def suppressions(self) -> Sequence[Suppression]:
        """See ports.SuppressionSource. Entries without an address are left out."""
        found = map(_suppression, self._ask("GET", "/dump"))
        return [suppression for suppression in found if suppression.address]

    def lift(self, address: str) -> None:
        """See ports.SuppressionSource."""
        body = msgspec.json.encode({"Suppressions": [{"EmailAddress": address}]})
        for entry in self._ask("POST", "/delete", body):
            if entry.status == "Deleted":
                return
            if entry.status == "Failed":
                raise LiftRefused(self._clean(_text(entry.message) or "Failed"))
        raise _unavailable("the answer cannot be read")

    def close(self) -> None:
        """See ports.SuppressionSource."""
        self._is_closed = True
        self._pool.clear()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> list[_Entry]:
        """One call: the entries of its answer."""
        if self._is_closed:
            raise _unavailable("it is closed")
        try:
            answer = self._pool.request(
                method,
                self._url + path,
                body=body,
                headers=self._headers,
                redirect=False,
                preload_content=False,
                decode_content=False,  # none is asked for, so nothing can swell
            )
            data = answer.read(LIST_BYTES + 1)
            answer.release_conn()
        except HTTPError as error:
            raise _unavailable(type(error).__name__) from error
        if len(data) > LIST_BYTES:
            answer.close()
            raise _unavailable("the answer is too large")
        if answer.status != 200:
            code, words = error_of(read_object(data), self._postmark)
            said = f": {code} {words}" if code is not None else ""
            raise _unavailable(f"HTTP {answer.status}{said}")
        try:
            return _entries.decode(data).suppressions
        except UNREADABLE as error:
            raise _unavailable("the answer cannot be read") from error

    def _clean(self, words: str) -> str:
        return Redaction(self._postmark.api_key.reveal()).text(words[:1_000])


def _suppression(entry: _Entry) -> Suppression:
    reason = _text(entry.suppression_reason)
    return Suppression(
        address=_text(entry.email_address),
        since=read_moment(_text(entry.created_at), UTC),
        reason=reason,
        listed_for=_LISTED_FOR.get(reason),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _unavailable(why: str) -> RecordsUnavailable:
    return RecordsUnavailable(f"Postmark's suppression list cannot be asked: {why}.")
