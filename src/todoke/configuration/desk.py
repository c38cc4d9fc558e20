"""[desk]: who may enter beside the forms' managers, and for how long."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from todoke.model.address import Address
from todoke.model.form import Form, Site
from todoke.model.loopback import is_loopback
from todoke.model.oidc import OidcSettings
from todoke.model.person import DeskSettings, Forms
from todoke.toml.findings import Findings
from todoke.toml.table import Table, one_of
from todoke.toml.urls import read_url

EVERY = "*"
"""In place of a form's name: all of them."""


def read_desk(table: Table, forms: Collection[str]) -> DeskSettings:
    """Read [desk]; faults are noted. `forms` are the names of the forms there are."""
    idle = table.duration("idle", timedelta(hours=2), least="5m", most="7d")
    longest = table.duration("longest", timedelta(hours=12), least="5m", most="30d")
    if idle > longest:
        table.warn("idle", "is longer than `longest`, after which everybody is out anyway.")
    return DeskSettings(
        owners=table.addresses("owners"),
        managers=_read_people(table, "managers", forms),
        readers=_read_people(table, "readers", forms),
        lets_managers_in=table.flag("managers_enter", default=True),
        idle=idle,
        longest=longest,
        oidc=_read_oidc(table.table("oidc", "desk.oidc")) if "oidc" in table else None,
    )


def with_judges(
    findings: Findings, site: Site, forms: Mapping[str, Form], desk: DeskSettings
) -> dict[str, Form]:
    """The forms; of those of which nobody is told that something is kept for review, nothing is. That is noted."""
    left = [n for n, form in forms.items() if form.review and not _has_judge(form, site, desk)]
    if left:
        findings.warn(
            ("desk",),
            f"lets nobody in who could look at what is kept for review of {', '.join(left)}, so nothing is kept.",
            "Name somebody in `owners` or `managers`, or write `review = false` in [guard].",
        )
    return {n: replace(form, review=False) if n in left else form for n, form in forms.items()}


def _has_judge(form: Form, site: Site, desk: DeskSettings) -> bool:
    """Whether somebody with an address may work on what is sent by a form."""
    works = any(form.name in theirs for theirs in desk.managers.values())
    return desk.lets_managers_in or bool(desk.owners or site.alert_to) or works


def _read_oidc(table: Table) -> OidcSettings:
    issuer = read_url(table, "issuer")
    if not issuer:
        table.text("issuer", required=True)
    elif urlsplit(issuer).scheme == "http" and not is_loopback(urlsplit(issuer).hostname or ""):
        table.error("issuer", "is not https: anybody on the way could let anybody in.")
    return OidcSettings(
        issuer=issuer,
        client_id=table.text("client_id", required=True),
        name=table.text("name", urlsplit(issuer).hostname or ""),
        trusts_unstated=table.flag("trust_unstated_addresses"),
        is_only=table.flag("only"),
    )


def _read_people(table: Table, key: str, forms: Collection[str]) -> dict[Address, Forms]:
    """A table of mailboxes, each with a form's name or a list of them; "*" is all."""
    people: dict[Address, Forms] = {}
    for text, named in table.mapping(key).items():
        path = (*table.at(key), text)
        hint = "Part the addresses into lines of their own." if "," in text else ""
        address = table.address(text, path, hint)
        theirs = _read_forms(table, path, named, forms)
        if address and theirs:
            people[address] = theirs
    return people


def _read_forms(
    table: Table, path: tuple[str | int, ...], named: Any, forms: Collection[str]
) -> Forms:
    listed = [named] if isinstance(named, str) else named
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        table.findings.error(path, "must be a form's name, or a list of them.", 'All are "*".')
        return frozenset()
    if not listed:
        table.findings.error(path, "names no form.", 'All are "*".')
    for name in listed:
        if name != EVERY and name not in forms:
            table.findings.error(path, f"names {name!r}.", one_of(name, [*sorted(forms), EVERY]))
    return frozenset(forms) if EVERY in listed else frozenset(listed) & frozenset(forms)
