"""[channels.NAME]: whom to tell in sentences, of what. Where each is comes from one variable of the environment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.util import find_spec

from todoke.configuration.webhooks import (
    MOST_WEBHOOKS,
    NAME,
    NamedValues,
    read_listened,
    read_types,
)
from todoke.model.language import LANGUAGES
from todoke.model.settings import named_table
from todoke.model.webhook import TYPES_OF_CHANNELS, Webhook
from todoke.model.webhook_key import CHANNEL_URLS
from todoke.toml.findings import Findings
from todoke.toml.table import Table

_URLS = NamedValues(
    CHANNEL_URLS, "channels", 'Write "team=slack://..."; a blank in an address is %20.'
)


def read_channels(
    top: Table,
    environ: Mapping[str, str],
    forms: Collection[str],
    webhooks: Collection[str],
    *,
    language: str,
    serving: bool,
) -> dict[str, Webhook]:
    """Read every [channels.NAME]; faults are noted. Without `serving` its address may be missing."""
    tables = top.mapping("channels")
    if tables and named_table(environ):
        top.warn("channels", "are not told on AWS.", "Use [webhooks.NAME] there.")
        return {}
    urls = _read_urls(top.findings, environ, tables)
    if len(tables) + len(webhooks) > MOST_WEBHOOKS:
        said = f"and webhooks are {len(tables) + len(webhooks)}; there may be {MOST_WEBHOOKS}."
        top.error("channels", said)
    if tables and serving and find_spec("apprise") is None:
        said = "need Apprise, which is not installed."
        top.error("channels", said, "pip install 'todoke[channels]'")
    found = {}
    for name, values in tables.items():
        table = Table(top.findings, top.schema, "channels.NAME", ("channels", name), values)
        if not NAME.fullmatch(name):
            table.error("", "is no name for a channel.", "Use a-z, 0-9 and -, 40 at most.")
        if name in webhooks:
            table.error("", "has the name of a webhook.", "Give one of them another.")
        if serving and name not in urls:
            table.error(
                "",
                f"has no address: {CHANNEL_URLS} does not name it.",
                f'Set {CHANNEL_URLS} to "{name}=slack://...": docs/channels.md has others.',
            )
        found[name] = Webhook(
            name=name,
            url=urls.get(name, ""),
            types=read_types(table, TYPES_OF_CHANNELS),
            forms=read_listened(table, forms),
            language=table.text("language", language, among=LANGUAGES) or language,
        )
    return found


def _read_urls(
    findings: Findings, environ: Mapping[str, str], names: Collection[str]
) -> dict[str, str]:
    """Where each is: `team=slack://... boss=line://...`. No address is told in a fault: it is a secret."""
    urls: dict[str, str] = {}
    for name, url in _URLS.read(findings, environ, names):
        if "://" in url:
            urls[name] = url
        else:
            _URLS.fault(findings, f"has something for {name} that is no address of Apprise's.")
    return urls
