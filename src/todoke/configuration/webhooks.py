"""[webhooks.NAME]: whom else to tell, of what. Their secrets come from one variable of the environment."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from todoke.model.loopback import is_loopback, is_public
from todoke.model.notice import NoticeType
from todoke.model.webhook import ALL_TYPES, Webhook
from todoke.model.webhook_key import WEBHOOK_SECRETS, read_key
from todoke.toml.findings import ERROR, WARNING, Findings
from todoke.toml.table import Table, one_of
from todoke.toml.urls import read_whole_url

MOST_WEBHOOKS = 8
"""A write of a table may have 100 items, and each message that changes may make a notice for each of these."""
MOST_KEYS = 4
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LEAST_KEY, _MOST_KEY = 24, 64
"""Bytes, as the specification has it."""


def read_webhooks(
    top: Table, environ: Mapping[str, str], forms: Collection[str], *, serving: bool
) -> dict[str, Webhook]:
    """Read every [webhooks.NAME]; faults are noted. Without `serving` a secret may be missing."""
    tables = top.mapping("webhooks")
    keys = _read_keys(top.findings, environ, tables)
    if len(tables) > MOST_WEBHOOKS:
        top.error("webhooks", f"are {len(tables)}; there may be {MOST_WEBHOOKS}.")
    found = {}
    for name, values in tables.items():
        table = Table(top.findings, top.schema, "webhooks.NAME", ("webhooks", name), values)
        if not NAME.fullmatch(name):
            table.error("", "is no name for a webhook.", "Use a-z, 0-9 and -, 40 at most.")
        found[name] = _read_webhook(table, name, keys.get(name, ()), forms)
        if serving and name not in keys:
            table.error(
                "",
                f"has no secret: {WEBHOOK_SECRETS} does not name it.",
                f'Set {WEBHOOK_SECRETS} to "{name}=whsec_...", made by `todoke webhooks --new-secret`.',
            )
    return found


def _read_webhook(
    table: Table, name: str, keys: tuple[bytes, ...], forms: Collection[str]
) -> Webhook:
    allow_private, any_port = table.flag("allow_private"), table.flag("any_port")
    return Webhook(
        name=name,
        url=_read_target(table, allow_private=allow_private, any_port=any_port),
        keys=keys,
        types=read_types(table, ALL_TYPES),
        forms=read_listened(table, forms),
        answers=table.flag("answers"),
        allow_private=allow_private,
        any_port=any_port,
    )


def _read_target(table: Table, *, allow_private: bool, any_port: bool) -> str:
    """The URL; its query stays, for many receivers have their key there."""
    url = read_whole_url(table, "url")
    parts = urlsplit(url)
    host = parts.hostname or ""
    if url and parts.port not in {None, 80, 443} and not any_port:
        table.error(
            "url",
            f"has port {parts.port}; notices go to 443 and 80.",
            "Where the receiver listens there, add `any_port = true`.",
        )
    if url and not allow_private and not is_public(host):
        table.error(
            "url",
            "is not in the public internet.",
            "For a receiver of your own network add `allow_private = true`.",
        )
    elif parts.scheme == "http" and not is_loopback(host):
        table.warn("url", "is not https: whoever is on the way can read the notices.")
    return url


def read_types(table: Table, usual: frozenset[NoticeType]) -> frozenset[NoticeType]:
    """`events`: what it is told of, the usual where it says nothing."""
    known = sorted(type_.value for type_ in ALL_TYPES)
    wanted = table.texts("events")
    for text in wanted:
        if text not in known:
            table.error("events", f"names {text!r}.", one_of(text, known))
    if "events" in table and not wanted:
        table.error("events", "names nothing.", "Leave it out for the usual ones.")
    return frozenset(NoticeType(t) for t in wanted if t in known) or usual


def read_listened(table: Table, forms: Collection[str]) -> frozenset[str]:
    """`forms`: those it is told of, none named: all."""
    wanted = table.texts("forms")
    for name in wanted:
        if name not in forms:
            table.error("forms", f"names {name!r}.", one_of(name, sorted(forms)))
    if "forms" in table and not wanted:
        table.error("forms", "names no form.", "Leave it out for all of them.")
    return frozenset(wanted)


class NamedValues(NamedTuple):
    """A variable of the environment that says something of tables of a section: `name=something other=something`."""

    variable: str
    section: str
    hint: str

    def read(
        self, findings: Findings, environ: Mapping[str, str], names: Collection[str]
    ) -> Iterator[tuple[str, str]]:
        """Each of these names with what is said of it. Faults are noted, without any value."""
        for word in environ.get(self.variable, "").split():
            name, equals, stated = word.partition("=")
            if not equals or not NAME.fullmatch(name):  # perhaps a secret: it is not told
                self.fault(findings, "has a part without a name before it.")
            elif name not in names:
                said = f"names {name!r}, and there is no [{self.section}.{name}]."
                self._note(findings, WARNING, said, "")
            else:
                yield name, stated

    def fault(self, findings: Findings, said: str) -> None:
        """Note an error of it."""
        self._note(findings, ERROR, said, self.hint)

    def _note(self, findings: Findings, severity: str, said: str, hint: str) -> None:
        place = ("the environment", 0)
        findings.note(severity, (), f"{self.variable} {said}", hint, place=place)


_SECRETS = NamedValues(
    WEBHOOK_SECRETS, "webhooks", 'Write "crm=whsec_..."; `todoke webhooks --new-secret` makes one.'
)


def _read_keys(
    findings: Findings, environ: Mapping[str, str], names: Collection[str]
) -> dict[str, tuple[bytes, ...]]:
    """The keys of each webhook: `name=whsec_...,whsec_... other=whsec_...`. No value is told in a fault."""
    keys: dict[str, tuple[bytes, ...]] = {}
    for name, stated in _SECRETS.read(findings, environ, names):
        read = [read_key(text) for text in stated.split(",") if text]
        good = tuple(k for k in read if k is not None and _LEAST_KEY <= len(k) <= _MOST_KEY)
        if len(good) != len(read) or not read:
            said = f"has a secret of {name} that is not whsec_ and the base 64 of {_LEAST_KEY} to {_MOST_KEY} bytes."
        elif len(good) > MOST_KEYS:
            said = f"has {len(good)} secrets of {name}; there may be {MOST_KEYS}."
        else:
            keys[name] = good
            continue
        _SECRETS.fault(findings, said)
    return keys
