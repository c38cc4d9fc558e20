"""A form's page: the file that `page` names, and what is wrong with it, told with its own name and line."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from todoke.configuration.page_file import path_fault
from todoke.configuration.target import Way, judge_target, next_fault, page_address
from todoke.forms.control_fields import NEXT
from todoke.forms.page.charset import read_text
from todoke.forms.page.places import line_of
from todoke.forms.page.source import source_sign
from todoke.model.charset import UTF_8, Charset
from todoke.model.errors import ConfigError
from todoke.model.form import ControlKind, Field, SubmitAttributes
from todoke.toml.findings import ERROR, NOTE, WARNING
from todoke.toml.table import Table

if TYPE_CHECKING:
    from todoke.forms.page.page import PageForm


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a form's page says of it; all empty when there is no page, or none that can be read."""

    path: str = ""
    fields: tuple[Field, ...] | None = None
    title: str = ""
    language: str = ""
    charset: str = ""
    unchecked: tuple[tuple[str, str | None], ...] = ()
    submit: SubmitAttributes = dataclasses.field(default_factory=SubmitAttributes)


def read_page_facts(table: Table, folder: Path, way: Way) -> PageFacts:
    """Read the page that `page` names, relative to the file's folder; its faults are noted with its own name.

    `way.page` is the page's own address, "" if it is not known.
    """
    name = table.text("page")
    select = table.text("select")
    if not name:
        if select:
            table.warn("select", "chooses a form of the page, and there is no `page`.")
        return PageFacts()
    path = (folder / name).resolve()
    if fault := path_fault(folder, name):
        table.error("page", *fault)
        return PageFacts(path=str(path))
    html, charset, is_source = _read_html(table, path)
    from todoke.forms.page.page import read_page  # noqa: PLC0415 a configuration without pages needs no HTML parser

    try:
        page = read_page(html, select=select, charset=charset)
    except ConfigError as error:
        _note(table, ERROR, path, str(error))
        return PageFacts(path=str(path))
    if not is_source:
        for warning in page.warnings:
            _note(table, WARNING, path, str(warning))
        _check_targets(table, path, page, way)
        _check_files(table, path, page)
        _check_next(table, path, page, html, way)
    return PageFacts(
        str(path), page.fields, page.title, page.language, page.charset, page.unchecked, page.submit
    )


def _check_source(table: Table, path: Path, html: str) -> bool:
    """Whether this is no page yet; then that is noted, and what else its tags seem to say is of no use."""
    sign = source_sign(html, path.suffix)
    if sign:
        said = f"this is what a page is made of, not the page that visitors get: {sign[1]}."
        _note(table, WARNING, path, f"line {sign[0]}: {said} {_BUILT}")
    return sign is not None


def _check_targets(table: Table, path: Path, page: PageForm, way: Way) -> None:
    if not way.is_known:
        return
    way = dataclasses.replace(way, page=page_address(way.page, page.base))
    for target in page.targets:
        if fault := judge_target(target, way):
            _note(table, fault[0], path, f"line {target.line}: {fault[1]}")


def _check_files(table: Table, path: Path, page: PageForm) -> None:
    """Note the file controls that take anything, as far as the file does not say what they take."""
    rows = table.raw("fields")
    said = {row.get("name") for row in rows or () if isinstance(row, dict) and "accept" in row}
    for field in page.fields:
        anything = field.kind is ControlKind.FILE and not field.accept
        told = any(f'The accept of "{field.name}"' in warning for warning in page.warnings)
        if anything and not told and field.name not in said:
            _note(table, NOTE, path, f'line {field.line}: "{field.name}" {_ANY_FILE}')


def _check_next(table: Table, path: Path, page: PageForm, html: str, way: Way) -> None:
    field = next((f for f in page.fields if f.name == NEXT and f.kind is ControlKind.HIDDEN), None)
    if field and (fault := next_fault(field.value, way.site)):
        line = line_of(html, {"name": NEXT}, "value")
        _note(table, WARNING, path, f"line {line}: {fault}")


_ANY_FILE = (
    'takes files of any kind: its accept says which it should, for instance accept=".pdf,image/*".'
)
_BUILT = (
    "Give the finished one, as the generator writes it or `curl` gets it; of a form that a script builds, "
    "list the fields in todoke.toml."
)
_NO_ENCODING = (
    "the page does not state its encoding: where the web server does not either, browsers guess it."
    ' Write <meta charset="utf-8"> first into its head.'
)


def _read_html(table: Table, path: Path) -> tuple[str, Charset, bool]:
    """The page's text as browsers read it, its encoding, and whether it is no page yet."""
    raw = path.read_bytes()
    html, stated = read_text(raw, table.text("charset"))
    charset = stated or UTF_8
    is_source = _check_source(table, path, html)
    if not charset.reads(raw):
        line = html.count("\n", 0, html.index("\ufffd")) + 1
        said = f"line {line}: bytes that are no {charset.name}, which the page is read in:"
        _note(table, WARNING if stated else ERROR, path, f"{said} browsers show others there.")
    elif stated is None and not is_source:
        _note(table, WARNING, path, _NO_ENCODING)
    return html, charset, is_source


def _note(table: Table, severity: str, path: Path, message: str) -> None:
    """Note a fault of the page, at its line when the message begins with one ("line 12: ...")."""
    match = re.match(r"line (\d+): ?", message)
    line = int(match[1]) if match else 0
    text = message[match.end() :] if match else message
    table.findings.note(severity, table.at("page"), text, place=(str(path), line))
