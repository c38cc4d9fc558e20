"""Read one form of an HTML page: its fields with their rules, and what the page says of it (WHATWG HTML 4.10).

The page is the site owner's own. Nothing is fetched and no script runs: controls that scripts add are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from todoke.forms.control_fields import control_fault
from todoke.forms.page.buttons import nameless_warnings, read_unchecked
from todoke.forms.page.fields import read_fields
from todoke.forms.page.names import Names, squeeze
from todoke.forms.page.places import control_lines, line_of
from todoke.forms.page.slips import slip_warnings
from todoke.forms.page.submit import read_submit
from todoke.forms.page.targets import Target, base_address, read_targets
from todoke.model.charset import UTF_8, Charset, find_charset
from todoke.model.errors import ConfigError
from todoke.model.form import Field, SubmitAttributes

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

SUBMITTABLE = "input, select, textarea, button"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageForm:
    """What a page says of one form.

    `targets` is where its answers go, the form's own first; `base` is that of relative ones, as the page writes it.
    `charset` is the encoding that browsers will send the form in; `language` a language tag or ""; `unchecked` and
    `submit` as in Form. `warnings` say, for the site owner, what browsers ignore and what the server cannot enforce;
    one of a line begins with it ("line 12: ").
    """

    fields: tuple[Field, ...]
    submit: SubmitAttributes
    targets: tuple[Target, ...] = ()
    base: str = ""
    charset: str = "utf-8"
    title: str = ""
    language: str = ""
    warnings: tuple[str, ...] = ()
    unchecked: tuple[tuple[str, str | None], ...] = ()


def read_page(html: str, *, select: str = "", charset: Charset = UTF_8) -> PageForm:
    """Read the form of `html` that the CSS selector `select` finds; without one, its only form.

    `charset` is the encoding that the page was in.

    Raises ConfigError: if there is no such form, if there are several and none is selected, or if the form has no
    named control.
    """
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 only a form with a page needs it

    page = LexborHTMLParser(html)
    form = _find_form(page, select)
    controls, barred = _controls_of(page, form)
    names = Names.read(page)
    fields, said = read_fields(controls, names, barred)
    lines = control_lines(html, [found.mem_id for found in page.css("form")].index(form.mem_id))
    fields = tuple(replace(field, line=lines.get(field.name, 0)) for field in fields)
    submit = read_submit(html, page, form, controls)
    if not fields:
        line = line_of(html, form.attributes, "action", tag="form")
        sends = "has no control with a name, so it would send nothing."
        raise ConfigError(f"line {line}: The form {_describe(form)} {sends}")
    return PageForm(
        fields=fields,
        targets=read_targets(html, form, controls),
        base=base_address(page),
        charset=_charset(form, charset).name,
        title=names.own(form) or _title(page),
        language=_language(form),
        warnings=(
            *_control_warnings(fields),
            *(f"line {lines.get(name, 0)}: {warning}" for name, warning in said),
            *nameless_warnings(controls),
            *([] if submit.scripted else _never_sent(barred, fields, lines)),
            *slip_warnings(html, controls, names),
        ),
        unchecked=read_unchecked(controls),
        submit=submit,
    )


def _find_form(page: LexborHTMLParser, select: str) -> LexborNode:
    forms = page.css("form")
    if not forms:
        raise ConfigError("The page has no <form>.")
    if not select:
        if len(forms) > 1:
            raise ConfigError(
                f"The page has {len(forms)} forms ({_candidates(forms)}): set `select` to a CSS selector of one."
            )
        return forms[0]
    found = _select(page, select)
    if len(found) != 1:
        many = f"{len(found)} forms" if found else "no form"
        guesses = (f"#{select}", f".{select}") if re.fullmatch(r"[A-Za-z][\w-]*", select) else ()
        meant = next((guess for guess in guesses if len(_select(page, guess)) == 1), "")
        hint = f' Write `select = "{meant}"`.' if meant else ""
        said = f"finds {many}; the page has {_candidates(forms)}.{hint}"
        raise ConfigError(f"`select` {select!r} {said}")
    return found[0]


def _select(page: LexborHTMLParser, select: str) -> list[LexborNode]:
    from selectolax.lexbor import SelectolaxError  # noqa: PLC0415

    try:
        return [node for node in page.css(select) if node.tag == "form"]
    except SelectolaxError as error:
        raise ConfigError(f"`select` {select!r} is not a CSS selector.") from error


def _candidates(forms: list[LexborNode]) -> str:
    return ", ".join(_describe(form) for form in forms)


def _describe(form: LexborNode) -> str:
    """A selector a person would know the form by."""
    attributes = form.attributes
    if attributes.get("id"):
        return f"form#{attributes['id']}"
    for name in ("name", "class", "action"):
        if attributes.get(name):
            return f'form[{name}="{attributes[name]}"]'
    return "form without id, name, class or action"


def _controls_of(
    page: LexborHTMLParser, form: LexborNode
) -> tuple[list[LexborNode], list[LexborNode]]:
    """The controls whose form owner is `form` (4.10.18.3), in tree order; apart, those that never send anything."""
    owned = [node for node in page.css(SUBMITTABLE) if _owner(page, node) == form.mem_id]
    barred = [node for node in owned if _is_barred(node)]
    never = {node.mem_id for node in barred}
    return [node for node in owned if node.mem_id not in never], barred


def _owner(page: LexborHTMLParser, node: LexborNode) -> int | None:
    form_id = node.attributes.get("form")
    if form_id is not None:
        named = next((n for n in page.css("[id]") if n.attributes.get("id") == form_id), None)
        return named.mem_id if named is not None and named.tag == "form" else None
    if "form" in node.attributes:
        return None
    around = _ancestor(node, "form")
    return around.mem_id if around else _owner_by_table(node)


def _owner_by_table(node: LexborNode) -> int | None:
    """The form that a table tore from its controls: `<table><form><tr>...` leaves an empty form in the table, and the
    parser's form pointer (13.2.4.4) still binds the controls after it, which the tree does not show."""
    table = _ancestor(node, "table")
    while table:
        forms = [f for f in table.css("form") if f.first_child is None]
        if len(forms) == 1:
            return forms[0].mem_id
        table = _ancestor(table, "table")
    return None


def _ancestor(node: LexborNode, tag: str) -> LexborNode | None:
    found = node.parent
    while found is not None and found.tag != tag:
        found = found.parent
    return found


def _is_barred(node: LexborNode) -> bool:
    """True for disabled controls (4.10.18.5: their own attribute, or a disabled fieldset outside of its first legend),
    which are never sent, and for those in a datalist (4.10.8), which browsers send without holding a rule for them."""
    if "disabled" in node.attributes:
        return True
    child, around = node, node.parent
    while around is not None:
        if around.tag == "datalist":
            return True
        if around.tag == "fieldset" and "disabled" in around.attributes:
            legend = next((n for n in around.iter() if n.tag == "legend"), None)
            if legend is None or legend.mem_id != child.mem_id:
                return True
        child, around = around, around.parent
    return False


def _charset(form: LexborNode, page: Charset) -> Charset:
    """The encoding a browser picks for the form (4.10.21.5): the first it knows of accept-charset, else the page's."""
    labels = (form.attributes.get("accept-charset") or "").replace(",", " ").split()
    found = (find_charset(label) for label in labels)
    return next((charset for charset in found if charset), page).for_forms


def _title(page: LexborHTMLParser) -> str:
    title = page.css_first("title")
    return squeeze(title.text()) if title else ""


def _language(form: LexborNode) -> str:
    node: LexborNode | None = form
    while node is not None:
        if "lang" in node.attributes:
            return (node.attributes["lang"] or "").strip()
        node = node.parent
    return ""


def _control_warnings(fields: tuple[Field, ...]) -> list[str]:
    """What is wrong with fields that steer, at the line of the first control of that name."""
    faults = [(field.line, control_fault(field)) for field in fields]
    return [f"line {line}: {fault}" for line, fault in faults if fault]


def _never_sent(
    barred: list[LexborNode], fields: tuple[Field, ...], lines: Mapping[str, int]
) -> list[str]:
    """Of required controls that nobody can fill in, and no script of the page will enable."""
    sent = {field.name for field in fields}
    names = [
        node.attributes.get("name") or ""
        for node in barred
        if "required" in node.attributes and _ancestor(node, "datalist") is None
    ]
    said = "is required, and disabled: browsers never send it, so the door does not ask for it."
    return [
        f'line {lines.get(name, 0)}: "{name}" {said}'
        for name in dict.fromkeys(names)
        if name and name not in sent
    ]
