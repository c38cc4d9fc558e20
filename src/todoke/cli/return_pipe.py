"""One mail from a mail server's pipe, taken: what is said to the server, and when it must keep the mail."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from todoke.cli.output import print_line, print_notice
from todoke.configuration import read
from todoke.model.errors import ConfigError, Error
from todoke.model.log import get_logger, log_to_stderr
from todoke.model.settings import Settings
from todoke.returned.entity import LONGEST
from todoke.toml.secrets import known_secret
from todoke.walk.returned import ReturnFate, take_returned
from todoke.wiring import build

TRY_AGAIN = 75
"""EX_TEMPFAIL (sysexits.h): mail servers keep the mail, and pipe it again later."""
WORDS: Mapping[ReturnFate, str] = {
    ReturnFate.NEW: "taken",
    ReturnFate.REPEATED: "known already",
    ReturnFate.NO_REPORT: "no report about a mail; nothing changes",
    ReturnFate.UNLINKED: "a report without a valid return path of ours; nothing changes",
    ReturnFate.GONE: "a report about what is not here any more; nothing changes",
    ReturnFate.UNREADABLE: "no mail; nothing changes",
}

log = get_logger(__name__)


def take(config: Path, recipient: str) -> int:
    """Take the mail on stdin; TRY_AGAIN for whatever goes wrong, for the server has it and we have not."""
    log_to_stderr(os.environ.get("TODOKE_LOG", "WARNING"))
    raw = _from_stdin()
    try:
        fate = _take(config, raw, recipient)
    except Error as error:
        print_notice(str(error))
        return TRY_AGAIN
    except Exception:  # a fault of ours must lose no mail
        log.exception("return_pipe_failed")
        return TRY_AGAIN
    print_line(WORDS[fate])
    return 0


def _take(config: Path, raw: bytes, recipient: str) -> ReturnFate:
    app = build(_settings(config))
    with closing(app.store), closing(app.mailer):
        return take_returned(app, raw, recipient)


def _settings(config: Path) -> Settings:
    """Those that taking needs: nothing is handed over, so no password is asked for."""
    settings = read(config, os.environ, serving=False)
    if settings.mail.own.return_path is None:
        raise ConfigError(
            f"{config} sets no return path (mail.smtp.returns_to), so no mail can be tied to one of ours."
        )
    if not settings.table and not (settings.data / "todoke.db").exists():
        raise ConfigError(f"There is no data in {settings.data} yet.")
    secret = known_secret(os.environ, settings.data)
    if not secret:
        raise ConfigError(
            "The secret of this store is missing (TODOKE_SECRET, or the file secret of its data folder)."
        )
    return replace(settings, secret=secret)


def _from_stdin() -> bytes:
    """The beginning of the mail; the rest is read and let go, for a server may take a closed pipe for a fault."""
    raw = sys.stdin.buffer.read(LONGEST)
    while sys.stdin.buffer.read(65_536):
        pass
    return raw
