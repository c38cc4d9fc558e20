"""Where a tag stands in a page's text: the parser's tree does not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html.parser import HTMLParser

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
            stated = re.search(rf"\s{re.escape(attribute)}\s*(?=[=\s/>])", text, re.IGNORECASE)
            return line + (text.count("\n", 0, stated.end()) if stated else 0)
    return 0
