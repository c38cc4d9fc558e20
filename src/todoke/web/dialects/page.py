"""The forms of a page that were written for another product: which one, by which key, and what of them is not obeyed.

The page is the site owner's, but whoever made it: nothing is fetched, and what it says is given back as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from todoke.forms.aliases import Sense, names_of, senses
from todoke.forms.control_fields import TRAPS
from todoke.forms.page.page import PageForm, read_page
from todoke.forms.page.places import line_of
from todoke.model.charset import UTF_8, Charset
from todoke.model.errors import ConfigError
from todoke.model.form import ControlKind, Field
from todoke.web.dialects.dialect import Dialect
from todoke.web.dialects.table import DIALECTS

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_WORD = re.compile(r"[^a-z0-9]+")
_ID = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_MOST_NAME = 40


@dataclass(frozen=True, slots=True)
class Foreign:
    """One form that another product took, as its page has it. `line` is that of its action, or else of the form.

    `select` finds it in the page, "" where there is only one. `action` is as written, `path` what of it follows our
    host. `next`, `subject` and `not_obeyed` (name, value, line) are what hidden controls say in the dialect.
    """

    dialect: Dialect
    name: str
    key: str
    line: int
    select: str
    action: str
    path: str
    language: str
    next: str = ""
    subject: str = ""
    honeypot: tuple[str, ...] = ()
    not_obeyed: tuple[tuple[str, str, int], ...] = ()
    lacks_key: bool = False
    """The product puts the field with the key into the page by itself, and here it has to stand there."""


@dataclass(frozen=True, slots=True)
class Left:
    """A form that is not taken over: its line, and why."""

    line: int
    why: str


def read_foreign(html: str, charset: Charset = UTF_8) -> Iterator[Foreign | Left]:
    """Each form of a page, in its order. `charset` is the page's encoding."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - see read_page

    page = LexborHTMLParser(html)
    forms = page.css("form")
    taken: set[str] = set()
    for node in forms:
        line = line_of(html, node.attributes, "action", tag="form")
        select = _selector(page, node) if len(forms) > 1 else ""
        if select is None:
            yield Left(line, "It has neither an id nor a name or action of its own: give it an id.")
            continue
        try:
            form = read_page(html, select=select, charset=charset)
        except ConfigError as error:
            yield Left(line, re.sub(r"^line \d+: ", "", str(error)))
            continue
        found = _recognised(node, form)
        if found is None:
            yield Left(line, "It was written for no product that is known here.")
            continue
        name = _name(node, taken)
        taken.add(name)
        yield _foreign(found, node, form, name, select, line)


def _recognised(node: LexborNode, form: PageForm) -> tuple[Dialect, str] | None:
    """The dialect, by the form's attributes, its action's host, or a control that only one has; and the key."""
    action = _split(form)
    for dialect in DIALECTS.values():
        if any(mark in node.attributes for mark in dialect.marks):
            return dialect, _key_in(dialect, form) or node.attributes.get("name") or ""
    for dialect in DIALECTS.values():
        if action.hostname in dialect.hosts:
            found = dialect.address.fullmatch(action.path.rstrip("/") or "/")
            return dialect, (found and found.groupdict().get("key")) or _key_in(dialect, form)
    for dialect in DIALECTS.values():
        if key := _key_in(dialect, form):
            return dialect, key
    return None


def _foreign(
    found: tuple[Dialect, str],
    node: LexborNode,
    form: PageForm,
    name: str,
    select: str,
    line: int,
) -> Foreign:
    dialect, key = found
    action = _split(form)
    known, hidden = senses(dialect.name), _hidden(form)
    is_there = action.hostname in dialect.hosts or (dialect.leads_on and not action.hostname)
    path = (action.path if is_there else "") or dialect.home
    leads = path if dialect.leads_on and path != "/" else ""
    named = tuple(filter(None, (node.attributes.get(mark) for mark in dialect.honeypot_marks)))
    traps = TRAPS.union(names_of(dialect.name, Sense.TRAP))
    return Foreign(
        dialect=dialect,
        name=name,
        key=key,
        line=line,
        select=select,
        action=form.targets[0].written if form.targets else "",
        path=path,
        language=form.language,
        next=_said(dialect, hidden, Sense.NEXT) or leads,
        subject=_said(dialect, hidden, Sense.SUBJECT),
        honeypot=tuple(trap for trap in named if trap not in traps),
        not_obeyed=tuple(
            (field.name, field.value, field.line)
            for field in form.fields
            if known.get(field.name) is Sense.NOT_OBEYED
        ),
        lacks_key=bool(dialect.keys) and not _key_in(dialect, form),
    )


def _split(form: PageForm) -> SplitResult:
    """The action's parts; of what is no address, none."""
    try:
        return urlsplit(form.targets[0].written if form.targets else "")
    except ValueError:
        return urlsplit("")


def _hidden(form: PageForm) -> dict[str, Field]:
    return {field.name: field for field in form.fields if field.kind is ControlKind.HIDDEN}


def _key_in(dialect: Dialect, form: PageForm) -> str:
    hidden = _hidden(form)
    return next((hidden[n].value for n in dialect.keys if n in hidden and hidden[n].value), "")


def _said(dialect: Dialect, hidden: dict[str, Field], sense: Sense) -> str:
    names = names_of(dialect.name, sense)
    return next((hidden[name].value for name in names if name in hidden), "")


def _selector(page: LexborHTMLParser, node: LexborNode) -> str | None:
    """What finds this form and no other."""
    own = node.attributes.get("id") or ""
    if _ID.fullmatch(own) and len(page.css(f"#{own}")) == 1:
        return f"#{own}"
    for attribute in ("id", "name", "action", "class"):
        value = node.attributes.get(attribute)
        if value and '"' not in value and "\\" not in value and value.isprintable():
            select = f'form[{attribute}="{value}"]'
            if len(page.css(select)) == 1:
                return select
    return None


def _name(node: LexborNode, taken: set[str]) -> str:
    """A name for todoke.toml: what the page calls the form, as far as that can be one."""
    called = node.attributes.get("name") or node.attributes.get("id") or ""
    name = _WORD.sub("-", called.lower()).strip("-")[:_MOST_NAME].strip("-") or "contact"
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
