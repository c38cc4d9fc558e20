"""`todoke desk`: a link with a one-time code that opens the desk."""

from __future__ import annotations

from pathlib import Path

from todoke.cli.open import settings_for
from todoke.cli.output import print_line
from todoke.model.errors import ConfigError
from todoke.wiring import build


def print_desk_link(config: Path) -> None:
    """Print the link. Raises ConfigError: if there is no configuration that says where todoke answers."""
    from todoke.web.desk.enter import entry_link

    settings = settings_for(config)
    if not settings.site.door_url:
        raise ConfigError(f"There is no {config} here, which says where the desk is.")
    app = build(settings)
    try:
        print_line(entry_link(app))
    finally:
        app.mailer.close()
        app.store.close()
