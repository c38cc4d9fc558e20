"""[site]: the site the forms belong to, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from todoke.model.form import Site
from todoke.model.language import LANGUAGES
from todoke.toml.table import Table
from todoke.toml.urls import environ_url, read_origins, read_url
from todoke.toml.zones import read_zone

DOOR_URL = "TODOKE_DOOR_URL"


@dataclass(frozen=True, slots=True)
class SiteTable:
    """What [site] says: the site, and the three limits that Settings holds beside it."""

    site: Site
    max_corrections: int
    repeat_window: timedelta
    trusted_proxies: int


def read_site(table: Table, environ: Mapping[str, str]) -> SiteTable:
    """Read [site]; faults are noted in the table's findings.

    TODOKE_DOOR_URL takes the place of `door_url`: where todoke is deployed, its address is first known there.
    """
    url = read_url(table, "url")
    door_url = read_url(table, "door_url")
    if environ.get(DOOR_URL):
        door_url = environ_url(table, DOOR_URL, environ[DOOR_URL])
    if not door_url and "door_url" not in table and not environ.get(DOOR_URL):
        table.error(
            "door_url",
            "is missing: it is the address at which browsers and mails reach todoke.",
            'Add for instance `door_url = "https://forms.example.com"`.',
        )
    site = Site(
        name=table.text("name", required=True),
        url=url,
        door_url=door_url,
        origins=read_origins(table, url),
        language=table.text("language", "en", among=LANGUAGES),
        alert_to=table.addresses("alert_to"),
        time_zone=read_zone(table, environ),
    )
    return SiteTable(
        site=site,
        max_corrections=table.number("max_corrections", 3, least=0, most=20),
        repeat_window=table.duration("repeat_window", timedelta(minutes=10), least="0s", most="1d"),
        trusted_proxies=table.number("trusted_proxies", 0, least=0, most=10),
    )
