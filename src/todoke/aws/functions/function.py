"""One Lambda function: it starts once in each environment, then handles one event at a time.

With SnapStart an environment is a copy of one that had started. So what must not be the same in two of them (secrets
that may have changed, random numbers drawn in advance) comes after the copy was made.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from todoke.aws.functions.embedded_metrics import with_metrics
from todoke.aws.functions.handler import Handler, LambdaContext, Make
from todoke.aws.functions.secrets import (
    Ask,
    require_secret,
    require_secrets,
    with_origin_secret,
    with_secrets,
)
from todoke.configuration import read
from todoke.model.log import get_logger, log_to_stderr, say_always
from todoke.model.zone import Zone
from todoke.toml.zones import SETTING
from todoke.wiring import build

log = get_logger(__name__)


class FunctionFailed(Exception):
    """An event could not be handled; the log says where. Its text is a type's name, never a visitor's word."""


class Function:
    """A handler that starts when it is first needed, and whose failures say no visitor's word."""

    def __init__(
        self, name: str, make: Make, environ: Mapping[str, str], ask: Ask | None = None
    ) -> None:
        self._name = name
        self._make = make
        self._environ = environ
        self._ask = ask
        self._handler: Handler | None = None

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Any:
        """Handle one event. Raises FunctionFailed: if it could not be."""
        say_always(request_id=context.aws_request_id)
        try:
            return (self._handler or self.start())(event, context)
        except Exception as error:
            log.exception("function_failed", function=self._name)
            raise FunctionFailed(type(error).__name__) from None

    def prepare(self) -> None:
        """Load what every start loads, and read todoke.toml; no secret. What is made here is thrown away."""
        stand_in = {**self._environ, "TODOKE_SECRET": "00" * 32}
        app = build(read(_config(stand_in), stand_in, serving=False))
        app.mailer.close()
        app.store.close()

    def start(self) -> Handler:
        """Fetch the secrets and be ready. Raises ConfigError: if one is missing, or todoke.toml is wrong."""
        environ = with_secrets(self._environ, self._name, self._ask)
        if self._name == "web":
            environ = with_origin_secret(environ)
        require_secret(environ)
        settings = read(_config(environ), environ, serving=False)
        require_secrets(settings, self._name, environ)
        _warn_of_utc(settings.site.time_zone)
        app = build(settings)
        self._handler = with_metrics(self._make(app, environ), app, environ)
        return self._handler


def _warn_of_utc(zone: Zone) -> None:
    """A package that was built by hand may have no zone; forms are taken all the same."""
    if zone.source != SETTING:
        log.warning("no_time_zone", shown_in=zone.name, set=SETTING)


def start(name: str) -> Function:
    """The function of this name, started, or ready to be copied and started then."""
    environ = os.environ
    log_to_stderr(environ.get("TODOKE_LOG", "INFO"))
    for library in ("botocore", "urllib3"):
        logging.getLogger(library).setLevel(logging.WARNING)
    function = Function(name, _maker(name), environ)
    if environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        function.prepare()
        _after_restore(function)
    else:
        function.start()
    return function


def _maker(name: str) -> Make:
    """What makes the handler; only its own code is loaded."""
    if name == "web":
        from todoke.aws.functions.gateway import make_web

        return make_web
    if name == "sender":
        from todoke.aws.functions.relay import make_sender

        return make_sender
    from todoke.aws.functions.upkeep import make_sweep

    return make_sweep


def _after_restore(function: Function) -> None:
    from snapshot_restore_py import register_after_restore

    from todoke.model import ids

    def restored() -> None:
        ids.start_anew()
        function.start()

    register_after_restore(restored)


def _config(environ: Mapping[str, str]) -> Path:
    """todoke.toml: TODOKE_CONFIG, or the one at the root of the package."""
    root = Path(environ.get("LAMBDA_TASK_ROOT", "."))
    return root / environ.get("TODOKE_CONFIG", "todoke.toml")
