"""The rehearsal: what was never seen on AWS, as exercises that a person does once. rehearsal.toml holds them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec


class Exercise(msgspec.Struct, frozen=True):
    """One claim: what to run, what must be seen, and why it matters. `minutes` are of work, without the waiting.

    `only_with` is what not every site has, without which there is nothing to try; "" for what all have.
    """

    name: str
    minutes: int
    claim: str
    commands: tuple[str, ...]
    expected: str
    why: str
    only_with: str = ""


class Rehearsal(msgspec.Struct, frozen=True):
    """The exercises in their order, and what a shell needs before them."""

    preamble: tuple[str, ...]
    exercise: tuple[Exercise, ...]


def rehearsal(stack: str) -> Rehearsal:
    """The rehearsal of a stack."""
    return msgspec.toml.decode(_text().replace("{stack}", stack), type=Rehearsal)


@cache
def _text() -> str:
    return Path(__file__).with_suffix(".toml").read_text("utf-8")
