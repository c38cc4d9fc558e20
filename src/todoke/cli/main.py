"""The command `todoke`. A plain `todoke serve` starts without loading the command-line library: it is in a hurry."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from stack_review.errors import InputError, ReviewError
from todoke.cli.defaults import DEFAULT_CONFIG, DEFAULT_HOST, DEFAULT_PORT
from todoke.model.errors import ConfigError, Error

_SERVE_OPTIONS = {"--config": DEFAULT_CONFIG, "--host": DEFAULT_HOST, "--port": str(DEFAULT_PORT)}


def main() -> None:
    """Run the command given to the process. Exit 0: good; 1: something is wrong; 2: bad usage or configuration."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. A failure is one sentence on stderr, never a traceback."""
    try:
        options = plain_serve(arguments)
        if options is None:
            return _run_command(arguments)
        from todoke.cli.serve import serve

        return serve(options["--config"], options["--host"], int(options["--port"]))
    except (Error, ReviewError) as error:
        _complain(str(error))
        return 2 if isinstance(error, ConfigError | InputError) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has seen enough; nothing may be written to it while Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def plain_serve(arguments: Sequence[str]) -> dict[str, str] | None:
    """The options of `serve` when they are written plainly, as `--name value` or `--name=value`; None for all else."""
    if not arguments or arguments[0] != "serve":
        return None
    options = {**_SERVE_OPTIONS, "--config": os.environ.get("TODOKE_CONFIG") or DEFAULT_CONFIG}
    rest = list(arguments[1:])
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in options or (not equals and not rest):
            return None
        options[name] = value if equals else rest.pop(0)
    port = options["--port"]
    return options if port.isascii() and port.isdigit() and int(port) < 65536 else None


def _run_command(arguments: Sequence[str]) -> int:
    from todoke.cli.commands import commands

    try:
        code = commands(args=list(arguments), prog_name="todoke", standalone_mode=True)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 1
    return code if isinstance(code, int) else 0


def _complain(sentence: str) -> None:
    from todoke.cli.output import clean  # not before there is something to complain of

    sys.stderr.write(f"todoke: {clean(sentence)}\n")
