"""Where a tag stands in a page's text: the parser's tree does not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html.parser import HTMLParser

_CONTROLS = frozenset({"input", "select", "textarea", "button"})
_Tag = tuple[int, str, str, dict[str, str]]
"""A start tag's line, its own text, its name and its attributes."""


class _Tags(HTMLParser):
    """The start tags in order; comments and scripts hold none."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[_Tag] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it; of an attribute that stands twice the first counts."""
        given = {name: value or "" for name, value in reversed(attrs)}
        self.found.append((self.getpos()[0], self.get_starttag_text() or "", tag, given))
        if tag in ("textarea", "title"):
            self.set_cdata_mode(tag)  # tags in these are text


@lru_cache(maxsize=1)
def _tags(html: str) -> list[_Tag]:
    return _Tags(html).found


def line_of(
    html: str, attributes: Mapping[str, str | None], attribute: str, *, tag: str = ""
) -> int:
    """The line, counted from 1, of `attribute` in the first tag that has these attributes; 0 where there is none.

    With `tag`, of the first such tag that has them and no others, and of the tag itself where it lacks `attribute`.
    """
    wanted = {name: value or "" for name, value in attributes.items()}
    for line, text, name, given in _tags(html):
        if given == wanted and name == tag if tag else wanted.items() <= given.items():
            return _stated(line, text, attribute)
    return 0


def control_lines(html: str, form: int = 0) -> dict[str, int]:
    """The line of the first control of each name: of those from the page's form number `form` on (0 is the first),
    else of any before it."""
    before: dict[str, int] = {}
    own: dict[str, int] = {}
    forms = 0
    for line, text, tag, given in _tags(html):
        if tag == "form":
            forms += 1
        elif tag in _CONTROLS and "name" in given:
            lines = own if forms > form else before
            lines.setdefault(given["name"], _stated(line, text, "name"))
    return before | own


def _stated(line: int, text: str, attribute: str) -> int:
    """The line of an attribute of a tag that begins at `line`."""
    stated = re.search(rf"\s{re.escape(attribute)}\s*(?=[=\s/>])", text, re.IGNORECASE)
    return line + (text.count("\n", 0, stated.end()) if stated else 0)
