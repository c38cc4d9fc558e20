"""Options that commands share mean one thing in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from todoke.cli.commands import commands


def every_command(command: Any, name: str = "todoke") -> Iterator[tuple[str, Any]]:
    """Each command with its whole name."""
    if isinstance(command, TyperGroup):
        for part, inner in command.commands.items():
            yield from every_command(inner, f"{name} {part}")
    else:
        yield name, command


def test_the_configuration_is_named_by_one_variable_everywhere() -> None:
    """`--config`, its short form and TODOKE_CONFIG, as docs/cli.md says of all commands."""
    found = {
        name: (option.envvar, option.opts)
        for name, command in every_command(get_command(commands))
        for option in command.params
        if option.name == "config"
    }
    asked = {"todoke check", "todoke import", "todoke aws deploy", "todoke aws rehearse"}
    assert asked <= set(found)
    assert {
        name: option
        for name, option in found.items()
        if option != ("TODOKE_CONFIG", ["--config", "-c"])
    } == {}
