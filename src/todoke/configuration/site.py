"""[site]: the site the forms belong to, and what holds for all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from todoke.configuration.logo import read_logo
from todoke.configuration.target import FORM_END
from todoke.model.accent import DAY, worn
from todoke.model.colour import LEAST_CONTRAST, contrast, parse_colour
from todoke.model.form import ACCENT, Site
from todoke.model.language import LANGUAGES
from todoke.model.loopback import is_public
from todoke.toml.findings import NOTE
from todoke.toml.table import Table
from todoke.toml.urls import environ_url, read_origins, read_url
from todoke.toml.zones import read_zone

DOOR_URL = "TODOKE_DOOR_URL"
_LEAST_A_DAY = 1024**3
"""Twice what `limits.uploads` may be at most: half of a day's uploads may come at once."""
_PAGE = re.compile(r"[^/]/[^?#]*\.(?:html?|php|aspx?)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SiteTable:
    """What [site] says: the site, and the limits that Settings holds beside it."""

    site: Site
    max_corrections: int
    max_confirmations: int
    max_confirmations_of_network: int
    max_confirmations_of_form: int
    max_confirmations_of_site: int
    pauses_confirmations: bool
    max_alerts: int
    max_mails_per_day: int
    repeat_window: timedelta
    trusted_proxies: int
    most_from_one_address: int
    uploads_a_day: int


def _uploads_a_day(table: Table) -> int:
    value = table.size("uploads_a_day", 20 * 1024**3, most="1000GB")
    if value >= _LEAST_A_DAY:
        return value
    table.error("uploads_a_day", "is less than two forms may bring.", 'Write "1GB" or more.')
    return _LEAST_A_DAY


def _an_hour(table: Table, key: str, usual: int) -> int:
    return table.number(key, usual, least=0, most=1_000_000)


def _accent(table: Table) -> str:
    text = table.text("accent")
    colour = parse_colour(text)
    if text and not colour:
        hint = f'Write it like "{ACCENT}", as red, green and blue of two hexadecimal digits each.'
        table.error("accent", f"is {text!r}, and no colour.", hint)
    if colour and contrast(colour, DAY.nearest) < LEAST_CONTRAST:
        shown = worn(colour, DAY).text
        said = (
            f"is too light for text on white, which is {shown} on pages; buttons keep the colour."
        )
        table.findings.note(NOTE, table.at("accent"), said)
    return colour or ACCENT


def _hsts(table: Table, door_url: str) -> timedelta:
    lasts = table.duration("hsts", timedelta(0), least="0s", most="1000d")
    if lasts and urlsplit(door_url).scheme != "https":
        table.error(
            "hsts",
            "is for a door_url that begins with https: browsers heed it nowhere else.",
            "Leave it out, or set door_url to the https address.",
        )
    return lasts


def _check_encrypted(table: Table, url: str, door_url: str) -> None:
    """Note what of the way from the page to the door others can read and change."""
    door, page = urlsplit(door_url), urlsplit(url)
    if door.scheme == "http" and is_public(door.hostname or ""):
        table.warn(
            "door_url",
            "is http: answers, files and receipt links travel unencrypted, and browsers warn their users.",
            f'Get the host a certificate, and write `door_url = "https{door_url.removeprefix("http")}"`.',
        )
    if page.scheme == "http" and is_public(page.hostname or ""):
        table.findings.note(
            NOTE,
            table.at("url"),
            "is http: on the way to visitors anybody can change the page, and where it posts.",
            f'If the site answers there, write `url = "https{url.removeprefix("http")}"`.',
        )


def _check_paths(table: Table, url: str, door_url: str) -> None:
    """Note what is the address of a page or of a form, and more than the site's or the door's."""
    if _PAGE.search(url):
        whole = f'Write `url = "{url.rpartition("/")[0]}"`; `page_url` is for the page of a form.'
        table.warn("url", "is the address of a page, and the site's own is meant.", whole)
    if urlsplit(door_url).hostname in ("0.0.0.0", "[::]", "::"):  # noqa: S104 - it is refused
        said = "is where a server listens, on all addresses, and no address that a browser goes to."
        table.warn("door_url", said, "Write the host's name, or 127.0.0.1 for this machine alone.")
    if form := FORM_END.search(door_url):
        hint = f'Write `door_url = "{door_url[: form.start()]}"`, if that is where todoke answers.'
        said = "ends in /f, and todoke adds /f/NAME to it for each form."
        table.warn("door_url", said, hint)


def read_site(table: Table, environ: Mapping[str, str], folder: Path) -> SiteTable:
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
    _check_encrypted(table, url, door_url)
    _check_paths(table, url, door_url)
    site = Site(
        name=table.text("name", required=True),
        url=url,
        door_url=door_url,
        accent=_accent(table),
        logo=read_logo(table, folder),
        origins=read_origins(table, url),
        language=table.text("language", "en", among=LANGUAGES),
        alert_to=table.addresses("alert_to"),
        time_zone=read_zone(table, environ),
        hsts=_hsts(table, door_url),
    )
    return SiteTable(
        site=site,
        max_corrections=table.number("max_corrections", 3, least=0, most=20),
        max_confirmations=table.number("max_confirmations", 3, least=0, most=1_000),
        max_confirmations_of_network=_an_hour(table, "max_confirmations_of_network", 1_000),
        max_confirmations_of_form=_an_hour(table, "max_confirmations_of_form", 10_000),
        max_confirmations_of_site=_an_hour(table, "max_confirmations_of_site", 20_000),
        pauses_confirmations=table.flag("pause_confirmations", default=True),
        max_alerts=_an_hour(table, "max_alerts", 10),
        max_mails_per_day=table.number("max_mails_per_day", 0, least=0, most=10_000_000),
        repeat_window=table.duration("repeat_window", timedelta(minutes=10), least="0s", most="1d"),
        trusted_proxies=table.number("trusted_proxies", 0, least=0, most=10),
        most_from_one_address=table.number("most_from_one_address", 1_000, least=0, most=1_000_000),
        uploads_a_day=_uploads_a_day(table),
    )
