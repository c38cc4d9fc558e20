"""What is in a mail's HTML, as a browser reads it: its text, links, images, and what else a check wants to know.

Whatever it is given it reads: that is what HTML is like. It judges nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

MOST_HTML = 1_000_000
MOST_TAGS = 20_000
"""So many characters and tags are read, from the beginning: a parser's time grows with the square of the depth."""

_UNSEEN = ("script", "style", "template", "noscript", "title")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link in a text: the words that stand for it and where it leads to, both as written."""

    words: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is in the HTML. `elements` counts by name, `handlers` the on... attributes."""

    anchors: tuple[Anchor, ...]
    images: tuple[str, ...]
    images_without_alt: int
    elements: Counter[str]
    handlers: int
    lang: str
    css: str
    stylesheets: int
    has_viewport: bool


def text_of(html: str) -> str:
    """The text that a reader sees, without style and scripts, its parts apart by a space."""
    tree = _tree(html)
    tree.strip_tags(list(_UNSEEN))
    body = tree.body
    return "" if body is None else " ".join(body.text(separator=" ").split())


def survey(html: str) -> Survey:
    """What is in `html`."""
    tree = _tree(html)
    elements: Counter[str] = Counter()
    handlers, without_alt = 0, 0
    anchors: list[Anchor] = []
    images: list[str] = []
    css: list[str] = []
    stylesheets = 0
    for node in tree.css("*"):
        name, attributes = node.tag or "", node.attributes
        elements[name] += 1
        handlers += sum(key.startswith("on") for key in attributes)
        css.append(attributes.get("style") or "")
        if name in {"a", "area"} and "href" in attributes:
            anchors.append(Anchor(_words(node)[:500], (attributes["href"] or "").strip()))
        elif name == "img":
            images.append((attributes.get("src") or "").strip())
            without_alt += "alt" not in attributes
        elif name == "style":
            css.append(node.text())
        elif name == "link" and "stylesheet" in (attributes.get("rel") or "").lower().split():
            stylesheets += 1
    html_node, viewport = tree.css_first("html"), tree.css_first('meta[name="viewport" i]')
    return Survey(
        anchors=tuple(anchors),
        images=tuple(images),
        images_without_alt=without_alt,
        elements=elements,
        handlers=handlers,
        lang=(html_node.attributes.get("lang") or "").strip() if html_node else "",
        css="\n".join(filter(None, css)),
        stylesheets=stylesheets,
        has_viewport=viewport is not None,
    )


def _tree(html: str) -> LexborHTMLParser:
    return LexborHTMLParser("<".join(html[:MOST_HTML].split("<", MOST_TAGS + 1)[: MOST_TAGS + 1]))


def _words(node: LexborNode) -> str:
    """What a link says: its text, or else the alt of the images in it."""
    said = " ".join(node.text().split())
    alts = (image.attributes.get("alt") or "" for image in node.css("img"))
    return said or re.sub(r"\s+", " ", " ".join(alts)).strip()
