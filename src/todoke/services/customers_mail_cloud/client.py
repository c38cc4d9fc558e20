"""What every call to Customers Mail Cloud's APIs shares: connections, header fields, and how its errors are read.

The API key is in each body, so bodies are never logged and errors never repeat it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import urllib3

from todoke.model.errors import ConfigError
from todoke.model.json_text import UNREADABLE
from todoke.model.loopback import is_loopback
from todoke.model.redaction import Redaction
from todoke.model.settings import CONNECT_SECONDS
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.services.http.deadline import hurried_pools

HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Language": "en",  # errors in one language, whoever reads the log
    "User-Agent": "todoke",
}


@dataclass(frozen=True, slots=True)
class ApiFault:
    """One entry of an answer's `errors`: two digits, hyphen, three digits; the parameter it is about; its words."""

    code: str
    field: str
    message: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.code, self.field, self.message) if part)


def require_tls(setting: str, url: str) -> None:
    """Raise ConfigError: if the API key would cross a network unencrypted on its way to `url`."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ConfigError(
            f"mail.customers_mail_cloud.{setting} is {url}: the API key would travel unencrypted."
        )


def open_pool(cloud: CustomersMailCloudSettings, *, connections: int) -> urllib3.PoolManager:
    """Up to so many connections, kept open between calls; see `http/deadline.py`. Nothing is retried."""
    return hurried_pools(
        connections=connections,
        connect_seconds=min(CONNECT_SECONDS, cloud.timeout_seconds),
        patience_seconds=cloud.timeout_seconds,
    )


def read_object(data: bytes) -> dict[str, Any] | None:
    """An answer's JSON object, or None when it is none."""
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except UNREADABLE:
        return None


def read_faults(said: Mapping[str, Any] | None) -> tuple[ApiFault, ...]:
    """The entries of `errors`, whatever shape they have: any entry at all means that something failed."""
    errors = said.get("errors") if said else None
    entries = errors if isinstance(errors, list) else [errors] if errors else []
    return tuple(
        ApiFault(*(str(entry.get(key) or "")[:1_000] for key in ("code", "field", "message")))
        if isinstance(entry, dict)
        else ApiFault("", "", str(entry)[:1_000])
        for entry in entries
    )


def without_secret(words: str, cloud: CustomersMailCloudSettings) -> str:
    """What the service says, even if it repeats what it was sent."""
    return Redaction(cloud.api_key.reveal()).text(words)
