"""Where a reader came from: the list's filter and its page, which every link and form of a submission carries along."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import QueryParams
from starlette.requests import Request

from todoke.web.desk.filter import read_cursors, read_filter
from todoke.web.http.asked import base_path

_LONGEST = 8_000
DONE = "done"
"""What a page says of what was just done there: the name in its address, and the id of where that stands."""


def kept_filter(request: Request) -> dict[str, str]:
    """The query of the list that led here: as this page's address states it, or else by the address of the list itself.

    Browsers tell that of the page that a link was on (Referer), so that none of its fifty rows has to carry it.
    """
    stated = _asked(request.query_params)
    came_from, _, query = request.headers.get("referer", "")[:_LONGEST].partition("?")
    is_the_list = came_from.endswith(f"{base_path(request.scope)}/desk")
    return stated or (_asked(QueryParams(query)) if is_the_list else {})


def _asked(query: Mapping[str, str]) -> dict[str, str]:
    return read_filter(query).asked() | read_cursors(query)
