"""Where a page's form sends what is filled in (WHATWG HTML 4.10.21.3): its action, and what its buttons say instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from todoke.forms.page.buttons import is_image, is_submit
from todoke.forms.page.places import line_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode


@dataclass(frozen=True, slots=True)
class Target:
    """One address as the page writes it, "" where it writes none; `line` is where, 0 where that cannot be told.

    `button` is what the button is called that sends there, "" for the form itself.
    """

    written: str
    line: int
    button: str = ""


def read_targets(html: str, form: LexborNode, controls: Iterable[LexborNode]) -> tuple[Target, ...]:
    """The form's own target, then those of its buttons; a button that makes no post is no way to the door."""
    written = (form.attributes.get("action") or "").strip()
    own = Target(written, line_of(html, form.attributes, "action", tag="form"))
    return (own, *_button_targets(html, controls))


def _button_targets(html: str, controls: Iterable[LexborNode]) -> Iterator[Target]:
    for button in controls:
        attributes = button.attributes
        method = (attributes.get("formmethod") or "post").strip().lower()
        sends = is_submit(button) or is_image(button)
        if "formaction" in attributes and sends and method == "post":
            line = line_of(html, attributes, "formaction", tag=button.tag or "")
            named = button.text().strip() or attributes.get("value") or attributes.get("name")
            yield Target(
                (attributes["formaction"] or "").strip(), line, " ".join((named or "?").split())
            )


def base_address(page: LexborHTMLParser) -> str:
    """What the page's first <base href> says that relative addresses begin at (4.2.3), "" without one."""
    return next(((b.attributes["href"] or "").strip() for b in page.css("base[href]")), "")
