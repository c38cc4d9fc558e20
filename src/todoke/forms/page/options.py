"""What a select can send, and what people read beside it (WHATWG HTML 4.10.7, 4.10.10)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from todoke.forms.number import leading_integer
from todoke.forms.page.names import squeeze

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

ASCII_SPACES = re.compile(r"[\t\n\f\r ]+")


def select_rules(select: LexborNode, *, required: bool) -> dict[str, Any]:
    """The options that can be sent. The placeholder label option (4.10.7) is no answer: it becomes `placeholder`."""
    nodes = select.css("option")
    one_line = (
        "multiple" not in select.attributes
        and (leading_integer(select.attributes.get("size") or "") or 1) < 2
    )
    given: dict[str, Any] = {}
    first = nodes[0] if nodes else None
    if first is not None and not _option_value(first) and first.parent is not None:
        if required and one_line and first.parent.mem_id == select.mem_id:
            given["placeholder"] = _option_label(first)
            nodes = nodes[1:]
        elif required and "disabled" not in first.attributes:
            # A list box whose first option is empty: a browser takes it as an answer; the rule cannot be told apart.
            given["required"] = False
    live = [node for node in nodes if not _is_disabled_option(node)]
    options: dict[str, str] = {}
    for node in live:
        options.setdefault(_option_value(node), _option_label(node))
    chosen = next((n for n in live if "selected" in n.attributes), None)
    return given | {
        "options": tuple(options.items()),
        "value": _option_value(chosen) if chosen is not None else "",
    }


def _is_disabled_option(option: LexborNode) -> bool:
    around = option.parent
    in_group = around is not None and around.tag == "optgroup" and "disabled" in around.attributes
    return in_group or "disabled" in option.attributes


def _option_text(option: LexborNode) -> str:
    return _squeeze_ascii(option.text(deep=True))


def _option_value(option: LexborNode) -> str:
    if "value" in option.attributes:
        return option.attributes["value"] or ""
    return _option_text(option)


def _option_label(option: LexborNode) -> str:
    return squeeze(option.attributes.get("label") or "") or squeeze(_option_text(option))


def _squeeze_ascii(text: str) -> str:
    """Strip and collapse ASCII white space only, as the text of an option is (4.10.10)."""
    return ASCII_SPACES.sub(" ", text).strip(" ")
