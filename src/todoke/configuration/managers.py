"""A form's managers: a list, or a table that finds them by a field's value or in a directory file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from todoke.model.address import NOBODY, Address, AddressError, parse_address
from todoke.model.form import Field, Managers
from todoke.toml.findings import ERROR
from todoke.toml.table import Table, hint_at, one_of
from todoke.toml.text import NotUtf8, read_utf8


class _Rows(Protocol):
    """A csv.reader, as far as it is used here."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


_ADDRESS_COLUMNS = ("address", "email", "mail")


def read_managers(form: Table, fields: tuple[Field, ...] | None, folder: Path) -> Managers:
    """Read `managers` of a form; faults are noted."""
    value = form.raw("managers")
    if not isinstance(value, dict):
        managers = Managers(fixed=form.addresses("managers"))
        if not managers.fixed and (value is None or value == []):
            form.warn("managers", "is empty: submissions are kept, and nobody is told of them.")
        return managers
    table = form.table("managers", "forms.NAME.managers")
    managers = Managers(
        fixed=table.addresses("to"),
        field=table.text("field"),
        by_value=_read_by_value(table),
        directory=_read_directory(table, folder),
        fallback=table.addresses("fallback"),
    )
    _check(table, managers, fields)
    return managers


def _read_by_value(table: Table) -> dict[str, tuple[Address, ...]]:
    found = {}
    for value, addresses in table.mapping("by_value").items():
        path = (*table.at("by_value"), value)
        listed = [addresses] if isinstance(addresses, str) else addresses
        if not isinstance(listed, list) or not all(isinstance(a, str) for a in listed):
            table.findings.error(path, "must be an address or a list of addresses.")
            continue
        found[value] = tuple(good for a in listed if (good := table.address(a, path)))
        if not listed:
            table.findings.error(path, "names nobody.")
    return found


def _read_directory(table: Table, folder: Path) -> dict[str, tuple[Address, ...]]:
    """The CSV file: a heading line with the columns address and manager, then a person a line."""
    name = table.text("directory")
    if not name:
        return {}
    import csv  # noqa: PLC0415 few forms have a directory

    path = (folder / name).resolve()
    try:
        return _read_people(table, path, csv.reader(io.StringIO(read_utf8(path), newline="")))
    except OSError as error:
        table.error("directory", f"is {name!r}, which cannot be read: {error.strerror}.")
    except NotUtf8 as error:
        _note(table, path, 0, str(error), error.hint)
    except csv.Error as error:
        table.error("directory", f"is {name!r}, which is not a CSV file: {error}.")
    return {}


def _read_people(table: Table, path: Path, rows: _Rows) -> dict[str, tuple[Address, ...]]:
    heading = [cell.strip().lower() for cell in next(rows, [])]
    column = next((c for c in _ADDRESS_COLUMNS if c in heading), None)
    if column is None or "manager" not in heading:
        hint = "Part the columns with commas." if ";" in "".join(heading) else ""
        _note(table, path, 1, "the first line must name the columns address and manager.", hint)
        return {}
    person_at, manager_at = heading.index(column), heading.index("manager")
    found: dict[str, tuple[Address, ...]] = {}
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(person_at, manager_at):
            _note(table, path, rows.line_num, "the line has too few columns.")
            continue
        person = _address(table, path, rows.line_num, row[person_at])
        manager = _address(table, path, rows.line_num, row[manager_at])
        if person and manager:
            found[person.key] = tuple(dict.fromkeys((*found.get(person.key, ()), manager)))
    if not found:
        _note(table, path, 0, "the directory names nobody.")
    return found


def _address(table: Table, path: Path, line: int, text: str) -> Address:
    try:
        return parse_address(text.strip())
    except AddressError as error:
        _note(table, path, line, f"{text.strip()!r} is not a mail address: {error}", hint_at(text))
        return NOBODY


def _note(table: Table, path: Path, line: int, message: str, hint: str = "") -> None:
    table.findings.note(ERROR, table.at("directory"), message, hint, place=(str(path), line))


def _check(table: Table, managers: Managers, fields: tuple[Field, ...] | None) -> None:
    """Note rules that cannot work, and answers that nobody would receive."""
    finds = "by_value" in table or "directory" in table
    if "by_value" in table and "directory" in table:
        table.error("directory", "and by_value are both given.", "Keep one of them.")
    if finds and not managers.field:
        table.error("field", "is missing: the answer of this field finds the manager.")
    if managers.field and not finds:
        table.error("field", "is given without by_value or directory.")
    if not finds and not managers.fixed:
        table.error(
            "", "resolve to nobody.", "Give `to`, or `field` with `by_value` or `directory`."
        )
    if managers.fallback and not finds:
        table.warn("fallback", "is used only with by_value or directory.")
    _check_field(table, managers, fields)


def _check_field(table: Table, managers: Managers, fields: tuple[Field, ...] | None) -> None:
    if not managers.field or fields is None:
        return
    field = next((f for f in fields if f.name == managers.field), None)
    if field is None:
        known = ", ".join(f.name for f in fields)
        said = f"is {managers.field!r}, and the form has no such field."
        table.error("field", said, f"It has {known}.")
        return
    values = {value for value, _ in field.options}
    if not values or not managers.by_value:
        return
    for value in managers.by_value:
        if value not in values:
            path = (*table.at("by_value"), value)
            said = f"is no answer that {managers.field!r} can have."
            table.findings.warn(path, said, one_of(value, sorted(values)))
    unheard = sorted(values - set(managers.by_value) - {""})
    if unheard and not managers.fixed and not managers.fallback:
        table.error(
            "by_value",
            f"names nobody for {', '.join(map(repr, unheard))}: the form would refuse that answer.",
            "Add the missing ones, or a fallback.",
        )
