"""How a browser sends a form of a page: its attributes, and those of the button that is pressed first of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from todoke.forms.page.buttons import is_submit
from todoke.forms.page.places import line_of
from todoke.model.form import SubmitAttributes

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_METHODS = frozenset({"post", "dialog"})
_URLENCODED = "application/x-www-form-urlencoded"
_ENCTYPES = frozenset({"multipart/form-data", "text/plain"})
_RUNS = frozenset({"", "module", "text/javascript", "application/javascript"})


def read_submit(
    html: str, page: LexborHTMLParser, form: LexborNode, controls: list[LexborNode]
) -> SubmitAttributes:
    """The default button's attributes win over the form's (4.10.21.2, 4.10.19.6). `controls` are the form's."""
    button = next((c for c in controls if is_submit(c)), form)

    def stated(name: str) -> str:
        own = button.attributes
        text = own[f"form{name}"] if f"form{name}" in own else form.attributes.get(name)
        return (text or "").strip().lower()

    method, enctype = stated("method"), stated("enctype")
    scripts = ((s.attributes.get("type") or "").strip().lower() for s in page.css("script"))
    return SubmitAttributes(
        method=method if method in _METHODS else "get",
        enctype=enctype if enctype in _ENCTYPES else _URLENCODED,
        scripted=any(kind in _RUNS for kind in scripts),
        line=line_of(html, form.attributes, "method", tag="form"),
    )
