"""Where a reader came from: the list's filter and its page, which every link and form of a submission carries along."""

from __future__ import annotations

from starlette.requests import Request

from todoke.web.desk.filter import read_cursors, read_filter

DONE = "done"
"""What a page says of what was just done there: the name in its address, and the id of where that stands."""


def kept_filter(request: Request) -> dict[str, str]:
    """The query of the list that led here."""
    asked = request.query_params
    return read_filter(asked).asked() | read_cursors(asked)
