"""The templates of mails: ours, and the site owner's in their place. A mail is never lost for a template.

Owners' templates see only the values that compose.py made, in a sandbox (they cannot change or call anything else),
and visitors' text is only ever data, escaped in HTML. Compiled once a process.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from todoke.mail.template_faults import fault_of
from todoke.mail.views import View
from todoke.model.log import get_logger

OURS = Path(__file__).parent / "texts"
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's words. `html` is "" for a mail of plain text alone."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Names:
    """The template files of one role: `text` and `html` may each be missing, not both."""

    text: str
    html: str


def render(folder: Path | None, form: str, role: str, values: Mapping[str, Any]) -> Rendered:
    """Render the mail of `role`: by the owner's templates in `folder`, or by ours if there are none or they fail."""
    own = owner_names(folder, form, role)
    if own and folder:
        try:
            return _render(environment_of(folder), own, role, values)
        except Exception as error:  # noqa: BLE001 - whatever an owner's template does, the mail goes out
            log.warning("template_failed", form=form, role=role, fault=str(fault_of(error, OURS)))
    return _render(environment_of(None), _Names(f"{role}.txt", f"{role}.html"), role, values)


@cache
def owner_names(folder: Path | None, form: str, role: str) -> _Names | None:
    """The owner's templates for a role, those of the form before those of all forms; None when there are none."""
    if folder is None:
        return None
    for stem in (f"{form}/{role}", role):
        text, html = (f"{stem}{end}" for end in (".txt", ".html"))
        names = _Names(*(name if (folder / name).is_file() else "" for name in (text, html)))
        if names.text or names.html:
            return names
    return None


def render_strictly(folder: Path, form: str, role: str, values: Mapping[str, Any]) -> None:
    """Render the owner's templates of a role, if there are any. Raises whatever they raise."""
    own = owner_names(folder, form, role)
    if own:
        _render(environment_of(folder), own, role, values)


def _render(
    environment: ImmutableSandboxedEnvironment, names: _Names, role: str, values: Mapping[str, Any]
) -> Rendered:
    ours = environment_of(None)
    source = (
        environment.get_template(names.text) if names.text else ours.get_template(f"{role}.txt")
    )
    subject, text = _parts(source, values)
    if not subject:
        subject, _ = _parts(ours.get_template(f"{role}.txt"), values)
    html = environment.get_template(names.html).render(values) if names.html else ""
    return Rendered(subject, text, html)


def _parts(template: Template, values: Mapping[str, Any]) -> tuple[str, str]:
    """The text of the block `subject` ("" if there is none), and that of the rest of the template."""
    try:
        return _parts_of(template, values)
    except Exception:  # noqa: BLE001 - it goes on, with lines of the template in its traceback
        return template.environment.handle_exception()


def _parts_of(template: Template, values: Mapping[str, Any]) -> tuple[str, str]:
    context = template.new_context(dict(values))
    own = context.blocks.get("subject", [])
    context.blocks["subject"] = [_nothing]
    text = "".join(template.root_render_func(context))
    inherited = context.blocks["subject"][1:]  # what `extends` brought
    context.blocks["subject"] = chain = own + inherited
    subject = "".join(chain[0](context)) if chain else ""
    return " ".join(subject.split()), text.strip("\n") + "\n"


def _nothing(_context: Context) -> Iterator[str]:
    return iter(())


class Sentences:
    """`t` of the templates: a sentence in one language, with values put in, HTML where one of them is.

    The sandbox lets it pass unasked.
    """

    __slots__ = ("_gettext",)

    def __init__(self, gettext: Callable[[str], str]) -> None:
        self._gettext = gettext

    def __call__(self, text: str, /, **values: object) -> str:
        said = self._gettext(text)
        if any(isinstance(value, Markup) for value in values.values()):
            return escape(said) % values
        return said % values if values else said


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, quicker for what is known to be harmless: it would cost more than all else in a mail."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, View) and not attribute.startswith("_"):
            try:
                return getattr(obj, attribute)
            except AttributeError:
                return self.undefined(hint=_unknown(obj, attribute))
        return super().getattr(obj, attribute)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if type(obj) is Sentences:
            return obj(*args, **kwargs)
        return super().call(context, obj, *args, **kwargs)


def _unknown(view: Any, attribute: str) -> str:
    names = ", ".join(field.name for field in dataclasses.fields(view))
    return (
        f"{type(view).__name__.removesuffix('View').lower()} has no {attribute!r}: it has {names}"
    )


@cache
def environment_of(folder: Path | None) -> ImmutableSandboxedEnvironment:
    """What reads and compiles the templates of a folder, or ours."""
    ours = FileSystemLoader(OURS)
    own = FileSystemLoader(folder, encoding="utf-8-sig") if folder else ours
    environment = _Sandbox(
        loader=ChoiceLoader([own, PrefixLoader({"todoke": ours})]),
        autoescape=_is_html,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[[str], str]] = {"breaks": _breaks, "indented": _indented}
    environment.filters.update(filters)
    return environment


def _is_html(name: str | None) -> bool:
    return not (name or "").endswith(".txt")


def _breaks(text: str) -> Markup:
    """`text` escaped, with <br> for its line ends."""
    return escape(text).replace("\n", Markup("<br>\n"))


def _indented(text: str) -> str:
    """`text` with every line moved in, so that no answer can look like a heading of ours."""
    return "  " + text.replace("\n", "\n  ")
