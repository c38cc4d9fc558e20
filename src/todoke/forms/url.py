"""Is a text an absolute URL, as a browser parses one (WHATWG URL 4.4)? For type=url, so only the verdict is told."""

from __future__ import annotations

from can_ada import can_parse


def is_absolute_url(text: str) -> bool:
    """True when `text` parses as a URL without a base. A lone surrogate counts as U+FFFD, as in a USVString."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return bool(can_parse(whole))
