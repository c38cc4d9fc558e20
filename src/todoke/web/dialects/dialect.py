"""A dialect: where its forms are sent, by what they are found, and how it says what the door says. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from todoke.forms.aliases import Sense, names_of
from todoke.model.form import Form

Words = Mapping[str, Any]
"""What a JSON answer says. That of the door is docs/door.md's; a dialect adds its own names to it."""


@dataclass(frozen=True, slots=True)
class Denial:
    """The door's own words for an answer of 400 or more, its status, and the form, None where there is none."""

    status: int
    words: Words
    form: Form | None

    @property
    def text(self) -> str:
        """What is said to the visitor."""
        return str(self.words.get("error", ""))

    @property
    def whole(self) -> str:
        """The same, and what is wrong with each field: for clients that show nothing else."""
        return " ".join([self.text, *(fault["message"] for fault in self.faults)])

    @property
    def faults(self) -> list[Mapping[str, str]]:
        """Each {field, code, message}."""
        return list(self.words.get("errors") or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What another product's forms and clients expect.

    `address` is what the path of an action there looks like, by which a form of a page is told, too; its group `key`
    finds the form, and where it has none a field of the body does (aliases.py). `hosts` are the product's own.
    `claims`: an unknown key at this address is answered in the dialect, for nothing else is there. `is_bare`: the key
    is all of the path, and counts only for a form of this dialect. `header` is one that its client alone sends.
    `always_json`: so is every answer at this address. `leads_on`: the path is where to go afterwards. `home` is the
    address of a form whose page does not say one. `marks` are
    attributes of a <form> that only it gives a meaning, `honeypot_marks` those that name a trap.
    """

    name: str
    title: str
    hosts: tuple[str, ...]
    address: re.Pattern[str]
    stored: Callable[[Words], Words]
    refused: Callable[[Denial], Words]
    claims: bool = False
    is_bare: bool = False
    header: bytes = b""
    always_json: bool = False
    leads_on: bool = False
    home: str = "/"
    marks: tuple[str, ...] = ()
    honeypot_marks: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that say which form it is."""
        return names_of(self.name, Sense.KEY)


def as_said(words: Words) -> Words:
    """The door's own words, unchanged."""
    return words


def with_message(denial: Denial) -> Words:
    """The door's own words, and `message`, which many clients read, beside `error`."""
    return {**denial.words, "message": denial.text}


def refused_as_said(denial: Denial) -> Words:
    """The door's own words, unchanged."""
    return denial.words
