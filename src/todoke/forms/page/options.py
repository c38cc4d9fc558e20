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
        "presets": _presets(select),
    }


def _presets(select: LexborNode) -> tuple[str, ...]:
    """What it sends when nobody touches it: of a list of one line the last that is selected, else the first that is
    not disabled (4.10.7, selectedness setting algorithm). A disabled one is not sent."""
    nodes = select.css("option")
    chosen = [node for node in nodes if "selected" in node.attributes]
    if "multiple" not in select.attributes:
        chosen = chosen[-1:]
        if not chosen and _is_one_line(select):
            chosen = [node for node in nodes if not _is_disabled_option(node)][:1]
    return tuple(_option_value(node) for node in chosen if not _is_disabled_option(node))


def _is_placeholder(first: LexborNode, select: LexborNode) -> bool:
    """Whether the first option is the placeholder label option of a list of one line."""
    parent = first.parent
    is_child = parent is not None and parent.mem_id == select.mem_id
    return _is_one_line(select) and is_child and not _option_value(first)


def _is_one_line(select: LexborNode) -> bool:
    size = leading_integer(select.attributes.get("size") or "") or 1
    return "multiple" not in select.attributes and size < 2


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
