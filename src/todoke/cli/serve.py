"""`todoke serve`: the application on one address, until Ctrl-C."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from todoke.configuration import read
from todoke.model.log import get_logger, log_to_stderr
from todoke.model.settings import Settings
from todoke.server.run import Server, listen, run_servers
from todoke.toml.permissions import loose_files
from todoke.wiring import build_to_serve, loss_of

_log = get_logger(__name__)


def serve(config: str, host: str, port: int) -> int:
    """Read the configuration and serve it; 1 when the store's files were gone at the end, else 0.

    Raises ConfigError: if it is wrong or the port is taken.
    """
    log_to_stderr(os.environ.get("TODOKE_LOG", "WARNING"))
    settings = read(Path(config), os.environ)
    return serve_settings(settings, host, port, config=Path(config))


def serve_settings(settings: Settings, host: str, port: int, *, config: Path | None = None) -> int:
    """See `serve`. Serve `settings` (of `config`) at `host`:`port` (0: any free one, which is printed)."""
    from todoke.server.asgi import application

    listener = listen(host, port)
    port = listener.getsockname()[1]
    app = build_to_serve(settings, address=f"http://{_here(host)}:{port}")
    warn_of_loose_files(None if settings.table else settings.data, config)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/"
    run_servers(
        [
            Server(
                application(app),
                listener,
                trusted_proxies=settings.trusted_proxies,
                tally=app.tally,
            )
        ],
        ready=lambda: _say(f"todoke {_forms(settings)} at {address} (Ctrl-C stops it)"),
    )
    loss = loss_of(app.store)
    _say(f"todoke has stopped. {loss}" if loss else "todoke has stopped; nothing is lost.")
    return 1 if loss else 0


def _here(host: str) -> str:
    """The host by which this machine reaches what listens on `host`."""
    nearest = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 nothing listens here
    return f"[{nearest}]" if ":" in nearest else nearest


def warn_of_loose_files(data: Path | None, config: Path | None = None) -> None:
    """Tell the log, once, which files others than their owner get at, and what mends that."""
    if loose := loose_files(data, config):
        _log.warning(
            "permissions_loose", files=list(map(str, loose)), do="; ".join(f.mend for f in loose)
        )


def _forms(settings: Settings) -> str:
    names = ", ".join(settings.forms)
    return f"takes the form{'s' if len(settings.forms) > 1 else ''} {names}"


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
