"""Basin: `/f/{id}`, in older pages `/f/{id}.json`, and `success`."""

from __future__ import annotations

import re

from todoke.web.dialects.dialect import Denial, Dialect, Words, with_message


def _stored(words: Words) -> Words:
    return {**words, "success": True}


def _refused(denial: Denial) -> Words:
    return {**with_message(denial), "success": False}


BASIN = Dialect(
    name="basin",
    title="Basin",
    hosts=("usebasin.com", "www.usebasin.com"),
    address=re.compile(r"/f/(?P<key>[^/]+?)(?:\.json)?"),
    stored=_stored,
    refused=_refused,
    marks=("data-basin-form",),
)
