"""Which other product a form's page was written for: `dialect`, `keys` and `honeypot` of [forms.NAME]."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from todoke.forms.aliases import NAMES, Sense, names_of
from todoke.model.form import Form
from todoke.toml.findings import Findings
from todoke.toml.table import Table

_REPLY_TO = "_replyto"
"""What many products call the visitor's address."""
_LONGEST = 200
"""Characters of a key."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """The dialect of a form, "" for ours, its keys and its own traps."""

    dialect: str
    keys: tuple[str, ...]
    honeypot: tuple[str, ...]

    @property
    def reply_to(self) -> tuple[str, ...]:
        """What it may call the visitor's address where nothing is called email."""
        return (_REPLY_TO, *names_of(self.dialect, Sense.REPLY_TO))


def read_spoken(table: Table) -> Spoken:
    """Read the three keys of a form; faults are noted in the table's findings."""
    dialect = table.text("dialect", among=NAMES)
    keys = table.texts("keys")
    for key in keys:
        if not key.strip() or len(key) > _LONGEST or not key.isprintable() or "/" in key:
            hint = (
                "A key is what stands in the page: in the action's address, or in a hidden control."
            )
            table.error("keys", f"has {key!r}, which is no key.", hint)
    return Spoken(dialect if dialect in NAMES else "", keys, table.texts("honeypot"))


def check_keys(findings: Findings, forms: Iterable[Form]) -> None:
    """Note a key by which two forms would be found."""
    owners = {form.name: form.name for form in forms}
    for form in forms:
        for key in form.keys:
            owner = owners.setdefault(key, form.name)
            if owner != form.name:
                findings.error(
                    ("forms", form.name, "keys"),
                    f"has {key!r}, by which the form {owner!r} is found.",
                    "Each key belongs to one form.",
                )
