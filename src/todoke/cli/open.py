"""How the commands reach the store: through todoke.toml, or, where there is none, by the data folder alone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from todoke.cli.defaults import DEFAULT_CONFIG
from todoke.configuration import data_folder, read
from todoke.model.address import NOBODY
from todoke.model.errors import ConfigError
from todoke.model.form import Site
from todoke.model.log import log_to_stderr
from todoke.model.mail import Mailbox
from todoke.model.settings import MailSettings, Settings
from todoke.ports.store import Store
from todoke.toml.zones import machine_zone
from todoke.walk.silence import expected_within
from todoke.wiring import open_store


def settings_for(config: Path) -> Settings:
    """The settings of `config`; where the usual file is not there, those that reading the data folder needs.

    They hand over nothing, so no secret is asked for.
    Raises ConfigError: if there is neither, or the file is wrong.
    """
    if config.exists() or config != Path(DEFAULT_CONFIG):
        return read(config, os.environ, serving=False)
    data = data_folder(os.environ)
    if not (data / "todoke.db").exists():
        raise ConfigError(
            f"There is no {config} here, and no data in {data} (set TODOKE_DATA, or use --config)."
        )
    site = Site(name="", time_zone=machine_zone(os.environ))
    nobody = MailSettings(service="", sender=Mailbox(name="", address=NOBODY))
    return Settings(site=site, mail=nobody, forms={}, data=data, secret=b"")


@contextlib.contextmanager
def opened(config: Path) -> Iterator[tuple[Settings, Store]]:
    """The settings and the store, which is closed afterwards.

    Raises ConfigError: if there is no data yet.
    """
    settings = settings_for(config)
    if settings.table:  # there is no folder to keep the security log in
        log_to_stderr(os.environ.get("TODOKE_LOG", "WARNING"))
    elif not (settings.data / "todoke.db").exists():
        raise ConfigError(f"There is no data in {settings.data} yet.")
    store = open_store(settings)
    try:
        yield (settings if settings.mail.service else _as_served(settings, store)), store
    finally:
        store.close()


def _as_served(settings: Settings, store: Store) -> Settings:
    """The settings without a file, with what decides a word of a mail where this data was last served."""
    within = expected_within(store, settings.mail.expect_events_within)
    return replace(settings, mail=replace(settings.mail, expect_events_within=within))
