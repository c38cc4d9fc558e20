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
    """The options that can be sent. The placeholder label option (4.10.7) is no answer: it becomes `placeholder`.

    `is_settled`: required, and not missing in a browser although nothing is sent, for a disabled option is chosen.
    """
    nodes = select.css("option")
    given: dict[str, Any] = {}
    if required and nodes and _is_placeholder(nodes[0], select):
        given["placeholder"] = _option_label(nodes[0])
        nodes = nodes[1:]
    at_first = [node for node in nodes if "selected" in node.attributes][-1:]
    given["is_settled"] = required and any(map(_is_disabled_option, at_first))
    if given["is_settled"]:
        given["required"] = False
    live = [node for node in nodes if not _is_disabled_option(node)]
    options: dict[str, str] = {}
    for node in live:
        options.setdefault(_option_value(node), _option_label(node))
    if required and next(iter(options), None) == "":
        # Empty, first and no placeholder: a browser takes it as an answer; the rule cannot be told apart.
        given["required"] = False
    chosen = next((n for n in live if "selected" in n.attributes), None)
    return given | {
        "options": tuple(options.items()),
        "value": _option_value(chosen) if chosen is not None else "",
    }


def _is_placeholder(first: LexborNode, select: LexborNode) -> bool:
    """Whether the first option is the placeholder label option of a list of one line."""
    attributes, parent = select.attributes, first.parent
    one_line = (
        "multiple" not in attributes and (leading_integer(attributes.get("size") or "") or 1) < 2
    )
    is_child = parent is not None and parent.mem_id == select.mem_id
    return one_line and is_child and not _option_value(first)


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
