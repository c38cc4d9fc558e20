"""What a page calls its controls: labels, legends, ARIA names.

The visible label comes first, because mails and error messages repeat it to people who have seen it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

LABELABLE = frozenset({"button", "input", "meter", "output", "progress", "select", "textarea"})
NOT_READ = frozenset(
    {"select", "textarea", "button", "script", "style", "template", "svg", "datalist", "option"}
)
# What may stand between a control and the words before it; anything else is another part of the page.
PHRASES = frozenset(
    {"-text", "-comment", "abbr", "b", "br", "em", "font", "i", "small", "span", "strong"}
)
CONTROLS = "input, select, textarea, button"
LETTER = re.compile(r"[^\W\d_]")
LONGEST_HEADING = 60  # characters; more is a sentence, and no name
SPACES = re.compile(r"[\s\u3000]+")
# Marks beside a label say how to fill it in; they are no part of its name.
MARKS = r"[*＊※]|[(（\[【［]?(?:必須|任意|required|optional)[)）\]】］]?|[:：]"
MARKS_AROUND = re.compile(rf"^(?:(?:{MARKS})\s*)+(?=.)|(?:\s*(?:{MARKS}))+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Names:
    """The page's labels by the control they are for, and its elements by id."""

    labels: dict[int, str]
    ids: dict[str, LexborNode]

    @classmethod
    def read(cls, page: LexborHTMLParser) -> Names:
        """Find every label's control (4.10.4): that of `for`, else the first labelable element inside."""
        ids: dict[str, LexborNode] = {}
        for node in page.css("[id]"):
            ids.setdefault(node.attributes.get("id") or "", node)
        labels: dict[int, str] = {}
        for label in page.css("label"):
            control = _labelled(label, ids)
            if control is not None:
                both = (labels.get(control.mem_id, ""), text_of(label))
                labels[control.mem_id] = " ".join(part for part in both if part)
        return cls(labels, ids)

    def of(self, control: LexborNode) -> str:
        """What people know the control as; "" when the page does not say."""
        label = bare(self.labels.get(control.mem_id, "")) or self.own(control)
        attributes = control.attributes
        # Where there is a pattern, `title` says what it takes (4.10.5.3.6), and is no name.
        title = "" if "pattern" in attributes else attributes.get("title")
        seen = "" if label or _is_box(control) else bare(_text_before(control) or _heading(control))
        return label or seen or bare(title or attributes.get("placeholder") or "")

    def own(self, element: LexborNode) -> str:
        """The name that ARIA attributes give the element."""
        referred = (element.attributes.get("aria-labelledby") or "").split()
        said = " ".join(text_of(self.ids[r]) for r in referred if r in self.ids)
        return bare(said) or bare(squeeze(element.attributes.get("aria-label") or ""))

    def of_group(self, control: LexborNode) -> str:
        """What people know a group of boxes or buttons as: the ARIA name or legend around it, else its heading."""
        around = control.parent
        while around is not None and around.tag not in ("form", "body"):
            role = around.attributes.get("role")
            if role in ("group", "radiogroup") and self.own(around):
                return self.own(around)
            if around.tag == "fieldset":
                legend = next((n for n in around.iter() if n.tag == "legend"), None)
                return self.own(around) or (bare(text_of(legend)) if legend else "")
            around = around.parent
        return bare(_heading(control))


def _is_box(control: LexborNode) -> bool:
    return (control.attributes.get("type") or "").lower() in ("checkbox", "radio")


def _text_before(control: LexborNode) -> str:
    """The words in the same element right before the control: `Name:<br><input>`."""
    said, before = "", control.prev
    if control.parent is not None and control.parent.tag == "label":
        return ""  # those words are another control's
    while before is not None and before.tag in PHRASES:
        text = before.text_content if before.tag == "-text" else text_of(before)
        said, before = f"{text or ''} {said}", before.prev
    said = squeeze(said)
    return said if LETTER.search(said) and len(said) <= LONGEST_HEADING else ""


def _heading(control: LexborNode) -> str:
    """The words of the table row or description list that the control stands in, as pages without labels have them."""
    cell = control.parent
    while cell is not None and cell.tag not in ("td", "dd", "form", "body"):
        cell = cell.parent
    before = cell.prev if cell is not None and cell.tag in ("td", "dd") else None
    while before is not None:
        words = text_of(before) if before.tag in ("th", "td", "dt") else ""
        if words and len(words) <= LONGEST_HEADING and not before.css(CONTROLS):
            return words
        before = before.prev
    return ""


def _labelled(label: LexborNode, ids: dict[str, LexborNode]) -> LexborNode | None:
    target = label.attributes.get("for")
    if target is not None:
        found = ids.get(target)
        return found if found is not None and _is_labelable(found) else None
    return next((n for n in label.css("*") if _is_labelable(n)), None)


def _is_labelable(node: LexborNode) -> bool:
    hidden = (node.attributes.get("type") or "").lower() == "hidden"
    return node.tag in LABELABLE and not (node.tag == "input" and hidden)


def text_of(node: LexborNode) -> str:
    """The text that people see in an element, without that of the controls in it."""
    return squeeze("".join(_texts(node)))


def _texts(node: LexborNode) -> Iterator[str]:
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            yield child.text_content or ""
        elif child.tag == "br":
            yield " "
        elif child.tag not in NOT_READ and not _is_unseen(child):
            yield from _texts(child)


def _is_unseen(node: LexborNode) -> bool:
    return "hidden" in node.attributes or node.attributes.get("aria-hidden") == "true"


def squeeze(text: str) -> str:
    """The text with each run of white space as one space, and none around."""
    return SPACES.sub(" ", text).strip()


def bare(label: str) -> str:
    """A label without the marks around it; the label itself when it is nothing but marks."""
    return MARKS_AROUND.sub("", label[:500]).strip() or label.strip()
